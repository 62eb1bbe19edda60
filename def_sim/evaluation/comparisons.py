"""Every score beside what it must be compared with: all metrics, all items, all comparison panels.

Joins distributions with metrics; the layout as tables is the business of `score_tables`. The draws of an item
depend on seed, item and purpose alone, so neither the order nor the number of items changes them, and an
item's wordings share the panels that as many respondents answered: these are drawn and scored once.

Letters: K options, Q items, B draws.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from def_sim.evaluation.distributions import QuestionDistribution
from def_sim.metrics import kl_paper, noise_floor
from def_sim.metrics.item_metrics import ITEM_METRICS, ItemForm
from def_sim.metrics.panel_scores import PAPER_METRICS, score_panel_by_metric
from def_sim.metrics.sample import Array, Sample
from def_sim.randomness import keyed_rng
from def_sim.records import ItemReference, MeasurementLevel, QuestionType

# What a metric is computed for: the panel itself, then what its score stands beside.
SOURCES: Final = ("value", "floor", "human_to_human", "uniform", "mode", "other_humans")

# Draws of another country's people: what lies between countries is so much more than what lies between draws
# that the mean over items hardly moves with more.
OTHER_DRAWS: Final = 100

Pair = tuple[Sample, Sample]  # who is scored, and the people they are scored against
# Item, its people, form and N -> pairs by source, for every source but the panel itself.
Beside = Callable[[str, ItemReference, ItemForm, float], Mapping[str, Pair]]
Scores = dict[str, dict[str, Array]]  # metric -> source -> one score an item, shape (Q,)


def item_form(distribution: QuestionDistribution) -> ItemForm:
    """What the options of the question allow."""
    question = distribution.question
    return ItemForm(
        is_ordered=question.level is not MeasurementLevel.NOMINAL,
        is_multiple=question.type is QuestionType.MULTIPLE,
        max_choices=question.max_choices,
    )


def compare_items(
    distributions: Sequence[QuestionDistribution],
    *,
    seed: int,
    num_draws: int = noise_floor.NUM_DRAWS,
    other_references: Mapping[str, ItemReference] | None = None,
    metrics: Collection[str] | None = None,
) -> Scores:
    """Scores of all items under all metrics, for the panel and for each comparison.

    The sound metrics compare those who answered (N = num_answered); the published ones everyone who was
    asked, failures included (N = num_asked). An item without reference is NaN throughout.

    Args:
        distributions: Aligned with the reference, Q of them.
        seed: Of the Monte Carlo draws.
        num_draws: B, for floor, human to human and uniform; for other humans `OTHER_DRAWS` at most.
        other_references: Item id -> shares of another country's people, as a further comparison.
        metrics: Names of those wanted, which have the same scores alone; None: all.

    Returns:
        metric -> source -> scores, shape (Q,). For `close_count` 1 or 0, for `std_paper` the
        deviation of the item's row.
    """
    others = other_references or {}
    wanted = {*PAPER_METRICS, *ITEM_METRICS} if metrics is None else set(metrics)
    beside = _beside(seed, num_draws, others)
    answered = [_pairs(one, one.num_answered, beside) for one in distributions]
    forms = [item_form(one) for one in distributions]
    sound_metrics = [metric for metric in ITEM_METRICS if metric in wanted]
    by_source = {source: _item_scores(sound_metrics, source, answered, forms) for source in SOURCES}
    sound: Scores = {
        metric: {source: by_source[source][metric] for source in SOURCES} for metric in sound_metrics
    }
    if wanted.isdisjoint(PAPER_METRICS):
        return sound
    asked = [_pairs(one, one.num_asked, beside) for one in distributions]
    paper = {source: _paper_scores(source, asked) for source in SOURCES}
    published = [metric for metric in PAPER_METRICS if metric in wanted]
    return {metric: {source: paper[source][metric] for source in SOURCES} for metric in published} | sound


def replaced_items(distributions: Sequence[QuestionDistribution]) -> NDArray[np.bool_]:
    """Whose `kl_paper` is the largest finite value of the run plus 1 instead of its own, shape (Q,).

    Its own is infinite (an answer could not be read, or nobody among the people chose it) or undefined.
    """
    raw = np.array([_published_divergence(one) for one in distributions], dtype=np.float64)
    has_people = np.array([one.reference is not None for one in distributions], dtype=np.bool_)
    replaced = np.zeros(raw.shape, dtype=np.bool_)
    replaced[has_people] = kl_paper.is_replaced(raw[has_people])
    return replaced


def _published_divergence(one: QuestionDistribution) -> float:
    if one.reference is None:
        return float("nan")
    return float(kl_paper.kl_with_failures(*_panel_and_people(one, one.reference)))


def _panel_and_people(one: QuestionDistribution, reference: ItemReference) -> Pair:
    human = Sample.of_people(np.array(reference.shares), reference.n_for_uncertainty)
    return Sample(one.counts, one.num_answered, one.num_failed), human


def _pairs(distribution: QuestionDistribution, num_respondents: float, beside: Beside) -> dict[str, Pair]:
    """Who is scored against whom, by source; empty without a reference."""
    reference = distribution.reference
    if reference is None:
        return {}
    item_id, form = distribution.question.item_id, item_form(distribution)
    value = _panel_and_people(distribution, reference)
    return {"value": value, **beside(item_id, reference, form, num_respondents)}


def _beside(seed: int, num_draws: int, others: Mapping[str, ItemReference]) -> Beside:
    """The comparison panels of each item, drawn when first wanted; the same pairs whenever wanted again."""

    @cache
    def halves(item_id: str, reference: ItemReference, form: ItemForm) -> Pair:
        rates, rng = np.array(reference.shares), keyed_rng(seed, item_id, "human halves")
        return noise_floor.draw_halves(
            rates, reference.n_for_uncertainty, rng, form=form, num_draws=num_draws
        )

    num_of_others = min(num_draws, OTHER_DRAWS)

    @cache
    def beside(
        item_id: str, reference: ItemReference, form: ItemForm, num_respondents: float
    ) -> Mapping[str, Pair]:
        rates = np.array(reference.shares)
        human = Sample.of_people(rates, reference.n_for_uncertainty)

        def drawn(population: Array, purpose: str, draws: int = num_draws) -> Sample:
            rng = keyed_rng(seed, item_id, purpose)
            return noise_floor.draw_samples(population, num_respondents, rng, form=form, num_draws=draws)

        pairs = {
            "floor": (drawn(rates, "floor"), human),
            "uniform": (drawn(noise_floor.uniform_rates(rates, form=form), "uniform"), human),
            "mode": (noise_floor.modal_sample(rates, num_respondents, form=form), human),
        }
        if reference.n is not None:  # of an unknown number of people there is no half
            pairs["human_to_human"] = halves(item_id, reference, form)
        other = others.get(item_id)
        # Countries can be shown different options; shares of different options cannot be compared.
        if other is not None and other.codes == reference.codes:
            pairs["other_humans"] = (drawn(np.array(other.shares), "other humans", num_of_others), human)
        return pairs

    return beside


def _item_scores(
    metrics: Sequence[str], source: str, pairs: Sequence[Mapping[str, Pair]], forms: Sequence[ItemForm]
) -> dict[str, Array]:
    """Metric -> the expected score of each item; NaN for those without the source."""
    scores = {metric: np.full(len(pairs), np.nan) for metric in metrics}
    items = [item for item, pair in enumerate(pairs) if source in pair]
    # By identity of the pair, which wordings may share: each is scored once.
    distinct = {id(pairs[item][source]): item for item in items}
    if not distinct or not metrics:
        return scores
    simulated, people = zip(*(pairs[item][source] for item in distinct.values()), strict=True)
    of_items = [forms[item] for item in distinct.values()]
    places = {pair: place for place, pair in enumerate(distinct)}
    for metric, found in score_panel_by_metric(simulated, people, of_items, metrics).items():
        expected = _expected(found)
        scores[metric][items] = [expected[places[id(pairs[item][source])]] for item in items]
    return scores


def _expected(found: Array) -> Array:
    """Mean over draws of each item; scores of shape (B, Q), or (Q,) where nothing was drawn."""
    if found.ndim == 1:
        return found
    by_item = np.ascontiguousarray(found.T)  # rows are added up as one item's draws would be
    means: Array = by_item.mean(axis=1)
    for item in np.flatnonzero(np.isnan(means)):
        means[item] = noise_floor.expected_score(by_item[item])
    return means


def _paper_scores(source: str, pairs: Sequence[Mapping[str, Pair]]) -> dict[str, Array]:
    """The published scores. Each draw is a whole survey, so the replacement rule applies within a draw."""
    has_pair = [source in pair for pair in pairs]
    scores = {metric: np.full(len(pairs), np.nan) for metric in PAPER_METRICS}
    if not any(has_pair):
        return scores
    present = [pair[source] for pair in pairs if source in pair]
    shared = {id(pair): pair for pair in present}  # wordings may share pairs: each is scored once
    divergences = {key: np.atleast_1d(kl_paper.kl_with_failures(*pair)) for key, pair in shared.items()}
    raw = np.stack([divergences[id(pair)] for pair in present], axis=-1)  # (B, items with a reference)
    scores["kl_paper"][has_pair] = kl_paper.replace_undefined(raw).mean(axis=0)
    scores["close_count"][has_pair] = kl_paper.is_close(raw).mean(axis=0)
    deviations = {
        key: noise_floor.expected_score(kl_paper.row_deviation(simulated))
        for key, (simulated, _) in shared.items()
    }
    scores["std_paper"][has_pair] = [deviations[id(pair)] for pair in present]
    return scores
