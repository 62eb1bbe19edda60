"""Repair of journals: lines that are damaged, foreign or doubled are set aside, none is thrown away.

What a trip through Windows or an editor does to a file (a byte order mark, CRLF, a missing last
newline) is undone. First `examine` says what would be done; `apply` does it. It writes the lines
set aside before it takes them out of a journal, and each file whole or not at all, so that it can
be killed anywhere: the same repair again then does the rest.
Which answers are foreign its caller says.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from def_sim.answers.storage.answer_lines import decode_line, is_intact
from def_sim.answers.storage.calls import CallEntry, Calls, call_journals_of, decoded, question_of
from def_sim.answers.storage.disk import disk_errors, write_whole
from def_sim.answers.storage.journal import Entry, other_version
from def_sim.answers.storage.shards import AnswerKey, answer_key, answers_folder, journals_of
from def_sim.answers.storage.store import FindForeign, Foreign
from def_sim.records import Answer

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class SetAside:
    """A line that is to leave its journal, and why."""

    path: Path
    number: int  # of the line, from 1
    reason: str
    line: bytes  # as it stands there, without its newline

    def __str__(self) -> str:
        return f"{self.path}, line {self.number}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Examination:
    """What a repair would do to the journals of a run.

    `journals` are those that would change, with their new content; `notes` say what is undone
    besides, one sentence a journal.
    """

    set_aside: tuple[SetAside, ...]
    journals: Mapping[Path, bytes]
    notes: tuple[str, ...]
    num_kept: int  # lines that stay


def set_aside_path(folder: Path) -> Path:
    """Where lines lie that were set aside: one JSON object each, with file, line, reason and text."""
    return answers_folder(folder) / "set_aside.jsonl"


def examine(folder: Path, find_foreign: FindForeign) -> Examination:
    """Looks through all journals of a run; changes nothing.

    Args:
        folder: Of the run.
        find_foreign: Gives those of the answers that cannot be of the run.

    Raises:
        StoreError: A journal cannot be read, or holds lines of another version.
    """
    with disk_errors(answers_folder(folder)):
        paths = [*journals_of(folder), *call_journals_of(folder)]
        contents = {path: path.read_bytes() for path in paths}
    set_aside: list[SetAside] = []
    lines: dict[tuple[Path, int], bytes] = {}
    for path, content in contents.items():
        for number, line in enumerate(_lines(content), 1):
            if (reason := _damage(line)) is not None:
                set_aside.append(SetAside(path, number, reason, line))
            else:
                lines[path, number] = line.removesuffix(b"\r")
    candidates, calls, doubles = _sorted_out(lines, set(call_journals_of(folder)))
    for entry, reason in (*doubles, *_out_of_place(candidates, calls, find_foreign)):
        set_aside.append(SetAside(entry.path, entry.number, reason, lines.pop((entry.path, entry.number))))
    kept: dict[Path, list[bytes]] = {path: [] for path in contents}
    for (path, _), line in lines.items():
        kept[path].append(line + b"\n")
    wanted = {path: b"".join(of_path) for path, of_path in kept.items()}
    return Examination(
        tuple(sorted(set_aside, key=lambda one: (one.path, one.number))),
        {path: content for path, content in wanted.items() if content != contents[path]},
        tuple(_notes(contents)),
        len(lines),
    )


def _sorted_out(
    lines: Mapping[tuple[Path, int], bytes], call_journals: set[Path]
) -> tuple[dict[AnswerKey, list[Entry]], Calls, list[tuple[CallEntry, str]]]:
    """Answers by their questions, calls by theirs, and the calls that stand elsewhere already."""
    candidates: dict[AnswerKey, list[Entry]] = defaultdict(list)
    calls: dict[AnswerKey, dict[int, CallEntry]] = defaultdict(dict)
    doubles: list[tuple[CallEntry, str]] = []
    for (path, number), line in lines.items():
        if path not in call_journals:
            entry = Entry(_answer(path, number, line), path, number)
            candidates[answer_key(entry.answer)].append(entry)
            continue
        found = CallEntry(decoded(line, path, number), path, number)
        first = calls[question_of(found.call)].setdefault(found.call.call, found)
        if first is not found:
            what = "the same call stands" if first.call == found.call else "another completion of it stands"
            doubles.append((found, f"{what} in {first.path.name}, line {first.number}"))
    return candidates, calls, doubles


def _lines(content: bytes) -> Iterator[bytes]:
    """The lines without their newlines, and without what an editor put before the first."""
    lines = content.removeprefix(_BYTE_ORDER_MARK).split(b"\n")
    yield from lines if lines[-1] else lines[:-1]


def _notes(contents: Mapping[Path, bytes]) -> Iterator[str]:
    for path, content in contents.items():
        if content.startswith(_BYTE_ORDER_MARK):
            yield f"{path}: a byte order mark is taken away."
        if num := sum(line.endswith(b"\r") and _damage(line) is None for line in _lines(content)):
            yield f"{path}: the ends of {num:,} lines, as on Windows, become plain newlines."


def _damage(line: bytes) -> str | None:
    """What is wrong with a line, if anything is that cannot be undone."""
    if is_intact(line.removesuffix(b"\r")):
        return None
    return "its checksum does not fit" if line.strip() else "it is empty"


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
    for path, content in examination.journals.items():
        write_whole(path, content)


def _keep_aside(path: Path, set_aside: Sequence[SetAside]) -> None:
    """Adds lines to those that were set aside before; one that is there already is not added."""
    with disk_errors(path):
        before = path.read_bytes() if path.is_file() else b""
    known = set(before.splitlines())
    new = [record for record in map(_record, set_aside) if record not in known]
    if new:
        write_whole(path, before + b"".join(record + b"\n" for record in new))


def _record(one: SetAside) -> bytes:
    # Bytes that are no UTF-8 become lone surrogates, written as escapes: nothing of the line is lost.
    text = one.line.decode("utf-8", errors="surrogateescape")
    record = {"file": one.path.name, "line": one.number, "reason": one.reason, "text": text}
    return json.dumps(record, ensure_ascii=False).encode("utf-8", errors="backslashreplace")
