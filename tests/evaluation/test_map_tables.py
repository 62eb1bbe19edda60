"""Points and axes of the map: models move nobody, draws are addressed, and what is missing has a reason."""

from dataclasses import dataclass, replace

import numpy as np
from survey_examples import a_question

from def_sim.evaluation.distributions import QuestionDistribution
from def_sim.evaluation.map_tables import CountedRun, PanelAnswers, published_map, sound_map
from def_sim.metrics.cultural_map import fit_map, place
from def_sim.randomness import keyed_rng
from def_sim.records import AnswerStatus, Dimension, ItemReference
from def_sim.reports.charts.map_chart import map_chart
from def_sim.surveys.human_cells import PeopleBeside

NAMES = {"AAA": "First", "BBB": "Second"}
EMPTY = dict.fromkeys(AnswerStatus, 0.0)


@dataclass(frozen=True)
class Row:
    id: str
    dimension: str = "TDI"

    def answer_towards(self, loading):
        return f"{self.id} {'high' if loading > 0 else 'low'}"


@dataclass(frozen=True)
class People:
    rows: tuple
    populations: tuple
    cells: tuple
    cell_values: np.ndarray
    totals: np.ndarray
    uniform: np.ndarray


def some_people(num_rows=8, ids=None):
    values = keyed_rng(1, "people").uniform(size=(6, num_rows))
    return People(
        rows=tuple(Row(name) for name in ids or ["wvs7.Q164", *(f"x.{k}" for k in range(num_rows - 1))]),
        populations=("AAA", "BBB"),
        cells=tuple((country, group) for country in NAMES for group in ("men", "women", "old")),
        cell_values=values,
        totals=values.reshape(2, 3, num_rows).mean(axis=1),
        uniform=np.full(num_rows, 0.5),
    )


def a_panel(model="m", survey="US", num=20, num_rows=8):
    return PanelAnswers(model, survey, keyed_rng(2, model, survey).uniform(size=(num, num_rows)))


def drawn(panels, people=None, seed=3):
    return sound_map(people or some_people(), panels, country_names=NAMES, seed=seed, num_draws=200)


def test_people_stand_where_the_fitted_axes_put_them():
    people = some_people()
    found, fitted = drawn([]), fit_map(people.cell_values, anchor=0)
    assert [country.name for country in found.countries] == ["First", "Second"]
    np.testing.assert_array_equal([(one.x, one.y) for one in found.countries], place(people.totals, fitted))
    cells = [(x, y) for country in found.countries for _, x, y in country.cells]
    np.testing.assert_array_equal(cells, place(people.cell_values, fitted))
    assert found.random_answers == tuple(place(people.uniform, fitted))


def test_adding_models_changes_no_bit_of_people_or_of_the_other_models():
    few = drawn([a_panel("a"), a_panel("b")])
    more = drawn([a_panel("c"), a_panel("a"), a_panel("b"), a_panel("a", "CN")])
    assert few.countries == more.countries  # floats compare exactly
    assert few.axes == more.axes
    assert few.panels == more.panels[1:3]  # ellipses as well


def test_people_of_a_further_country_are_a_point_and_move_nothing():
    people = some_people()
    values = keyed_rng(5, "beside").uniform(size=8)
    half, too_little = values.copy(), np.full(8, np.nan)
    half[4], too_little[0] = np.nan, 0.5
    cells = {"men": values, "women": too_little}
    beside = [None, PeopleBeside("CCC", half, cells), PeopleBeside("CCC", half, cells)]
    found = sound_map(people, [], country_names=NAMES | {"CCC": "Third"}, seed=3, beside=beside)
    alone, fitted = drawn([]), fit_map(people.cell_values, anchor=0)
    assert found.countries[:2] == alone.countries
    assert found.axes == alone.axes
    [third] = found.countries[2:]
    assert (third.name, [group for group, *_ in third.cells]) == ("Third", ["men"])
    assert (third.x, third.y) == tuple(place(half, fitted))


def test_an_axis_is_named_by_its_strongest_rows_with_opposite_answers_at_its_ends():
    people, [axis, _] = some_people(), drawn([]).axes
    loadings = fit_map(people.cell_values, anchor=0).axes[0]
    strongest = int(np.abs(loadings).argmax())
    expected = people.rows[strongest].answer_towards(loadings[strongest])
    assert axis.high[0] == expected
    assert {axis.low[0], axis.high[0]} == {f"{people.rows[strongest].id} {end}" for end in ("low", "high")}
    assert len(axis.high) == len(axis.low) == 4


def test_a_map_without_the_anchor_is_still_a_map():
    assert np.isfinite(drawn([], some_people(ids=[f"x.{k}" for k in range(8)])).axes[0].explained)


