"""Audits as they lie in a set's folder: which rows were exported, and what people coded.

`audit.json` is written with the sheets, `codes.json` when they come back; both are sealed. What a row is
stands there alone, so a sheet tells its coder nothing of a verdict.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from def_sim.answers.storage.sealed_json import canonical_json, read_sealed, write_sealed
from def_sim.app.verdict_sets import set_folder
from def_sim.errors import StoreError
from def_sim.judging.audit import AuditRow, CodedAudit
from def_sim.judging.verdict_sets import VerdictSet
from def_sim.judging.verdicts import Value, Verdict

EXPORTED: Final = "audit.json"
CODED: Final = "codes.json"
_AGAIN: Final = "Export the sheets again (stage=audit export=...), and have them coded."


def verdicts_hash(verdicts: Iterable[Verdict]) -> str:
    """SHA-256 of what a set says of which answers."""
    said = [[*_address(v), v.repeat, v.value, v.source, v.missing, v.answer_hash] for v in verdicts]
    return hashlib.sha256(canonical_json(said)).hexdigest()


def store_rows(folder: Path, one: VerdictSet, rows: Sequence[AuditRow]) -> None:
    """Seals which verdict each exported row is."""
    keys = [[row.row, *_address(row.verdict), row.stratum] for row in rows]
    write_sealed(folder / EXPORTED, {"verdicts": verdicts_hash(one.verdicts), "rows": keys})


def read_rows(folder: Path, one: VerdictSet) -> tuple[AuditRow, ...]:
    """The exported rows with their verdicts.

    Args:
        folder: Of the set.
        one: The set as it is.

    Raises:
        StoreError: The file is damaged, or the verdicts are others than at the export.
    """
    path = folder / EXPORTED
    if not path.is_file():
        raise StoreError(f"{path} is missing: nothing was exported.", fix=_AGAIN)
    content = read_sealed(path, fix=_AGAIN)
    if content.get("verdicts") != verdicts_hash(one.verdicts):
        raise StoreError(f"{path}: the verdicts of {one.name} have changed since the export.", fix=_AGAIN)
    by_address = {_address(verdict): verdict for verdict in one.verdicts if verdict.repeat == 0}
    try:
        return tuple(
            AuditRow(row, by_address[respondent, item, wording, question], stratum)
            for row, respondent, item, wording, question, stratum in content["rows"]
        )
    except (KeyError, TypeError, ValueError):
        raise StoreError(f"{path} is damaged: it names rows that are not in the set.", fix=_AGAIN) from None


def store_codes(
    folder: Path, one: VerdictSet, rows: Sequence[AuditRow], coders: Sequence[Mapping[int, Value | None]]
) -> None:
    """Seals what each coder wrote: row and code, None where left empty."""
    written = [[[row, _plain(code)] for row, code in sorted(codes.items())] for codes in coders]
    write_sealed(folder / CODED, {"of": _fingerprint(one, rows), "coders": written})


def is_coded(folder: Path) -> bool:
    """Whether sheets of that set came back."""
    return (folder / CODED).is_file()


def coded_files(folder: Path, sets: Iterable[VerdictSet]) -> list[Path]:
    """The files of all audits that came back, for the mark of a finished run."""
    coded = [path for one in sets if is_coded(path := set_folder(folder, one.name))]
    return [path / name for path in coded for name in (EXPORTED, CODED)]


def _fingerprint(one: VerdictSet, rows: Sequence[AuditRow]) -> str:
    """Names the verdicts, and which of them each row is."""
    said = [verdicts_hash(one.verdicts), *([row.row, *_address(row.verdict)] for row in rows)]
    return hashlib.sha256(canonical_json(said)).hexdigest()


def stored_audits(folder: Path, sets: Iterable[VerdictSet]) -> dict[str, CodedAudit]:
    """Name of a set -> its audit, of those whose sheets came back.

    Args:
        folder: Of the run.
        sets: Of the run.

    Raises:
        StoreError: A file is damaged, or verdicts have changed since.
    """
    return {one.name: audit for one in sets if (audit := _audit_of(folder, one)) is not None}


def _audit_of(folder: Path, one: VerdictSet) -> CodedAudit | None:
    path = set_folder(folder, one.name)
    if not is_coded(path):
        return None
    rows = read_rows(path, one)
    content = read_sealed(path / CODED, fix="Read the coded sheets again: stage=audit import=...")
    known = {row.row for row in rows}
    try:
        coders = tuple({int(row): _value(code) for row, code in codes} for codes in content["coders"])
    except (KeyError, TypeError, ValueError):
        raise StoreError(f"{path / CODED} is damaged: it holds no codes.", fix=_AGAIN) from None
    if content.get("of") != _fingerprint(one, rows) or any(codes.keys() - known for codes in coders):
        raise StoreError(f"{path / CODED}: the codes are not those of this export.", fix=_AGAIN)
    return CodedAudit(one.name, rows, coders)


def _address(verdict: Verdict) -> tuple[str, str, int, str]:
    return verdict.respondent_id, verdict.item_id, verdict.wording, verdict.question


def _plain(code: Value | None) -> Any:
    return list(code) if isinstance(code, tuple) else code


def _value(code: Any) -> Value | None:
    if code is None or isinstance(code, bool):
        return code
    return tuple(int(one) for one in code)
