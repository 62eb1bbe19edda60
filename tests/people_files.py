"""The same made people as files of every kind, as the programs of institutes write them."""

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pyreadstat
from workbook_files import write_workbook

Cell = float | str | None  # None: system-missing; ".d": Stata's tagged missing


@dataclass(frozen=True)
class People:
    """Variables by name, a value a person, and what the file says of them."""

    columns: Mapping[str, Sequence[Cell]]
    value_labels: Mapping[str, Mapping[float | str, str]] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


def write_people(path: Path, people: People, *, as_labels: bool = False) -> Path:
    """A file of the kind that its ending says; tags become what that kind has for them."""
    kind = path.suffix.removeprefix(".")
    if kind in ("csv", "tsv"):
        path.write_text(
            _text(people, "," if kind == "csv" else "\t", as_labels), encoding="utf-8", newline=""
        )
    elif kind == "xlsx":
        write_workbook(path, _rows(people, as_labels))
    elif kind == "dta":
        _write_dta(path, people)
    else:
        _write_spss(path, people)
    return path


def zipped(path: Path, *more: Path) -> Path:
    """Files in an archive beside the first one."""
    archive = path.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for one in (path, *more):
            packed.write(one, f"data/{one.name}")
    return archive


def _rows(people: People, as_labels: bool) -> tuple[tuple[float | str, ...], ...]:
    columns = [
        ["" if value is None else _shown(people, name, value, as_labels) for value in values]
        for name, values in people.columns.items()
    ]
    return (tuple(people.columns), *zip(*columns, strict=True))


def _shown(people: People, name: str, value: float | str, as_labels: bool) -> float | str:
    labels = people.value_labels.get(name, {})
    return labels.get(value, value) if as_labels else value


def _text(people: People, delimiter: str, as_labels: bool) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows(_rows(people, as_labels))
    return out.getvalue()


def _frame(people: People) -> pd.DataFrame:
    return pd.DataFrame(
        {name: pd.Series(list(values), dtype=object) for name, values in people.columns.items()}
    )


def _write_dta(path: Path, people: People) -> None:
    columns = {
        name: [value.removeprefix(".") if _is_tag(value) else value for value in values]
        for name, values in people.columns.items()
    }
    labels = {
        name: {
            str(value).removeprefix(".") if _is_tag(value) else int(value): label
            for value, label in of.items()
        }
        for name, of in people.value_labels.items()
    }
    tags = {
        name: sorted({str(value).removeprefix(".") for value in values if _is_tag(value)})
        for name, values in people.columns.items()
    }
    pyreadstat.write_dta(
        _frame(People(columns)),
        path,
        variable_value_labels=labels,
        column_labels=dict(people.labels),
        missing_user_values={name: letters for name, letters in tags.items() if letters},
        version=15,
    )


def _is_tag(value: object) -> bool:
    return isinstance(value, str) and len(value) == 2 and value[0] == "."


def _write_spss(path: Path, people: People) -> None:
    """Tags become negative codes that are declared missing, with the tag in their label, as NORC does."""
    code = {".i": -100, ".n": -99, ".d": -98, ".s": -97, ".r": -90}
    columns = {
        name: [code[str(value)] if _is_tag(value) else value for value in values]
        for name, values in people.columns.items()
    }
    labels = {
        name: {
            (code[str(value)] if _is_tag(value) else value): f"{value}:  {label}" if _is_tag(value) else label
            for value, label in of.items()
        }
        for name, of in people.value_labels.items()
    }
    is_numeric = {name: not any(isinstance(v, str) for v in values) for name, values in columns.items()}
    frame = pd.DataFrame(
        {n: pd.Series(list(v), dtype="float64" if is_numeric[n] else object) for n, v in columns.items()}
    )
    if path.suffix == ".por":
        pyreadstat.write_por(frame, path, column_labels=dict(people.labels))
        return
    pyreadstat.write_sav(
        frame,
        path,
        variable_value_labels=labels,
        column_labels=dict(people.labels),
        missing_ranges={name: [{"lo": -100, "hi": -90}] for name in labels if is_numeric[name]},
        compress=path.suffix == ".zsav",
    )
