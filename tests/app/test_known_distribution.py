"""A panel whose opinions are known: every score is the exact one within its interval, at 20, 200 and 2,000.

Exact: an item's expected score is a sum over all ways in which N answers can fall on its options, weighted
by their multinomial probabilities; the limit is the score of the planted shares themselves. Respondents of
20 and 200 are interviewed, those of 2,000 are drawn.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import multinomial
from scripted_runs import hold

from def_sim.answers.storage.manifest import read_manifest
from def_sim.app.composing import compose_config
from def_sim.app.evaluated_run import compute_results
from def_sim.app.read_panel import panel_answers
from def_sim.app.run import Run, prepare_run
from def_sim.app.schema import validate_config
from def_sim.engines.scripted import ScriptedEngine
from def_sim.metrics import kl_paper
from def_sim.metrics.aggregation import macro_mean, micro_mean
from def_sim.metrics.item_metrics import ITEM_METRICS, MULTIPLE_CHOICE_ONLY, ItemForm
from def_sim.metrics.sample import Sample
from def_sim.randomness import keyed_rng
from def_sim.records import (
    Answer,
    AnswerStatus,
    MeasurementLevel,
    Question,
    ReadingMethod,
)

pytestmark = pytest.mark.slow

# Two or three options, and at least two items in each of four topic groups.
NUMBERS = (33, 34, 35, 42, 57, 111, 122, 123, 124, 125, 126, 127, 128, 129, 150, 151, 165, 166, 167, 174, 209)
ITEMS = [f"wvs7.Q{number}" for number in (*NUMBERS, 210)]
TWO_OPTIONS = [f"gss2022.{name}" for name in ("trust", "helpful", "fair", "aged", "postlife")] + [
    f"wvs7.Q{number}" for number in (57, 150, 151, 165, 166, 167, 168, 174, 175)
]
SOUND = [name for name in ITEM_METRICS if name not in MULTIPLE_CHOICE_ONLY]


def words(items: Sequence[str], size: int) -> list[str]:
    return ["model=mistral7b", f"items=[{','.join(items)}]", f"respondents={size}", "scoring.draws=20"]


def planted(run: Run, question: Question) -> np.ndarray:
    """Somewhat people's opinions, mostly its own, so that some items are close and others far; shape (K,)."""
    rng = keyed_rng(5, question.item_id, "own opinion")
    return 0.3 * people(run, question) + 0.7 * rng.dirichlet(np.ones(len(question.codes)))


def people(run: Run, question: Question) -> np.ndarray:
    shares = np.array(run.loaded.reference.items[question.item_id, "all"].shares)
    return shares / shares.sum()


def of_known_opinions(run: Run) -> ScriptedEngine:
    return ScriptedEngine(
        {
            question.item_id: dict(zip(question.codes, planted(run, question).tolist(), strict=True))
            for question in run.survey.questions
        }
    )


def interviewed(folder: Path, size: int) -> tuple[Run, list[Answer]]:
    held = hold(folder, *words(ITEMS, size), is_reported=False, respondent=of_known_opinions)
    run = prepare_run(validate_config(read_manifest(held)["config"]))
    return run, panel_answers(run, held)


def drawn(size: int) -> tuple[Run, list[Answer]]:
    run = prepare_run(validate_config(compose_config(words(TWO_OPTIONS, size))))
    answers = []
    for question in run.survey.questions:
        codes = keyed_rng(6, question.item_id).choice(question.codes, size=size, p=planted(run, question))
        answers += [
            Answer(respondent.id, question.item_id, 0, 0, AnswerStatus.ANSWERED, (int(code),),
                   ReadingMethod.NUMBER, "", question.codes)
            for respondent, code in zip(run.panel, codes, strict=True)
        ]  # fmt: skip
    return run, answers


def every_panel(size: int, num_options: int) -> np.ndarray:
    """All counts of `size` answers on two or three options, shape (M, K)."""
    if num_options == 2:
        first = np.arange(size + 1)
        return np.stack([first, size - first], axis=1)
    first, second = np.meshgrid(np.arange(size + 1), np.arange(size + 1), indexing="ij")
    fits = first + second <= size
    return np.stack([first[fits], second[fits], size - first[fits] - second[fits]], axis=1)


def exact_scores(run: Run, question: Question, size: int) -> dict[str, tuple[float, float]]:
    """Metric -> expected score at this N, and score of an endless panel."""
    shares, counts = planted(run, question), every_panel(size, len(question.codes))
    chance = multinomial.pmf(counts, size, shares)
    human = Sample.of_people(
        people(run, question), run.loaded.reference.items[question.item_id, "all"].n_for_uncertainty
    )
    form = ItemForm(is_ordered=question.level is not MeasurementLevel.NOMINAL)
    every, endless = Sample(counts.astype(float), size), Sample(shares * 1e9, 1e9)
    found = {
        name: (
            float(chance @ ITEM_METRICS[name](every, human, form)),
            float(ITEM_METRICS[name](endless, human, form)),
        )
        for name in SOUND
    }
    raw = kl_paper.kl_with_failures(every, human)  # finite: every option has people, and nobody fails
    published = {"kl_paper": raw, "close_count": raw < 0.5, "std_paper": kl_paper.row_deviation(every)}
    return found | {name: (float(chance @ values), np.nan) for name, values in published.items()}


@pytest.mark.parametrize("size", [20, 200, 2000])
def test_every_score_is_the_exact_one_within_its_interval(size: int, tmp_path: Path) -> None:
    run, answers = drawn(size) if size == 2000 else interviewed(tmp_path, size)
    assert len(answers) == run.num_planned
    scores = compute_results(run, answers).scores
    exact = [exact_scores(run, question, size) for question in run.survey.questions]
    dimensions = [str(question.dimension) for question in run.survey.questions]
    means = scores[scores["scope"].isin(["micro", "macro"]) & (scores["metric"] != "mention_rate_difference")]
    assert set(means["metric"]) == set(exact[0])
    num_limits = 0
    for one in means.to_dict("records"):
        at_n, limit = (np.array([item[one["metric"]][place] for item in exact]) for place in (0, 1))
        mean = (lambda values: macro_mean(values, dimensions)) if one["scope"] == "macro" else micro_mean
        expected = at_n.sum() if one["metric"] == "close_count" else mean(at_n)
        if size == 2000 and one["metric"] == "wasserstein":  # most of these items have no order
            assert one["why_no_interval"] == "Too few items: 4 with a score, 5 are needed."
            continue
        assert one["why_no_interval"] == "", one["metric"]
        assert one["interval_low"] <= expected <= one["interval_high"], (one["metric"], one["scope"])
        if not one["why_no_limit"]:
            num_limits += 1
            assert one["limit_low"] <= mean(limit) <= one["limit_high"], (one["metric"], one["scope"])
    # Of two metrics, of five, or of these but W1, as items and as topic groups.
    assert num_limits == {20: 4, 200: 10, 2000: 8}[size]
    assert not means["value"].isna().any()
