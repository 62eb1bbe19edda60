"""The five chapters of a report and what stands in each: parts of the page's own, and the sections.

The list of contents follows from the same chapters, so it cannot name what is not there. Knows no numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from def_sim.reports.pages.contents import Entry
from def_sim.reports.sections.section import Chapter, Section


@dataclass(frozen=True, slots=True)
class Part:
    """What has a title in a chapter: a template of the page's own, or else a section."""

    key: str
    title: str
    template: str = ""  # "": `section` is drawn
    section: Section | None = None


@dataclass(frozen=True, slots=True)
class PageChapter:
    """One chapter, ready to print; without parts nothing is on file yet."""

    chapter: Chapter
    parts: tuple[Part, ...]


_NOTES: Final = Part("notes", "To be read first", "notes.html.jinja")
_TOPICS: Final = Part("topics", "Topic groups", "topics.html.jinja")
_BEFORE: Final[Mapping[Chapter, tuple[Part, ...]]] = {
    Chapter.RESULT: (
        Part("scores", "Scores", "scores.html.jinja"),
        _TOPICS,
    ),
    Chapter.ITEMS: (
        Part("items", "Items", "items.html.jinja"),
        Part("statuses", "How answers ended", "statuses.html.jinja"),
    ),
    Chapter.METHOD: (
        Part("method", "How it was measured", "method.html.jinja"),
        Part("people", "People's figures", "people.html.jinja"),
        Part("settings", "Settings", "settings.html.jinja"),
    ),
}
_AFTER: Final[Mapping[Chapter, tuple[Part, ...]]] = {
    Chapter.ITEMS: (Part("answers", "Single answers", "answers.html.jinja"),),
    Chapter.METHOD: (
        Part("files", "Files and figures", "files.html.jinja"),
        Part("cite", "Cite", "cite.html.jinja"),
    ),
}


def report_chapters(
    sections: Sequence[Section], *, has_notes: bool, has_topics: bool = True
) -> list[PageChapter]:
    """All chapters in the order of the page.

    Args:
        sections: Of the report; within a chapter they keep this order.
        has_notes: Whether something must be read before the numbers.
        has_topics: Whether an item is in a topic group.
    """
    left_out = () if has_topics else (_TOPICS,)
    chapters = (PageChapter(chapter, _parts(chapter, sections, has_notes)) for chapter in Chapter)
    return [
        PageChapter(one.chapter, tuple(part for part in one.parts if part not in left_out))
        for one in chapters
    ]


def _parts(chapter: Chapter, sections: Sequence[Section], has_notes: bool) -> tuple[Part, ...]:
    notes = (_NOTES,) if has_notes and chapter is Chapter.RESULT else ()
    drawn = [Part(one.key, one.title, section=one) for one in sections if one.chapter is chapter]
    return (*notes, *_BEFORE.get(chapter, ()), *drawn, *_AFTER.get(chapter, ()))


def contents_of(chapters: Sequence[PageChapter]) -> list[Entry]:
    """The list of contents: every chapter, below it every part."""
    return [
        Entry(one.chapter.key, one.chapter.value, tuple(Entry(part.key, part.title) for part in one.parts))
        for one in chapters
    ]
