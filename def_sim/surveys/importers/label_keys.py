"""Shipped keys of an institute's labels, for files whose values are labels: no sentence of it is in them.

A variable may have several keys for a code, since releases write labels differently.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from def_sim.csv_files import read_rows
from def_sim.errors import SurveyFormatError
from def_sim.surveys.importers.labels import label_key

COLUMNS: Final = ("variable", "code", "key")
ANY: Final = "*"  # stands for every variable: kinds of missing

Keys = Mapping[tuple[str, str], int]  # variable in lower case, key of a label -> code


def read_keys(path: Path) -> Keys:
    """The keys of one source.

    Raises:
        SurveyFormatError: A row is none of keys; with its line.
    """
    fix = f"Correct {path}."
    rows = read_rows(path, fix=fix)
    _, header = next(rows, (1, []))
    if tuple(header) != COLUMNS:
        raise SurveyFormatError(
            f"{path.name}, line 1: expected the columns {', '.join(COLUMNS)}, found {header!s:.80}.", fix=fix
        )
    keys: dict[tuple[str, str], int] = {}
    for line, (variable, code, key) in rows:
        try:
            keys[variable.casefold(), key] = int(code)
        except ValueError:
            raise SurveyFormatError(
                f"{path.name}, line {line}: code must be a whole number, found {code!r:.40}.", fix=fix
            ) from None
    return keys


def code_by_key(keys: Keys, variable: str, label: str) -> int | None:
    """The code that a label stands for; None: it is not known."""
    key = label_key(label)
    found = keys.get((variable.casefold(), key))
    return keys.get((ANY, key)) if found is None else found
