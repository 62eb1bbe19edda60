"""What a soak's step did to answers and numbers, held against the same stage left alone."""

import contextlib
import io
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from soak_faults import CODES, Fault, Interruption
from soak_stages import OF_THE_MOMENT, Ended, journals, whole_lines

from def_sim.answers.storage.calls import question_of, read_call_journal
from def_sim.answers.storage.journal import read_journal
from def_sim.answers.storage.shards import answer_key, read_answers, same_answers
from def_sim.app.main import main as def_sim_main
from def_sim.judging.verdict_journal import read_placed, read_verdict_sets

ACCOUNTS: Final = "spending"  # what was asked, paid and lost is in them, as it has to be
_TRACEBACK: Final = re.compile(r"^Traceback \(most recent call last\)|^Exception ignored ", re.MULTILINE)


@dataclass
class Tally:
    """What came of one kind of fault."""

    times: int = 0
    too_late: int = 0  # the command had ended before
    answers_lost: int = 0
    numbers_changed: int = 0  # files that hold others than without the fault
    asked_twice: int = 0
    tracebacks: int = 0
    files_left: int = 0
    other: int = 0  # wrong exit codes, and what stage=verify finds


@dataclass
class Outcome:
    """What came of one step: counts by fault, and in words what is wrong."""

    tallies: dict[Fault, Tally] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def of(self, fault: Fault) -> Tally:
        """The counts of a fault."""
        return self.tallies.setdefault(fault, Tally())

    def add_interruption(self, what: Interruption, ended: Ended) -> None:
        """Notes how an interrupted command ended."""
        tally = self.of(what.fault)
        tally.times += 1
        tally.too_late += ended.code == 0
        if ended.code not in CODES[what.fault]:
            tally.other += 1
            self.problems.append(f"{what}: exit code {ended.code}\n{ended.output}")
        self._look_for_traceback(tally, str(what), ended)

    def add_end(self, fault: Fault, ended: Ended) -> None:
        """Notes how the last, uninterrupted command ended."""
        if ended.code != 0:
            self.of(fault).other += 1
            self.problems.append(f"left alone at last: exit code {ended.code}\n{ended.output}")
        self._look_for_traceback(self.of(fault), "left alone at last", ended)

    def _look_for_traceback(self, tally: Tally, when: str, ended: Ended) -> None:
        if _TRACEBACK.search(ended.output):
            tally.tracebacks += 1
            self.problems.append(f"{when}: a traceback\n{ended.output}")

    def add_stored(self, fault: Fault, stored: Iterable[bytes], folder: Path) -> None:
        """Compares the answers that were stored when a fault struck with those that are there at the end."""
        lost = set(stored) - set(whole_lines(folder))
        self.of(fault).answers_lost += len(lost)
        self.problems += [f"lost after {fault}: {line!r:.200}" for line in lost]

    def add_asked(self, fault: Fault, num_asked: int, num_missing: int) -> None:
        """Compares what the server was asked after a fault with the replies that were not on the disk."""
        if num_asked > num_missing:
            self.of(fault).asked_twice += num_asked - num_missing
            self.problems.append(f"asked for {num_asked} replies, {num_missing} were missing")

    def add_folder(self, fault: Fault, folder: Path, reference: Path) -> None:
        """Compares the folder at the end with the undisturbed one."""
        tally = self.of(fault)
        lists = (
            ("numbers_changed", list(changed_files(folder, reference))),
            ("asked_twice", list(asked_twice(folder))),
            ("files_left", list(files_left(folder))),
            ("other", list(not_verified(folder))),
        )
        for name, problems in lists:
            setattr(tally, name, getattr(tally, name) + len(problems))
            self.problems += [f"{name.replace('_', ' ')}: {problem}" for problem in problems]


def _files(folder: Path) -> dict[str, Path]:
    """All files that are no traces of a writer, by their paths within the folder."""
    found = (Path(place, name) for place, _, names in os.walk(folder) for name in names)
    inner = {path.relative_to(folder).as_posix(): path for path in found}
    return {name: path for name, path in inner.items() if not _is_trace(name)}


def _is_trace(name: str) -> bool:
    return any(part.startswith(".") or part.endswith(".lease") for part in name.split("/"))


def changed_files(folder: Path, reference: Path) -> Iterator[str]:
    """Files that are missing, too many or other than in the reference, where other means other numbers."""
    found, expected = (
        {name: path for name, path in _files(one).items() if path.parent.name != ACCOUNTS}
        for one in (folder, reference)
    )
    yield from sorted(found.keys() ^ expected.keys())
    for name in sorted(found.keys() & expected.keys()):
        path, other = found[name], expected[name]
        if path.suffix == ".jsonl":
            if not _are_same_lines(path, other):
                yield name
        elif not any(map(path.match, OF_THE_MOMENT)) and path.read_bytes() != other.read_bytes():
            yield name


def _are_same_lines(path: Path, other: Path) -> bool:
    """Whether two journals say the same, in whatever order and at whatever time."""
    run, other_run = path.parents[1], other.parents[1]
    if run.name == "verdicts":
        first, second = (read_verdict_sets(one.parent) for one in (run, other_run))
        return [one.verdicts for one in first] == [one.verdicts for one in second]
    if _holds_calls(path):
        return _texts_of_calls(path) == _texts_of_calls(other)
    return same_answers(read_answers(run), read_answers(other_run))


def _holds_calls(path: Path) -> bool:
    return path.name.startswith("calls-")


def _texts_of_calls(path: Path) -> dict[object, tuple[str, str]]:
    calls = (entry.call for entry in read_call_journal(path))
    return {(question_of(one), one.call): (one.prompt_hash, one.completion.text) for one in calls}


def asked_twice(folder: Path) -> Iterator[str]:
    """Questions and calls that have more than one line, once for each line too many."""
    for path in journals(folder):
        if path.parents[1].name == "verdicts":
            continue  # the server counts what a judge is asked
        lines: Counter[object]
        if _holds_calls(path):
            lines = Counter((question_of(one.call), one.call.call) for one in read_call_journal(path))
        else:
            lines = Counter(answer_key(entry.answer) for entry in read_journal(path))
        yield from (f"{path.name}: {key}" for key, count in lines.items() for _ in range(count - 1))


def num_replies(folder: Path) -> int:
    """Replies of the server that are stored: of a strategy's calls, and of judges."""
    calls = sum(1 for path in journals(folder) if _holds_calls(path) for _ in read_call_journal(path))
    sets = {path.parent for path in journals(folder) if path.parents[1].name == "verdicts"}
    placed = (one for of_set in sets for one in read_placed(of_set).values())
    return calls + sum(len(one.stored.completions) for one in placed)


def files_left(folder: Path) -> Iterator[str]:
    """What writers made for the time of their work and nobody took away."""
    for place, folders, names in os.walk(folder):
        inner = (Path(place, name).relative_to(folder).as_posix() for name in (*folders, *names))
        yield from (name for name in inner if _is_trace(name))


def not_verified(folder: Path) -> Iterator[str]:
    """Complete runs that stage=verify objects to, with its words."""
    for mark in sorted(folder.glob("outputs/**/complete.json")):
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = def_sim_main(["stage=verify", f"run_folder={mark.parent}"])
        if code != 0:
            yield f"stage=verify ends with {code}: {said.getvalue()}"
