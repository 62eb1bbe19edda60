"""People asked elsewhere: distances between institutes, and a panel on the same items."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from def_sim.evaluation.distributions import QuestionDistribution
from def_sim.evaluation.institutes import (
    NO_ITEMS,
    NO_PAIRS,
    InstitutePair,
    PairKind,
    coarsened,
    institutes,
    pair_distance,
)
from def_sim.records import (
    AnswerStatus,
    Dimension,
    ItemReference,
    MeasurementLevel,
    Option,
    Question,
    QuestionType,
)
from def_sim.reports.sections.institutes import institute_section
from def_sim.surveys.institute_pairs import PairSource, Side

A_SURVEY, ANOTHER = PairSource(title="A", year=2017), PairSource(title="B", year=2022)


def pair(first=(0.5, 0.5), second=(0.8, 0.2), n=1000, kind=PairKind.INSTITUTE):
    """A scale of four points on one side, of three on the other, in two categories."""
    return InstitutePair(
        "a_pair",
        "a topic",
        kind,
        "points & labels",
        ("much", "less"),
        Side("a.Q1", A_SURVEY, ((1,), (2, 3, 4)), first, n, None),
        Side("b.V1", ANOTHER, ((1,), (2, 3)), second, n, n / 2),
    )


def answered(counts, shares=(0.5, 0.2, 0.2, 0.1), item_id="a.Q1"):
    codes = tuple(range(1, len(counts) + 1))
    options = tuple(Option(code, f"option {code}") for code in codes)
    question = Question(
        item_id, 0, "en", "a topic", "?", QuestionType.SINGLE, MeasurementLevel.ORDINAL,
        Dimension.EVI, 0, options,
    )  # fmt: skip
    reference = ItemReference(item_id, "all", codes, tuple(shares), n=1000, n_effective=500.0)
    statuses = dict.fromkeys(AnswerStatus, 0) | {AnswerStatus.ANSWERED: sum(counts)}
    return QuestionDistribution(question, np.array(counts, dtype=float), statuses, reference)


def found_of(pairs, distributions):
    return institutes(pairs, distributions, seed=3, num_draws=200)


def test_the_distance_of_a_pair_is_that_of_its_shares():
    found = pair_distance(pair(), seed=1, num_draws=50)
    assert found.js_divergence == pytest.approx(jensenshannon([0.5, 0.5], [0.8, 0.2], base=2) ** 2)
    assert found.total_variation == pytest.approx(0.3)


def test_what_chance_gives_is_the_mean_over_two_samples_of_the_same_people():
    # Two shares of 1,000 and of 500 people, each normal about the same p: their difference has the
    # variance p (1 - p) (1/1000 + 1/500), and the mean size of a normal number is sqrt(2 / pi) of its sd.
    found = pair_distance(pair((0.5, 0.5), (0.5, 0.5)), seed=1, num_draws=4000)
    expected = math.sqrt(2 / math.pi * 0.25 * (1 / 1000 + 1 / 500))
    assert found.variation_by_chance == pytest.approx(expected, rel=0.05)
    assert found.total_variation == found.js_divergence == 0


def test_a_panel_is_compared_on_the_categories_that_both_sides_have():
    answers = answered([6, 2, 1, 1])
    panel, people = coarsened(answers, pair().first)
    np.testing.assert_allclose(panel, [6, 4])
    np.testing.assert_allclose(people, [0.5, 0.5])
    [one] = found_of([pair()], [answers]).panel
    assert one.panel == pytest.approx(jensenshannon([0.6, 0.4], [0.5, 0.5], base=2) ** 2)
    assert one.institutes == pytest.approx(jensenshannon([0.8, 0.2], [0.5, 0.5], base=2) ** 2)
    assert 0 < one.halves < one.floor  # 250 people against 250, and ten against all


def test_a_code_that_is_in_no_category_leaves_panel_and_people():
    side = replace(pair().first, codes=((1,), (2, 3)))
    panel, people = coarsened(answered([6, 2, 1, 1]), side)
    assert panel.tolist() == [6, 3]
    assert people.sum() == pytest.approx(0.9)


def test_both_items_of_a_pair_are_compared_where_the_panel_was_asked_both():
    both = [answered([6, 2, 1, 1]), answered([3, 4, 3], (0.8, 0.1, 0.1), "b.V1")]
    found = found_of([pair()], both)
    assert [one.item_id for one in found.panel] == ["a.Q1", "b.V1"]
    assert found.panel_mean("panel") == pytest.approx(np.mean([one.panel for one in found.panel]))


def test_versions_of_one_survey_are_a_kind_of_their_own_and_no_ceiling_of_a_panel():
    wording = replace(pair(kind=PairKind.WORDING), id="versions")
    found = found_of([pair(), wording], [answered([6, 2, 1, 1])])
    assert len(found.panel) == 1
    assert [len(found.of_kind(kind)) for kind in PairKind] == [1, 1]
    by_group = {one.group: one for one in found.findings if one.measure == "institutes_total_variation"}
    assert by_group["wording"].value == pytest.approx(0.3)


OF_OTHER_CODES = replace(pair(), first=replace(pair().first, codes=((7,), (8,))))


@pytest.mark.parametrize(
    ("pairs", "distributions", "reason"),
    [
        ([], [answered([6, 2, 1, 1])], NO_PAIRS),
        ([pair()], [], NO_ITEMS),
        ([pair()], [answered([0, 0, 0, 0])], NO_ITEMS),
        ([pair()], [replace(answered([6, 2, 1, 1]), reference=None)], NO_ITEMS),
        (
            [OF_OTHER_CODES],
            [answered([6, 2, 1, 1])],
            NO_ITEMS,
        ),
    ],
)
def test_without_pairs_or_items_there_is_a_reason_and_no_number(pairs, distributions, reason):
    found = found_of(pairs, distributions)
    silent = [one for one in found.findings if math.isnan(one.value)]
    assert {one.reason for one in silent} >= {reason}
    assert all(one.reason for one in silent)
    assert institute_section(found).figures == ()


def test_the_section_shows_every_pair_with_what_differs():
    section = institute_section(found_of([pair()], [answered([6, 2, 1, 1])]))
    assert "a.Q1 (2017), b.V1 (2022)" in section.body
    assert "points &amp; labels" in section.body
    assert "0.007 / –" in section.body  # of the panel, which was asked one of the two
    assert "Another institute" in section.figures[0].on_page()


def test_the_draws_of_a_pair_depend_on_no_other_pair():
    among = found_of([replace(pair(), id="another"), pair()], [])
    assert among.distances[1] == found_of([pair()], []).distances[0]
