"""The words that a strategy puts around a question, one file a language, apart from the language packs.

`data/prompts/strategies/<strategy>/<language>.yaml`: names and texts with slots such as `{draft}`. They
belong to their strategy alone: changing them changes the runs of no other.
"""

from collections.abc import Collection, Mapping
from pathlib import Path
from string import Formatter

from pydantic import BaseModel, ConfigDict, field_validator

from def_sim.errors import ConfigError
from def_sim.yaml_files import read_validated


class StrategyTexts(BaseModel):
    """All texts of a strategy in one language.

    Attributes:
        language: Of the texts.
        texts: Name -> text, with slots in braces; a brace that is meant is doubled.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: str
    texts: Mapping[str, str]

    @field_validator("texts")
    @classmethod
    def _have_plain_slots(cls, texts: Mapping[str, str]) -> Mapping[str, str]:
        for name, text in texts.items():
            for slot in _slots(name, text):
                if not slot.isidentifier():
                    raise ValueError(f"text {name!r} has the slot {{{slot}}}; a slot is a plain name")
        return texts

    def check(self, expected: Mapping[str, Collection[str]]) -> None:
        """Makes sure that exactly these texts are there, each with no other than its slots.

        Args:
            expected: Name -> the slots that the strategy fills; a text may leave some out.

        Raises:
            ConfigError: A text is missing or unknown, or has a slot that nobody fills.
        """
        where = f"The strategy's texts in {self.language!r}"
        if missing := sorted(expected.keys() - self.texts.keys()):
            raise ConfigError(f"{where} lack {missing[0]!r}.", fix="Write it into that file.")
        if unknown := sorted(self.texts.keys() - expected.keys()):
            raise ConfigError(f"{where} have {unknown[0]!r}, which it does not use.", fix="Take it out.")
        for name, slots in expected.items():
            if others := sorted(set(_slots(name, self.texts[name])) - set(slots)):
                raise ConfigError(
                    f"{where}: {name!r} has the slot {{{others[0]}}}, which nobody fills.",
                    fix=f"Its slots are: {', '.join(sorted(slots)) or 'none'}.",
                )

    def fill(self, name: str, **values: object) -> str:
        """A text with its slots filled; what fills them is not looked at again."""
        return self.texts[name].format(**values)


def _slots(name: str, text: str) -> list[str]:
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        raise ValueError(f"text {name!r}: {error}") from None
    if any(conversion or spec for _, _, spec, conversion in parts):
        raise ValueError(f"text {name!r}: a slot has no format of its own")
    return [slot for _, slot, _, _ in parts if slot is not None]


def read_strategy_texts(path: Path) -> StrategyTexts:
    """The texts in that file.

    Raises:
        SurveyFormatError: It is missing or breaks the format; with file and line.
    """
    return read_validated(path, StrategyTexts)
