"""Whose single answers a report shows first: respondents in an order that the run's seed draws."""

from collections.abc import Collection

from def_sim.randomness import keyed_rng


def drawn_respondents(respondent_ids: Collection[str], *, seed: int) -> list[str]:
    """The respondents in the order in which their answers are wanted on a page.

    Args:
        respondent_ids: All that have answers, in any order.
        seed: The run's seed: the same run shows the same respondents.
    """
    respondents = sorted(set(respondent_ids))
    drawn = keyed_rng(seed, "answers shown in the report").permutation(len(respondents))
    return [respondents[int(index)] for index in drawn]
