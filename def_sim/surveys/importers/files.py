"""A file with a row a person, of whatever kind: which variables it has, and those that are needed.

Kinds go by the ending; any of them may lie alone in a .zip. Nothing of it is kept on the disk.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from def_sim.errors import SurveyFormatError
from def_sim.surveys.importers.archives import MOST_BYTES, only_file
from def_sim.surveys.importers.delimited_people import DelimitedPeople
from def_sim.surveys.importers.headers import Header, find
from def_sim.surveys.importers.spreadsheets import SpreadsheetPeople
from def_sim.surveys.importers.statistical_files import StatisticalPeople
from def_sim.surveys.importers.variables import Variable


class PeopleFile(Protocol):
    """What every kind of file offers."""

    path: Path
    headers: tuple[Header, ...]

    def read(self, columns: Sequence[Header]) -> dict[str, Variable]:
        """Name of a column -> its variable."""
        ...


KINDS: Final[Mapping[str, Callable[[Path, BinaryIO], PeopleFile]]] = {
    **dict.fromkeys((".csv", ".tsv", ".txt"), DelimitedPeople),
    **dict.fromkeys((".xlsx", ".xls", ".ods"), SpreadsheetPeople),
    **dict.fromkeys((".sav", ".zsav", ".por", ".dta"), StatisticalPeople),
}
_BESIDE: Final = (".rdata", ".rda", ".rds", ".sas7bdat")  # could run code, or are not read everywhere


@contextmanager
def opened(path: Path) -> Iterator[PeopleFile]:
    """The file, to be read within the `with`.

    Raises:
        SurveyFormatError: No such file, too large, of a kind that is not read, cut or damaged.
        ConfigError: Its kind needs the extra `importers`, which is not installed.
    """
    if not path.is_file():
        what = "is a folder or a device, not a file" if path.exists() else "does not exist"
        raise SurveyFormatError(f"{path} {what}.", fix="Check the name of the file.")
    _check_kind(path)
    if path.suffix.casefold() == ".zip":
        with only_file(path, tuple(KINDS)) as (name, file):
            yield _people(path.with_name(name), file)
        return
    if (size := path.stat().st_size) > MOST_BYTES:
        raise SurveyFormatError(
            f"{path.name} has {size / 2**30:.1f} GB; the most is {MOST_BYTES / 2**30:g} GB.",
            fix="Check that it is the file that you mean; take out what is not needed.",
        )
    with path.open("rb") as file:
        yield _people(path, file)


def read_variables(file: PeopleFile, wanted: Iterable[str]) -> dict[str, Variable]:
    """Wanted name -> its variable; variables that the file does not have are left out.

    Raises:
        SurveyFormatError: As for `find`, and as the kind of file has it.
    """
    columns = find(file.path, file.headers, wanted)
    read = file.read(list({one.place: one for one in columns.values()}.values()))
    return {name: read[one.name] for name, one in columns.items()}


def _check_kind(path: Path) -> None:
    ending = path.suffix.casefold()
    if ending in _BESIDE:
        raise SurveyFormatError(
            f"{path.name}: {ending} is not read, since such files can hold more than data.",
            fix="Take the .sav, .dta or .csv that institutes put beside it, or export one of them.",
        )
    if ending not in (".zip", *KINDS):
        raise SurveyFormatError(
            f"{path.name}: expected a file that ends in {', '.join(KINDS)} or .zip, "
            f"found {ending or 'no ending'!r:.20}.",
            fix="Export it as CSV, SPSS or Stata file.",
        )


def _people(path: Path, file: BinaryIO) -> PeopleFile:
    return KINDS[path.suffix.casefold()](path, file)
