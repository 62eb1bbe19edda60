"""Personas with sex and age: drawn to quotas, said in the prompt, kept in a table, held against people."""

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import jensenshannon
from scripted_runs import hold

from def_sim.answers.storage.manifest import read_manifest, run_hash
from def_sim.app.composing import compose_config
from def_sim.app.definition import what_defines
from def_sim.app.main import main
from def_sim.app.panel_table import panel_table
from def_sim.app.read_panel import arrays_of, panel_answers
from def_sim.app.run import Run, draw_respondents, prepare_run
from def_sim.app.schema import validate_config
from def_sim.engines.scripted import ScriptedEngine, answer_text
from def_sim.errors import ConfigError
from def_sim.evaluation.group_scores import GroupScore
from def_sim.evaluation.groups_of_people import GroupsOfPeople, groups_of_people
from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.evaluation.steerability import steerability
from def_sim.prompts import render_frame
from def_sim.randomness import keyed_rng
from def_sim.reports.sections.groups_of_people import groups_section
from def_sim.resources import data_folder

pytestmark = pytest.mark.slow

ITEMS = "items=[wvs7.Q1,wvs7.Q2,wvs7.Q7_17,wvs7.Q46,wvs7.Q57,wvs7.Q106,wvs7.Q164,gss2022.gunlaw]"
PERSONS = "modifications.persona=demographic"
EQUAL = "modifications.quotas=equal"


def run_of(*words: str) -> Run:
    return prepare_run(validate_config(compose_config([ITEMS, "respondents=30", *words])))


def defined(run: Run) -> dict[str, Any]:
    return what_defines(run, {"any": "model"})


def quotas_file(folder: Path, name: str = "quotas.csv") -> Path:
    path = folder / name
    path.write_text(
        "sex,age,share\nmale,<=29,.5\nmale,30-49,0\nmale,>=50,0\nfemale,<=29,.5\nfemale,30-49,0\n"
        "female,>=50,0\n",
        encoding="utf-8",
    )
    return path


def file_words(path: Path) -> tuple[str, ...]:
    return PERSONS, "modifications.quotas=file", f"modifications.quotas_file={path}"


# --- who is drawn ---


def test_every_respondent_has_sex_and_age_and_the_place_it_has_without() -> None:
    with_persons, without = run_of(PERSONS), run_of()
    assert all(one.persona.has_person for one in with_persons.panel)
    assert [one.persona.place for one in with_persons.panel] == [one.persona.place for one in without.panel]
    assert [one.decoding for one in with_persons.panel] == [one.decoding for one in without.panel]


def test_a_larger_panel_begins_with_the_same_people() -> None:
    small = run_of(PERSONS, "respondents=20")
    assert run_of(PERSONS, "respondents=200").panel[:20] == list(small.panel)
    assert list(draw_respondents(small, range(18, 20))) == small.panel[18:]


def test_equal_quotas_have_as_many_of_each_group() -> None:
    counts = Counter(one.persona.group for one in run_of(PERSONS, EQUAL, "respondents=60").panel)
    assert len(counts) == 6
    assert all(abs(count - 10) <= 2 for count in counts.values())


def test_quotas_of_a_file_are_kept(tmp_path: Path) -> None:
    run = run_of(*file_words(quotas_file(tmp_path)), "respondents=40")
    assert Counter(one.persona.group for one in run.panel) == {"male|<=29": 20, "female|<=29": 20}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("survey=us",), r"a citizen of [^.]+, United States, a woman aged 30 to 49, would"),
        (("survey=cn",), r"a citizen of 中国[^.]+, a woman aged 30 to 49, would"),
        (("survey=cn", "frame_language=zh"), r"请以中国\S+公民、一位30至49岁女性的身份"),
    ],
)
def test_the_frame_says_place_sex_and_age(words: tuple[str, ...], said: str) -> None:
    run = run_of(*words, PERSONS, "items=[wvs7.Q1,wvs7.Q7_17,wvs7.Q164]")
    [*_, woman] = [one for one in run.panel if one.persona.group == "female|30-49"]
    for question in run.survey.questions:
        assert re.search(said, render_frame(question, woman.persona, run.presentation.pack))