def test_one_respondent_has_a_point_and_no_ellipse_and_no_answers_have_a_reason():
    nothing = PanelAnswers("n", "US", np.full((20, 8), np.nan))
    alone, silent, nobody = drawn([a_panel(num=1), nothing, replace(nothing, values=np.empty((0, 8)))]).panels
    assert alone.is_placed
    assert alone.ellipse is None
    for panel in (silent, nobody):
        assert not panel.is_placed
        assert panel.why == "its answers carry 0 % of an axis, and 50 % are needed"


def test_people_without_shared_rows_have_no_map_but_a_reason():
    people = some_people()
    nobody = replace(people, rows=(), cell_values=np.empty((6, 0)), totals=np.empty((2, 0)))
    found = sound_map(nobody, [a_panel(num_rows=0)], country_names=NAMES, seed=1)
    assert "at least two rows and two features, found 6 x 0" in found.why_no_map
    assert found.countries == ()
    assert found.panels[0].why == found.why_no_map


def test_the_table_has_a_row_for_each_point():
    frame = drawn([a_panel(), a_panel("n", "CN", num=2)]).frame()
    assert frame["kind"].value_counts().to_dict() == {"cell": 6, "country": 2, "panel": 2, "random": 1}
    panels = frame[frame["kind"] == "panel"]
    assert panels["ellipse_longer"].notna().tolist() == [True, False]
    assert (panels["ellipse_longer"] >= panels["ellipse_shorter"])[:1].all()


# As published ---------------------------------------------------------------------------------


def counted(dimension, counts, shares, failed=0, *, has_reference=True):
    question = a_question(f"toy.{dimension}{len(counts)}", dimension=Dimension(dimension))
    statuses = EMPTY | {AnswerStatus.ANSWERED: float(sum(counts)), AnswerStatus.REFUSED: float(failed)}
    reference = ItemReference(question.item_id, "all", question.codes, shares, 100, None)
    return QuestionDistribution(
        question, np.array(counts, dtype=float), statuses, reference if has_reference else None
    )


def a_run(model, survey, key, **more):
    draws = keyed_rng(5, key)
    people = keyed_rng(5, survey)
    distributions = [
        counted(name, draws.multinomial(20, [0.25] * 4), tuple(people.dirichlet(np.ones(4))), **more)
        for name in ("EVI", "PDI", "TDI")
    ]
    return CountedRun(model, survey, f"people of {survey}", distributions)


def test_people_of_each_survey_stand_once_beside_all_models():
    runs = [a_run(model, survey, f"{model}{survey}") for model in ("m", "n") for survey in ("US", "CN")]
    found = published_map(runs)
    assert [one.name for one in found.countries] == ["people of US", "people of CN"]
    assert [(one.model, one.survey) for one in found.panels] == [
        ("m", "US"), ("m", "CN"), ("n", "US"), ("n", "CN"),
    ]  # fmt: skip
    points = np.array([(one.x, one.y) for one in (*found.countries, *found.panels)])
    np.testing.assert_allclose(points.mean(axis=0), 0, atol=1e-12)  # centred on all of them


def test_failures_pull_a_published_point_but_questions_without_people_do_not():
    run, other = a_run("m", "US", "a"), a_run("n", "CN", "b")
    unknown = counted("UAI", (20, 0, 0, 0), (1.0, 0, 0, 0), has_reference=False)
    same = published_map([replace(run, distributions=[*run.distributions, unknown]), other])
    assert same.panels == published_map([run, other]).panels
    failed = [
        replace(one, status_counts={**one.status_counts, AnswerStatus.REFUSED: 20.0})
        for one in run.distributions
    ]
    assert published_map([replace(run, distributions=failed), other]).panels[0] != same.panels[0]


def test_a_model_without_a_dimension_is_listed_with_its_reason():
    run, other = a_run("m", "US", "a"), a_run("n", "US", "b")
    short = replace(other, distributions=other.distributions[:2])
    found = published_map([run, short, a_run("k", "CN", "c")])
    assert found.panels[1].why == "no answered item in TDI"
    assert not found.panels[1].is_placed
    assert found.panels[0].is_placed


def test_no_runs_have_no_published_map():
    found = published_map([])
    assert found.countries == found.panels == ()
    assert found.why_no_map


def test_what_is_found_can_be_drawn():
    for found in (
        drawn([a_panel(), a_panel("n", "CN")]),
        published_map([a_run("m", "US", "a"), a_run("m", "CN", "b")]),
    ):
        assert "<figure" in map_chart(
            found.countries, found.panels, found.axes, title="Map", random_answers=found.random_answers
        )
