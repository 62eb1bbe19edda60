"""Which single answers a report shows: of so many respondents that they fit, drawn by the run's seed."""

from collections import Counter
from collections.abc import Sequence

from def_sim.randomness import keyed_rng


def shown_answers(respondent_ids: Sequence[str], *, limit: int, seed: int) -> list[int]:
    """All answers of as many respondents as fit, drawn by seed; every answer if all fit.

    Whole respondents are kept, so that what one remembers can be read where it was said.

    Args:
        respondent_ids: Who gave each answer, in any order.
        limit: Most answers shown, at least 1.
        seed: The run's seed: the same run shows the same respondents.

    Returns:
        Places of the shown answers, rising.
    """
    if len(respondent_ids) <= limit:
        return list(range(len(respondent_ids)))
    counts = Counter(respondent_ids)
    respondents = sorted(counts)
    drawn = keyed_rng(seed, "answers shown in the report").permutation(len(respondents))
    kept: set[str] = set()
    room = limit
    for index in drawn:
        respondent = respondents[int(index)]
        if counts[respondent] > room and kept:
            break
        kept.add(respondent)
        room -= counts[respondent]
    # One respondent alone may exceed the limit.
    return [place for place, one in enumerate(respondent_ids) if one in kept][:limit]
