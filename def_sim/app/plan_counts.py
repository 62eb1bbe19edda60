"""What a plan counts, and the cards that its estimates are for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Card:
    """A GPU as the estimates see it."""

    name: str
    bytes_per_s: float  # reachable, not printed on the box
    flop_per_s: float
    memory_bytes: float


CARDS = (
    Card("A100 40 GB", 1.35e12, 250e12, 40e9),
    Card("H200", 4.3e12, 790e12, 139 * 2**30),
)


@dataclass(frozen=True, slots=True)
class LargestCall:
    """How large a call can get, in tokens.

    Attributes:
        prompt: The longest.
        context: The most of prompt and answer.
        cache: The most of prompt and answers, one a beam.
    """

    prompt: int
    context: int
    cache: int


@dataclass(frozen=True, slots=True)
class Plan:
    """Counts are exact; tokens and times are estimates."""

    num_respondents: int
    num_questions: int
    num_answers: int
    num_calls: int  # at most
    tokens_in: int
    tokens_out: int
    rows: float  # mean beams a respondent
    largest_call: LargestCall
    tokenizer: str  # how tokens were counted
