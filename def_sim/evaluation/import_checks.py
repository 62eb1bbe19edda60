"""What an import understood, item by item: our words beside the source's, people's shares, and what is odd.

For a person to look through before anything is concluded from imported figures. A flag is a reason to look,
no fault. Reads no files.

Letters: K options.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from def_sim.csv_files import guarded
from def_sim.evaluation.label_checks import denies, is_chinese, runs_the_other_way, same_words
from def_sim.surveys.importers.contract import FileVariable, GroupFigures, Imported, PopulationFigures
from def_sim.surveys.importers.documents import csv_text
from def_sim.surveys.item_bank import Item

_EVERYONE: Final = "all"
_HEADER: Final = (
    "item_id",
    "question",
    "type",
    "level",
    "variable",
    "variable_label",
    "code",
    "label",
    "file_label",
    "share",
    "n",
    "n_effective",
    "dont_know_share",
    "refused_share",
    "missing_share",
    "quality",
    "flags",
)


@dataclass(frozen=True, slots=True)
class CheckedOption:
    """One option: our label, and what the source says at the same code."""

    code: int
    label: str
    file_label: str  # "": the source does not say
    share: float | None  # of people; None: not known
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CheckedItem:
    """One item as it was understood."""

    item: Item
    language: str  # of the words shown: the source's, if the item has it
    variable: FileVariable | None
    figures: GroupFigures | None  # of everyone; None: there are none
    options: tuple[CheckedOption, ...]
    own_flags: tuple[str, ...]  # of the item as a whole

    @property
    def flags(self) -> tuple[str, ...]:
        """All that looks odd, in words."""
        of_options = (f"code {one.code}: {flag}" for one in self.options for flag in one.flags)
        return (*self.own_flags, *of_options)

    @property
    def question(self) -> str:
        """The base wording."""
        return self.item.wordings[self.language][0]


@dataclass(frozen=True, slots=True)
class ImportCheck:
    """The items of one population."""

    source: str
    title: str
    population: str
    items: tuple[CheckedItem, ...]
    without: tuple[str, ...]  # ids of items of the source that have no figures and are not asked
    people_of: str = ""  # whom the survey asked; "": the population
    notes: tuple[str, ...] = ()  # what a reader of the figures must know

    @property
    def num_flagged(self) -> int:
        """Items with a flag."""
        return sum(bool(one.flags) for one in self.items)


def check_import(imported: Imported, items: Sequence[Item]) -> list[ImportCheck]:
    """One check for each population; for that of the survey where the source has no figures.

    Args:
        imported: What was found.
        items: All items of the source.
    """
    if not imported.populations:
        asked_of = dict.fromkeys(survey.population for survey in imported.surveys)
        return [_check(imported, items, population, None) for population in asked_of]
    return [_check(imported, items, one.provenance.population, one) for one in imported.populations]


def _check(
    imported: Imported, items: Sequence[Item], population: str, found: PopulationFigures | None
) -> ImportCheck:
    figures = {one.item_id: one for one in (found.figures if found else ()) if one.group == _EVERYONE}
    is_there = {item.id: item.id in figures or population in item.asked_in for item in items}
    checked = [
        _checked(item, population, imported.variables.get(item.id), figures.get(item.id))
        for item in items
        if is_there[item.id]
    ]
    title = found.provenance.title if found is not None else f"{imported.source}, {population}"
    without = tuple(name for name, there in is_there.items() if not there)
    notes = tuple(found.provenance.notes) if found is not None else ()
    labels = (one.population_label for one in imported.surveys if one.population == population)
    people_of = next((label for label in labels if label), "")
    return ImportCheck(imported.source, title, population, tuple(checked), without, people_of, notes)


def _checked(
    item: Item, population: str, variable: FileVariable | None, figures: GroupFigures | None
) -> CheckedItem:
    values = variable.values if variable is not None else {}
    language = _language(item, [*values.values(), variable.label if variable is not None else ""])
    shares = dict(zip(figures.codes, figures.shares, strict=True)) if figures is not None else {}
    labels = {one.code: one.labels[language] for one in item.shown_options(population)}
    options = [
        CheckedOption(
            code=code,
            label=label,
            file_label=values.get(code, ""),
            share=shares.get(code),
            flags=tuple(_option_flags(code, label, values, shares)),
        )
        for code, label in labels.items()
    ]
    own = tuple(_item_flags(item, labels, values))
    return CheckedItem(item, language, variable, figures, tuple(options), own)


def _language(item: Item, texts: Sequence[str]) -> str:
    """That of the source's words, if the item has it; else the item's first."""
    if "zh" in item.wordings and any(map(is_chinese, texts)):
        return "zh"
    if "en" in item.wordings and any(texts):
        return "en"
    return next(iter(item.wordings))


def _option_flags(
    code: int, label: str, values: Mapping[int, str], shares: Mapping[int, float]
) -> Iterator[str]:
    if values and code not in values and label != str(code):  # files label the ends of scales alone
        yield "the file has no such code"
    if theirs := values.get(code):
        if denies(theirs) != denies(label):
            ours_denies = "our label denies, the file's does not"
            yield "the file's label denies, ours does not" if denies(theirs) else ours_denies
        elsewhere = [other for other, words in values.items() if other != code and same_words(words, label)]
        if elsewhere and not same_words(theirs, label):
            yield f"the file has this label at code {elsewhere[0]}"
    if shares.get(code) == 0:
        yield "nobody chose it"


def _item_flags(item: Item, labels: Mapping[int, str], values: Mapping[int, str]) -> Iterator[str]:
    known = {*(option.code for option in item.options), *item.volunteered}
    for code in sorted(values.keys() - known):
        yield f"the file has a code {code} ({values[code]:.60}), the item has none"
    both = [code for code in labels if code in values]
    if runs_the_other_way([labels[code] for code in both], [values[code] for code in both]):
        yield "the labels of the file run the other way"


def check_csv(check: ImportCheck) -> str:
    """A row an option; no cell is a formula of spreadsheets."""
    return csv_text(_HEADER, (_row(item, option) for item in check.items for option in item.options))


def _row(item: CheckedItem, option: CheckedOption) -> list[str]:
    figures, variable = item.figures, item.variable
    texts = [
        item.item.id,
        item.question,
        item.item.type.value,
        item.item.level.value,
        variable.name if variable is not None else item.item.variable,
        variable.label if variable is not None else "",
        str(option.code),
        option.label,
        option.file_label,
        _share(option.share),
        *(_people(figures) if figures is not None else [""] * 6),
        "; ".join((*item.own_flags, *option.flags)),
    ]
    return [guarded(text) for text in texts]


def _people(figures: GroupFigures) -> list[str]:
    """Columns from n to quality."""
    return [
        "" if figures.n is None else str(figures.n),
        "" if figures.n_effective is None else f"{figures.n_effective:.2f}",
        _share(figures.dont_know_share),
        _share(figures.refused_share),
        _share(figures.missing_share),
        figures.quality.value,
    ]


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.6f}"