def test_a_plan_warns_that_sex_and_age_often_make_answers_worse(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["stage=plan", ITEMS, "respondents=3"]
    assert main([*words, PERSONS]) == 0
    assert "often do not help or make answers worse" in capsys.readouterr().out
    assert main(words) == 0
    assert "often do not help or make answers worse" not in capsys.readouterr().out


# --- which run it is ---


def test_by_default_nothing_of_a_run_is_new() -> None:
    plain = defined(run_of())
    assert plain["protocol"]["modifications"] == {"prompt": True, "configuration": True, "memory": True}
    assert run_hash(plain) == run_hash(defined(run_of("modifications.persona=place")))


def test_persona_and_quotas_define_a_run_and_where_a_file_lies_does_not(tmp_path: Path) -> None:
    first, moved = (quotas_file(tmp_path, name) for name in ("a.csv", "b.csv"))
    choices = [(), (PERSONS,), (PERSONS, EQUAL), file_words(first)]
    hashes = [run_hash(defined(run_of(*words))) for words in choices]
    assert len(set(hashes)) == 4
    assert run_hash(defined(run_of(*file_words(moved)))) == hashes[3]


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ((PERSONS, "modifications.prompt=false"), "needs modifications.prompt=true, found false"),
        ((PERSONS, "strategy=single"), "needs modifications.prompt=true, found false"),
        ((EQUAL,), "they need modifications.persona=demographic"),
        ((PERSONS, "modifications.quotas=file"), "quotas=file and quotas_file=FILE go together"),
        ((PERSONS, "modifications.quotas_file=q.csv"), "quotas=file and quotas_file=FILE go together"),
        ((PERSONS, "modifications.quotas=census"), "modifications.quotas"),
        (("modifications.persona=age",), "modifications.persona"),
    ],
)
def test_what_does_not_go_together_is_refused_in_words(words: tuple[str, ...], what: str) -> None:
    with pytest.raises(ConfigError) as error:
        run_of(*words)
    assert what in error.value.message


@pytest.mark.parametrize(
    ("lacking", "said"),
    [
        ((), "there are none of any"),
        (("male|30-49", "female|<=29"), "of male|30-49, female|<=29 there are none"),
    ],
)
def test_without_people_of_a_sex_and_age_the_reference_has_no_quotas(
    lacking: tuple[str, ...], said: str
) -> None:
    run = run_of()
    figures = run.loaded.reference.items
    kept = {
        key: one for key, one in figures.items() if (lacking and key[1] not in lacking) or key[1] == "all"
    }

    def load(*given: object, **more: object) -> Any:
        return replace(run.loaded, reference=replace(run.loaded.reference, items=kept))

    config = validate_config(compose_config([ITEMS, PERSONS]))
    with pytest.raises(ConfigError) as error:
        prepare_run(config, load=load)
    assert said in error.value.message
    assert "quotas=equal" in error.value.fix


def test_a_language_pack_without_words_for_persons_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (data_folder() / "prompts" / "en.yaml").read_text(encoding="utf-8")
    before, _, after = text.partition("# For personas with sex and age")
    (tmp_path / "prompts").mkdir()
    pack = tmp_path / "prompts" / "en2.yaml"
    pack.write_text(before + after[after.index("request:") :], encoding="utf-8")
    monkeypatch.setattr("def_sim.app.run_inputs.home_folder", lambda: tmp_path)
    assert run_of("frame_language=en2").presentation.pack.frame_with_person is None
    with pytest.raises(ConfigError, match="has no `frame_with_person`"):
        run_of("frame_language=en2", PERSONS)


# --- what is reported ---


