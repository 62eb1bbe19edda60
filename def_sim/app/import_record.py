"""What an import wrote into a home, and whether another one may take its place.

`imports/<source>.yaml` in the home says which file was imported, how, and what was written. What somebody
wrote or changed by hand, or imported from another file, is replaced only if the user says so.
"""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from def_sim.app.import_changes import changes
from def_sim.errors import ConfigError
from def_sim.yaml_files import read_validated


class ImportRecord(BaseModel):
    """`imports/<source>.yaml`; no date, so that the same import gives the same bytes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    importer: str
    file: str  # its name
    file_sha256: str  # of its bytes, 64 hex digits
    parameters: dict[str, str | int | float | bool | list[str] | None]
    version: str  # of def_sim
    files: dict[str, str]  # name below the home -> SHA-256 of what was written


def record_name(source: str) -> str:
    """Where the record of a source lies, below the home."""
    return f"imports/{source}.yaml"


def digest(content: bytes) -> str:
    """SHA-256, 64 hex digits."""
    return hashlib.sha256(content).hexdigest()


def read_record(home: Path, source: str) -> ImportRecord | None:
    """The record of the last import of a source; None: there was none.

    Raises:
        SurveyFormatError: It is damaged.
    """
    path = home / record_name(source)
    return read_validated(path, ImportRecord) if path.is_file() else None


def check_replaced(
    home: Path, files: Mapping[str, bytes], new: ImportRecord, before: ImportRecord | None
) -> None:
    """Makes sure that an import replaces only what an import of the same file wrote.

    Args:
        home: The user's home.
        files: Name below the home -> content, without the record.
        new: The record of this import.
        before: Of the last one of this source.

    Raises:
        ConfigError: Something else would be replaced; says what changes.
    """
    written = before.files if before is not None else {}
    differing = [name for name in (*files, *dropped(files, before)) if _differs(home, name, files)]
    foreign = [name for name in differing if written.get(name) != digest((home / name).read_bytes())]
    if foreign:
        name = foreign[0]
        what = "was changed since it was imported" if name in written else "is there and was not imported"
        more = f" ({len(foreign) - 1} more like it)" if len(foreign) > 1 else ""
        raise ConfigError(
            f"{home / name} {what}{more}; the import would replace it.",
            fix="Keep a copy and add force=true, or import into another home.",
        )
    if differing and before is not None and not _has_same_origin(before, new):
        raise ConfigError(
            f"{new.file} ({new.importer}) is another file than {before.file} ({before.importer}), which was "
            f"imported before. It would change: {'; '.join(changes(home, files))}.",
            fix="Add force=true to replace the earlier import, or import into another home.",
        )
    if differing and before is not None and (answers := _other_answers(before, new)):
        raise ConfigError(
            f"answers={answers} is another file than that of the earlier import. It would change: "
            f"{'; '.join(changes(home, files))}. Runs that were scored with the earlier figures get other "
            "scores by their next report.",
            fix="Add force=true to replace the earlier figures, or import into another home.",
        )


def dropped(files: Iterable[str], before: ImportRecord | None) -> list[str]:
    """Names of files of the earlier import that are not in the new one."""
    return sorted(set(before.files) - set(files)) if before is not None else []


def _differs(home: Path, name: str, files: Mapping[str, bytes]) -> bool:
    path = home / name
    return path.is_file() and path.read_bytes() != files.get(name)


def _other_answers(before: ImportRecord, new: ImportRecord) -> str:
    """Name of the file of answers if an earlier one had other bytes; "none" if there is none now.

    "" if it is the same, or if there was none so far: the table is only completed then.
    """
    earlier, now = (str(one.parameters.get("answers") or "") for one in (before, new))
    if not earlier or earlier.rpartition(" ")[2] == now.rpartition(" ")[2]:
        return ""
    return now.partition(",")[0] or "none"


def _has_same_origin(before: ImportRecord, new: ImportRecord) -> bool:
    return (before.importer, before.file_sha256) == (new.importer, new.file_sha256)
