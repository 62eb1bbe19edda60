"""Official sentences of a user's codebook: from a table with a row an item to the file that runs read.

Nothing of the kind is shipped. Asked by `wordings=official` (`surveys/official_wordings.py`).
"""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from def_sim.errors import ConfigError, SurveyFormatError
from def_sim.file_hashes import hash_file
from def_sim.names import check_name
from def_sim.resources import data_folder, look_up
from def_sim.surveys.importers.contract import Imported
from def_sim.surveys.importers.documents import items_in_words
from def_sim.surveys.importers.tables import read_table
from def_sim.surveys.item_bank import Item, read_items
from def_sim.surveys.official_wordings import OfficialWordings, official_problem

_NEEDED: Final = ("item", "text")
_LANGUAGE: Final = "language"


class CodebookWordings:
    """Reads a table of sentences.

    Args:
        source: The table: `item` (an id or the institute's variable), `text`, and `language`, else English.
        name: The source of the items.
        home: The user's own folder, which may hold them.
    """

    def __init__(self, source: str, name: str, home: Path | None = None) -> None:
        self.path, self.name = Path(source).expanduser(), check_name(name)
        path = look_up(f"items/{name}.yaml", data_folder(), home)
        if not path.is_file():
            raise ConfigError(
                f"name={name}: there are no items of that source.",
                fix="Give the source of the items, as in `name=wvs7`; import a survey of your own first.",
            )
        self.items = read_items(path).items

    def read(self) -> Imported:
        """The sentences by language.

        Raises:
            SurveyFormatError: A column that is missing, an item that is unknown or there twice, a language
                that it lacks, a sentence that cannot be asked. With the line.
        """
        rows = read_table(self.path, fix=f"Correct {self.path} there: columns item, text and language.")
        line, header = next(rows, (1, []))
        names = [name.strip().casefold() for name in header]
        if missing := [name for name in _NEEDED if names.count(name) != 1]:
            raise self._wrong(line, f"expected one column {missing[0]}, found {', '.join(names)[:80]}")
        by_name = {one.id: one for one in self.items} | {one.variable: one for one in self.items}
        found: dict[str, dict[str, str]] = defaultdict(dict)
        for at, fields in rows:
            given = dict(zip(names, map(str.strip, fields), strict=True))
            item, language = self._item(at, by_name, given)
            if item.id in found[language]:
                raise self._wrong(at, f"{item.id} stands there twice in {language!r}")
            found[language][item.id] = given["text"]
        if not found:
            raise self._wrong(line, "the table has no row")
        return Imported(
            source=self.name,
            items=None,
            populations=(),
            record_as=f"{self.name}.wordings",
            official=tuple(
                OfficialWordings(source=self.name, language=language, wordings=wordings)
                for language, wordings in sorted(found.items())
            ),
            file_sha256=hash_file(self.path),
            summary=tuple(
                f"sentences     of {items_in_words(len(wordings))} in {language!r}, of {len(self.items):,}; "
                f"asked by wordings=official"
                for language, wordings in sorted(found.items())
            ),
            terms=("The sentences are the institute's: mind its terms before you pass them on.",),
        )

    def _item(self, at: int, by_name: Mapping[str, Item], given: Mapping[str, str]) -> tuple[Item, str]:
        """The item of a row and the language of its sentence, which can be asked."""
        item, language = by_name.get(given["item"]), given.get(_LANGUAGE) or "en"
        if item is None:
            raise self._wrong(at, f"{given['item']!r:.60} is no item or variable of {self.name}")
        if language not in item.wordings:
            raise self._wrong(
                at, f"{item.id} is not asked in {language!r:.20}; it has {', '.join(item.wordings)}"
            )
        if problem := official_problem(given["text"], item):
            raise self._wrong(at, f"{item.id}: {problem}")
        return item, language

    def _wrong(self, line: int, what: str) -> SurveyFormatError:
        return SurveyFormatError(
            f"{self.path.name}, line {line}: {what}.", fix=f"Correct {self.path} at line {line}."
        )
