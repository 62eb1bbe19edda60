"""GlobalOpinionQA as it is laid out, with invented questions: suffixed keys, defaultdicts, don't knows."""

import csv
import io
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

COLUMNS = ("question", "selections", "options", "source")
CURRENT, OLD = "India (Current national sample)", "India (Old national sample)"
NOT_NATIONAL = "India (Non-national sample)"
CHINA_NOT_NATIONAL = "China (Non-national sample)"


@dataclass
class Opinion:
    """A row."""

    question: str
    options: list[object]
    shares: dict[str, list[float]] = field(default_factory=dict)
    source: str = "GAS"

    @property
    def fields(self) -> list[str]:
        """As the row stands in the file."""
        selections: defaultdict[str, list[float]] = defaultdict(list, self.shares)
        return [self.question, repr(selections), repr(self.options), self.source]


# Any sample of all four countries and two options: binary as published, and under no national rule.
TRADE = Opinion(
    "Is trade a good thing, or a bad one?",
    ["A good thing", "A bad thing"],
    {
        "United States": [0.7, 0.3],
        "Germany": [0.2, 0.8],
        CHINA_NOT_NATIONAL: [0.55, 0.45],
        "Japan": [0.6, 0.4],
        NOT_NATIONAL: [0.9, 0.1],
        OLD: [0.5, 0.5],
    },
)
# National samples everywhere, and two options once don't know is dropped.
LEADER = Opinion(
    'Do you approve of "the leader",\nor do you not?',
    ["Approve", "Disapprove", "DK/Refused"],
    {
        "United States": [0.6, 0.3, 0.1],
        "China": [0.5, 0.25, 0.25],
        CHINA_NOT_NATIONAL: [0.1, 0.8, 0.1],
        "Japan": [0.4, 0.4, 0.2],
        OLD: [0.2, 0.7, 0.1],
        CURRENT: [0.72, 0.18, 0.1],
    },
)
# The same, once the volunteered option is dropped as well.
PARKS = Opinion(
    "Are there enough parks?",
    ["Yes, enough", "Neither (VOL)", "No, too few", "Don't know"],
    {
        "United States": [0.45, 0.15, 0.3, 0.1],
        "China": [0.5, 0.1, 0.3, 0.1],
        "Japan": [0.2, 0.2, 0.5, 0.1],
        CURRENT: [0.25, 0.5, 0.25, 0.0],
    },
)
# Numbers among the options, more than two of them, and the same text as another row.
LADDER = Opinion(
    "Is trade a good thing, or a bad one?",
    ["Not at all", 2.0, 3.0, "Very much"],
    {"United States": [0.1, 0.2, 0.3, 0.4], NOT_NATIONAL: [0.25, 0.25, 0.25, 0.25]},
    "WVS",
)
LEFT_OUT = (
    Opinion("Of Germans alone?", ["Yes", "No"], {"Germany": [0.5, 0.5]}),
    Opinion("Too few answers?", ["Yes", "DK/Refused"], {"Japan": [0.5, 0.5]}),
    Opinion("Your view of {name}?", ["Good", "Bad"], {"Japan": [0.5, 0.5]}),
    Opinion("", ["Good", "Bad"], {"Japan": [0.5, 0.5]}),
    Opinion("Twice the same?", ["Good", "good"], {"Japan": [0.5, 0.5]}),
    Opinion("Nobody at all?", ["Good", "Bad", "No answer"], {"Japan": [0.0, 0.0, 1.0]}),
)
OPINIONS = (TRADE, LEADER, PARKS, LADDER, *LEFT_OUT)


def opinion_text(rows: Sequence[Opinion | Sequence[str]] = OPINIONS, columns: Sequence[str] = COLUMNS) -> str:
    """The file's text; a row may be given as its fields."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(row.fields if isinstance(row, Opinion) else row for row in rows)
    return out.getvalue()


def write_opinions(path: Path, rows: Sequence[Opinion | Sequence[str]] = OPINIONS) -> Path:
    """The file with these rows."""
    path.write_text(opinion_text(rows), encoding="utf-8", newline="")
    return path
