"""Whether an advantage is one of variety alone."""

import numpy as np
import pytest

from def_sim.metrics.bootstrap import certain_scores, draw_weights, resample_panel, score_draws
from def_sim.metrics.divergence import entropy
from def_sim.metrics.entropy_control import (
    EntropyVerdict,
    dilute_panel,
    explained_by_entropy,
    flatten_people,
)
from def_sim.metrics.item_metrics import ItemForm
from def_sim.metrics.noise_floor import modal_sample
from def_sim.metrics.panel_answers import PanelAnswers
from def_sim.metrics.panel_scores import score_panel
from def_sim.metrics.sample import Sample

METRIC, SIZE, NUM_ITEMS = "js_divergence", 60, 50
FORMS = [ItemForm(is_ordered=True)] * NUM_ITEMS


def rng(key=0):
    return np.random.default_rng([23, key])


HUMAN = [rng(i).dirichlet(np.ones(5)) for i in range(NUM_ITEMS)]
PEOPLE = [Sample.of_people(h, 1500.0) for h in HUMAN]
WRONG = [np.roll(h, 2) for h in HUMAN]
UNIFORM = np.full(5, 0.2)


def sharpened(shares, power=4):
    return shares**power / (shares**power).sum()


def panel_of(rates, key):
    choices = np.stack([rng(900 + key * 100 + i).choice(5, size=SIZE, p=p) for i, p in enumerate(rates)], 1)
    return PanelAnswers.from_choices(choices, [5] * len(rates))


def compared(first, second):
    """Facts on two panels drawn from shares."""
    panels = panel_of(first, 1), panel_of(second, 2)
    weights = [draw_weights(SIZE, rng(k), 200) for k in (3, 4)]
    scores = [
        score_draws(resample_panel(panel, weight), PEOPLE, FORMS, METRIC)
        for panel, weight in zip(panels, weights, strict=True)
    ]
    return explained_by_entropy(
        panels[0].samples(),
        panels[1].samples(),
        PEOPLE,
        FORMS,
        METRIC,
        (scores[0], scores[1]),
        rng(5),
        same_respondents=False,
    )


def test_wrong_opinions_made_flat_beat_wrong_opinions_by_entropy_alone():
    flat = [0.4 * w + 0.6 * UNIFORM for w in WRONG]
    facts = compared(flat, WRONG)
    assert facts.verdict is EntropyVerdict.EXPLAINED
    assert facts.share_random == pytest.approx(0.6, abs=0.1)  # the share that was planted
    assert facts.share_explained == pytest.approx(1, abs=0.15)
    assert facts.entropies.first > facts.entropies.second


def test_people_beat_sharpened_wrong_opinions_by_more_than_entropy():
    facts = compared(HUMAN, [sharpened(w, 3) for w in WRONG])
    assert facts.verdict is EntropyVerdict.PARTLY
    assert facts.remaining.low > 0
    assert facts.share_explained < 0.7


def test_right_opinions_beat_wrong_ones_although_they_are_less_varied():
    facts = compared([sharpened(h, 1.3) for h in HUMAN], [0.5 * w + 0.5 * UNIFORM for w in WRONG])
    assert facts.verdict is EntropyVerdict.NOT_MORE_VARIED
    assert np.isnan(facts.share_explained)
    assert "no advantage of a more varied" in facts.remaining.why_absent


def test_who_is_not_closer_has_no_advantage_to_explain():
    assert compared(WRONG, HUMAN).verdict is EntropyVerdict.NO_ADVANTAGE
    assert compared(HUMAN, HUMAN).verdict is EntropyVerdict.NO_ADVANTAGE


def test_the_advantage_of_flat_answers_over_peoples_mode_is_explained():
    panel = panel_of([UNIFORM] * NUM_ITEMS, 1)
    resampled = resample_panel(panel, draw_weights(SIZE, rng(3), 200))
    flat = score_draws(resampled, PEOPLE, FORMS, "kl_smoothed_model_human")
    modes = [modal_sample(h, SIZE, form=FORMS[0]) for h in HUMAN]
    control = certain_scores(score_panel(modes, PEOPLE, FORMS, "kl_smoothed_model_human"), flat)
    facts = explained_by_entropy(
        panel.samples(),
        modes,
        PEOPLE,
        FORMS,
        "kl_smoothed_model_human",
        (flat, control),
        rng(5),
        same_respondents=False,
    )
    assert facts.verdict is EntropyVerdict.EXPLAINED
    assert facts.share_random > 0.9


