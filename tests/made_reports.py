"""Reports of made input: as many items, respondents and words as a test wants, without a run."""

import math
from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from def_sim.evaluation.verdict import verdict_of
from def_sim.reports.pages.facts import AnswerView, RunFacts
from def_sim.reports.pages.item_cards import ItemWords
from def_sim.reports.pages.report_page import render_report

METRICS = ("js_divergence", "total_variation", "kl_paper", "wasserstein", "entropy_ratio")
LABELS = ("Very important", "Rather important", "Not very important", "Not at all important")
LABELS_ZH = ("非常重要", "比较重要", "不太重要", "一点也不重要")
FACTS = RunFacts(
    model_label="Some model", survey_title="Some survey", population="USA", language="en",
    strategy="diversity_enhanced", protocol="paper", num_respondents=20, num_planned=40,
    num_done=40, is_complete=True, is_demonstration=False, seed=7, run_hash="abc123", code_version="0.1",
    created="2026-11-20", country="the United States",
)  # fmt: skip
STATUSES = pd.DataFrame([("all", "answered", 40, 1.0)], columns=["scope", "status", "count", "share"])


def item_id(number: int) -> str:
    """Two items of the first source, then one of the second, and so on."""
    return f"{'gss' if number % 3 == 2 else 'wvs'}.Q{number}"


def score_rows(num_items: int, **more: object) -> list[dict[str, object]]:
    """Item k has divergence k / 1000 beyond its floor, so that the last one differs most."""
    common = {"wording": 0, "dimension": "EVI", "num_items": 1, "num_undefined": 0, "floor": 0.05}
    common |= {"human_to_human": 0.01, "uniform": 0.4, "mode": 0.5, "normalised": 0.2}
    items = [
        common | {"scope": "item", "item_id": item_id(k), "metric": metric, "value": 0.05 + k / 1000} | more
        for k in range(num_items)
        for metric in METRICS
    ]
    means = [
        common | {"scope": scope, "item_id": "", "metric": metric, "value": 0.2, "num_items": num_items}
        for scope in ("macro", "micro", "dimension")
        for metric in METRICS
    ]
    return [*items, *means]


def share_rows(num_items: int, labels: Sequence[str] = LABELS, **more: object) -> list[dict[str, object]]:
    """Every fourth item is in another topic group; shares are those of no survey."""
    return [
        {
            "item_id": item_id(k), "wording": 0, "topic": f"topic {k}", "type": "single", "level": "ordinal",
            "dimension": "PDI" if k % 4 == 3 else "EVI", "code": code, "label": label, "position": code,
            "simulated_count": 5.0, "simulated_share": 0.25, "human_share": (code - 1) / 6,
            "human_n": 2593.0, "human_n_effective": 1582.4, "human_quality": "weighted", "num_asked": 20.0,
            "num_answered": 20.0, "num_failed": 0.0, "num_not_asked": 0.0,
        } | more
        for k in range(num_items)
        for code, label in enumerate(labels, start=1)
    ]  # fmt: skip


def words_of(num_items: int, *, is_chinese: bool = False) -> dict[str, ItemWords]:
    """Questions of about a hundred characters, with English beside Chinese ones."""
    long = "in your life, all in all, and taken together with everything else that you have said so far"
    asked = {item_id(k): f"How important is thing number {k} {long}?" for k in range(num_items)}
    if not is_chinese:
        return {f"{name}#0": ItemWords(text) for name, text in asked.items()}
    labels = dict(enumerate(LABELS, start=1))
    return {
        f"{name}#0": ItemWords(f"总的来说，{name}在您的生活中有多重要？", "", text, labels)
        for name, text in asked.items()
    }


def answer(respondent: int, item: int, **more: object) -> AnswerView:
    """An answer with an explanation of 200 characters that nobody else gives."""
    why = f"Respondent {respondent} thinks of {item} and finds {'much to say of it, ' * 9}."
    view = AnswerView(
        respondent_id=f"r{respondent:05d}",
        question_id=f"{item_id(item)}#0",
        topic=f"topic {item}",
        decoding="1 beam, sampled",
        place="Ohio",
        memory=(("What before?", "Answer: 1"),) * 15,
        prompt=f"How important is thing number {item}?\n1. Very important\n2. Not at all",
        text=f"Answer: 1\n{why}",
        status="answered",
        choices=(1,),
        choice_labels=("Very important",),
        method="number",
    )
    return replace(view, **more)  # type: ignore[arg-type]


def made_report(
    num_items: int = 25,
    *,
    scores: Sequence[dict[str, object]] | None = None,
    shares: Sequence[dict[str, object]] | None = None,
    answers: Sequence[AnswerView] = (),
    words: dict[str, ItemWords] | None = None,
    planted: dict[tuple[str, int], float] | None = None,
    statuses: pd.DataFrame = STATUSES,
    facts: RunFacts = FACTS,
) -> str:
    """The page; what is not given is made."""
    truth = None if planted is None else pd.DataFrame(
        [{"item_id": item, "code": code, "share": share} for (item, code), share in planted.items()]
    )  # fmt: skip
    scored = pd.DataFrame(score_rows(num_items) if scores is None else scores)
    return render_report(
        facts,
        scored,
        pd.DataFrame(share_rows(num_items) if shares is None else shares),
        statuses,
        answers,
        verdict=verdict_of(scored, statuses, num_respondents=facts.num_scored),
        planted=truth,
        words=words_of(num_items) if words is None else words,
    )


def undefined(rows: Sequence[dict[str, object]], *names: str) -> list[dict[str, object]]:
    """The rows with these columns missing."""
    return [row | dict.fromkeys(names, math.nan) for row in rows]
