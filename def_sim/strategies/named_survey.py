"""Asks for the published figures of a survey by its name: has the model seen them?

`strategy=recall` names the institute, wave and year that held the question; `strategy=placebo` puts the same
words around a survey that never was. Figures that are nearer to people under the true name than under the
invented one were recited; a model that merely knows the country answers both alike. The reply is read as
`verbalised` reads shares.

Knows no figures.
"""

from typing import Final

from def_sim.errors import ConfigError
from def_sim.randomness import Address
from def_sim.records import (
    Answer,
    AnswerMode,
    DecodingConfig,
    InsensitivityDimension,
    Question,
    Respondent,
)
from def_sim.respondents.memory import Memory
from def_sim.strategies.asking import OneCall, Presentation
from def_sim.strategies.contract import Conversation
from def_sim.strategies.instruction import INSTRUCTION_TEXTS
from def_sim.strategies.texts import StrategyTexts
from def_sim.strategies.verbalised import Verbalised

_NAME: Final = "survey_"  # before the source of items, or before EVERY
EVERY: Final = f"{_NAME}any"
SLOT: Final = "{survey}"


class NamedSurvey(OneCall):
    """Asks once, without memory, which shares a survey of that name published for each option.

    Args:
        presentation: How options are shown.
        texts: The instruction, by type of question, with the slot {survey}; and the survey's name, as
            `survey_<source>` for the items of a source or `survey_any` for all.
        max_new_tokens: Longest reply, from 1.

    Raises:
        ConfigError: No survey is named, or the texts do not fit.
    """

    uses_memory = False
    meaningless_dimensions = tuple(InsensitivityDimension)  # shares, and nobody who answers
    answer_modes = (AnswerMode.FREE,)

    def __init__(
        self, presentation: Presentation, texts: StrategyTexts, *, max_new_tokens: int = 256
    ) -> None:
        names = {name: text for name, text in texts.texts.items() if name.startswith(_NAME)}
        if not names:
            raise ConfigError(
                f"The strategy's texts in {texts.language!r} name no survey.",
                fix=f"Write {_NAME}<source>, such as {_NAME}wvs7, or {EVERY} into that file.",
            )
        self._by_name = {
            name: Verbalised(presentation, _naming(texts, survey), max_new_tokens=max_new_tokens)
            for name, survey in names.items()
        }
        self._any = next(iter(self._by_name.values()))

    def num_calls(self, question: Question) -> int:
        """One.

        Raises:
            ConfigError: No survey is named that asked the question.
        """
        return self._of(question).num_calls(question)

    def mean_tokens(self, question: Question) -> float | None:
        """As `verbalised`."""
        return self._any.mean_tokens(question)

    def decodings(self, respondent: Respondent) -> tuple[DecodingConfig, ...]:
        """The respondent's, with room for the whole object."""
        return tuple(self._any.decodings(respondent))

    def ask(
        self, question: Question, respondent: Respondent, memory: Memory, address: Address
    ) -> Conversation[Answer]:
        """One request, which names the survey; the answer holds its shares, and a choice drawn from them."""
        return self._of(question).ask(question, respondent, memory, address)

    def _of(self, question: Question) -> Verbalised:
        source = question.item_id.partition(".")[0]
        found = self._by_name.get(f"{_NAME}{source}", self._by_name.get(EVERY))
        if found is None:
            known = ", ".join(sorted(name.removeprefix(_NAME) for name in self._by_name))
            raise ConfigError(
                f"{question.item_id}: no survey is named that asked it; named are those of {known}.",
                fix=f"Ask other items with items=[...], or write {_NAME}{source} into the strategy's texts.",
            )
        return found


def _naming(texts: StrategyTexts, survey: str) -> StrategyTexts:
    """The texts with the survey's name in its slot, and without the names."""
    filled = {
        name: text.replace(SLOT, survey) for name, text in texts.texts.items() if not name.startswith(_NAME)
    }
    lacking = [name for name in INSTRUCTION_TEXTS if SLOT not in texts.texts.get(name, SLOT)]
    if lacking := [name for name in lacking if not name.startswith("person")]:
        raise ConfigError(
            f"The strategy's texts in {texts.language!r}: {lacking[0]!r} does not name the survey.",
            fix=f"Write the slot {SLOT} into it.",
        )
    return StrategyTexts(language=texts.language, texts=filled)
