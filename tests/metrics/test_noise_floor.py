"""What a perfect, a human, a random and a one-answer panel would score."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import digamma
from scipy.stats import binom

from def_sim.metrics.divergence import js_divergence, kl_divergence, total_variation, wasserstein_distance
from def_sim.metrics.item_metrics import ITEM_METRICS, ItemForm
from def_sim.metrics.noise_floor import (
    draw_halves,
    draw_samples,
    expected_score,
    modal_sample,
    normalised_score,
    uniform_rates,
)
from def_sim.metrics.sample import normalise

FIGURES = Path(__file__).resolve().parents[3] / "shared" / "figures"
SINGLE, MULTIPLE = ItemForm(), ItemForm(is_multiple=True, max_choices=5)


def rng(key=0):
    return np.random.default_rng([7, key])


def expected_kl(shares, num_respondents, *, key=0, num_draws=4000):
    drawn = draw_samples(shares, num_respondents, rng(key), form=SINGLE, num_draws=num_draws)
    return expected_score(kl_divergence(drawn.shares, shares))


def exact_expected_kl(shares, num_respondents):
    """Without any draw: each option's count is binomial, so E sum (c/N) ln(c/(N h)) is a sum over counts."""
    count = np.arange(1, num_respondents + 1)[:, None]  # a count of 0 contributes nothing
    terms = count / num_respondents * np.log(count / (num_respondents * shares))
    return float((binom.pmf(count, num_respondents, shares) * terms).sum())


@pytest.mark.parametrize(("num_options", "first_term"), [(2, 0.025), (4, 0.075), (10, 0.225)])
def test_twenty_respondents_drawn_from_people_have_an_expected_kl_near_k_minus_1_over_2n(
    num_options, first_term
):
    flat = np.full(num_options, 1 / num_options)
    # The next term of the expansion is (sum of 1/h - 1) / (12 N^2) = .0006, .003, .021 here.
    second_term = (num_options**2 - 1) / (12 * 20**2)
    assert expected_kl(flat, 20) == pytest.approx(first_term + second_term, rel=0.07)
    assert expected_kl(flat, 2000) == pytest.approx(first_term / 100, rel=0.06)


@pytest.mark.parametrize("shares", [[0.5, 0.5], [0.97, 0.03], [0.6, 0.25, 0.1, 0.05], [0.1] * 10])
def test_the_floor_agrees_with_an_exact_sum_over_all_counts(shares):
    exact = exact_expected_kl(np.array(shares), 20)
    assert expected_kl(np.array(shares), 20, num_draws=40_000) == pytest.approx(exact, rel=0.03)


@pytest.mark.parametrize(("num_options", "mean"), [(2, 0.026), (4, 0.079), (10, 0.231)])
def test_expected_kl_averaged_over_flat_dirichlet_references(num_options, mean):
    references = rng(1).dirichlet(np.ones(num_options), size=1500)
    floors = [expected_kl(shares, 20, key=i, num_draws=60) for i, shares in enumerate(references)]
    assert np.mean(floors) == pytest.approx(mean, abs=0.0015)


def test_uniform_answers_beat_the_correct_majority_answer_on_kl():
    # Flat Dirichlet references: E KL(uniform || h) = -ln K - E ln h = digamma(K) - digamma(1) - ln K.
    exact_uniform = digamma(10) - digamma(1) - np.log(10)
    references = rng(2).dirichlet(np.ones(10), size=20_000)
    uniform = kl_divergence(uniform_rates(references[0], form=SINGLE), references)
    mode = np.array([kl_divergence(modal_sample(h, 20, form=SINGLE).shares, h) for h in references[:5000]])
    assert round(float(exact_uniform), 2) == 0.53
    assert uniform.mean() == pytest.approx(exact_uniform, abs=0.01)
    assert mode.mean() == pytest.approx(1.26, abs=0.015)


