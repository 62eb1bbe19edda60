"""Which answers of a run are judged: a stratified sample, of which a larger one holds the smaller.

Strata are question type by topic group. Each gets as many places as Sainte-Lague's divisors give it, so the
sample is as mixed as the answers and its rates need no weights; within a stratum the first in keyed order
are taken. Knows no verdict.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from def_sim.judging.rubric import NEVER_JUDGED
from def_sim.randomness import noise_key
from def_sim.records import Answer, Question, RequestKey

Stratum = tuple[str, str]  # question type, topic group


def in_sampling_order(
    answers: Iterable[Answer], questions: Mapping[str, Question], seed: int
) -> list[Answer]:
    """The answers that can be judged, such that the first n are the sample of n, for every n.

    Of a stratum of size S the s-th answer, counted from 0, comes at (2s + 1) / S: the order in which
    Sainte-Lague's method (Webster's) gives out seats. No stratum can be given more places than it has.

    Args:
        answers: Of a run, in any order. Those without a text (not asked, failed calls) are left out.
        questions: Question id -> question, for its type and topic group.
        seed: Of the draw. The order within a stratum depends on it and on the answers' addresses alone.
    """
    by_stratum: dict[Stratum, list[Answer]] = defaultdict(list)
    for answer in answers:
        if answer.status not in NEVER_JUDGED:
            by_stratum[_stratum_of(questions[answer.question_id])].append(answer)
    placed = [
        (Fraction(2 * place + 1, len(members)), -len(members), stratum, answer)
        for stratum, members in by_stratum.items()
        for place, answer in enumerate(sorted(members, key=lambda one: _draw(one, seed)))
    ]
    # Where two strata have an equal claim the larger comes first, then the first by name.
    placed.sort(key=lambda one: one[:3])
    return [answer for *_, answer in placed]


def sampled(order: Sequence[Answer], size: int | None) -> Sequence[Answer]:
    """The sample of that size, out of `in_sampling_order`; None: all."""
    return order if size is None else order[:size]


def _stratum_of(question: Question) -> Stratum:
    return question.type.value, question.dimension.value


def _draw(answer: Answer, seed: int) -> tuple[int, str]:
    """A number at the answer's own address; the address itself decides between equal ones."""
    key = RequestKey(seed, f"{answer.respondent_id}/judged sample", answer.item_id, answer.wording)
    return noise_key(key), str(key)
