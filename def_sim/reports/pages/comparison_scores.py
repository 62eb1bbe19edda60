"""One score of a group of runs: small multiples, the table behind them, strips by kind of model.

Knows no files and computes no score, rank or interval: they come with the table of `compared_runs.py`.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from string import ascii_uppercase

import pandas as pd
from markupsafe import Markup

from def_sim.evaluation.compared_runs import ComparedRun, RunGroup
from def_sim.evaluation.dimensions import dimension_rank, dimension_title
from def_sim.evaluation.measures import MEASURES, Measure, written
from def_sim.evaluation.ranked_entries import AT_AS_MANY, is_ranked, ranked_entries
from def_sim.reports.cells import (
    Row,
    Shown,
    count_in,
    number_in,
    rows_of,
    shown,
)
from def_sim.reports.charts.comparison_charts import RunMark, axis_end, small_multiple, strip_chart
from def_sim.reports.pages.score_cards import normalised_shown


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run as the page names it."""

    letter: str
    run: ComparedRun
    size: str


@dataclass(frozen=True, slots=True)
class EntryLine:
    """What has one place in a ranking, as the page names it: a run, or a model with several seeds."""

    letter: str
    run: ComparedRun  # the first of them
    num_seeds: int  # 1 for a single run


@dataclass(frozen=True, slots=True)
class ModelKind:
    """What the models of runs are compared by."""

    num_parameters: int  # 0: not published
    family: str
    is_tuned: bool

    @property
    def in_words(self) -> str:
        """Base or tuned."""
        return "tuned" if self.is_tuned else "base"


@dataclass(frozen=True, slots=True)
class ScoreCell:
    """One score with its rank ("2", "2=" for a tie) and its interval, both empty if there is none.

    `interval`: of several seeds their range. `why_no_interval`: the reason, where the table knows one and
    there is a score. `at_as_many`: the score by which it is ranked, where that is another one.
    """

    value: Shown
    rank: str
    interval: str
    why_no_interval: str = ""
    at_as_many: str = ""


@dataclass(frozen=True, slots=True)
class MetricPart:
    """One metric for one group: small multiples, the table behind them, strips by kind of model."""

    measure: Measure
    is_ranked: bool
    multiples: tuple[tuple[str, Markup], ...]  # title, chart
    columns: tuple[tuple[str, str], ...]  # short and whole name of each score column
    rows: tuple[tuple[EntryLine, tuple[ScoreCell, ...], Shown, str], ...]  # entry, scores, normalised, items
    strips: tuple[tuple[str, Markup], ...]
    has_intervals: bool
    has_unequal_items: bool
    has_seeds: bool  # whether an entry stands for several seeds


def metric_part(metric: str, table: pd.DataFrame, lines: Sequence[EntryLine]) -> MetricPart:
    """Everything that the page shows of one metric for one group.

    Args:
        metric: One of the headline metrics.
        table: From `entries_table`, the rows of this metric and group.
        lines: The entries of the group, in the order shown.
    """
    measure = MEASURES[metric]
    by_place = {(row["folder"], row["scope"], row["dimension"]): row for row in rows_of(table)}
    dimensions = sorted({d for _, scope, d in by_place if scope == "dimension"}, key=dimension_rank)
    places = [("macro", ""), *(("dimension", dimension) for dimension in dimensions)]
    marks = {
        place: [_mark(line, by_place.get((line.run.folder, *place), {})) for line in lines]
        for place in places
    }
    end = axis_end([mark for members in marks.values() for mark in members])
    return MetricPart(
        measure=measure,
        is_ranked=is_ranked(metric) and bool(table["rank"].notna().any()),
        multiples=tuple(
            (_place_title(place), small_multiple(members, title=_place_title(place), end=end))
            for place, members in marks.items()
        ),
        columns=tuple((_place_code(place), _place_title(place)) for place in [*places, ("micro", "")]),
        rows=tuple(_table_row(line, by_place, [*places, ("micro", "")], measure) for line in lines),
        strips=_strips(lines, marks["macro", ""], measure),
        has_intervals=bool(table["interval_low"].notna().any()),
        has_unequal_items=_has_unequal_items(table),
        has_seeds=bool((table["num_seeds"] > 1).any()),
    )


def _has_unequal_items(table: pd.DataFrame) -> bool:
    """Whether some run has no value for items for which another has one."""
    defined = (table["num_items"] - table["num_undefined"])[table["scope"] == "micro"]
    return defined.nunique() > 1


def _place_title(place: tuple[str, str]) -> str:
    words = {"macro": "Mean of topic groups", "micro": "Mean of items"}
    return words.get(place[0]) or dimension_title(place[1])


def _place_code(place: tuple[str, str]) -> str:
    return {"macro": "Macro", "micro": "Micro"}.get(place[0]) or place[1]


def _rank(row: Row) -> str:
    """Empty also where a run is the only one with a rank."""
    rank = count_in(row, "rank") if count_in(row, "num_ranked") > 1 else 0
    return f"{rank}{'=' if row['is_tied'] else ''}" if rank else ""


def _mark(line: EntryLine, row: Row) -> RunMark:
    return RunMark(
        letter=line.letter,
        name=line.run.model_label,
        value=number_in(row, "value"),
        low=number_in(row, "interval_low"),
        high=number_in(row, "interval_high"),
        floor=number_in(row, "floor"),
        uniform=number_in(row, "uniform"),
        is_tuned=line.run.is_tuned,
        rank=_rank(row),
        lowest=number_in(row, "lowest"),
        highest=number_in(row, "highest"),
    )


