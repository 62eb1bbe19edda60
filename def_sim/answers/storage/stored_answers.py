"""Where each stored answer stands, and a little of what it says: a table of places instead of the answers.

An answer is read from its journal when somebody asks for it. A run of millions so takes some hundred
bytes of memory an answer, whatever was written. Knows whose answers are wanted; not what they mean.
"""

from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from def_sim.answers.storage.disk import disk_errors
from def_sim.answers.storage.division import EVERYONE, Division
from def_sim.answers.storage.journal import (
    Entry,
    Line,
    how_to_repair,
    number_of_line,
    read_lines,
    read_placed,
)
from def_sim.answers.storage.shards import (
    AnswerKey,
    answer_key,
    answers_folder,
    journals_of,
    refuse_contradiction,
)
from def_sim.errors import StoreError
from def_sim.records import Answer, AnswerStatus

_STATUSES: Final = tuple(AnswerStatus)
_NUMBER_OF: Final = {status: number for number, status in enumerate(_STATUSES)}


class Glance(NamedTuple):
    """What is known of an answer without reading it again."""

    status: AnswerStatus
    num_prompt_tokens: int
    num_generated_tokens: int


class StoredAnswers(Mapping[AnswerKey, Entry]):
    """The answers of one shard's respondents, by (respondent, item, wording), read one by one.

    Iterating goes by respondents in the order in which they first answered.
    """

    def __init__(self) -> None:
        self._places: dict[str, dict[tuple[str, int], int]] = {}
        self._questions: dict[tuple[str, int], tuple[str, int]] = {}  # one object for all respondents
        self._paths: list[Path] = []
        # One element an answer: a row of Python objects would take several times as much.
        self._journals, self._numbers, self._offsets = array("i"), array("q"), array("q")
        self._statuses, self._prompts, self._generated = array("b"), array("i"), array("i")

    def __len__(self) -> int:
        return len(self._offsets)

    def __iter__(self) -> Iterator[AnswerKey]:
        for respondent_id, places in self._places.items():
            for item_id, wording in places:
                yield respondent_id, item_id, wording

    def __contains__(self, key: object) -> bool:
        return isinstance(key, tuple) and len(key) == 3 and key[1:] in self._places.get(key[0], {})

    def __getitem__(self, key: AnswerKey) -> Entry:
        return self.entries_at([key])[key]

    def _line(self, place: int) -> Line:
        return Line(self._numbers[place], self._offsets[place])

    @property
    def respondent_ids(self) -> Iterable[str]:
        """Those who have answered anything."""
        return self._places.keys()

    def questions_of(self, respondent_id: str) -> Collection[tuple[str, int]]:
        """Item and wording of all that a respondent has answered."""
        return self._places.get(respondent_id, {}).keys()

    def glances(self, is_wanted: Callable[[str, str, int], bool]) -> Iterator[Glance]:
        """What is known of the answers that are wanted, by respondent, item and wording."""
        for respondent_id, places in self._places.items():
            for (item_id, wording), place in places.items():
                if is_wanted(respondent_id, item_id, wording):
                    status = _STATUSES[self._statuses[place]]
                    yield Glance(status, self._prompts[place], self._generated[place])

    def statuses(self) -> Counter[AnswerStatus]:
        """How the stored answers ended."""
        return Counter({_STATUSES[number]: count for number, count in Counter(self._statuses).items()})

    def answers_of(self, respondent_ids: Iterable[str]) -> list[Answer]:
        """All answers of some respondents, by their order and then as they were given; each journal once.

        Raises:
            StoreError: A line is damaged, or is not there any more.
        """
        wanted = [place for one in respondent_ids for place in self._places.get(one, {}).values()]
        found = self._read(wanted)
        return [found[place] for place in wanted]

    def entries_of(self, respondent_ids: Iterable[str]) -> dict[AnswerKey, Entry]:
        """The same by their keys, with where they stand.

        Raises:
            StoreError: As `answers_of`, or a line has changed since it was read.
        """
        return self.entries_at(
            (one, *question) for one in respondent_ids for question in self.questions_of(one)
        )

    def entries_at(self, keys: Iterable[AnswerKey]) -> dict[AnswerKey, Entry]:
        """Some answers with where they stand, by their keys; each journal is opened once.

        Raises:
            KeyError: One is not stored.
            StoreError: As `entries_of`.
        """
        wanted = {key: self._places[key[0]][key[1:]] for key in keys}
        found = self._read(wanted.values())
        return {key: self._entry(key, place, found[place]) for key, place in wanted.items()}

    def _read(self, wanted: Iterable[int]) -> dict[int, Answer]:
        """Answers by their places."""
        by_journal: dict[int, list[int]] = defaultdict(list)
        for place in wanted:
            by_journal[self._journals[place]].append(place)
        found: dict[int, Answer] = {}
        for journal, places in by_journal.items():
            places.sort(key=self._offsets.__getitem__)
            path = self._paths[journal]
            with disk_errors(path):
                found.update(zip(places, read_placed(path, map(self._line, places)), strict=True))
        return found

    def _entry(self, key: AnswerKey, place: int, answer: Answer) -> Entry:
        """An answer that was read from its place."""
        path, line = self._paths[self._journals[place]], self._line(place)
        with disk_errors(path):
            number = line.number or number_of_line(path, line.offset)
        if answer_key(answer) != key:
            raise StoreError(
                f"{path}, line {number}: the line has changed since it was read.", fix=how_to_repair(path)
            )
        return Entry(answer, path, number)

    def add(self, answer: Answer, path: Path, line: Line) -> None:
        """One more answer and where it stands. The same answer a second time is passed over.

        Args:
            answer: The answer.
            path: Of its journal.
            line: Of it.

        Raises:
            StoreError: Another answer to that question is known.
        """
        key = answer_key(answer)
        if key in self:
            refuse_contradiction(self[key], Entry(answer, path, line.number))
            return
        question = self._questions.setdefault(key[1:], key[1:])
        self._places.setdefault(key[0], {})[question] = len(self._offsets)
        if not self._paths or self._paths[-1] != path:
            self._paths.append(path)
        self._journals.append(len(self._paths) - 1)
        self._numbers.append(line.number)
        self._offsets.append(line.offset)
        self._statuses.append(_NUMBER_OF[answer.status])
        self._prompts.append(answer.num_prompt_tokens)
        self._generated.append(answer.num_generated_tokens)


def read_together(entries: Mapping[AnswerKey, Entry], keys: Iterable[AnswerKey]) -> Mapping[AnswerKey, Entry]:
    """Some entries by their keys, with one opening of each journal where they have to be read.

    Raises:
        KeyError, StoreError: As `StoredAnswers.entries_at`.
    """
    if isinstance(entries, StoredAnswers):
        return entries.entries_at(keys)
    return {key: entries[key] for key in keys}


def read_stored(folder: Path, division: Division = EVERYONE) -> StoredAnswers:
    """The answers of a shard's respondents, from its own journal and those of other divisions.

    Every line of these journals is checked against its checksum, whoever's it is.

    Args:
        folder: Of the run. Without journals in it there are no answers.
        division: Whose are wanted; the default: everyone's.

    Raises:
        StoreError: A line is damaged, or two lines contradict each other.
    """
    stored = StoredAnswers()
    with disk_errors(answers_folder(folder)):
        for path in journals_of(folder):
            if division.may_be_in(path):
                is_wanted = division.has_line if division.num_shards > 1 else None
                for line, answer in read_lines(path, is_wanted):
                    stored.add(answer, path, line)
    return stored
