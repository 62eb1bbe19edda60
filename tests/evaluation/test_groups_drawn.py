"""Groups of respondents drawn again in place of respondents: standard errors as large, intervals that cover.

At the size of a large run, 2,000 respondents x 600 items, with coverage: of 20 topic groups in each of 30
panels. And of a few items, too few to say how often an interval holds the truth.
"""

from argparse import Namespace
from typing import Any

import pytest
from scripts_loaded import script

pytestmark = pytest.mark.slow

# Where the model answers like people, intervals are rather too wide, by respondents and by groups alike; and
# drawing groups again adds to the spread of scores that are squares of small differences.
LIKE_PEOPLE = "people"


def compared(world: str, *, items: int, repetitions: int, topic_groups: int) -> dict[str, Any]:
    """Of each metric, what the script found; printed for docs/concepts/intervals.md."""
    options = Namespace(seed=1, draws=400, items=items, repetitions=repetitions, topic_groups=topic_groups)
    found: dict[str, Any] = script("simulate_groups_drawn").compare(world, options)
    for metric, of_metric in found.items():
        print(world, metric, of_metric)
    return found


def test_groups_vary_as_their_respondents_do() -> None:
    for found in compared("typical", items=20, repetitions=3, topic_groups=1).values():
        assert found.of_items == pytest.approx(1, abs=0.05)
        assert found.of_means_left_out == pytest.approx(1, abs=0.05)


@pytest.mark.full
@pytest.mark.parametrize("world", [LIKE_PEOPLE, "typical", "peaked"])
def test_groups_stand_in_for_the_respondents_of_a_large_run(world: str) -> None:
    for found in compared(world, items=600, repetitions=30, topic_groups=20).values():
        assert found.of_items == pytest.approx(1, abs=0.05)
        assert found.of_means_left_out == pytest.approx(1, abs=0.05)
        assert found.of_means == pytest.approx(1, abs=0.1 if world == LIKE_PEOPLE else 0.05)
        assert found.by_groups == pytest.approx(found.by_respondents, abs=0.015)
        assert 0.93 <= found.by_groups <= (1 if world == LIKE_PEOPLE else 0.97)
