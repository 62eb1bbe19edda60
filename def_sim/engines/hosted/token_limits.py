"""What a server means that refuses a request for its limit of tokens: too many, too few, another name.

Servers say it in their own words, and each calls for other advice. Reads words; sends nothing.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

NAMES: Final = ("max_tokens", "max_completion_tokens")
_IS_ABOUT_IT: Final = re.compile(
    r"max_(completion_|new_|output_)?tokens|(completion|output|generated) tokens|num_predict", re.IGNORECASE
)
_CONTEXT: Final = re.compile(r"context|input tokens|in the messages|prompt", re.IGNORECASE)
_TOO_SMALL: Final = re.compile(
    r"higher max|too small|too low|at least|minimum|must be (greater|larger|more)|could not finish|>=",
    re.IGNORECASE,
)
_TOO_LARGE: Final = re.compile(
    r"too (large|high|big|many)|at most|exceed|maximum|less than|no more than|up to|range|lower|<=|≤",
    re.IGNORECASE,
)
_NOT_TAKEN: Final = re.compile(
    r"unsupported|not supported|unknown|unrecogni[sz]ed|unexpected|extra inputs|not permitted|deprecated"
    r"|instead|not allowed",
    re.IGNORECASE,
)
_INSTEAD: Final = re.compile(r"(max_(?:completion_)?tokens)\W{0,3}\s*instead")
_USE: Final = re.compile(r"\b[Uu]se\W+(max_(?:completion_)?tokens)\b")
_NUMBER: Final = r"(?<![\w.-])(\d[\d,]*)(?![\w-])"
_BOUND: Final = re.compile(
    r"(?:at most|maximum\D{0,40}?|up to|no more than|exceed\D{0,20}?|<=|≤|less than or equal to"
    rf"|\[\s*\d+\s*,|between \d+ and|limit (?:of|is))\s*{_NUMBER}",
    re.IGNORECASE,
)
_BELOW: Final = re.compile(rf"(?:less than|below|under|<)\s*{_NUMBER}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LimitRefusal:
    """Why a limit of tokens is refused.

    `most` is the largest that the server takes, `name` the parameter that it wants; None: it does not say.
    """

    kind: Literal["too_large", "too_small", "other_name"]
    most: int | None = None
    name: str | None = None


def limit_refusal(said: str, asked: int) -> LimitRefusal | None:
    """What a refusal means for the limit of tokens; None where it is about something else.

    A limit that is too large beside a long prompt is a matter of the context, not of the limit alone.

    Args:
        said: The server's words.
        asked: The limit that was sent.
    """
    if not _IS_ABOUT_IT.search(said):
        return None
    wanted = _INSTEAD.search(said) or (_NOT_TAKEN.search(said) and _USE.search(said))
    if wanted:
        return LimitRefusal("other_name", name=wanted[1])
    if _TOO_SMALL.search(said):
        return LimitRefusal("too_small")
    if _TOO_LARGE.search(said) and not _CONTEXT.search(said):
        return LimitRefusal("too_large", most=_largest_below(said, asked))
    named = [name for name in NAMES if re.search(rf"\b{name}\b", said)]
    if len(named) == 1 and _NOT_TAKEN.search(said):
        return LimitRefusal("other_name", name=NAMES[1 - NAMES.index(named[0])])
    return None


def _largest_below(said: str, asked: int) -> int | None:
    """The limit that the words name: the largest number there that is smaller than what was asked."""
    bounds = [_whole(number) for number in _BOUND.findall(said)]
    bounds += [_whole(number) - 1 for number in _BELOW.findall(said)]
    named = [number for number in bounds if 0 < number < asked]
    others = [_whole(number) for number in re.findall(_NUMBER, said)]
    return max(named or [number for number in others if 1 < number < asked], default=None)


def _whole(number: str) -> int:
    return int(number.replace(",", "")[:12])