def caricature(run: Run) -> ScriptedEngine:
    """Everyone of a group gives the group's own answer."""
    frame = run.presentation.pack.frame_with_person
    assert frame is not None
    words = [word for of_sex in frame.persons.values() for word in of_sex.values()]

    def reply(request: Any) -> str:
        [group] = [place for place, word in enumerate(words) if f", {word}," in request.messages[-1].content]
        question = run.survey.question(f"{request.key.item_id}#{request.key.wording}")
        return answer_text((question.codes[group % len(question.codes)],), request.answer_anchor)

    return ScriptedEngine(reply=reply)


def measured(folder: Path) -> tuple[PanelArrays, GroupsOfPeople]:
    run = prepare_run(validate_config(read_manifest(folder)["config"]))
    arrays = arrays_of(run, panel_answers(run, folder))
    found = groups_of_people(arrays, seed=1, num_draws=20)
    assert found is not None
    return arrays, found


def by_group(found: GroupsOfPeople) -> dict[str, GroupScore]:
    return {one.group: one for one in found.scores}


@pytest.fixture(scope="module")
def at_random(tmp_path_factory: pytest.TempPathFactory) -> tuple[PanelArrays, GroupsOfPeople]:
    folder = tmp_path_factory.mktemp("random")
    return measured(hold(folder, ITEMS, PERSONS, EQUAL, "respondents=36", is_reported=False))


def test_a_group_s_divergence_is_that_of_its_members_from_its_people(
    at_random: tuple[PanelArrays, GroupsOfPeople],
) -> None:
    arrays, found = at_random
    groups = {respondent.id: respondent.persona.group for respondent in arrays.panel}
    expected = []
    for question in arrays.survey.questions:
        reference = arrays.reference.items.get((question.item_id, "female|30-49"))
        if reference is not None:
            chosen = [
                code
                for answer in arrays.answers
                if answer.question_id == question.id and groups[answer.respondent_id] == "female|30-49"
                for code in answer.choices
            ]
            counts = [chosen.count(code) for code in question.codes]
            expected.append(jensenshannon(counts, reference.shares, base=2) ** 2)
    one = by_group(found)["female|30-49"]
    assert one.num_items == len(expected) == 7  # the GSS has no sex by age
    assert one.divergence == pytest.approx(np.mean(expected))
    assert one.interval[0] < one.divergence < one.interval[1]


def test_people_of_a_group_are_farther_from_all_than_chance_and_members_than_people(
    at_random: tuple[PanelArrays, GroupsOfPeople],
) -> None:
    for one in at_random[1].scores:
        assert one.people_distance > one.people_chance
        assert one.divergence > one.floor


def test_random_answers_are_not_brought_nearer_by_saying_the_group(
    at_random: tuple[PanelArrays, GroupsOfPeople],
) -> None:
    spread = at_random[1].spread
    assert spread is not None
    assert not spread.is_stereotyped
    assert all(one.p_adjusted > 0.05 for one in at_random[1].scores)


def test_a_scripted_caricature_is_flagged_as_stereotyping(tmp_path: Path) -> None:
    folder = hold(tmp_path, ITEMS, PERSONS, "respondents=24", is_reported=False, respondent=caricature)
    _, found = measured(folder)
    assert found.spread is not None
    assert found.spread.is_stereotyped
    assert found.spread.is_flattened
    body = str(groups_section(found).body)
    assert "Stereotyping: the groups lie farther apart than people" in body
    assert "Saying sex and age often does not help or makes answers worse" in body
    assert "Flattening: the members of a group are more alike" in body


