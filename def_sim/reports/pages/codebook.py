"""A codebook: every item of a survey on one page, as asked and as people answered it.

For those who check items: all wordings of all languages side by side, the options and who
was shown them, the question exactly as a respondent sees it, and people's shares. The page
loads nothing, everything in it is escaped, and the same entries give the same bytes.

Knows no files and no run: `def_sim/app/codebook.py` gathers the entries.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from markupsafe import Markup

from def_sim.records import (
    DIMENSION_TITLES,
    NO_DIMENSION_TITLE,
    Dimension,
    ItemReference,
    MeasurementLevel,
    NoDimension,
    QuestionType,
    ReferenceQuality,
)
from def_sim.reports.charts.score_charts import share_chart
from def_sim.reports.pages.contents import Entry
from def_sim.reports.pages.page import language_tag, page_script, page_style, security_policy, template

_DIRECTIONS: Final = {
    1: "high codes: more of it",
    0: "no direction",
    -1: "high codes: less of it",
}
_QUALITIES: Final = {
    ReferenceQuality.WEIGHTED: "weighted",
    ReferenceQuality.UNWEIGHTED: "unweighted: exact counts without weights",
    ReferenceQuality.APPROXIMATE: "approximate: from a weighted resample",
    ReferenceQuality.PUBLISHED: "published: shares alone, without a number of people",
}
_LANGUAGE_NAMES: Final = {"en": "English", "zh": "Chinese"}


@dataclass(frozen=True, slots=True)
class CodebookOption:
    """One option of an item. In a battery each has its own variable, dimension and direction."""

    code: int
    labels: Mapping[str, str]  # language -> label
    variable: str | None = None
    dimension: Dimension | None = None
    direction: int = 0


@dataclass(frozen=True, slots=True)
class CodebookWording:
    """A wording that is not in the item's file: an accepted one, or a draft, with what was said of it."""

    number: int
    text: str
    state: str
    remarks: str = ""


@dataclass(frozen=True, slots=True)
class CodebookEntry:
    """One item with everything that can be checked about it by eye."""

    item_id: str
    source: str
    variable: str
    topic: str
    dimension: Dimension | NoDimension
    direction: int  # +1: high codes mean more of the dimension; -1: less; 0: no direction
    type: QuestionType
    level: MeasurementLevel
    max_choices: int
    options: tuple[CodebookOption, ...]
    shown_codes: tuple[int, ...]  # of the options, those that the population was shown
    volunteered: tuple[int, ...]  # codes that only an interviewer could note
    wordings: Mapping[str, tuple[str, ...]]  # language -> base wording, then its paraphrases
    as_seen: str  # instruction, question and options, as one respondent of the country sees them
    human: ItemReference | None  # everyone's answers; None: the user must bring them
    secondary: Dimension | None = None
    confidence: str | None = None  # of the assignment to a dimension: high, med or low
    rationale: str | None = None  # of the same
    follow_up_of: str | None = None
    filled_with: str | None = None  # label that stands in `as_seen` for the first choice
    asked_in: tuple[str, ...] = ()  # populations that were asked, where no figures say so
    is_factual: bool = False
    item_rest: float | None = None  # with the rest of its topic group, where it does not go with it
    is_variable_verified: bool = True
    proposed: Mapping[str, tuple[CodebookWording, ...]] = field(default_factory=dict)  # by language

    @property
    def dimension_title(self) -> str:
        """The topic group in words."""
        if isinstance(self.dimension, NoDimension):
            return NO_DIMENSION_TITLE
        return DIMENSION_TITLES[self.dimension]


@dataclass(frozen=True, slots=True)
class CodebookFacts:
    """What the codebook is of."""

    population: str
    place: str  # whom the respondent of `as_seen` is asked to be from: the country as a whole; "": none
    language: str  # of the questions as seen
    frame_language: str
    option_order: str  # how a run shows options; the codebook lists them in code order
    protocol: str
    citations: tuple[str, ...] = ()
    effective_n: Mapping[str, str] = field(default_factory=dict)  # source -> what its effective n is
    country: str = ""  # name of the population's, as it stands in a sentence


@dataclass(frozen=True, slots=True)
class CountRow:
    """Items of one source and type in one language, per dimension; a total has empty names."""

    source: str
    type: str
    language: str
    by_dimension: Mapping[Dimension | NoDimension, int]
    num_wordings: int

    @property
    def num_items(self) -> int:
        """Items of all dimensions."""
        return sum(self.by_dimension.values())


