"""Claims of the studies: every rule of the shipped file reaches every verdict on made tables."""

from collections.abc import Mapping
from itertools import product
from pathlib import Path

import pandas as pd
import pytest

from def_sim.errors import SurveyFormatError
from def_sim.evaluation.arm_scores import arms_table
from def_sim.evaluation.claim_readings import traced_tables
from def_sim.evaluation.claims import ClaimVerdict, answer_of, claims_table
from def_sim.evaluation.compared_insensitivity import compared_defects
from def_sim.evaluation.comparison_table import comparison_table
from def_sim.evaluation.country_contrasts import country_contrasts
from def_sim.evaluation.findings import findings_table
from def_sim.evaluation.native_language import native_language_table
from def_sim.evaluation.paired_runs import pairs_table
from def_sim.evaluation.study_b import TABLE_TYPES
from def_sim.evaluation.style_pairs import PAIR_TYPES
from def_sim.resources import data_folder
from def_sim.surveys.published_claims import CLAIMS_FILE, Claim, Contrast, Rule, read_claims

CLAIMS = read_claims(data_folder())
RULES = {f"{claim.id} {place}": rule for claim in CLAIMS for place, rule in enumerate(claim.rules, start=1)}
Table = pd.DataFrame


def made_table(rule: Rule, value: float, half_width: float) -> Table:
    """A table in which every reading that the rule asks for is `value`, give or take the half width."""
    fixed: dict[str, list[str]] = {**rule.needs, **rule.where}
    fixed = {
        name: [one for one in values if one in rule.where.get(name, values)] for name, values in fixed.items()
    }
    contrast = rule.contrast
    if contrast is not None and rule.file in ("pairs.csv", "study_b_pairs.csv"):
        names = rule.needs.get(contrast.column, [*contrast.named, *contrast.others])
        fixed.pop(contrast.column, None)
        fixed |= {"first": list(names), "second": list(names)}
    elif contrast is not None and contrast.column not in fixed:
        fixed[contrast.column] = [*contrast.named, *(contrast.others or ["zh/en"])]
    else:
        fixed |= {} if fixed else {"population": ["USA"]}
    rows: list[dict[str, object]] = [
        dict(zip(fixed, values, strict=True)) for values in product(*fixed.values())
    ]
    rows = [row for row in rows if "first" not in row or str(row["first"]) < str(row["second"])]
    for row in rows:
        level = value * sign_of(contrast, row)
        row |= {rule.value: level, rule.low: level - half_width, rule.high: level + half_width}
        row |= {
            name: "same" for name in (*rule.cases, *(contrast.within if contrast else ())) if name not in row
        }
        row |= {} if rule.minus is None else {rule.minus: 0.0}
        if (
            rule.file == "country_contrast.csv"
        ):  # as written: folders of the two runs, which are no pair of models
            row |= {"first": "a", "second": "b", "first_country": "USA", "second_country": "CHN"}
    return pd.DataFrame(rows)


def sign_of(contrast: Contrast | None, row: Mapping[str, object]) -> float:
    """By which rows of a contrast are multiplied, so that named minus other is the value."""
    if contrast is None:
        return 1.0
    if "first" in row:
        return 1.0 if row["first"] in contrast.named else -1.0
    return 0.5 if row[contrast.column] in contrast.named else -0.5


def levels_of(rule: Rule) -> dict[ClaimVerdict, tuple[float, float]]:
    """A value and a half width of the interval for each verdict, derived from side and bound."""
    step = 10.0
    if rule.side == "either":
        against = (rule.bound, rule.negligible / 10)
    else:
        against = (rule.bound + (step if rule.side == "below" else -step), 0.01)
    on = (rule.bound - step if rule.side == "below" else rule.bound + step, 0.01)
    return {
        ClaimVerdict.SUPPORTED: on,
        ClaimVerdict.CONTRADICTED: against,
        ClaimVerdict.UNDECIDED: (rule.bound, 1.0),
    }


@pytest.mark.parametrize("name", RULES)
def test_each_rule_reaches_each_verdict(name: str) -> None:
    rule = RULES[name]
    for verdict, (value, half_width) in levels_of(rule).items():
        answer = answer_of(rule, made_table(rule, value, half_width))
        assert answer.verdict is verdict, f"{verdict}: {answer}"
        assert answer.decisive is not None
    assert answer_of(rule, pd.DataFrame()).verdict is ClaimVerdict.NOT_RUN