def test_nobody_has_no_verdict():
    nothing = [Sample(np.zeros(5), 0)] * NUM_ITEMS
    scores = certain_scores(
        np.full(NUM_ITEMS, np.nan),
        score_draws(resample_panel(panel_of(HUMAN, 1), draw_weights(SIZE, rng(), 10)), PEOPLE, FORMS, METRIC),
    )
    facts = explained_by_entropy(
        nothing, nothing, PEOPLE, FORMS, METRIC, (scores, scores), rng(), same_respondents=False
    )
    assert facts.verdict is EntropyVerdict.ABSENT
    assert facts.advantage.why_absent


def test_a_wholly_diluted_panel_is_a_uniform_one():
    dilution = dilute_panel(panel_of(WRONG, 1).samples(), PEOPLE, FORMS, METRIC, rng())
    drawn = Sample(rng(1).multinomial(SIZE, UNIFORM, size=4000).astype(float), SIZE)
    assert dilution.entropies[-1].mean() == pytest.approx(entropy(drawn.shares).mean(), rel=0.01)
    uniform = np.mean([score_panel([drawn], [human], FORMS[:1], METRIC).mean() for human in PEOPLE])
    assert dilution.scores[-1].mean() == pytest.approx(uniform, rel=0.02)
    assert dilution.scores[0] == pytest.approx(
        score_panel(panel_of(WRONG, 1).samples(), PEOPLE, FORMS, METRIC)
    )
    assert (np.diff(dilution.entropies.mean(axis=1)) > 0).all()


@pytest.mark.parametrize("is_multiple", [False, True])
def test_a_panel_of_more_answers_is_diluted_at_as_many_as_the_other_has(is_multiple):
    """An item answered by 60 is diluted as one of 12 would be: as varied at the end, less so before."""
    form = ItemForm(is_ordered=False, is_multiple=is_multiple)
    human, panel = Sample.of_people(HUMAN[0], 1500.0), Sample(np.array([30.0, 15, 9, 6, 0]), SIZE)
    whole, few = (
        dilute_panel([panel], [human], [form], METRIC, rng(), fewest=fewest)
        for fewest in (None, np.array([12.0]))
    )
    assert few.entropies.shape == whole.entropies.shape
    assert few.entropies[0, 0] < whole.entropies[0, 0]  # a few answers show less variety than they are of
    assert few.scores[0, 0] > whole.scores[0, 0]


def test_people_are_flattened_or_sharpened_until_they_are_as_varied_as_a_panel():
    panel = panel_of(HUMAN, 1).samples()
    flattened = flatten_people(panel, PEOPLE, FORMS, METRIC, rng())
    everyone = np.ones(NUM_ITEMS, dtype=bool)
    levels = flattened.entropies.mean(axis=1)
    assert (np.diff(levels) > 0).all()
    assert levels[0] == pytest.approx(0)  # all give the most frequent answer
    assert flattened.at_entropy(float(levels[10]), everyone)[0] == pytest.approx(0)
    sharp, scores = flattened.at_entropy(float(levels[10]) * 0.7, everyone)
    assert -1 < sharp < 0
    assert scores.mean() > flattened.scores[10].mean()
    assert flattened.at_entropy(99.0, everyone)[0] == 1


def test_items_of_several_choices_are_diluted_by_respondent():
    form = ItemForm(is_multiple=True, max_choices=3)
    human = [Sample.of_people(np.array([0.9, 0.6, 0.3]), 1500.0)]
    panel = [Sample(np.array([40.0, 0, 0]), 40)]
    dilution = dilute_panel(panel, human, [form], METRIC, rng())
    assert dilution.entropies[0] == pytest.approx(0)
    assert dilution.entropies[-1] == pytest.approx(np.log(3), abs=0.03)
