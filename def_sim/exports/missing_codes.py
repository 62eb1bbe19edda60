"""Answers without a choice as statistics programs know them: kinds of missing values, told apart.

In SPSS the codes -1 to -12, declared missing; in Stata the letters .a to .l. Option codes are never negative.
"""

from collections.abc import Mapping
from typing import Final

from def_sim.records import AnswerStatus

# In files that people have written syntax for: a number is never given to another status.
MISSING_CODES: Final[Mapping[AnswerStatus, int]] = {
    AnswerStatus.DONT_KNOW: -1,
    AnswerStatus.REFUSED: -2,
    AnswerStatus.ROLE_BREAK: -3,
    AnswerStatus.THIRD_PERSON: -4,
    AnswerStatus.AMBIGUOUS: -5,
    AnswerStatus.OUT_OF_RANGE: -6,
    AnswerStatus.TOO_MANY: -7,
    AnswerStatus.NO_ANSWER: -8,
    AnswerStatus.TRUNCATED: -9,
    AnswerStatus.ENGINE_ERROR: -10,
    AnswerStatus.NOT_ASKED: -11,
    AnswerStatus.UNJUDGED: -12,
}
MISSING_LABELS: Final[Mapping[int, str]] = {
    -1: "said not to know",
    -2: "refused to answer",
    -3: "fell out of the role",
    -4: "described others",
    -5: "ambiguous",
    -6: "no option that there is",
    -7: "more options than allowed",
    -8: "no answer found",
    -9: "cut off before a choice",
    -10: "call to the model failed",
    -11: "follow-up, not asked",
    -12: "not read by the judge yet",
}
LOWEST: Final = min(MISSING_LABELS)
HIGHEST: Final = max(MISSING_LABELS)


def missing_letter(code: int) -> str:
    """Stata's letter of a code: -1 is a."""
    return chr(ord("a") - 1 - code)