def test_without_a_run_no_claim_has_a_verdict() -> None:
    table = claims_table(CLAIMS, {})
    assert list(table["claim"]) == [*(f"A{n}" for n in range(1, 20)), *(f"B{n}" for n in range(1, 5))]
    checkable = [bool(claim.rules) for claim in CLAIMS]
    assert [verdict == "not run" for verdict in table["verdict"]] == checkable
    assert (table["verdict"][[not one for one in checkable]] == "not checkable").all()
    assert table["value"].isna().all()
    assert table["reason"].str.len().gt(10).all()


def written_columns() -> dict[str, set[str]]:
    """The columns that a comparison's tables have, and those of the run that are added to a row."""
    of_run = {"folder", "model", "population", "survey", "strategy"}
    contrasts = {*country_contrasts([], {}).columns, "languages"}
    return {
        "comparison.csv": {*comparison_table([]).columns},
        "pairs.csv": {*pairs_table(1, []).columns} | of_run,
        "arms.csv": {*arms_table([], {}).columns} | of_run,
        "insensitivity.csv": {*compared_defects([], {}).columns} | of_run,
        "measures.csv": {*findings_table({}).columns} | of_run,
        "native_language.csv": {*native_language_table([], {}).columns} | of_run,
        "country_contrast.csv": contrasts,
        "study_b.csv": {*TABLE_TYPES} | of_run,
        "study_b_pairs.csv": {*PAIR_TYPES} | of_run,
    }


@pytest.mark.parametrize("name", RULES)
def test_each_rule_reads_columns_that_its_table_has(name: str) -> None:
    rule, contrast = RULES[name], RULES[name].contrast
    known = written_columns()[rule.file]
    ends = set() if rule.margin is not None else {rule.low, rule.high}
    read = {
        rule.value,
        *ends,
        *rule.where,
        *rule.needs,
        *rule.unless,
        *rule.cases,
        *filter(None, [rule.minus]),
    }
    if contrast is not None and rule.file not in ("pairs.csv", "study_b_pairs.csv"):
        read |= {contrast.column, *contrast.within}
    assert read <= known


def above_zero(**more: object) -> Rule:
    content = {"file": "t.csv", "statistic": "difference", "value": "value", "side": "above", **more}
    return Rule.model_validate(content)


def intervals(*ends: tuple[float, float]) -> Table:
    rows = [
        {"value": (low + high) / 2, "low": low, "high": high, "case": str(i)}
        for i, (low, high) in enumerate(ends)
    ]
    return pd.DataFrame(rows)


def test_one_undecided_reading_leaves_a_claim_about_all_undecided_and_is_the_one_that_is_shown() -> None:
    answer = answer_of(above_zero(cases=["case"]), intervals((1, 2), (-1, 2), (3, 4)))
    assert answer.verdict is ClaimVerdict.UNDECIDED
    assert answer.decisive is not None
    assert (answer.decisive.low, answer.decisive.case) == (-1, "1")
    assert answer.reason == "2 of 3 readings for it, 0 against."


def test_one_reading_of_twenty_contradicts_only_beyond_what_twenty_give_by_chance() -> None:
    """Bonferroni at 20: 3.02 standard errors instead of 1.96, so -1 with an interval of +-.9 is no proof."""
    others = [(1.0, 2.0)] * 19
    assert answer_of(above_zero(), intervals((-1.9, -0.1), *others)).verdict is ClaimVerdict.UNDECIDED
    assert answer_of(above_zero(), intervals((-1.9, -0.1))).verdict is ClaimVerdict.CONTRADICTED
    assert answer_of(above_zero(), intervals((-1.5, -0.5), *others)).verdict is ClaimVerdict.CONTRADICTED


def test_most_is_more_than_half() -> None:
    rule = above_zero(holds="most")
    assert answer_of(rule, intervals((1, 2), (1, 2), (-2, -1))).verdict is ClaimVerdict.SUPPORTED
    assert answer_of(rule, intervals((1, 2), (-2, -1))).verdict is ClaimVerdict.CONTRADICTED
    assert answer_of(rule, intervals((1, 2), (-1, 1))).verdict is ClaimVerdict.UNDECIDED