def _table_row(
    line: EntryLine,
    by_place: Mapping[tuple[str, str, str], Row],
    places: Sequence[tuple[str, str]],
    measure: Measure,
) -> tuple[EntryLine, tuple[ScoreCell, ...], Shown, str]:
    rows = [by_place.get((line.run.folder, *place), {}) for place in places]
    cells = tuple(
        ScoreCell(
            shown(number_in(row, "value"), measure.why_undefined),
            _rank(row),
            _interval(row),
            _why_none(row),
            _at_as_many(row),
        )
        for row in rows
    )
    normalised = normalised_shown(rows[0], "Not defined for this score.")
    micro = rows[-1]
    defined = count_in(micro, "num_items") - count_in(micro, "num_undefined")
    return line, cells, normalised, f"{defined} of {count_in(micro, 'num_items')}"


def _interval(row: Row) -> str:
    has_seeds = count_in(row, "num_seeds") > 1
    ends = ("lowest", "highest") if has_seeds else ("interval_low", "interval_high")
    low, high = (number_in(row, end) for end in ends)
    if has_seeds and not math.isnan(low):
        return f"seeds {written(low)} to {written(high)}"
    return "" if math.isnan(low) or math.isnan(high) else f"{written(low)} to {written(high)}"


def _at_as_many(row: Row) -> str:
    """The score at as many answers, where it is printed otherwise than the run's own."""
    own, ranked = (written(number_in(row, name)) for name in ("value", AT_AS_MANY))
    return ranked if _rank(row) and own != ranked else ""


def _why_none(row: Row) -> str:
    has_score = not math.isnan(number_in(row, "value"))
    return str(row.get("why_no_interval", "")) if has_score else ""


def _strips(
    lines: Sequence[EntryLine], marks: Sequence[RunMark], measure: Measure
) -> tuple[tuple[str, Markup], ...]:
    """The macro score of the finished runs by size, by family, by base or tuned."""
    finished = [(line.run, mark) for line, mark in zip(lines, marks, strict=True) if line.run.is_complete]
    end = axis_end([mark for _, mark in finished if math.isfinite(mark.value)])
    kinds = [(ModelKind(run.num_parameters, run.family, run.is_tuned), mark) for run, mark in finished]
    return strips_by_kind(kinds, title=measure.title, end=end)


def strips_by_kind(
    marked: Sequence[tuple[ModelKind, RunMark]],
    *,
    title: str,
    end: float,
    in_words: Callable[[float], str] | None = None,
) -> tuple[tuple[str, Markup], ...]:
    """Three strips of the same marks: by size, by family, base or tuned.

    Args:
        marked: Runs by what their models are.
        title: What the marks are, in words.
        end: Upper end of all three axes.
        in_words: As of `strip_chart`.

    Returns:
        Name of the strip, and the drawing.
    """
    by_size = sorted(marked, key=lambda pair: pair[0].num_parameters)
    kinds = {
        "By size": [(size_in_words(kind.num_parameters), mark) for kind, mark in by_size],
        "By family": sorted(((kind.family, mark) for kind, mark in marked), key=lambda pair: pair[0]),
        "Base or tuned": sorted(((kind.in_words, mark) for kind, mark in marked), key=lambda pair: pair[0]),
    }
    return tuple(
        (name, strip_chart(_collected(named), title=f"{title}, {name.lower()}", end=end, in_words=in_words))
        for name, named in kinds.items()
    )


def _collected(named: Sequence[tuple[str, RunMark]]) -> list[tuple[str, list[RunMark]]]:
    rows: dict[str, list[RunMark]] = {}
    for name, mark in named:
        rows.setdefault(name, []).append(mark)
    return list(rows.items())


@dataclass(frozen=True, slots=True)
class PageLetters:
    """How a page names runs: one letter each, the same wherever on it the run stands.

    `entries` has the lines of a group by its number. `of_runs` has folder -> A, or A1, A2, ... where the
    letter is that of several seeds. `short_names`: folder -> what the run's model is called in short.
    """

    entries: Mapping[int, tuple[EntryLine, ...]]
    of_runs: Mapping[str, str]
    short_names: Mapping[str, str] = field(default_factory=dict)


def letters_of_page(groups: Sequence[RunGroup]) -> PageLetters:
    """Letters that go on from group to group."""
    entries: dict[int, tuple[EntryLine, ...]] = {}
    of_runs: dict[str, str] = {}
    place = 0
    for group in groups:
        lines = []
        for entry in ranked_entries(group):
            letter = run_letter(place)
            place += 1
            lines.append(EntryLine(letter, entry.runs[0], len(entry.runs)))
            for number, run in enumerate(entry.runs, start=1):
                of_runs[run.folder] = f"{letter}{number if entry.has_seeds else ''}"
        entries[group.number] = tuple(lines)
    short = {run.folder: run.model_short or run.model_label for group in groups for run in group.runs}
    return PageLetters(entries, of_runs, short)


def run_letter(index: int) -> str:
    """The letter of a run by its place on the page: A, B, ..., Z, AA, AB, ..."""
    before, last = divmod(index, len(ascii_uppercase))
    return (run_letter(before - 1) if before else "") + ascii_uppercase[last]


def size_in_words(num_parameters: int) -> str:
    """Parameters of a model as people say them; "unknown" for 0, which stands for not published."""
    if num_parameters <= 0:
        return "unknown"
    for unit, word in ((1_000_000_000, "B"), (1_000_000, "M")):
        if num_parameters >= unit:
            return f"{num_parameters / unit:.3g} {word}"
    return f"{num_parameters:,}"
