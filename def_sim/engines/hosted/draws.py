"""How many different things a server can say, judged by a few draws. Knows no server."""

from collections import Counter
from collections.abc import Sequence


def estimated_richness(draws: Sequence[str]) -> float:
    """How many different outcomes there are, those not drawn included.

    The bias-corrected estimator of Chao (1984), `S + f1 (f1 - 1) / (2 (f2 + 1))`: S different outcomes
    were drawn, f1 of them once and f2 twice. It is a lower bound in expectation. 64 draws from 40 tokens
    of any shares give about 40 at most; the same number from a whole vocabulary gives hundreds.

    Args:
        draws: Independent draws from one distribution.

    Source: A. Chao, Nonparametric estimation of the number of classes in a population, Scandinavian
    Journal of Statistics 11 (1984); the corrected form is that of Chao (2005).
    """
    times = Counter(Counter(draws).values())
    num_different = sum(times.values())
    return num_different + times[1] * (times[1] - 1) / (2 * (times[2] + 1))