def test_a_reading_without_an_interval_decides_nothing_and_is_counted() -> None:
    table = intervals((1, 2)).assign(low=float("nan"))
    answer = answer_of(above_zero(), table)
    assert answer.verdict is ClaimVerdict.UNDECIDED
    assert answer.reason == "0 of 1 readings for it, 0 against, 1 without an interval."


def test_rows_that_are_subtracted_have_the_widest_interval_that_both_allow() -> None:
    table = pd.DataFrame({"kind": ["a", "b"], "value": [5.0, 2.0], "low": [4.0, 1.0], "high": [6.0, 3.0]})
    rule = above_zero(contrast={"column": "kind", "named": ["a"]})
    decisive = answer_of(rule, table).decisive
    assert decisive is not None
    assert (decisive.value, decisive.low, decisive.high) == (3.0, 4.0 - 3.0, 6.0 - 1.0)


def test_a_pair_is_turned_so_that_the_named_model_comes_first() -> None:
    table = pd.DataFrame({"first": ["b"], "second": ["a"], "value": [-3.0], "low": [-4.0], "high": [-1.0]})
    rule = above_zero(contrast={"column": "model", "named": ["a"]}, needs={"model": ["a", "b"]})
    decisive = answer_of(rule, table).decisive
    assert decisive is not None
    assert (decisive.value, decisive.low, decisive.high) == (3.0, 1.0, 4.0)


def test_of_several_rules_one_that_contradicts_decides_and_a_missing_run_is_not_run() -> None:
    first, second = (above_zero(where={"part": [part]}) for part in ("1", "2"))
    known = {"words": "w", "section": "s", "command": "c", "published_code": "p", "checkable": "yes"}
    claim = Claim.model_validate({"id": "A1", **known, "rules": [first.model_dump(), second.model_dump()]})
    runs = comparison()
    verdicts = []
    for low in (1.0, -9.0, None):
        parts = [("1", 1.0), *([("2", low)] if low is not None else [])]
        rows = [{"folder": "x", "part": part, "value": at, "low": at, "high": at} for part, at in parts]
        found = claims_table([claim], {"comparison.csv": runs, "t.csv": pd.DataFrame(rows)})
        verdicts.append(found["verdict"].item())
    assert verdicts == ["supported", "contradicted", "not run"]


def comparison() -> Table:
    """A finished run, one of the demonstration and one that is not finished."""
    return pd.DataFrame(
        {
            "folder": ["x", "demo", "half"],
            "model": ["mistral7b", "demo", "mistral7b"],
            "population": "USA",
            "survey": "us",
            "strategy": "single",
            "num_parameters": 7,
            "is_tuned": True,
            "is_demonstration": [False, True, False],
            "share_done": [1.0, 1.0, 0.5],
        }
    )


def test_the_demonstration_and_unfinished_runs_say_nothing_about_a_claim() -> None:
    arms = pd.DataFrame({"group": [1, 2, 3], "folder": ["x", "demo", "half"]})
    effects = pd.DataFrame({"group": [1, 2, 3], "effect": "memory"})
    pairs = pd.DataFrame({"group": 1, "first": ["x", "x"], "second": ["demo", "x"]})
    tables = {"comparison.csv": comparison(), "arms.csv": arms, "factorial.csv": effects, "pairs.csv": pairs}
    traced = traced_tables(tables)
    assert traced.keys() == tables.keys()
    assert all(list(table["model"]) == ["mistral7b"] for table in traced.values())
    assert list(traced["pairs.csv"]["second"]) == ["mistral7b"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("side: below", "side: under", "side"),
        ("  - id: A2\n", "  - id: A1\n", "A1 stands there twice"),
        ('checkable: "no"', "checkable: in kind", "has rules exactly if it is checkable"),
    ],
)
def test_an_entry_that_does_not_fit_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = (data_folder() / CLAIMS_FILE).read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "published").mkdir()
    (tmp_path / CLAIMS_FILE).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SurveyFormatError) as caught:
        read_claims(tmp_path)
    assert said in str(caught.value)
    assert "claims.yaml" in str(caught.value)
