"""Repair of journals: lines that are damaged, foreign or doubled are set aside, none is thrown away.

What a trip through Windows or an editor does to a file (a byte order mark, CRLF, a missing last
newline) is undone. First `examine` says what would be done; `apply` does it. It writes the lines
set aside before it takes them out of a journal, and each file whole or not at all, so that it can
be killed anywhere: the same repair again then does the rest. Of a large run the lines of some
respondents at a time are in memory. Which answers are foreign its caller says.
"""

import hashlib
import json
import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from def_sim.answers.storage.answer_lines import decode_line
from def_sim.answers.storage.calls import CallEntry, Calls, call_journals_of, decoded, question_of
from def_sim.answers.storage.disk import disk_errors, replacing
from def_sim.answers.storage.journal import Entry, other_version
from def_sim.answers.storage.mended_lines import Piece, WholeLines, piece_at, pieces
from def_sim.answers.storage.shards import AnswerKey, answer_key, answers_folder, journals_of
from def_sim.answers.storage.store import FindForeign, Foreign
from def_sim.records import Answer


@dataclass(frozen=True, slots=True)
class SetAside:
    """A line that is to leave its journal, and why."""

    path: Path
    number: int  # of the line, from 1
    reason: str
    offset: int  # of its first byte in the journal

    def __str__(self) -> str:
        return f"{self.path}, line {self.number}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Examination:
    """What a repair would do to the journals of a run.

    `journals` are those that would change, with the numbers of the lines that leave them; `notes` say what
    is undone besides, one sentence a journal.
    """

    set_aside: tuple[SetAside, ...]
    journals: Mapping[Path, frozenset[int]]
    notes: tuple[str, ...]
    num_kept: int  # lines that stay


def set_aside_path(folder: Path) -> Path:
    """Where lines lie that were set aside: one JSON object each, with file, line, reason and text."""
    return answers_folder(folder) / "set_aside.jsonl"


def examine(folder: Path, find_foreign: FindForeign) -> Examination:
    """Looks through all journals of a run; changes nothing.

    Args:
        folder: Of the run.
        find_foreign: Gives those of the answers that cannot be of the run; it is asked about all answers and
            calls of some respondents at a time.

    Raises:
        StoreError: A journal cannot be read, or holds lines of another version.
    """
    with disk_errors(answers_folder(folder)):
        call_journals = call_journals_of(folder)
        paths = [*journals_of(folder), *call_journals]
    whole = WholeLines(paths)
    set_aside, notes, undone = [], [], set()
    for path in paths:
        scan = _scan(path, whole)
        set_aside += scan.damaged
        notes += scan.notes
        if scan.is_undone:
            undone.add(path)
    num_damaged = len(set_aside)
    for lines in whole.by_respondents():
        candidates, calls, doubles = _sorted_out(lines, set(call_journals))
        for entry, reason in (*doubles, *_out_of_place(candidates, calls, find_foreign)):
            offset = lines[entry.path, entry.number].offset
            set_aside.append(SetAside(entry.path, entry.number, reason, offset))
    leaving: dict[Path, set[int]] = defaultdict(set)
    for one in set_aside:
        leaving[one.path].add(one.number)
    return Examination(
        tuple(sorted(set_aside, key=lambda one: (one.path, one.number, one.offset))),
        {path: frozenset(leaving[path]) for path in paths if path in undone or path in leaving},
        tuple(notes),
        len(whole) - (len(set_aside) - num_damaged),
    )


@dataclass(frozen=True, slots=True)
class _Scan:
    """What a look at a journal's lines, one by one, has found. `is_undone`: it changes, whoever stays."""

    damaged: list[SetAside]
    notes: list[str]
    is_undone: bool


def _scan(path: Path, whole: WholeLines) -> _Scan:
    """Adds the whole lines of a journal to those of others."""
    damaged: list[SetAside] = []
    num_ends, has_mark, is_open = 0, False, False
    for piece in pieces(path):
        has_mark |= piece.has_mark
        is_open = not piece.raw.endswith(b"\n")
        if piece.is_nothing:
            continue
        reason = piece.damage
        if damaged and damaged[-1].number == piece.number:
            reason = damaged[-1].reason  # the rest of a line that is longer than any
        if reason is not None:
            damaged.append(SetAside(path, piece.number, reason, piece.offset))
        else:
            num_ends += piece.line.endswith(b"\r")
            whole.add(path, piece)
    notes = [f"{path}: a byte order mark is taken away."] if has_mark else []
    if num_ends:
        notes.append(f"{path}: the ends of {num_ends:,} lines, as on Windows, become plain newlines.")
    return _Scan(damaged, notes, is_undone=has_mark or is_open or num_ends > 0)


