"""Journals under a lease: whoever was taken over is told by whom, and whoever lost a file is told which."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from def_sim.answers.storage.held_journals import HeldJournals
from def_sim.answers.storage.journal_writer import LineJournal
from def_sim.answers.storage.lease import Lease
from def_sim.errors import RunInUseError, StoreError
from def_sim.holder import Holder

ELSEWHERE = replace(Holder.this_process(), host="gpu02", machine="00000000", token="beef")


class Place:
    """Two journals of a folder, written under one lease."""

    def __init__(self, folder: Path, opened: ExitStack) -> None:
        self.lease = folder / "a.lease"
        self.paths = [folder / "a.jsonl", folder / "b.jsonl"]
        lease = Lease(self.lease)
        lease.acquire()
        opened.callback(lease.release)
        self.journals = [LineJournal(path) for path in self.paths]
        for journal in self.journals:
            opened.callback(journal.close)
        self.held = HeldJournals(lease, self.journals, opened)

    def take_over(self) -> None:
        """What another machine does after two minutes of our silence: it renames our mark to its own."""
        [mark] = self.lease.iterdir()
        mark.rename(self.lease / ELSEWHERE.file_name)


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def place(tmp_path: Path, opened: ExitStack) -> Place:
    return Place(tmp_path, opened)


def write_in(path: Path) -> None:
    with path.open("ab") as journal:
        journal.write(b"of another\n")


def test_what_lies_where_it_was_written_is_no_loss(place: Place) -> None:
    for journal in place.journals:
        journal.append_line(b"ours\n")
    place.held.make_ready()
    place.held.check()


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (Path.unlink, "was removed"),
        (write_in, "has 11 bytes; 0 were written"),
        (lambda path: path.rename(path.with_suffix(".old")), "was moved to"),
    ],
)
def test_a_file_that_is_not_as_it_was_written_is_told_before_the_next_line_and_stays_told(
    place: Place, harm: Callable[[Path], object], said: str, number: int
) -> None:
    harm(place.paths[number])
    with pytest.raises(StoreError, match=said) as told:
        place.held.make_ready()
    assert not isinstance(told.value, RunInUseError)
    assert told.value.fix.startswith("Move it back" if said == "was moved to" else "Restore the file")
    with pytest.raises(StoreError, match=said):
        place.held.check()


@pytest.mark.parametrize("number", [0, 1])
def test_lines_of_whoever_took_over_are_no_loss(place: Place, number: int) -> None:
    place.take_over()
    write_in(place.paths[number])
    with pytest.raises(RunInUseError, match=r"taken over by .* on gpu02"):
        place.held.make_ready()


def test_what_happens_to_a_file_after_the_last_line_is_noticed_on_closing(
    place: Place, opened: ExitStack
) -> None:
    place.held.check()
    place.paths[0].unlink()
    opened.close()
    with pytest.raises(StoreError, match="was removed"):
        place.held.check()