def test_a_planted_lean_of_groups_is_recovered_within_its_intervals(tmp_path: Path) -> None:
    """Each group leans by known log-odds from equal shares; the truth follows from them."""
    lean = {"male|<=29": -0.9, "male|30-49": -0.3, "male|>=50": 0.3}
    lean |= {group.replace("male", "female"): -value for group, value in lean.items()}

    def planted(num_options: int, group: str) -> np.ndarray:
        weights = np.exp(lean[group] * np.linspace(-1, 1, num_options))
        return np.asarray(weights / weights.sum())

    def leaning(run: Run) -> ScriptedEngine:
        groups = {one.id: one.persona.group for one in run.panel}

        def reply(request: Any) -> str:
            key = request.key
            codes = run.survey.question(f"{key.item_id}#{key.wording}").codes
            rng = keyed_rng(key.seed, key.respondent_id, key.item_id)
            drawn = rng.choice(len(codes), p=planted(len(codes), groups[key.respondent_id]))
            return answer_text((codes[drawn],), request.answer_anchor)

        return ScriptedEngine(reply=reply)

    words = (ITEMS, PERSONS, EQUAL, "respondents=90", "seed=5")
    arrays, found = measured(hold(tmp_path, *words, is_reported=False, respondent=leaning))
    weights = np.array([[one.persona.group == group for group in lean] for one in arrays.panel]).mean(axis=0)
    within, between = [], []
    for question in arrays.survey.questions:
        if (question.item_id, "male|<=29") in arrays.reference.items and question.max_choices == 1:
            shares = np.array([planted(len(question.codes), group) for group in lean])
            within.append(weights @ (1 - (shares**2).sum(axis=1)))
            between.append(weights @ ((shares - weights @ shares) ** 2).sum(axis=1))
    assert found.spread is not None
    assert found.spread.panel.num_items == len(within) == 6
    assert found.spread.within[0] < np.mean(within) < found.spread.within[1]
    assert found.spread.between[0] < np.mean(between) < found.spread.between[1]
    assert found.spread.between[0] > 0
    assert found.spread.is_stereotyped  # people's groups lie far closer together
    assert found.spread.p_value == pytest.approx(1 / 500)


def test_a_panel_without_sex_and_age_has_no_such_section(tmp_path: Path) -> None:
    folder = hold(tmp_path, ITEMS, "respondents=3", is_reported=False)
    run = prepare_run(validate_config(read_manifest(folder)["config"]))
    assert groups_of_people(arrays_of(run, panel_answers(run, folder)), seed=1, num_draws=20) is None


@pytest.mark.parametrize("num", [1, 2, 7])
def test_groups_of_one_or_of_nobody_have_their_numbers_or_a_reason(num: int, tmp_path: Path) -> None:
    folder = hold(tmp_path, ITEMS, PERSONS, f"respondents={num}", is_reported=False)
    _, found = measured(folder)
    for one in found.scores:
        assert np.isnan(one.divergence) == (one.num_members == 0)
        assert np.isnan(one.interval[0]) == (one.num_members < 5)
        assert bool(one.reason) == (one.num_members < 5)
    for finding in found.findings:
        assert not np.isnan(finding.value) or finding.reason, finding
    assert "nan" not in str(groups_section(found).body)


def test_groups_without_people_behind_them_are_absent_with_the_reason(tmp_path: Path) -> None:
    words = ("items=[gss2022.gunlaw]", PERSONS, EQUAL, "respondents=12")
    _, found = measured(hold(tmp_path, *words, is_reported=False))
    cell = by_group(found)["male|<=29"]
    assert (cell.num_items, cell.reason) == (0, "No answered item has figures of this group.")
    assert found.spread is not None
    assert found.spread.panel.num_items == 0
    for finding in found.findings:
        assert not np.isnan(finding.value) or finding.reason, finding
    assert "Not known" in str(groups_section(found).body)


