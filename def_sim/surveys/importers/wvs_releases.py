"""Release 1.5 of the United States' file has wrong answers to some questions; later ones are right.

The file's own `version` does not tell: it reads 1-5-0 in later releases, too. So it is told by content.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from def_sim.errors import SurveyFormatError
from def_sim.metrics.design import Array
from def_sim.surveys.importers.people import Replies, Reply

_COUNTRY: Final = "USA"
_WRONG: Final = "Q18, Q24, Q164 to Q166 and Q177"
_MOST_MISSING: Final = 1000 / 2596  # of the people, at Q177; 28 of 2,596 in later releases
_LEAST_AT_TEN: Final = 0.35  # weighted share of Q164 = 10; .435 in later releases


def check_release(
    country: str, replies: Mapping[str, Replies], weights: Array, *, path: Path, force: bool
) -> list[str]:
    """Refuses the wrong release.

    Args:
        country: ISO alpha-3 code.
        replies: Variable -> answers, of all N people of the country.
        weights: Shape (N,).
        path: The file, for errors.
        force: Imports it all the same.

    Returns:
        What the provenance must say; [] of every other file.

    Raises:
        SurveyFormatError: It is that release, and not forced.
    """
    if country != _COUNTRY:
        return []
    signs = [*_missing_at_q177(replies["Q177"]), *_few_at_ten(replies["Q164"], weights)]
    if not signs:
        return []
    found = "; ".join(signs)
    if force:
        return [f"release 1.5 of {_COUNTRY}, whose {_WRONG} are wrong ({found}); imported by force"]
    raise SurveyFormatError(
        f"{path.name}: this is release 1.5 of {_COUNTRY}, in which {_WRONG} are wrong ({found}).",
        fix="Download the current release (worldvaluessurvey.org); force=true takes this one and says so.",
    )


def _missing_at_q177(replies: Replies) -> list[str]:
    is_answer = replies.kinds == Reply.ANSWER
    num, num_missing = len(is_answer), int((~is_answer).sum())
    if not is_answer.any() or num_missing <= _MOST_MISSING * num:
        return []
    return [f"{num_missing:,} of {num:,} people have no answer at Q177"]


def _few_at_ten(replies: Replies, weights: Array) -> list[str]:
    is_answer = replies.kinds == Reply.ANSWER
    total = float(weights[is_answer].sum())
    if total <= 0:
        return []
    share = float(weights[is_answer & (replies.codes == 10)].sum() / total)
    return [f"{share:.3f} chose 10 at Q164, not .435"] if share < _LEAST_AT_TEN else []