@pytest.mark.parametrize("country", ["USA", "CHN"])
def test_human_halves_agree_with_split_halves_of_the_microdata(country):
    split, shares = split_halves(country), overall_shares(country)
    scores = {"jsd_mean": js_divergence, "tv_mean": total_variation, "w1_norm_mean": wasserstein_distance}
    ratios = {column: [] for column in scores}
    for index, row in enumerate(split.itertuples()):
        people = shares[row.variable]
        if people.size != row.n_options:
            continue
        halves = draw_halves(people, row.n_effective, rng(index), form=SINGLE, num_draws=300)
        for column, score in scores.items():
            if column == "w1_norm_mean" and row.w1_n_options != row.n_options:
                continue
            ours = expected_score(score(halves[0].shares, halves[1].shares))
            ratios[column].append((ours, getattr(row, column)))
    for column, pairs in ratios.items():
        ours, theirs = np.array(pairs).T
        assert len(pairs) > 100, column
        assert ours.mean() == pytest.approx(theirs.mean(), rel=0.10), column


def split_halves(country):
    path = FIGURES / "wvs7_split_half.csv"
    if not path.is_file():
        pytest.skip("the split halves of the microdata are not beside this checkout")
    frame = pd.read_csv(path, keep_default_na=False)
    numbers = [name for name in frame.columns if name not in ("country", "variable")]
    frame[numbers] = frame[numbers].apply(pd.to_numeric, errors="coerce")
    return frame[frame["country"] == country]


def overall_shares(country):
    path = FIGURES / "wvs7_aggregates.csv"
    frame = pd.read_csv(path, keep_default_na=False, dtype=str)
    wanted = (frame["country"] == country) & (frame["group_type"] == "overall") & (frame["is_missing"] == "0")
    rows = frame[wanted].assign(option=lambda f: f["option"].astype(int)).sort_values("option")
    return {
        name: normalise(group["weighted_share"].astype(float).to_numpy())
        for name, group in rows.groupby("variable")
    }


def test_half_against_half_is_twice_the_divergence_of_full_samples():
    people = np.array([0.4, 0.3, 0.2, 0.1])
    half = draw_halves(people, 1000, rng(), form=SINGLE, num_draws=4000)
    full = draw_halves(people, 2000, rng(1), form=SINGLE, num_draws=4000)
    ratio = (
        js_divergence(half[0].shares, half[1].shares).mean()
        / js_divergence(full[0].shares, full[1].shares).mean()
    )
    assert ratio == pytest.approx(2, rel=0.06)


@pytest.mark.parametrize("num_options", [4, 10])
def test_what_n_alone_does_to_each_score_is_known_to_first_order(num_options):
    size, shares = 400, np.full(num_options, 1 / num_options)
    drawn = draw_samples(shares, size, rng(11), form=SINGLE, num_draws=4000).shares
    below = np.cumsum(shares)[:-1]
    entropies = np.log(num_options) - kl_divergence(drawn, shares)  # people answer uniformly
    expected = {
        "divergence": (num_options - 1) / (8 * size * np.log(2)),
        "variation": np.sqrt(shares * (1 - shares) / (2 * np.pi * size)).sum(),
        "along the scale": np.sqrt(2 * below * (1 - below) / (np.pi * size)).sum() / (num_options - 1),
        "variety": 1 - (num_options - 1) / (2 * size * np.log(num_options)),
    }
    found = {
        "divergence": js_divergence(drawn, shares).mean(),
        "variation": total_variation(drawn, shares).mean(),
        "along the scale": wasserstein_distance(drawn, shares).mean(),
        "variety": entropies.mean() / np.log(num_options),
    }
    assert found == pytest.approx(expected, rel=0.03)


