"""The numbers of a report's sections for a weighted panel, of those that heed weights; others say why not.

What rests on shares of answers takes weighted shares, of as many respondents as the weighted ones are worth
(Kish). What rests on which respondent gave which answers, or on single answers, takes none.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from def_sim.evaluation.findings import Finding
from def_sim.evaluation.groups_of_people import personas_of
from def_sim.evaluation.institutes import institutes
from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.evaluation.preference_bias import preference_bias
from def_sim.evaluation.response_styles import response_styles
from def_sim.evaluation.sections import HumanFigures
from def_sim.evaluation.variety import variety
from def_sim.randomness import keyed_rng
from def_sim.records import AnswerStatus

_IN_ORDER: Final = (  # of the page
    *("reliability", "institutes", "nonresponse", "diversity", "variety", "order", "tendencies", "structure"),
    *("spread", "map", "published_map", "match", "mismatches", "lift", "gap", "groups"),
)
_ALONE: Final = "Heeds no weights; measures.csv has it without them. "
# By section: what is in no row of the weighted table, and why.
_UNHEEDED: Final[Mapping[str, Mapping[str, str]]] = {
    "reliability": {"group_alpha": "It is about people's answers: the panel has no part in it."},
    "nonresponse": {
        "failures_worst": f"{_ALONE}Failed answers are placed one by one.",
        "failures_best": f"{_ALONE}Failed answers are placed one by one.",
    },
    "diversity": {
        "choice_diversity": f"{_ALONE}Options in use are counted by respondents.",
        "text_diversity": f"{_ALONE}Texts are counted one by one.",
    },
    "order": {
        "position_bias": f"{_ALONE}Orders are drawn apart from who answers, so weights add noise alone."
    },
    "tendencies": {"repeated_first_choice": f"{_ALONE}It is a habit of single respondents."},
    "structure": {"structure_slope": f"{_ALONE}Its panels of people are of respondents who count alike."},
    "spread": {"near_duplicates": f"{_ALONE}Pairs of respondents are counted."},
    "map": {"map_distance": f"{_ALONE}The ellipse is of respondents who count alike."},
    "published_map": {"published_map_distance": f"{_ALONE}It is drawn as the study drew it."},
    "match": {"match_rate_published": f"{_ALONE}It is counted as the study counted it."},
    "mismatches": {"mismatches": f"{_ALONE}They are counted as the study counted them."},
    "lift": {"lean": f"{_ALONE}Its test is of respondents who count alike."},
    "groups": {"group_divergence": f"{_ALONE}Groups are looked at one by one, with the members they have."},
}


def weighted_findings(
    arrays: PanelArrays, weights: Mapping[str, float], figures: HumanFigures, *, seed: int, num_draws: int
) -> dict[str, tuple[Finding, ...]]:
    """Key of the section -> its numbers with weights, then a row with the reason for what heeds none.

    Args:
        arrays: The panel's answers.
        weights: Respondent -> weight, of all who answered.
        figures: People, to stand beside.
        seed: Of all draws, as in the report.
        num_draws: Monte Carlo draws for each item.
    """
    heeded = _heeded(replace(arrays, weights=weights), figures, seed=seed, num_draws=num_draws)
    has_groups = any(one.has_person for one in personas_of(arrays))
    return {key: (*heeded.get(key, ()), *_reasons(key)) for key in _IN_ORDER if key != "groups" or has_groups}


def _reasons(section: str) -> Iterable[Finding]:
    for measure, reason in _UNHEEDED.get(section, {}).items():
        yield Finding(measure, float("nan"), reason=reason)


def _heeded(
    arrays: PanelArrays, figures: HumanFigures, *, seed: int, num_draws: int
) -> dict[str, tuple[Finding, ...]]:
    bias = preference_bias(arrays, figures.structure, seed=seed, num_draws=num_draws)
    between = institutes(figures.institute_pairs, arrays.prompts, seed=seed, num_draws=num_draws)
    return {
        "institutes": between.findings,
        "nonresponse": (_share_failed(arrays),),
        "variety": variety(arrays.prompts, keyed_rng(seed, "people as varied")).findings,
        "tendencies": _named("scale_", response_styles(arrays).findings),
        "match": tuple(one for one in bias.match_findings if one.measure != "match_rate_published"),
        "lift": _named("lift", bias.lift_findings),
        "gap": bias.gap_findings,
    }


def _named(start: str, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(one for one in findings if one.measure.startswith(start))


def _share_failed(arrays: PanelArrays) -> Finding:
    weights = arrays.weights or {}
    asked = [one for one in arrays.answers if one.status is not AnswerStatus.NOT_ASKED]
    total = sum(weights[one.respondent_id] for one in asked)
    if not total:
        return Finding("share_failed", float("nan"), reason="Nothing was asked.")
    failed = (weights[one.respondent_id] for one in asked if one.status is not AnswerStatus.ANSWERED)
    return Finding("share_failed", sum(failed) / total)
