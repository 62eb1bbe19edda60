"""People in files of SPSS (.sav, .zsav, .por) and Stata (.dta), with the labels that these hold.

Read by pyreadstat, which is installed with the extra `importers` and imported here alone. What the file
declares missing stays what it is, so that "don't know" and "not asked" are told apart; of a .por only
that nothing is there.
"""

import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

from def_sim.errors import ConfigError, SurveyFormatError
from def_sim.surveys.importers.headers import Header
from def_sim.surveys.importers.variables import NOTHING, Value, Variable, value_of, variable

_TAG: Final = re.compile("[a-z]")
# The reader is written in C, and a damaged file can end it with the whole process. Of 3,900 .sav with a few
# changed bytes nine did, all where they say what the variables are; a .zsav did further down.
_READERS: Final = {".sav": "read_sav", ".zsav": "read_sav", ".por": "read_por", ".dta": "read_dta"}
_TRIED_WHOLE: Final = (".zsav", ".por")
_TRIAL: Final = """
import sys, pyreadstat
file = open(0, "rb")
file.seek(0)
is_head = sys.argv[2] == "head"
getattr(pyreadstat, sys.argv[1])(file, output_format="dict", metadataonly=is_head)
"""
_TRIAL_S: Final = 600  # by the clock, for files of up to 4 GB


class StatisticalPeople:
    """A file of SPSS or Stata.

    Args:
        path: Its name, for errors; its ending says which kind it is.
        file: The same, open.

    Raises:
        SurveyFormatError: It is cut or damaged.
        ConfigError: The extra `importers` is not installed.
    """

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.path, self._file = path, file
        self._encoding: str | None = None
        _try_apart(path, file)
        _, about = self._parsed(metadataonly=True)
        if not all(isinstance(name, str) for name in about.column_names):
            raise _damaged(path, "a variable has no name")
        labels = about.column_names_to_labels
        self.headers = tuple(
            Header(place, name, name, labels.get(name) or "") for place, name in enumerate(about.column_names)
        )

    def read(self, columns: Sequence[Header]) -> dict[str, Variable]:
        """Name of a column -> its variable, shape (N,) people."""
        if not columns:
            return {}
        content, about = self._parsed(usecols=[one.written for one in columns])
        if lacking := [one.name for one in columns if one.written not in content]:
            raise _damaged(self.path, f"the variable {lacking[0]!r:.40} is not in it")
        return {one.name: _variable(one, content[one.written], about) for one in columns}

    def value_labels(self) -> dict[str, dict[Value, str]]:
        """Variable -> its values -> what they are; without reading anybody."""
        _, about = self._parsed(metadataonly=True)
        kinds = about.readstat_variable_types
        return {
            name: {_known(v, is_text=kinds.get(name) == "string"): str(label) for v, label in labels.items()}
            for name, labels in about.variable_value_labels.items()
        }

    def _parsed(self, **wanted: Any) -> tuple[Any, Any]:
        try:
            import pyreadstat
        except ImportError:
            raise ConfigError(
                f"{self.path.name}: files of SPSS and Stata are read by pyreadstat, which is not installed.",
                fix='Install it: `pip install -e ".[importers]"`; or export the file as CSV.',
            ) from None
        kind = self.path.suffix.casefold()
        read = getattr(pyreadstat, _READERS[kind])
        more: dict[str, Any] = {"output_format": "dict", "disable_datetime_conversion": True}
        if kind != ".por":  # takes neither
            more |= {"user_missing": True, "encoding": self._encoding}
        self._file.seek(0)
        try:
            found: tuple[Any, Any] = read(self._file, **more, **wanted)
        except (pyreadstat.ReadstatError, UnicodeDecodeError) as error:
            if self._encoding is None and kind != ".por" and _is_of_letters(error):
                self._encoding = "WINDOWS-1252"  # files that do not say in which encoding they are
                return self._parsed(**wanted)
            raise _damaged(self.path, str(error)) from None
        return found


def _try_apart(path: Path, file: BinaryIO) -> None:
    """Reads the file, or what it says of its variables, in another process: does that survive?

    What the reader says of a file is said again, and told, when the file is read here.
    """
    kind = path.suffix.casefold()
    words = [sys.executable, "-I", "-c", _TRIAL, _READERS[kind], "all" if kind in _TRIED_WHOLE else "head"]
    try:
        done = subprocess.run(words, stdin=file, capture_output=True, timeout=_TRIAL_S, check=False)
    except subprocess.TimeoutExpired:
        raise _damaged(path, f"reading it took more than {_TRIAL_S} s") from None
    if done.returncode < 0:
        raise _damaged(path, f"its reader ended by signal {-done.returncode}")


def _damaged(path: Path, what: str) -> SurveyFormatError:
    return SurveyFormatError(
        f"{path.name} is cut or damaged, or not what its ending says ({what}).",
        fix="Download it again, and give it as it is.",
    )


def _is_of_letters(error: Exception) -> bool:
    return isinstance(error, UnicodeDecodeError) or "encoding" in str(error)


def _variable(one: Header, values: Sequence[object], about: Any) -> Variable:
    is_text = about.readstat_variable_types.get(one.written) == "string"
    labels = about.variable_value_labels.get(one.written, {})
    ranges = about.missing_ranges.get(one.written, [])
    return variable(
        one.name,
        values if is_text else map(_untagged, values),
        label=one.label,
        value_labels={_known(value, is_text=is_text): str(label) for value, label in labels.items()},
        missing=_declared(ranges),
    )


def _known(value: object, *, is_text: bool) -> Value:
    return value_of(value if is_text else _untagged(value))


def _untagged(value: object) -> object:
    """Pyreadstat gives Stata's tagged missing `.d` as "d"."""
    return f".{value}" if isinstance(value, str) and _TAG.fullmatch(value) else value


def _declared(ranges: Sequence[Mapping[str, Any]]) -> Callable[[Value], bool]:
    """Whether a value is one that the file declares missing; nothing and tags always are."""
    bounds = [(one["lo"], one["hi"]) for one in ranges]

    def is_missing(value: Value) -> bool:
        if isinstance(value, str):
            return value == NOTHING or (value[0] == "." and _TAG.fullmatch(value[1:]) is not None)
        return any(isinstance(low, int | float) and low <= value <= high for low, high in bounds)

    return is_missing
