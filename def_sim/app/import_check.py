"""The check tables of an import: whole as a page and a CSV beside its record, short on the terminal."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from def_sim.app.human_figures import country_names
from def_sim.evaluation.import_checks import ImportCheck, check_csv, check_import
from def_sim.reports.pages.import_check import render_import_check
from def_sim.resources import data_folder, look_up
from def_sim.surveys.importers.contract import Imported
from def_sim.surveys.importers.documents import items_in_words
from def_sim.surveys.item_bank import Item, read_items
from def_sim.surveys.shown_options import with_shown
from def_sim.visible import visible

_MOST_FLAGS: Final = 5  # on the terminal, of a population
_FEW: Final = 3  # populations whose flags are told one by one


def checks_of(imported: Imported, home: Path) -> list[ImportCheck]:
    """One a population.

    Raises:
        SurveyFormatError: The items that the figures belong to are damaged.
    """
    if imported.items is not None:
        items: Sequence[Item] = imported.items.items
    else:
        of_source = read_items(look_up(f"items/{imported.source}.yaml", data_folder(), home)).items
        items = list(with_shown({item.id: item for item in of_source}, imported.shown).values())
    return check_import(imported, items)


def check_files(checks: Sequence[ImportCheck]) -> dict[str, bytes]:
    """Name below the home -> content: `imports/<source>-<population>.html` and `.csv`."""
    return {
        f"imports/{check.source}-{check.population}.{ending}": text.encode()
        for check in checks
        for ending, text in (
            ("html", render_import_check(check, country=_people_of(check))),
            ("csv", check_csv(check)),
        )
    }


def _people_of(check: ImportCheck) -> str:
    return check.people_of or country_names().get(check.population, "")


def check_lines(checks: Sequence[ImportCheck], home: Path) -> list[str]:
    """What to look at first, in a few lines that name the pages in the home."""
    lines = []
    for check in checks:
        page = home / "imports" / f"{check.source}-{check.population}.html"
        num = items_in_words(len(check.items))
        lines.append(
            f"check         {page}: {num}, {check.num_flagged:,} with a flag; compare it with the source"
        )
        lines += _flag_lines(check) if len(checks) <= _FEW else []
    return lines


def _flag_lines(check: ImportCheck) -> list[str]:
    flagged = [one for one in check.items if one.flags]
    lines = [
        f"flag          {one.item.id}: {visible('; '.join(one.flags)):.160}" for one in flagged[:_MOST_FLAGS]
    ]
    more = len(flagged) - _MOST_FLAGS
    return [*lines, f"flags         {more:,} more on that page"] if more > 0 else lines
