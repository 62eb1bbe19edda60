"""What the tables of effects say, as sentences from their numbers by fixed templates.

A page names each table's file beside its sentences. Reads no files and computes no effect.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from def_sim.evaluation.factor_words import in_words
from def_sim.evaluation.measures import as_percent, written
from def_sim.evaluation.respondents_curve import curve_sentence
from def_sim.records import NO_COUNTRY

METRIC: Final = "js_divergence"
LEVEL: Final = 0.05
_KINDS: Final = {"dont_know": "do not know", "refused": "refuse"}
_PAIR: Final = ("first", "second")  # the runs of two countries
Row = dict[str, Any]  # a line of a table: words and numbers


@dataclass(frozen=True, slots=True)
class EffectAnswer:
    """What one table says."""

    file: str  # beside the page
    title: str
    sentences: tuple[str, ...]
    is_answer: bool  # whether it may answer the question of an experiment; else it is there to be looked up


def effect_answers(tables: Mapping[str, pd.DataFrame]) -> list[EffectAnswer]:
    """The sentences of every table that there is, in the order of `TELLING`.

    Args:
        tables: File name -> table, as written beside a comparison; without those that are empty.
    """
    return [
        EffectAnswer(file, title, tuple(tell(tables[file])), is_answer)
        for file, (title, tell, is_answer) in TELLING.items()
        if file in tables
    ]


def _factorial(table: pd.DataFrame) -> list[str]:
    """How many effects are shown; each stands with its arms."""
    found = []
    for number, rows in _of_metric(table).groupby("group"):
        if rows["p_adjusted"].isna().all():
            found.append(str(rows["reason"].iloc[0]) or f"Arms {number}: no effect has a p value.")
            continue
        shown = [in_words(effect) for effect in rows.loc[rows["p_adjusted"] < LEVEL, "effect"]]
        named = f": {', '.join(shown)}" if shown else ""
        found.append(
            f"Arms {number}: {len(shown)} of {len(rows)} effects on the distance to people are shown{named}."
        )
    return found


def _variance(table: pd.DataFrame) -> list[str]:
    """Where the variance of scores comes from: all settings, items, noise; and the largest setting."""
    found = []
    for number, rows in _of_metric(table).groupby("group"):
        if rows["share"].isna().all():
            found.append(f"Arms {number}: {rows['reason'].iloc[0]}")
            continue
        shares = rows.groupby("kind")["share"].sum()
        parts = [f"{kind} {as_percent(share)}" for kind, share in shares.sort_values(ascending=False).items()]
        settings = rows[rows["kind"] == "setting"].sort_values("share", ascending=False)
        most = _row(settings)
        largest = (
            f"the largest setting is {in_words(most['source'])}, {as_percent(most['share'])}{_percents(most)}"
            if most["share"] > 0
            else "no setting adds to it"
        )
        told = f"of the variance of scores over arms and items, {', '.join(parts)}"
        found.append(f"Arms {number}: {told}; {largest}.")
    return found


def _moved(table: pd.DataFrame) -> list[str]:
    found = []
    for row in _rows(table.sort_values(["group", "moved"], ascending=[True, False])):
        whose = f"Arms {row['group']}: changing {in_words(row['setting'])}"
        size = f"{as_percent(row['moved'])}{_percents(row)}"
        if row["low"] > 0:
            found.append(f"{whose} moves {size} of the answers beyond chance.")
        else:
            beyond = f": beyond it are {size}" if row["moved"] > 0 else ""
            found.append(f"{whose} is not shown to move answers beyond chance{beyond}.")
    return found


def _native_language(table: pd.DataFrame) -> list[str]:
    found = []
    for row in _rows(_of_metric(table)):
        setting = f", {row['setting']}" if row["setting"] else ""
        whose = f"{row['population']}{setting}: asking in the native language rather than {row['other_arm']}"
        found.append(f"{whose} {_change(row)}.")
    return found


def _change(row: Row) -> str:
    """What a paired difference of distances to people comes to."""
    if row["reason"] or np.isnan(row["low"]):
        return f"has no verdict ({str(row['reason']).rstrip('.') or 'no interval'})"
    size = f"by {written(abs(row['difference']))} (difference {_ends(row)})"
    if row["p_adjusted"] < LEVEL:
        how = "brings the panel nearer to" if row["difference"] < 0 else "takes the panel farther from"
        return f"{how} people, {size}"
    return f"is not shown to change the distance to people (difference {_ends(row)})"


def _country_contrast(table: pd.DataFrame) -> list[str]:
    found = []
    for row in _rows(table[table["statistic"] == "slope"]):
        pair = " beside ".join(f"{row[f'{one}_country']} in {row[f'{one}_language']}" for one in _PAIR)
        size = written(row["value"]) + (f" ({_ends(row)})" if not row["reason"] else "")
        found.append(
            f"{row['model_label']}, {pair}, instructions in {row['frame_languages']}: the panels lie {size} "
            "times as far apart as the people; 1 is as far, 0 one opinion for both."
        )
    return found


def _people_matrix(table: pd.DataFrame) -> list[str]:
    """How far each panel is from each people; runs with the same numbers are told once."""
    found = []
    for _, rows in _of_metric(table).groupby("folder", sort=False):
        beside = "; ".join(
            f"{written(row['value'])} from people of {row['people']} ({written(row['floor'])} at best)"
            for row in _rows(rows)
        )
        run = _row(rows)
        whose = "nobody's citizens" if run["persona"] == NO_COUNTRY else f"citizens of {run['persona']}"
        found.append(f"{run['model']}, seed {run['seed']}, asked as {whose}: {beside}.")
    return list(dict.fromkeys(found))


def _rank_stability(table: pd.DataFrame) -> list[str]:
    return [
        f"{row['survey']}, {row['population']}, seed {row['seed']}: {row['num_models']} models keep their "
        f"order over {row['num_arms']} arms with a mean Kendall's tau of {written(row['value'])}; noise "
        f"alone would leave {written(row['of_noise'])}."
        for row in _rows(table[table["statistic"] == "tau_mean"])
    ]


def _sentences(table: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys(table["sentence"]))


def _withheld(table: pd.DataFrame) -> list[str]:
    found = []
    for arm, rows in table[table["scope"] == "all"].groupby(["group", "arm"], sort=False):
        kinds = [
            f"{as_percent(row['share'])} {_KINDS[row['kind']]}{_percents(row)}, of people "
            f"{_known(row['people'])}"
            for row in _rows(rows)
        ]
        found.append(f"{arm[1]}: {'; '.join(kinds)}.")
    return found


def _known(share: float) -> str:
    return "it is not known how many" if np.isnan(share) else as_percent(share)


def _withheld_scores(table: pd.DataFrame) -> list[str]:
    return [
        f"{row['arm']}: everybody answers, and scores {written(row['answered'])}."
        if row["share_failed"] == 0
        else f"{row['arm']}: those who answer score {written(row['answered'])}; whatever the other "
        f"{as_percent(row['share_failed'])} had answered, {written(row['least'])} to {written(row['most'])}."
        for row in _rows(table)
    ]


def _of_metric(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["metric"] == METRIC]


def _rows(table: pd.DataFrame) -> list[Row]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _row(table: pd.DataFrame) -> Row:
    return _rows(table)[0]


def _ends(row: Row) -> str:
    return f"{written(row['low'])} to {written(row['high'])}"


def _percents(row: Row) -> str:
    """The interval of a share behind it; nothing where there is none."""
    return "" if np.isnan(row["low"]) else f" ({as_percent(row['low'])} to {as_percent(row['high'])})"


# File -> its title, its sentences, and whether these may answer the question of an experiment.
TELLING: Final[Mapping[str, tuple[str, Callable[[pd.DataFrame], list[str]], bool]]] = {
    "factorial.csv": ("Settings, alone and together", _factorial, False),
    "variance_components.csv": ("Sources of variance", _variance, True),
    "shares_moved.csv": ("Answers moved by a setting", _moved, False),
    "native_language.csv": ("Native language", _native_language, True),
    "country_contrast.csv": ("Differences between countries", _country_contrast, True),
    "people_matrix.csv": ("Panels beside both peoples", _people_matrix, False),
    "personas.csv": ("Naming a country", _sentences, True),
    "rank_stability.csv": ("Order of models", _rank_stability, True),
    "contamination_summary.csv": ("Recited figures (item by item: contamination.csv)", _sentences, True),
    "withheld.csv": ("Answers withheld", _withheld, True),
    "withheld_scores.csv": ("Those who still answer", _withheld_scores, True),
    "curve.csv": ("Number of respondents", lambda table: [curve_sentence(table)], True),
}
