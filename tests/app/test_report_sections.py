"""The sections of a report on whatever a run can hold: every number is right, or absent with its reason."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from scripted_runs import hold

from def_sim.answers.storage.manifest import read_manifest
from def_sim.app.composing import compose_config
from def_sim.app.evaluated_run import compute_sections, compute_tables, findings_of
from def_sim.app.human_figures import other_references, people_besides
from def_sim.app.read_panel import arrays_of, panel_answers
from def_sim.app.run import Run, prepare_run
from def_sim.app.schema import validate_config
from def_sim.evaluation.findings import Finding
from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.evaluation.sections import SectionResults
from def_sim.records import Answer, AnswerStatus
from def_sim.reports.sections.drawn_sections import draw_sections
from def_sim.reports.sections.section import Section
from def_sim.resources import data_folder

pytestmark = pytest.mark.slow

ITEMS = (
    "items=[wvs7.Q1,wvs7.Q2,wvs7.Q7_17,wvs7.Q18_26,wvs7.Q46,wvs7.Q57,wvs7.Q106,wvs7.Q110,wvs7.Q152,wvs7.Q153,"
    "wvs7.Q164,wvs7.Q165,wvs7.Q177,wvs7.Q182,gss2022.gunlaw]"
)


@dataclass(frozen=True)
class Measured:
    """A run with its answers as arrays."""

    run: Run
    arrays: PanelArrays

    @property
    def answers(self) -> Sequence[Answer]:
        return self.arrays.answers

    @property
    def found(self) -> SectionResults:
        found = compute_sections(self.run, self.arrays)
        assert found is not None
        return found


def measured_of(run: Run, answers: Sequence[Answer]) -> Measured:
    return Measured(run, arrays_of(run, answers))


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    folder = hold(tmp_path_factory.mktemp("outputs"), ITEMS, "respondents=6", is_reported=False)
    run = prepare_run(validate_config(read_manifest(folder)["config"]))
    return measured_of(run, panel_answers(run, folder))


def failed(answer: Answer) -> Answer:
    return replace(answer, status=AnswerStatus.REFUSED, choices=())


def with_answers(measured: Measured, change: Callable[[Answer], Answer | None]) -> Measured:
    changed = [change(answer) for answer in measured.answers]
    return measured_of(measured.run, [answer for answer in changed if answer is not None])


def with_people(measured: Measured, is_kept: Callable[[str, str], bool]) -> Measured:
    reference = measured.run.loaded.reference
    kept = {key: value for key, value in reference.items.items() if is_kept(*key)}
    loaded = replace(measured.run.loaded, reference=replace(reference, items=kept))
    return measured_of(replace(measured.run, loaded=loaded), measured.answers)


def one_respondent(measured: Measured) -> Measured:
    first = measured.run.panel[0].id
    return with_answers(measured, lambda answer: answer if answer.respondent_id == first else None)


CASES: dict[str, Callable[[Measured], Measured]] = {
    "as it is": lambda measured: measured,
    "one respondent": one_respondent,
    "two respondents": lambda measured: with_answers(
        measured, lambda a: a if a.respondent_id in {r.id for r in measured.run.panel[:2]} else None
    ),
    "a dimension without answers": lambda measured: with_answers(
        measured, lambda a: failed(a) if a.item_id in ("wvs7.Q164", "wvs7.Q165") else a
    ),
    "an item with all failures": lambda measured: with_answers(
        measured, lambda a: failed(a) if a.item_id == "wvs7.Q46" else a
    ),
    "nothing but failures": lambda measured: with_answers(measured, failed),
    "one answer": lambda measured: measured_of(measured.run, measured.answers[:1]),
    "half of the answers": lambda measured: measured_of(
        measured.run, measured.answers[: len(measured.answers) // 2]
    ),
    "no references": lambda measured: with_people(measured, lambda item, group: False),
    "references without groups": lambda measured: with_people(measured, lambda item, group: group == "all"),
    "references of one item": lambda measured: with_people(measured, lambda item, group: item == "wvs7.Q1"),
}


@pytest.mark.parametrize("case", CASES)
def test_every_number_is_there_or_absent_with_its_reason(case: str, measured: Measured) -> None:
    found = CASES[case](measured).found
    sections = draw_sections(found)
    assert [section.key for section in sections] == list(found.findings)
    table = findings_of(found)
    silent = table[table["value"].isna() & (table["reason"] == "")]
    assert silent[["section", "measure", "group"]].to_numpy().tolist() == []
    assert not np.isinf(table["value"]).any()
    for section in sections:
        assert "nan" not in str(section.body).replace("finance", "").lower().split()


@pytest.mark.parametrize("case", CASES)
def test_scores_have_an_interval_or_say_why_not(case: str, measured: Measured) -> None:
    changed = CASES[case](measured)
    scores = compute_tables(changed.run, changed.arrays).scores
    means = scores[scores["scope"].isin(["macro", "micro", "dimension"])]
    has_interval = means["interval_low"].notna()
    assert (has_interval == (means["why_no_interval"] == "")).all()
    assert (means["limit_low"].notna() == (means["why_no_limit"] == "")).all()
    inside = means[has_interval]
    assert (inside["interval_low"] <= inside["value"] + 1e-9).all()
    assert (inside["value"] <= inside["interval_high"] + 1e-9).all()


def section(measured: Measured, key: str) -> Section:
    return next(one for one in draw_sections(measured.found) if one.key == key)


def numbers(measured: Measured, key: str) -> Sequence[Finding]:
    return measured.found.findings[key]


def value(found: Sequence[Finding], measure: str, group: str = "") -> float:
    return next(one.value for one in found if (one.measure, one.group) == (measure, group))


def test_a_panel_has_the_counts_of_its_distributions(measured: Measured) -> None:
    panel = CASES["an item with all failures"](measured).arrays.panel_answers
    assert panel is not None
    prompts = CASES["an item with all failures"](measured).arrays.prompts
    for sample, one in zip(panel.samples(), prompts, strict=True):
        np.testing.assert_array_equal(sample.counts, one.counts)
        assert (sample.num_respondents, sample.num_failed) == (one.num_answered, one.num_failed)


def test_pooled_wordings_are_pooled_alike_for_scores_and_for_intervals(tmp_path: Path) -> None:
    folder = hold(tmp_path, "respondents=3", "protocol=sound", "wordings=all", is_reported=False)
    run: Run = prepare_run(validate_config(read_manifest(folder)["config"]))
    arrays = arrays_of(run, panel_answers(run, folder)[:-1])
    panel = arrays.panel_answers
    assert panel is not None
    assert len(arrays.distributions) > len(arrays.prompts)
    for sample, one in zip(panel.samples(), arrays.prompts, strict=True):
        np.testing.assert_allclose(sample.counts, one.counts)


def test_answers_that_are_probabilities_cannot_be_drawn_again(measured: Measured) -> None:
    first, *others = measured.answers
    shares = tuple(1 / len(first.shown_codes) for _ in first.shown_codes)
    changed = measured_of(measured.run, [replace(first, option_probabilities=shares), *others])
    assert changed.arrays.panel_answers is None
    scores = compute_tables(changed.run, changed.arrays).scores
    assert scores["interval_low"].isna().all()
    assert set(scores.loc[scores["scope"] == "macro", "why_no_interval"]) == {
        "The answers are probabilities: no respondents to draw again."
    }


def test_a_panel_without_failures_has_no_bounds_and_one_with_them_lies_between_them(
    measured: Measured,
) -> None:
    assert "No answer failed" in section(measured, "nonresponse").body
    found = numbers(CASES["an item with all failures"](measured), "nonresponse")
    assert value(found, "share_failed") == pytest.approx(1 / 15)
    least, most = (value(found, f"js_divergence_failures_{end}") for end in ("least", "most"))
    assert 0 <= least < most <= 1


def test_respondents_who_all_answer_alike_are_duplicates(measured: Measured) -> None:
    first = {a.question_id: a for a in measured.answers if a.respondent_id == measured.run.panel[0].id}

    def copied(answer: Answer) -> Answer:
        model = first[answer.question_id]
        return replace(answer, choices=model.choices, status=model.status)

    found = numbers(with_answers(measured, copied), "spread")
    assert value(found, "identical_respondents") == 1
    assert value(found, "variance_ratio") == 0


def test_a_run_stands_among_the_people_of_seven_countries(measured: Measured) -> None:
    found = section(measured, "map")
    distances = {one.group: one.value for one in numbers(measured, "map") if one.measure == "map_distance"}
    assert len(distances) == 7
    nearest = min(distances, key=lambda name: distances[name])
    assert f"from the people of {nearest}" in found.body
    assert "<title>Cultural map</title>" in found.figures[0].on_page()


def test_the_published_map_of_one_run_has_the_people_of_both_countries_of_the_article(
    measured: Measured,
) -> None:
    found = numbers(measured, "published_map")
    groups = [one.group for one in found if one.measure == "published_map_distance"]
    assert groups == ["the United States", "China"]


def test_match_rates_of_topic_groups_average_to_that_of_all_items(measured: Measured) -> None:
    found = numbers(measured, "match")
    rates = [one for one in found if one.measure == "match_rate"]
    whole, parts = rates[0], [one for one in rates[1:] if not math.isnan(one.value)]
    assert whole.num_items == sum(one.num_items or 0 for one in parts)
    mean = sum(one.value * (one.num_items or 0) for one in parts) / (whole.num_items or 1)
    assert whole.value == pytest.approx(mean)


def test_a_reference_without_groups_leaves_lift_and_gap_unknown_and_the_match_known(
    measured: Measured,
) -> None:
    changed = CASES["references without groups"](measured)
    assert not math.isnan(value(numbers(changed, "match"), "match_rate"))
    for key in ("lift", "gap"):
        assert (
            "Not known: No answered item has figures of people by sex or age." in section(changed, key).body
        )


def test_a_short_run_stands_with_people_on_the_short_questionnaire_of_their_country(tmp_path: Path) -> None:
    folder = hold(tmp_path, "survey=us_short", "items=null", "respondents=3", is_reported=False)
    run = prepare_run(validate_config(read_manifest(folder)["config"]))
    [people] = people_besides([run])
    chinese = yaml.safe_load((data_folder() / "surveys" / "cn_short.yaml").read_text(encoding="utf-8"))
    assert {one.question.item_id for one in people.distributions} == set(chinese["items"])
    table = findings_of(measured_of(run, panel_answers(run, folder)).found)
    assert table[table["value"].isna() & (table["reason"] == "")].empty


def test_people_of_the_other_country_stand_beside_a_panel(measured: Measured) -> None:
    scores = compute_tables(measured.run, measured.arrays).scores
    scores = scores[scores["metric"] == "js_divergence"]
    items, [macro] = scores[scores["scope"] == "item"], scores[scores["scope"] == "macro"].to_dict("records")
    # China was not asked the GSS, and was shown a fourth aim of a country.
    absent = set(items.loc[items["other_humans"].isna(), "item_id"])
    assert absent == {"gss2022.gunlaw", "wvs7.Q152", "wvs7.Q153"}
    assert macro["num_other_humans"] == macro["num_items"] - len(absent)
    assert macro["human_to_human"] < macro["floor"] < macro["other_humans"]


def test_a_run_about_another_country_stands_beside_people_of_the_united_states(tmp_path: Path) -> None:
    folder = hold(tmp_path, "items=[wvs7.Q1,wvs7.Q57]", "population=JPN", "respondents=3", is_reported=False)
    run = prepare_run(validate_config(read_manifest(folder)["config"]))
    others = other_references(run)
    assert set(others) == {"wvs7.Q1", "wvs7.Q57"}
    shipped = prepare_run(validate_config(read_manifest(folder)["config"] | {"population": "USA"}))
    assert others["wvs7.Q1"] == shipped.loaded.reference.items["wvs7.Q1", "all"]


def test_a_short_form_stands_beside_all_that_the_other_country_was_asked(tmp_path: Path) -> None:
    words = ["survey=us_short", "respondents=1", f"output={tmp_path}"]
    others = other_references(prepare_run(validate_config(compose_config(words))))
    # China was asked for the importance of God; its own short form has other questions in that place.
    assert "wvs7.Q164" in others


def test_an_item_that_two_institutes_asked_stands_beside_the_other_ones_people(measured: Measured) -> None:
    found = measured.found.institutes
    assert {one.item_id for one in found.panel} == {"wvs7.Q46", "wvs7.Q57"}
    assert all(0 < one.halves < one.institutes for one in found.panel)
    assert "All pairs" in section(measured, "institutes").body
