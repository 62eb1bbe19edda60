"""All shards of a run together: what identifies an answer, its order, and when two sets are the same.

Reads only. Needs no lease: writers may be at work.
"""

import gc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from def_sim.answers.storage.disk import disk_errors
from def_sim.answers.storage.journal import Entry, how_to_repair, read_journal
from def_sim.errors import StoreError
from def_sim.records import Answer

AnswerKey = tuple[str, str, int]  # respondent, item, wording: asked once in a run


def _place(answer: Answer) -> tuple[int, str, str, int, int]:
    """Where an answer stands in order: respondents by their numbers, r100000 after r99999."""
    name = answer.respondent_id
    return len(name), name, answer.item_id, answer.wording, answer.call


def answer_key(answer: Answer) -> AnswerKey:
    """What is answered once in a run: respondent, item and wording."""
    return answer.respondent_id, answer.item_id, answer.wording


def in_order(answers: Iterable[Answer]) -> list[Answer]:
    """Sorted by respondent, item, wording, call."""
    return sorted(answers, key=_place)


def same_answers(first: Iterable[Answer], second: Iterable[Answer]) -> bool:
    """Whether two sets hold the same answers, in whatever order and however long each took."""
    return in_order(first) == in_order(second)


def answers_folder(folder: Path) -> Path:
    """Where the journals and leases of a run lie."""
    return folder / "answers"


def shard_name(shard: int, num_shards: int) -> str:
    """Name of a shard's files without suffix, e.g. `shard-00-of-04`."""
    return f"shard-{shard:02d}-of-{num_shards:02d}"


def journals_of(folder: Path) -> list[Path]:
    """The journals of a run, of however many shards, by name."""
    return sorted(answers_folder(folder).glob("shard-*.jsonl"))


def merge_entries(entries: Iterable[Entry]) -> dict[AnswerKey, Entry]:
    """One answer a key. The same answer twice (two shards overlapped once) is kept once.

    Raises:
        StoreError: Two different answers to one question.
    """
    merged: dict[AnswerKey, Entry] = {}
    for entry in entries:
        earlier = merged.setdefault(answer_key(entry.answer), entry)
        if earlier is not entry:
            refuse_contradiction(earlier, entry)
    return merged


def refuse_contradiction(earlier: Entry, entry: Entry) -> None:
    """Makes sure that two lines about one question hold the same answer.

    Raises:
        StoreError: They do not.
    """
    if earlier.answer != entry.answer:
        raise StoreError(
            f"{earlier.place} and {entry.place} are different answers of {entry.answer.respondent_id} "
            f"to {entry.answer.question_id}.",
            fix=how_to_repair(entry.path),
        )


def answers_of(entries: Mapping[AnswerKey, Entry]) -> dict[AnswerKey, Answer]:
    """The answers alone, without where they stand."""
    return {key: entry.answer for key, entry in entries.items()}


def read_entries(folder: Path) -> dict[AnswerKey, Entry]:
    """All answers of a run, of however many shards, by their keys, with the line each stands in.

    Args:
        folder: The folder of the run. Without journals in it the result is empty.

    Raises:
        StoreError: A line is damaged, or two lines contradict each other.
    """
    with disk_errors(answers_folder(folder)), no_search_for_cycles():
        return merge_entries(entry for path in journals_of(folder) for entry in read_journal(path))


@contextmanager
def no_search_for_cycles() -> Iterator[None]:
    """Keeps the garbage collector from looking through all answers again and again.

    Answers hold no cycles. What else does is given back after the block: one run's analysis at most.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def read_answers(folder: Path) -> list[Answer]:
    """All answers of a run, sorted; every line checked against its checksum.

    A line that a live writer has not finished is left alone.

    Args:
        folder: The folder of the run.

    Raises:
        StoreError: There are no journals, a line is damaged, or two lines contradict each other.
    """
    require_answers(folder)
    return in_order(answers_of(read_entries(folder)).values())


def require_answers(folder: Path) -> None:
    """Makes sure that a folder has journals, or had some.

    Raises:
        StoreError: It has none.
    """
    if not answers_folder(folder).is_dir():
        raise StoreError(
            f"{answers_folder(folder)} does not exist: {folder} holds no answers.",
            fix="Run stage=interview first, or check the path.",
        )