def test_the_report_has_the_section_and_the_run_a_table_of_respondents_that_is_verified(
    tmp_path: Path,
) -> None:
    words = [ITEMS, PERSONS, "respondents=4", "decoding.max_new_tokens=48", "scoring.draws=20"]
    assert main([*words, f"output={tmp_path}"]) == 0
    [manifest] = tmp_path.glob("*/*/*/manifest.json")
    folder = manifest.parent
    table = pd.read_csv(folder / "respondents.csv")
    assert len(table) == 4
    assert set(table["age"]) <= {"<=29", "30-49", ">=50"}
    assert set(table["sex"]) <= {"male", "female"}
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert 'id="groups"' in html
    measures = pd.read_csv(folder / "measures.csv")
    assert len(measures[(measures["section"] == "groups") & (measures["measure"] == "steering")]) == 11
    assert main(["stage=verify", f"run_folder={folder}"]) == 0


def test_the_table_of_respondents_says_nothing_of_sex_where_the_prompt_does_not() -> None:
    table = panel_table(run_of("respondents=2").panel)
    assert list(table["respondent_id"]) == ["r00000", "r00001"]
    assert set(table["sex"]) == set(table["age"]) == {""}


# --- beside the run without ---


@pytest.mark.full
def test_respondents_brought_to_their_group_s_answers_are_nearer_than_in_the_run_without(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def as_people(run: Run) -> ScriptedEngine:
        """Everyone answers as one of the people of the own group."""
        groups = {one.id: one.persona.group for one in run.panel}

        def reply(request: Any) -> str:
            key = request.key
            question = run.survey.question(f"{key.item_id}#{key.wording}")
            people = run.loaded.reference.items.get((key.item_id, groups[key.respondent_id]))
            if people is None:
                return answer_text((question.codes[0],), request.answer_anchor)
            drawn = keyed_rng(key.seed, key.respondent_id, key.item_id).choice(
                len(people.shares), p=np.array(people.shares) / sum(people.shares)
            )
            return answer_text((question.codes[drawn],), request.answer_anchor)

        return ScriptedEngine(reply=reply)

    without = hold(tmp_path, ITEMS, "respondents=30")
    hold(tmp_path, ITEMS, PERSONS, "respondents=30", respondent=as_people)
    words = ["stage=report", f"runs={tmp_path}/**", f"output={tmp_path}", "baseline=prompt says place"]
    assert main(words) == 0
    table = pd.read_csv(tmp_path / "comparison" / "groups.csv")
    assert list(table["group"])[:2] == ["male", "female"]
    assert set(table["baseline"].map(lambda folder: Path(folder).name)) == {without.name}
    men = table[table["group"] == "male"].iloc[0]
    # The same from scores of their own, over the items that both have.
    assert men["steerability"] == pytest.approx(men["unsteered"] - men["steered"])
    assert men["low"] > 0
    assert men["p_adjusted"] < 0.05
    html = (tmp_path / "comparison" / "comparison.html").read_text(encoding="utf-8")
    assert "prompt says sex and age (reference quotas)" in html
    assert "beside the same respondents of the baseline" in html


def test_a_run_beside_itself_is_no_nearer(tmp_path: Path) -> None:
    arrays, _ = measured(hold(tmp_path, ITEMS, PERSONS, "respondents=14", is_reported=False))
    found = steerability(arrays, arrays, seed=1)
    assert not isinstance(found, str)
    scored = [one for one in found if one.num_items]
    assert scored
    assert all(one.value == 0.0 for one in scored)
    assert all(one.interval == (0.0, 0.0) for one in scored if one.num_members >= 5)
    assert all(one.p_value == 1.0 for one in scored if one.num_members >= 5)
    assert all(np.isnan(one.p_value) and one.reason for one in scored if one.num_members < 5)


def test_other_respondents_cannot_be_paired(tmp_path: Path) -> None:
    arrays, _ = measured(hold(tmp_path / "a", ITEMS, PERSONS, "respondents=6", is_reported=False))
    fewer, _ = measured(hold(tmp_path / "b", ITEMS, PERSONS, "respondents=5", is_reported=False))
    assert steerability(arrays, fewer, seed=1) == "The two runs have not the same respondents or questions."
