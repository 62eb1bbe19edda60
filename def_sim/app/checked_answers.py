"""Stored answers, read for whoever counts, scores or shows them: none of another run is among them.

A report makes the completion mark, and commands after it look at no line for which the mark vouches: so
the report has to look. Which answers can be of a run `belonging` knows.
"""

from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from def_sim.answers.storage.calls import CallEntry, read_calls
from def_sim.answers.storage.division import Division
from def_sim.answers.storage.shards import AnswerKey, answers_of, in_order, read_entries, require_answers
from def_sim.answers.storage.store import Foreign, refuse_foreign
from def_sim.answers.storage.stored_answers import StoredAnswers
from def_sim.app.belonging import are_vouched, foreign_lines
from def_sim.app.run import Run
from def_sim.records import Answer

_AT_ONCE: Final = 64  # respondents whose answers are in memory


def checked_answers(run: Run, folder: Path) -> list[Answer]:
    """All stored answers of a run, sorted; those of a larger panel, too.

    Raises:
        StoreError: There are no journals, or a line is damaged or not of the run.
    """
    require_answers(folder)
    entries = read_entries(folder)  # before the calls: a writer at work stores an answer after its calls
    if not are_vouched(folder):
        refuse_foreign(foreign_lines(run, entries, read_calls(folder)))
    return in_order(answers_of(entries).values())


def check_stored(run: Run, folder: Path, division: Division, stored: StoredAnswers) -> None:
    """Makes sure that the answers of a shard's respondents are of the run, whoever vouches for them.

    Args:
        run: Prepared.
        folder: Of the run.
        division: Whose answers.
        stored: Where they stand; some respondents at a time are read.

    Raises:
        StoreError: A line is damaged or not of the run.
    """
    refuse_foreign(_foreign_of(run, folder, division, stored))


def _foreign_of(run: Run, folder: Path, division: Division, stored: StoredAnswers) -> Iterator[Foreign]:
    calls: dict[str, dict[AnswerKey, dict[int, CallEntry]]] = defaultdict(dict)
    for key, made in read_calls(folder, division).items():
        calls[key[0]][key] = dict(made)
    respondents = iter(stored.respondent_ids)
    while names := list(islice(respondents, _AT_ONCE)):
        of_names = {key: made for name in names for key, made in calls.pop(name, {}).items()}
        yield from foreign_lines(run, stored.entries_of(names), of_names)
    left = {key: made for of_respondent in calls.values() for key, made in of_respondent.items()}
    yield from foreign_lines(run, {}, left)
