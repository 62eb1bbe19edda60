"""GlobalOpinionQA (Durmus et al. 2023): questions of two surveys with the shares of people in many countries.

The file holds shares without numbers of people, and its licence forbids passing it on with this package:
users import their own download. Questions keep their English words. Knows no file but the source.

Letters: K options.
"""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from def_sim.csv_files import guarded
from def_sim.errors import ConfigError
from def_sim.file_hashes import hash_file
from def_sim.records import MeasurementLevel, QuestionType, ReferenceQuality
from def_sim.resources import data_folder
from def_sim.surveys.human_reference import ReferenceSource
from def_sim.surveys.importers.contract import GroupFigures, Imported, PopulationFigures
from def_sim.surveys.importers.documents import csv_text, items_in_words
from def_sim.surveys.importers.opinion_rows import (
    OpinionRow,
    check_shares,
    labels_twice,
    read_opinion_rows,
)
from def_sim.surveys.importers.opinion_samples import Rule, best_sample, names_of, read_countries
from def_sim.surveys.importers.option_kinds import OptionKind, option_kind
from def_sim.surveys.item_bank import NO_DIMENSION, Item, ItemFile
from def_sim.surveys.survey import SurveyFile

SOURCE: Final = "goqa"
BINARY: Final = "goqa_binary"
LOG: Final = "goqa.import_log.csv"
_HALF_TOPIC: Final = 45  # characters
_CITATION: Final = (
    "Durmus, E., et al. (2023). Towards Measuring the Representation of Subjective Global Opinions in "
    "Language Models. arXiv:2306.16388"
)
_LICENCE: Final = "CC BY-NC-SA 4.0"
_TERMS: Final = (
    f"GlobalOpinionQA is under {_LICENCE}: name its authors, no commercial use, share under the same terms.",
    "Its questions and figures are those of Pew's Global Attitudes Survey and the World Values Survey.",
    f"Cite {_CITATION}.",
)


@dataclass(frozen=True)
class _Kept:
    """A row that becomes an item."""

    row: OpinionRow
    item: Item
    samples: Mapping[str, str]  # population -> the key of its figures
    is_binary: bool
    kinds: tuple[OptionKind, ...]  # shape (K,), of all options listed