def _sorted_out(
    lines: Mapping[tuple[Path, int], Piece], call_journals: set[Path]
) -> tuple[dict[AnswerKey, list[Entry]], Calls, list[tuple[CallEntry, str]]]:
    """Answers by their questions, calls by theirs, and the calls that stand elsewhere already."""
    candidates: dict[AnswerKey, list[Entry]] = defaultdict(list)
    calls: dict[AnswerKey, dict[int, CallEntry]] = defaultdict(dict)
    doubles: list[tuple[CallEntry, str]] = []
    for (path, number), piece in lines.items():
        if path not in call_journals:
            entry = Entry(_answer(path, number, piece.mended), path, number)
            candidates[answer_key(entry.answer)].append(entry)
            continue
        found = CallEntry(decoded(piece.mended, path, number), path, number)
        first = calls[question_of(found.call)].setdefault(found.call.call, found)
        if first is not found:
            what = "the same call stands" if first.call == found.call else "another completion of it stands"
            doubles.append((found, f"{what} in {first.path.name}, line {first.number}"))
    return candidates, calls, doubles


def _answer(path: Path, number: int, line: bytes) -> Answer:
    try:
        return decode_line(line)
    except (KeyError, TypeError, ValueError) as error:
        raise other_version(path, number, error) from error


def _out_of_place(
    candidates: Mapping[AnswerKey, list[Entry]], calls: Calls, find_foreign: FindForeign
) -> Iterator[tuple[Entry | CallEntry, str]]:
    """Intact lines that leave: foreign ones, and all but one of those that answer the same question.

    Of several answers to a question the first that fits stays. Where none does, later answers of that
    respondent leave, too: they followed from it.
    """
    left = {key: list(entries) for key, entries in candidates.items()}
    made = {key: dict(of_question) for key, of_question in calls.items()}
    unjudged = {key[0] for key in (*left, *made)}  # respondents
    while foreign := _foreign(left, made, unjudged, find_foreign):
        unjudged = set()
        for entry, why, later in foreign:
            yield entry, why
            if isinstance(entry, CallEntry):
                unjudged.add(entry.call.respondent_id)
                del made[question_of(entry.call)][entry.call.call]
                continue
            key = answer_key(entry.answer)
            unjudged.add(key[0])
            left[key].remove(entry)
            if left[key]:
                continue
            del left[key]
            for one in later:
                reason = f"it was given after line {entry.number} of {entry.path.name}"
                yield from ((double, reason) for double in left.pop(answer_key(one.answer), ()))
    yield from _doubles(left)


def _foreign(
    left: Mapping[AnswerKey, list[Entry]],
    made: Mapping[AnswerKey, Mapping[int, CallEntry]],
    respondents: set[str],
    find_foreign: FindForeign,
) -> list[Foreign]:
    entries = {key: of_question[0] for key, of_question in left.items() if key[0] in respondents}
    calls = {key: of_question for key, of_question in made.items() if of_question and key[0] in respondents}
    return list(find_foreign(entries, calls))


def _doubles(left: Mapping[AnswerKey, list[Entry]]) -> Iterator[tuple[Entry, str]]:
    for first, *doubles in left.values():
        for double in doubles:
            is_same = double.answer == first.answer
            what = "the same answer stands" if is_same else "another answer to its question stands"
            yield double, f"{what} in {first.path.name}, line {first.number}"


def apply(folder: Path, examination: Examination) -> None:
    """Does what `examine` found; only for a process that holds the leases of these journals.

    Raises:
        StoreError: The disk is full or not writable.
    """
    _keep_aside(set_aside_path(folder), examination.set_aside)
    for path, leaving in examination.journals.items():
        with replacing(path) as temporary, temporary.open("wb") as file:
            for piece in pieces(path):
                if piece.number not in leaving and not piece.is_nothing:
                    file.write(piece.mended + b"\n")


def _keep_aside(path: Path, set_aside: Sequence[SetAside]) -> None:
    """Adds lines to those that were set aside before; one that is there already is not added."""
    with disk_errors(path):
        known = {_hash(piece.line) for piece in pieces(path)} if path.is_file() else set()
        new = [one for one in set_aside if _hash(_record(one)) not in known]
        if not new:
            return
        with replacing(path) as temporary, temporary.open("wb") as file:
            if path.is_file():
                with path.open("rb") as before:
                    shutil.copyfileobj(before, file)
            for one in new:
                file.write(_record(one) + b"\n")


def _hash(record: bytes) -> bytes:
    return hashlib.blake2b(record, digest_size=16).digest()


def _record(one: SetAside) -> bytes:
    # Bytes that are no UTF-8 become lone surrogates, written as escapes: nothing of the line is lost.
    piece = piece_at(one.path, one.number, one.offset)
    line = piece.mended if piece.damage is None else piece.line
    text = line.decode("utf-8", errors="surrogateescape")
    record = {"file": one.path.name, "line": one.number, "reason": one.reason, "text": text}
    return json.dumps(record, ensure_ascii=False).encode("utf-8", errors="backslashreplace")
