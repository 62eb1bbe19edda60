"""One section of the report: what it shows, what it does not, and its drawings.

A new one is a function that returns a `Section`, entered in `drawn_sections.py`; its place in a chapter of
the page, contents and figure files follow from it. Its numbers are computed in `def_sim/evaluation`. Knows
no measure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from markupsafe import Markup

from def_sim.reports.figures.figure import Figure


class Chapter(Enum):
    """Where on the page a section stands; in the order of the page, each value is the title."""

    RESULT = "Result"
    ITEMS = "Items and answers"
    VARIETY = "Variety and consistency"
    GROUPS = "Countries and groups"
    METHOD = "Method and data"

    @property
    def key(self) -> str:
        """Its address on the page."""
        return f"chapter-{self.name.lower()}"


@dataclass(frozen=True, slots=True)
class Section:
    """One measure, ready to print.

    `key` is its address on the page and begins the names of its figure files. `body` is escaped
    HTML. `figures` are the drawings in it that are also written as files.
    """

    key: str
    title: str
    chapter: Chapter
    shows: str  # one sentence
    hides: str  # one sentence
    body: Markup
    figures: tuple[Figure, ...] = ()


def check_sections(sections: Sequence[Section]) -> None:
    """Every key is there once, and every section says what it does not show.

    Raises:
        ValueError: Two sections of one key, or an empty sentence.
    """
    keys = [section.key for section in sections]
    if len(set(keys)) < len(keys):
        raise ValueError(f"Sections need keys of their own, found {keys}.")
    for section in sections:
        if not (section.shows.endswith(".") and section.hides.endswith(".")):
            raise ValueError(
                f"Section {section.key!r} needs a sentence of what it shows, and one of what not."
            )
