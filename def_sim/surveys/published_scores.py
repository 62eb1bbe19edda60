"""Scores that a study printed, to stand beside ours: `data/published/bravansky2025.csv`. Computes nothing.

They are of GPT-4o as it was then, on the 72 items with two options that all four countries were asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from def_sim.csv_files import read_rows
from def_sim.errors import SurveyFormatError

STUDY_B_FILE: Final = "published/bravansky2025.csv"  # under data/
STUDY_B_SURVEY: Final = "goqa_binary"  # the questionnaire that the scores are of
COLUMNS: Final = ("population", "style", "similarity", "low", "high", "unclassifiable_percent")


@dataclass(frozen=True, slots=True)
class PublishedScore:
    """One country under one style of asking, rounded as printed."""

    similarity: float  # mean over items of 1 - W1/(K-1), in [0, 1]
    low: float  # 95 %, percentiles of means over drawn items
    high: float
    unclassifiable: float  # share of the replies


def read_study_b(data: Path) -> Mapping[tuple[str, str], PublishedScore]:
    """(population, style) -> what Bravansky, Trhlik & Barez 2025 printed.

    Args:
        data: The folder of our data.

    Raises:
        SurveyFormatError: A row is wrong; with file and line.
    """
    path = data / STUDY_B_FILE
    rows = read_rows(path, fix=f"Take {STUDY_B_FILE} from the distribution again.")
    _, header = next(rows, (1, []))
    if tuple(header) != COLUMNS:
        raise _wrong(path, 1, f"expected the columns {', '.join(COLUMNS)}")
    found: dict[tuple[str, str], PublishedScore] = {}
    for line, (population, style, *numbers) in rows:
        if (population, style) in found:
            raise _wrong(path, line, f"{population}, {style} stands there twice")
        found[population, style] = _score(path, line, numbers)
    return found


def _score(path: Path, line: int, numbers: list[str]) -> PublishedScore:
    try:
        value, low, high, percent = map(float, numbers)
    except ValueError:
        raise _wrong(path, line, f"expected four numbers, found {numbers!r:.80}") from None
    if not (0 <= low <= value <= high <= 1 and 0 <= percent <= 100):
        raise _wrong(path, line, "expected 0 <= low <= similarity <= high <= 1 and a percentage")
    return PublishedScore(value, low, high, percent / 100)


def _wrong(path: Path, line: int, what: str) -> SurveyFormatError:
    return SurveyFormatError(
        f"{path.name}, line {line}: {what}.", fix=f"Take {STUDY_B_FILE} from the distribution again."
    )