@pytest.mark.parametrize(("size", "is_nearer"), [(250, False), (1000, True)])
def test_a_perfect_panel_is_nearer_than_two_halves_once_it_has_a_third_as_many_as_people(size, is_nearer):
    shares, num_people = np.array([0.4, 0.3, 0.2, 0.1]), 1500
    figures, panels = (
        draw_samples(shares, number, rng(key), form=SINGLE, num_draws=4000).shares
        for key, number in ((12, num_people), (13, size))
    )
    halves = draw_halves(shares, num_people, rng(14), form=SINGLE, num_draws=4000)
    perfect = js_divergence(panels, figures).mean()
    assert (perfect < js_divergence(halves[0].shares, halves[1].shares).mean()) == is_nearer
    # People's figures have noise of their own, which the floor does not know of.
    assert perfect / js_divergence(panels, shares).mean() == pytest.approx(1 + size / num_people, rel=0.1)


def test_mentions_are_drawn_option_by_option_at_the_rates_of_people():
    rates = np.array([0.9, 0.5, 0.1])
    drawn = draw_samples(rates, 50, rng(), form=MULTIPLE, num_draws=4000)
    assert drawn.mention_rates.mean(axis=0) == pytest.approx(rates, abs=0.01)
    assert abs(np.corrcoef(drawn.counts[:, 0], drawn.counts[:, 1])[0, 1]) < 0.05


def test_a_random_answerer_ticks_as_many_boxes_as_people_do():
    assert uniform_rates(np.array([0.9, 0.5, 0.1]), form=MULTIPLE) == pytest.approx([0.5, 0.5, 0.5])
    assert uniform_rates(np.array([0.9, 0.05, 0.05]), form=SINGLE) == pytest.approx([1 / 3] * 3)


def test_the_modal_answerer_ticks_the_most_frequent_boxes():
    assert modal_sample(np.array([0.1, 0.9, 0.8, 0.2]), 20, form=MULTIPLE).counts.tolist() == [0, 20, 20, 0]
    assert modal_sample(np.array([0.2, 0.4, 0.4]), 20, form=SINGLE).counts.tolist() == [
        0,
        20,
        0,
    ]  # lower code


def test_no_more_boxes_are_ticked_than_allowed():
    two_at_most = ItemForm(is_multiple=True, max_choices=2)
    assert modal_sample(np.array([0.9, 0.9, 0.9, 0.9]), 1, form=two_at_most).counts.sum() == 2


def test_nobody_has_no_floor():
    drawn = draw_samples(np.array([0.5, 0.5]), 0, rng(), form=SINGLE, num_draws=10)
    assert np.isnan(expected_score(js_divergence(drawn.shares, np.array([0.5, 0.5]))))


def test_an_option_that_people_never_chose_is_never_drawn():
    drawn = draw_samples(np.array([0.6, 0.0, 0.4]), 20, rng(), form=SINGLE)
    assert drawn.counts[:, 1].sum() == 0
    assert np.isfinite(kl_divergence(drawn.shares, np.array([0.6, 0.0, 0.4]))).all()


def test_a_score_at_the_floor_is_one_and_at_uniform_is_zero():
    assert normalised_score(0.1, floor=0.1, uniform=0.5) == 1
    assert normalised_score(0.5, floor=0.1, uniform=0.5) == 0
    assert normalised_score(0.9, floor=0.1, uniform=0.5) == pytest.approx(-1)


def test_people_who_answer_uniformly_leave_nothing_to_normalise_by():
    assert np.isnan(normalised_score(0.1, floor=0.1, uniform=0.1))


def test_the_same_generator_gives_the_same_floor():
    once, again = (draw_samples(np.array([0.3, 0.7]), 20, rng(), form=SINGLE) for _ in range(2))
    assert (once.counts == again.counts).all()


def test_every_metric_has_a_finite_floor_of_its_own():
    people = np.array([0.4, 0.3, 0.2, 0.1])
    form = ItemForm(is_ordered=True)
    halves = draw_halves(people, 1500, rng(), form=form, num_draws=200)
    for name, metric in ITEM_METRICS.items():
        assert np.isfinite(expected_score(metric(*halves, form))), name