@dataclass(frozen=True, slots=True)
class _OptionRow:
    option: CodebookOption
    is_shown: bool
    chart: Markup | None


def render_codebook(title: str, entries: Sequence[CodebookEntry], facts: CodebookFacts) -> str:
    """The whole codebook as the text of one HTML file.

    Args:
        title: Heading of the page, e.g. the survey's title.
        entries: One an item, in the order of the questionnaire; sources are kept together.
        facts: What the items were gathered for.

    Returns:
        HTML, about 5 kB an item. Depends on the arguments alone.
    """
    style = page_style("items.css", "codebook.css")
    script = page_script("codebook.js")
    sources = _by_source(entries)
    return template("codebook.html.jinja").render(
        title=title,
        facts=facts,
        policy=security_policy(style, script),
        style=style,
        script=script,
        num_items=len(entries),
        num_without_people=sum(entry.human is None for entry in entries),
        sources=sources,
        contents=_contents(sources, facts),
        languages=languages_of(entries),
        counts=count_items(entries),
        dimensions=[(dimension, DIMENSION_TITLES[dimension]) for dimension in _dimensions(entries)],
        types=[type_.value for type_ in QuestionType if any(e.type is type_ for e in entries)],
        titles=DIMENSION_TITLES,
        directions=_DIRECTIONS,
        qualities=_QUALITIES,
        language_names=_LANGUAGE_NAMES,
        language_tag=language_tag,
        option_rows=_option_rows,
    )


def _contents(sources: Mapping[str, Sequence[CodebookEntry]], facts: CodebookFacts) -> list[Entry]:
    parts = [Entry(f"source-{name}", f"{name}, {len(members)}") for name, members in sources.items()]
    ends = (
        ("effective", "Effective number of people", facts.effective_n),
        ("citation", "Citation", facts.citations),
    )
    return [
        Entry("counts", "Counts"),
        Entry("items", "Items", tuple(parts)),
        *(Entry(key, title) for key, title, is_there in ends if is_there),
    ]


def languages_of(entries: Sequence[CodebookEntry]) -> list[str]:
    """Every language that some item is worded in, in the order of their first appearance."""
    return list(dict.fromkeys(language for entry in entries for language in entry.wordings))


def count_items(entries: Sequence[CodebookEntry]) -> list[CountRow]:
    """Counts by source, type and language, each over dimensions; one total a language at the end."""
    keys = [
        (source, type_, language)
        for source in dict.fromkeys(entry.source for entry in entries)
        for type_ in QuestionType
        for language in languages_of(entries)
    ]
    rows = [
        _count_row(
            [e for e in entries if (e.source, e.type) == (source, type_)], source, type_.value, language
        )
        for source, type_, language in keys
    ]
    totals = [_count_row(entries, "", "", language) for language in languages_of(entries)]
    return [row for row in rows if row.num_items] + totals


def _count_row(entries: Sequence[CodebookEntry], source: str, type_: str, language: str) -> CountRow:
    worded = [entry for entry in entries if language in entry.wordings]
    by_dimension: dict[Dimension | NoDimension, int] = dict.fromkeys((*Dimension, *NoDimension), 0)
    for entry in worded:
        by_dimension[entry.dimension] += 1
    return CountRow(
        source, type_, language, by_dimension, sum(len(entry.wordings[language]) for entry in worded)
    )


def _by_source(entries: Sequence[CodebookEntry]) -> dict[str, list[CodebookEntry]]:
    grouped: dict[str, list[CodebookEntry]] = {}
    for entry in entries:
        grouped.setdefault(entry.source, []).append(entry)
    return grouped


def _dimensions(entries: Sequence[CodebookEntry]) -> list[Dimension]:
    return [dimension for dimension in Dimension if any(e.dimension is dimension for e in entries)]


def _option_rows(entry: CodebookEntry) -> list[_OptionRow]:
    """The options with their bars; none where there are no figures or the option was not shown."""
    shares = dict(zip(entry.human.codes, entry.human.shares, strict=True)) if entry.human else {}
    return [
        _OptionRow(
            option,
            option.code in entry.shown_codes,
            share_chart(str(option.code), shares[option.code]) if option.code in shares else None,
        )
        for option in entry.options
    ]
