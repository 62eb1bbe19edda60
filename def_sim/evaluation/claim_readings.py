"""From a table of a comparison to the readings that a claim's rule asks for. Judges nothing."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

import pandas as pd

from def_sim.surveys.published_claims import Contrast, Rule

_FACTS: Final = ("model", "population", "survey", "strategy", "num_parameters", "is_tuned")
_MOST_NAMED: Final = 3
_WHOLE: Final = "comparison.csv"

Row = Mapping[Any, Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """One number that bears on a claim. Absent numbers are NaN."""

    case: str  # what it is of, in words
    value: float
    low: float
    high: float


def traced_tables(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The tables with the model, population and strategy of each row's run.

    Rows of unfinished runs, of the demonstration respondent, and rows of no known run are dropped.

    Args:
        tables: File name -> table, `comparison.csv` among them; without it there is no row.
    """
    runs = tables.get(_WHOLE, pd.DataFrame())
    if runs.empty:
        return {}
    once = runs.drop_duplicates("folder").set_index("folder")
    counted = once[(once["share_done"] >= 1) & ~once["is_demonstration"]]
    facts = counted[list(_FACTS)]
    return {name: _traced(table, facts, tables) for name, table in tables.items() if not table.empty}


def _traced(table: pd.DataFrame, facts: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    if "first_country" in table.columns:  # runs of two countries
        kept = table[table["first"].isin(facts.index) & table["second"].isin(facts.index)]
        return kept.assign(languages=kept["first_language"] + "/" + kept["second_language"])
    if "folder" in table.columns:
        return _joined(table, table["folder"], facts)
    if "study" in table.columns:
        return _joined(table, _folder_of(table, tables.get("study_b.csv"), ["study", "population"]), facts)
    if "first" in table.columns:
        names = {f"{end}": table[end].map(facts["model"]) for end in ("first", "second")}
        return _joined(table.assign(**names), table["first"], facts).dropna(subset=["first", "second"])
    return _joined(table, _folder_of(table, tables.get("arms.csv"), ["group"]), facts)


def _folder_of(table: pd.DataFrame, runs: pd.DataFrame | None, by: Sequence[str]) -> pd.Series:
    """A run of each row's group: what its facts are the same in."""
    if runs is None or not set(by) <= set(table.columns) & set(runs.columns):
        return pd.Series("", index=table.index)
    first = runs.drop_duplicates(list(by)).set_index(list(by))["folder"].to_dict()
    keys = table[list(by)].itertuples(index=False, name=None)
    found = [first.get(key if len(by) > 1 else key[0], "") for key in keys]
    return pd.Series(found, index=table.index)


def _joined(table: pd.DataFrame, folders: pd.Series, facts: pd.DataFrame) -> pd.DataFrame:
    kept = table[folders.isin(facts.index)]
    found = facts.loc[folders[kept.index]].set_index(kept.index)
    new = [name for name in facts.columns if name not in kept.columns]
    return kept.join(found[new])


def readings_of(rule: Rule, table: pd.DataFrame) -> list[Reading]:
    """The readings of a rule, in the order of the table.

    Args:
        rule: What is read.
        table: From `traced_tables`.
    """
    rows: list[Row] = list(_rows_of(rule, table).to_dict("records"))
    if rule.contrast is None:
        return [_of_row(rule, row) for row in rows]
    if _is_of_pairs(table):
        return [one for row in rows if (one := _of_pair(rule, rule.contrast, row)) is not None]
    return _subtracted(rule, rule.contrast, rows)


def missing_readings(rule: Rule, table: pd.DataFrame) -> str:
    """Which needed combinations have no row, in words; "" if none is missing."""
    chosen = _rows_of(rule, table)
    missing = []
    for values in product(*rule.needs.values()):
        wanted = {name: [value] for name, value in zip(rule.needs, values, strict=True)}
        if chosen.empty or not _has(chosen, wanted):
            missing.append(" ".join(values))
    more = f" and {len(missing) - _MOST_NAMED} more" if len(missing) > _MOST_NAMED else ""
    return ", ".join(missing[:_MOST_NAMED]) + more


def _has(table: pd.DataFrame, wanted: Mapping[str, Sequence[str]]) -> bool:
    """Whether a row has the values; a model in a table of pairs may stand at either end."""
    if "model" not in wanted or not _is_of_pairs(table):
        return bool(_chosen(table, wanted).any())
    rest = {name: values for name, values in wanted.items() if name != "model"}
    ends = ("first", "second")
    return any(bool(_chosen(table, {**rest, end: wanted["model"]}).any()) for end in ends)


def _is_of_pairs(table: pd.DataFrame) -> bool:
    """Whether rows compare two models or styles. One on two countries is of one model."""
    return {"first", "second"} <= set(table.columns) and "first_country" not in table.columns


def _rows_of(rule: Rule, table: pd.DataFrame) -> pd.DataFrame:
    is_left_out = _chosen(table, rule.unless) if rule.unless else pd.Series(False, index=table.index)
    return table[_chosen(table, rule.where) & ~is_left_out]


def _chosen(table: pd.DataFrame, where: Mapping[str, Sequence[str]]) -> pd.Series:
    is_chosen = pd.Series(True, index=table.index)
    for name, values in where.items():
        if name not in table.columns:
            return pd.Series(False, index=table.index)
        is_chosen &= table[name].astype(object).fillna("").astype(str).isin(values)
    return is_chosen


def _of_row(rule: Rule, row: Row) -> Reading:
    value, low, high = _ends(rule, row)
    beside = 0.0 if rule.minus is None else float(row[rule.minus])
    return Reading(_case(rule, row), value - beside, low - beside, high - beside)


def _ends(rule: Rule, row: Row) -> tuple[float, float, float]:
    """The value and its interval; of a table without intervals, the value give or take the rule's margin."""
    value = float(row[rule.value])
    if rule.margin is not None:
        return value, value - rule.margin, value + rule.margin
    return value, float(row.get(rule.low, math.nan)), float(row.get(rule.high, math.nan))


def _case(rule: Rule, row: Row) -> str:
    return ", ".join(str(row[name]) for name in rule.cases if name in row)


def _of_pair(rule: Rule, contrast: Contrast, row: Row) -> Reading | None:
    """A pair of the table, turned so that the named one comes first; None if it is not asked for."""
    value, low, high = _ends(rule, row)
    for first, second, sign in (("first", "second", 1), ("second", "first", -1)):
        if row[first] in contrast.named and _is_other(contrast, str(row[second])):
            ends = sorted((sign * low, sign * high))
            case = ", ".join(filter(None, (_case(rule, row), f"{row[first]} minus {row[second]}")))
            return Reading(case, sign * value, *ends)
    return None


def _is_other(contrast: Contrast, name: str) -> bool:
    return name in contrast.others if contrast.others else name not in contrast.named


def _subtracted(rule: Rule, contrast: Contrast, rows: Sequence[Row]) -> list[Reading]:
    """Differences of rows that agree in all that the contrast holds fixed."""
    found = []
    for one, other in product(rows, rows):
        names = str(one[contrast.column]), str(other[contrast.column])
        is_asked = names[0] in contrast.named and _is_other(contrast, names[1])
        if is_asked and all(one[name] == other[name] for name in contrast.within):
            found.append(_difference(rule, one, other, f"{names[0]} minus {names[1]}"))
    return found


def _difference(rule: Rule, one: Row, other: Row, said: str) -> Reading:
    (value, low, high), (beside, beside_low, beside_high) = _ends(rule, one), _ends(rule, other)
    if rule.margin is not None:  # of the difference, not of each of the two
        beside_low = beside_high = beside
    case = ", ".join(filter(None, (_case(rule, one), said)))
    return Reading(case, value - beside, low - beside_high, high - beside_low)
