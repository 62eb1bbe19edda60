"""What the user's home holds beside the wordings of item files: accepted ones, withdrawn ones and drafts."""

from collections.abc import Iterable, Sequence
from itertools import product
from pathlib import Path

from def_sim.app.rephrasing_sheet import PASSED, SheetRow, read_sheet, sheet_path
from def_sim.reports.pages.codebook import CodebookWording
from def_sim.surveys.added_wordings import AddedWording, read_added_wordings

ACCEPTED, WITHDRAWN, DRAFT = "accepted", "withdrawn", "draft, not asked"


def proposed_wordings(
    home: Path | None, sources: Iterable[str], languages: Iterable[str]
) -> dict[tuple[str, str], tuple[CodebookWording, ...]]:
    """Item and language -> its wordings that are no part of the item file, by number.

    Raises:
        SurveyFormatError: A file of accepted wordings or of drafts breaks its format.
    """
    found: dict[tuple[str, str], list[CodebookWording]] = {}
    if home is None:
        return {}
    for source, language in product(sources, languages):
        for item_id, wording in _of_source(home, source, language):
            found.setdefault((item_id, language), []).append(wording)
    return {key: tuple(sorted(ones, key=lambda one: one.number)) for key, ones in found.items()}


def _of_source(home: Path, source: str, language: str) -> list[tuple[str, CodebookWording]]:
    accepted = read_added_wordings(home, source, language).wordings
    taken = {one.id for one in accepted}
    drafts = [row for row in read_sheet(sheet_path(home, source, language)) if row.id not in taken]
    return [*map(_accepted, accepted), *_drafts(drafts)]


def _accepted(one: AddedWording) -> tuple[str, CodebookWording]:
    said = "; ".join(
        f"{review.reviewer}: {'yes' if review.is_same else 'no'}{', ' * bool(review.note)}{review.note}"
        for review in one.reviews
    )
    return one.item, CodebookWording(one.number, one.text, WITHDRAWN if one.withdrawn else ACCEPTED, said)


def _drafts(rows: Sequence[SheetRow]) -> list[tuple[str, CodebookWording]]:
    """A draft once, however many rows its reviewers have."""
    first = {row.id: row for row in reversed(rows)}.values()
    return [(row.item_id, CodebookWording(row.number, row.draft, DRAFT, _remarks(row))) for row in first]


def _remarks(row: SheetRow) -> str:
    rules = "" if row.rules in ("", PASSED) else f"rules: {row.rules}"
    return "; ".join(part for part in (rules, row.check, row.why) if part)