class GlobalOpinionQA:
    """Reads `global_opinions.csv`.

    Args:
        source: The file, as it was downloaded.
        countries: ISO alpha-3 codes of the populations wanted; the first is the surveys' own.
        rule: Which questions make up `goqa_binary`, and which samples count.
    """

    def __init__(self, source: str, countries: list[str], rule: Rule = Rule.PUBLISHED) -> None:
        self.path = Path(source).expanduser()
        self.names = names_of(countries, read_countries(data_folder()))
        self.rule = Rule(rule)

    def read(self) -> Imported:
        """Items, figures of each country, the surveys `goqa` and `goqa_binary`, and a log of all rows.

        Raises:
            SurveyFormatError: See `read_opinion_rows` and `check_shares`.
            ConfigError: No row has figures of the countries.
        """
        rows = list(read_opinion_rows(self.path))
        repeated = _repeated(rows)
        outcomes = [(row, repeated.get(row.number) or self._kept(row)) for row in rows]
        kept = [one for _, one in outcomes if isinstance(one, _Kept)]
        self._check_found(rows, kept)
        kept.sort(key=lambda one: one.item.id)  # in an order that the file's does not change
        digest = hash_file(self.path)
        return Imported(
            source=SOURCE,
            items=_item_file(kept),
            populations=tuple(self._figures(code, kept, digest) for code in self.names),
            surveys=self._surveys(kept),
            file_sha256=digest,
            tables={LOG: self._log(outcomes)},
            summary=tuple(self._summary(len(rows), kept)),
            terms=_TERMS,
        )

    def _kept(self, row: OpinionRow) -> _Kept | str:
        """The row as an item with its samples, or why it is none."""
        kinds = tuple(option_kind(label) for label in row.options)
        answers = [label for label, kind in zip(row.options, kinds, strict=True) if kind is OptionKind.ANSWER]
        found = {code: best_sample(row.shares, names, self.rule) for code, names in self.names.items()}
        samples = {code: key for code, key in found.items() if key is not None}
        if not samples:
            return "none of the countries has figures that count"
        if reason := _why_no_item(row, answers):
            return reason
        shares = {code: np.array(check_shares(self.path, row, key)) for code, key in samples.items()}
        is_answer = np.array([kind is OptionKind.ANSWER for kind in kinds])
        samples = {code: key for code, key in samples.items() if shares[code][is_answer].sum() > 0}
        if not samples:
            return "nobody chose an option that is kept"
        is_binary = self.rule.is_binary(kinds) and samples.keys() == self.names.keys()
        return _Kept(row, _item(row, kinds), samples, is_binary, kinds)

    def _check_found(self, rows: Sequence[OpinionRow], kept: Sequence[_Kept]) -> None:
        present = {code for one in kept for code in one.samples}
        if missing := [code for code in self.names if code not in present]:
            held = sorted({key for row in rows for key in row.shares})
            countries = f"{', '.join(held[:8])}{', ...' if len(held) > 8 else ''}" if held else "no country"
            raise ConfigError(
                f"{self.path.name}: no row is kept for {', '.join(missing)} (rule={self.rule.value}, "
                f"{len(rows):,} rows; the file has {countries}).",
                fix="Leave these out of `countries=`, or give rule=published, or another download.",
            )

    def _figures(self, code: str, kept: Sequence[_Kept], digest: str) -> PopulationFigures:
        of_country = [one for one in kept if code in one.samples]
        items: dict[str, list[str]] = defaultdict(list)
        for one in of_country:
            items[one.samples[code]].append(one.item.id)
        provenance = ReferenceSource(
            population=code,
            source=SOURCE,
            title=f"GlobalOpinionQA, {self.names[code][0]}",
            year=2023,
            weight="as published: shares alone",
            effective_n="not known: the source has no numbers of people",
            dont_know="left out, as are refused and volunteered answers; the rest adds up to 1",
            release="global_opinions.csv",
            citation=_CITATION,
            terms=_LICENCE,
            file=self.path.name,
            file_sha256=digest,
            samples=dict(sorted(items.items())),
        )
        return PopulationFigures(provenance, tuple(_figures_of(one, code) for one in of_country))

    def _surveys(self, kept: Sequence[_Kept]) -> tuple[SurveyFile, ...]:
        binary = [one.item.id for one in kept if one.is_binary]
        return (
            self._survey(SOURCE, "GlobalOpinionQA", None),
            *(
                [self._survey(BINARY, "GlobalOpinionQA, questions with two options", binary)]
                if binary
                else []
            ),
        )

    def _survey(self, name: str, title: str, items: list[str] | None) -> SurveyFile:
        return SurveyFile(
            name=name,
            title=title,
            population=next(iter(self.names)),
            language="en",
            frame_language="en",
            sources=[SOURCE],
            items=items,
        )

    def _log(self, outcomes: Iterable[tuple[OpinionRow, _Kept | str]]) -> str:
        header = [
            "row",
            "line",
            "item_id",
            "outcome",
            "binary",
            *self.names,
            "dropped",
            "volunteered",
            "question",
        ]
        return csv_text(header, (self._log_row(row, one) for row, one in outcomes))

    def _log_row(self, row: OpinionRow, one: _Kept | str) -> list[str]:
        begin, end = [str(row.number), str(row.line)], guarded(row.question)
        if isinstance(one, str):
            return [*begin, "", one, "", *("" for _ in self.names), "", "", end]
        samples = [guarded(one.samples.get(code, "")) for code in self.names]
        kinds = (OptionKind.MISSING, OptionKind.VOLUNTEERED)
        dropped = [guarded("; ".join(_labels(one, kind))) for kind in kinds]
        return [*begin, one.item.id, "kept", "yes" if one.is_binary else "no", *samples, *dropped, end]

    def _summary(self, num_rows: int, kept: Sequence[_Kept]) -> list[str]:
        binary = [one for one in kept if one.is_binary]
        found = f"{items_in_words(len(binary))} (rule={self.rule.value})"
        lines = [
            f"items         {len(kept):,} of {num_rows:,} rows; why the others are left out: imports/{LOG}",
            f"binary        {found}: {f'survey={BINARY}' if binary else f'there is no {BINARY}'}",
        ]
        for code in self.names:
            of_all = sum(code in one.samples for one in kept)
            counts = Counter(one.samples[code] for one in binary)
            used = "; ".join(f"{key} {num}" for key, num in sorted(counts.items()))
            lines.append(f"{code:<13} {items_in_words(of_all)}{', binary by sample: ' if used else ''}{used}")
        return lines


