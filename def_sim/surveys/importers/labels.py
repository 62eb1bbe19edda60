"""From the labels that an export holds in place of codes back to the codes.

By the labels of the file itself, else by those of another file of the same survey (`labels=`). Two labels are
the same if they differ in case, spaces and punctuation only; none is guessed.
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from def_sim.csv_files import read_rows
from def_sim.errors import SurveyFormatError
from def_sim.surveys.importers.files import opened
from def_sim.surveys.importers.statistical_files import StatisticalPeople
from def_sim.surveys.importers.variables import NOTHING, Value, Variable, value_of

COLUMNS: Final = ("variable", "code", "label")
_TAGGED: Final = re.compile(r"\.([a-z])(?![a-z]).*", re.DOTALL)  # NORC's `.d:  label` in files without tags
_KEY_DIGITS: Final = 12


def plain(label: str) -> str:
    """A label without case, spaces and punctuation."""
    return "".join(sign for sign in label.casefold() if sign.isalnum())


def label_key(label: str) -> str:
    """What stands for a label where an institute's sentence may not: 12 hex digits of SHA-256."""
    return hashlib.sha256(plain(label).encode()).hexdigest()[:_KEY_DIGITS]


class Labels:
    """Finds the code behind a value of a file.

    Args:
        path: `labels=`: a CSV of variable, code and label, or an SPSS or Stata file of the survey; None: only
            the file's own labels count.

    Raises:
        SurveyFormatError: It is neither, or breaks its form.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._given = {} if path is None else _read(path)
        self._own: dict[str, Mapping[str, Value]] = {}

    def code_of(self, variable: Variable, raw: Value) -> Value:
        """The number that a value is; a tag such as `.d`; "" for nothing; else the label as it stands."""
        if raw == NOTHING:
            return NOTHING
        if (label := variable.value_labels.get(raw)) is not None:
            tagged = _TAGGED.fullmatch(label.strip())
            return f".{tagged[1]}" if tagged and _is_missing(variable, raw) else raw
        if isinstance(raw, float) or _TAGGED.fullmatch(raw):
            return raw
        for labels in (self._of_file(variable), self._given.get(variable.name.casefold(), {})):
            if (found := labels.get(plain(raw))) is not None:
                return found
        return raw

    def _of_file(self, variable: Variable) -> Mapping[str, Value]:
        if variable.name not in self._own:
            self._own[variable.name] = {plain(label): v for v, label in variable.value_labels.items()}
        return self._own[variable.name]


def _is_missing(variable: Variable, raw: Value) -> bool:
    return variable.missing(raw) or (isinstance(raw, float) and raw < 0)


def _read(path: Path) -> dict[str, dict[str, Value]]:
    """Variable in small letters -> plain label -> code."""
    if path.suffix.casefold() == ".csv":
        return _read_csv(path)
    with opened(path) as file:
        if not isinstance(file, StatisticalPeople):
            raise SurveyFormatError(
                f"labels={path.name}: expected a CSV, or a file of SPSS or Stata, which has labels.",
                fix=f"Give a CSV with the columns {', '.join(COLUMNS)}, or the survey's .sav or .dta.",
            )
        return {
            name.casefold(): {plain(label): value for value, label in labels.items()}
            for name, labels in file.value_labels().items()
        }


def _read_csv(path: Path) -> dict[str, dict[str, Value]]:
    fix = f"Correct {path} there; its columns are {', '.join(COLUMNS)}."
    rows = read_rows(path, fix=fix)
    _, names = next(rows, (1, []))
    if (header := [name.strip().casefold() for name in names]) != list(COLUMNS):
        raise SurveyFormatError(
            f"{path.name}, line 1: expected the columns {', '.join(COLUMNS)}, found {', '.join(header):.80}.",
            fix=fix,
        )
    found: dict[str, dict[str, Value]] = {}
    for line, (name, code, label) in rows:
        of_variable = found.setdefault(name.strip().casefold(), {})
        value = value_of(code)
        if isinstance(value, str) and not _TAGGED.fullmatch(value):
            raise SurveyFormatError(
                f"{path.name}, line {line}: code must be a number or a tag such as .d, found {code!r:.40}.",
                fix=fix,
            )
        if of_variable.setdefault(plain(label), value) != value:
            raise SurveyFormatError(
                f"{path.name}, line {line}: variable {name:.40} has this label for another code, too.",
                fix=fix,
            )
    return found
