"""A journal that somebody removes, moves, replaces or cuts while it is written."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from answer_examples import an_answer
from waiting import comes_true

from def_sim.answers.storage.answer_lines import encode_line
from def_sim.answers.storage.store import AnswerStore, read_answers
from def_sim.errors import RunInUseError, StoreError


def journal(folder: Path) -> Path:
    return folder / "answers" / "shard-00-of-01.jsonl"


def replace_by_a_copy(folder: Path) -> None:
    shutil.copy(journal(folder), folder / "copy")
    (folder / "copy").replace(journal(folder))


def add_a_line(folder: Path) -> None:
    with journal(folder).open("ab") as file:
        file.write(encode_line(an_answer(9)))


# What is done to it, what the message says, and how many of two answers are left.
LOSSES: list[tuple[Callable[[Path], object], str, int]] = [
    (lambda folder: journal(folder).unlink(), "was removed", 0),
    (lambda folder: shutil.rmtree(folder / "answers"), "was removed", 0),
    (shutil.rmtree, "was removed", 0),
    (lambda folder: (folder / "answers").rename(folder / "old"), r"was moved to .*/old/shard-00-of-01", 0),
    (lambda folder: folder.rename(folder.with_name("old")), r"was moved to .*/old/answers/shard-00", 0),
    (replace_by_a_copy, "Another file has taken the place", 2),
    (lambda folder: os.truncate(journal(folder), 600), "has 600 bytes; ", 1),
    (add_a_line, "bytes; ", 3),
]


@pytest.fixture
def store(tmp_path: Path) -> AnswerStore:
    store = AnswerStore(tmp_path / "run")
    for number in range(2):
        store.append(an_answer(number))
    return store


@pytest.mark.parametrize(("lose", "message", "num_left"), LOSSES)
def test_a_lost_journal_is_told_by_the_next_answer_with_what_is_safe(
    store: AnswerStore, lose: Callable[[Path], object], message: str, num_left: int
) -> None:
    lose(store.folder)
    with pytest.raises(StoreError, match=message) as caught:
        store.append(an_answer(2))
    assert f"{num_left} of 2 answers are still in" in caught.value.message
    assert ("and 2 in the moved file" in caught.value.message) is ("moved to" in message)
    assert "the same command" in caught.value.fix
    with pytest.raises(StoreError, match=message):
        store.close()


@pytest.mark.parametrize(("lose", "message", "num_left"), LOSSES)
def test_a_journal_that_is_lost_after_the_last_answer_is_told_at_the_end(
    store: AnswerStore, lose: Callable[[Path], object], message: str, num_left: int
) -> None:
    lose(store.folder)
    with pytest.raises(StoreError, match=message):
        store.close()


def test_a_loss_is_noticed_while_no_answer_comes(store: AnswerStore) -> None:
    journal(store.folder).unlink()

    def is_told() -> bool:
        try:
            store.check()
        except StoreError:
            return True
        return False

    assert comes_true(is_told)
    with pytest.raises(StoreError):
        store.close()


def test_what_another_process_wrote_that_took_the_shard_over_is_no_loss(store: AnswerStore) -> None:
    """Its lines make the journal longer, and it may have given the lease back since."""
    folder = store.folder
    [mark] = (folder / "answers").glob("*.lease/*")
    mark.unlink()
    mark.parent.rmdir()
    add_a_line(folder)
    with pytest.raises(RunInUseError, match="was this process suspended for minutes"):
        store.append(an_answer(3))
    with pytest.raises(RunInUseError):
        store.close()


def test_a_loss_says_more_than_the_interrupt_that_came_with_it(store: AnswerStore) -> None:
    def interrupted() -> None:
        with store:
            journal(store.folder).unlink()
            raise KeyboardInterrupt

    with pytest.raises(StoreError, match="was removed"):
        interrupted()


def test_a_journal_that_nobody_touches_is_no_loss(store: AnswerStore) -> None:
    store.append(an_answer(2))
    store.check()
    store.close()
    assert read_answers(store.folder) == [an_answer(number) for number in range(3)]