def _repeated(rows: Sequence[OpinionRow]) -> dict[int, str]:
    """Row -> why it is left out: question, options and source stand in another row as well."""
    alike: dict[str, list[OpinionRow]] = defaultdict(list)
    for row in rows:
        alike[_item_id(row)].append(row)
    found = {}
    for first, *others in alike.values():
        is_same = all(other.shares == first.shares for other in others)
        for row in others if is_same else [first, *others] if others else []:
            other = first if row is not first else others[0]
            what = "the same as" if is_same else "the same question with other figures in"
            found[row.number] = f"{what} row {other.number}"
    return found


def _why_no_item(row: OpinionRow, answers: Sequence[str]) -> str:
    if not row.question:
        return "no question"
    if len(answers) < 2:
        return "fewer than two options that are answers"
    if not all(row.options):
        return "an option without words"
    if labels_twice(answers):
        return "two options with the same words"
    return "braces in the question, which stand for slots here" if {"{", "}"} & set(row.question) else ""


def _item_id(row: OpinionRow) -> str:
    content = json.dumps([row.question, row.options, row.source], ensure_ascii=False)
    return f"{SOURCE}.{hashlib.sha256(content.encode()).hexdigest()[:12]}"


def _topic(question: str) -> str:
    """The question in short, for headings: its beginning and, where what is asked often stands, its end."""
    words = " ".join(question.split())
    if len(words) <= 2 * _HALF_TOPIC:
        return words
    return f"{words[:_HALF_TOPIC].rpartition(' ')[0]} ... {words[-_HALF_TOPIC:].partition(' ')[2]}"


def _item(row: OpinionRow, kinds: Sequence[OptionKind]) -> Item:
    """Answers have the codes 1, 2, ... in the order listed, volunteered ones those behind them."""
    answers = [label for label, kind in zip(row.options, kinds, strict=True) if kind is OptionKind.ANSWER]
    num_volunteered = sum(kind is OptionKind.VOLUNTEERED for kind in kinds)
    # Two options are a scale of one step; whether more than two have an order, the file does not say.
    level = MeasurementLevel.ORDINAL if len(answers) == 2 else MeasurementLevel.NOMINAL
    entry = {
        "id": _item_id(row),
        "variable": row.source,
        "topic": _topic(row.question),
        "dimension": NO_DIMENSION,
        "direction": 0,
        "type": QuestionType.SINGLE,
        "level": level,
        "options": [{"code": code, "en": label} for code, label in enumerate(answers, start=1)],
        "volunteered": [len(answers) + place for place in range(1, num_volunteered + 1)],
        "wordings": {"en": [row.question]},
    }
    return Item.model_validate(entry)


def _item_file(kept: Sequence[_Kept]) -> ItemFile:
    return ItemFile(
        source=SOURCE,
        title="GlobalOpinionQA",
        year=2023,
        citation=f"{_CITATION}; {_LICENCE}",
        items=[one.item for one in kept],
    )


def _figures_of(one: _Kept, code: str) -> GroupFigures:
    shares = np.array(one.row.shares[one.samples[code]])
    kinds = np.array([kind.value for kind in one.kinds])
    answers, volunteered = shares[kinds == OptionKind.ANSWER], shares[kinds == OptionKind.VOLUNTEERED].sum()
    return GroupFigures(
        item_id=one.item.id,
        group_type="overall",
        group="all",
        codes=tuple(option.code for option in one.item.options),
        shares=tuple(float(share) for share in answers / answers.sum()),
        n=None,
        n_effective=None,
        volunteered_share=float(volunteered / (answers.sum() + volunteered)),
        quality=ReferenceQuality.PUBLISHED,
    )


def _labels(one: _Kept, kind: OptionKind) -> list[str]:
    return [label for label, of_it in zip(one.row.options, one.kinds, strict=True) if of_it is kind]
