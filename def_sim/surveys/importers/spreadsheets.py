"""People in a workbook: a row a person, the variables' names at the top of the first sheet that is shown."""

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Final

from def_sim.errors import SurveyFormatError
from def_sim.surveys.importers.headers import Header, header
from def_sim.surveys.importers.variables import Variable, variable
from def_sim.surveys.importers.workbooks import people_rows

_FIX: Final = (
    "Put the variables' names into the first row of the first sheet, and a person into each further one."
)


class SpreadsheetPeople:
    """An .xlsx, .xls or .ods with a row a person.

    Args:
        path: Its name, for errors.
        file: The same, open.

    Raises:
        SurveyFormatError: As for `people_rows`; no header.
        ConfigError: The extra `importers` is not installed.
    """

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.path = path
        rows = people_rows(path, file, fix=_FIX)
        _, names = next(rows)
        self._rows = list(rows)
        self.headers = tuple(header(place, str(name)) for place, name in enumerate(names))
        if not self._rows:
            raise SurveyFormatError(f"{path.name}: there is nobody below the names of variables.", fix=_FIX)

    def read(self, columns: Sequence[Header]) -> dict[str, Variable]:
        """Name of a column -> its variable, shape (N,) people."""
        return {
            one.name: variable(one.name, (row[one.place] for _, row in self._rows), label=one.label)
            for one in columns
        }
