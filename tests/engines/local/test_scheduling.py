"""Who waits and who runs, whatever memory is made of: a loop that has so many places."""

from dataclasses import dataclass, field

import pytest

from def_sim.engines.local.scheduling.runner import Prompt
from def_sim.engines.local.scheduling.schedule import FEWEST_READ, Schedule, Work
from def_sim.errors import EngineError
from def_sim.records import DecodingConfig, Message, Request, RequestKey, Role


@dataclass(eq=False)
class Answer:
    ticket: int
    num_rows: int = 1
    length: int = 10
    num_read: int = 0
    num_reused: int = 0
    num_begun: int = 1

    @property
    def prompt(self) -> Prompt:
        key = RequestKey(seed=1, respondent_id="r1", item_id=f"Q{self.ticket}", wording=0)
        request = Request((Message(Role.USER, "?"),), DecodingConfig(num_beams=self.num_rows), key)
        return Prompt(request, tuple(range(self.length)))

    @property
    def num_unread(self) -> int:
        return self.length - self.num_read

    def restart(self) -> None:
        self.num_read, self.num_begun = 0, self.num_begun + 1


@dataclass
class Places:
    """A loop with so many places, in which nothing is computed."""

    num_places: int = 100
    max_rows: int = 100
    max_read: int = 1000
    work: Work = field(default_factory=Work)
    impossible: tuple[int, ...] = ()
    freed: list[str] = field(default_factory=list)

    def take_in(self, sequence: Answer) -> EngineError | bool:
        if sequence.ticket in self.impossible:
            return EngineError("too large")
        self.num_places -= 1
        return self.num_places >= 0 or self._none_left()

    def _none_left(self) -> bool:
        self.num_places = 0
        return False

    def give_back(self, sequence: Answer, *, keeps_prefix: bool) -> None:
        self.num_places += 1

    def abandon(self) -> None:
        self.freed.append("steps")

    def free_memory(self) -> None:
        self.freed.append("memory")


def schedule_of(loop: Places, *answers: Answer) -> Schedule[Answer]:
    schedule: Schedule[Answer] = Schedule(loop)
    for answer in answers:
        schedule.add(answer)
    return schedule


def tickets(answers: object) -> list[int]:
    return [answer.ticket for answer in answers]  # type: ignore[attr-defined]


def test_the_oldest_are_let_in_while_there_are_rows_and_nobody_overtakes() -> None:
    schedule = schedule_of(Places(max_rows=5), Answer(0, 3), Answer(1, 3), Answer(2, 1))
    assert schedule.admit() == []
    assert tickets(schedule.running) == [0]  # 3 + 3 rows are too many, and the third waits behind them
    assert tickets(schedule.waiting) == [1, 2]


def test_an_answer_with_more_rows_than_a_step_has_runs_alone() -> None:
    schedule = schedule_of(Places(max_rows=5), Answer(0, 9), Answer(1))
    schedule.admit()
    assert tickets(schedule.running) == [0]


def test_who_finds_no_memory_waits_and_who_never_can_is_told_so() -> None:
    loop = Places(num_places=2, impossible=(1,))
    schedule = schedule_of(loop, *map(Answer, range(4)))
    [(refused, error)] = schedule.admit()
    assert (refused.ticket, error.message) == (1, "too large")
    assert tickets(schedule.running) == [0, 2]
    assert tickets(schedule.waiting) == [3]


def test_prompts_are_read_in_the_order_of_arrival_the_last_in_part() -> None:
    schedule = schedule_of(
        Places(max_read=50), Answer(0, num_read=10), Answer(1, length=30), Answer(2, length=30), Answer(3)
    )
    schedule.admit()
    chunks = [(answer.ticket, length) for answer, length in schedule.prefill_chunks()]
    assert chunks == [(1, 30), (2, 20)]  # the first has nothing left to read, for the last nothing is left


def test_short_of_memory_the_youngest_goes_back_to_the_front_of_the_queue() -> None:
    loop = Places(max_rows=3)
    schedule = schedule_of(loop, *map(Answer, range(4)))
    schedule.admit()
    assert schedule.push_back() is None
    assert (tickets(schedule.running), tickets(schedule.waiting)) == ([0, 1], [2, 3])
    assert schedule.waiting[0].num_begun == 2
    assert loop.work.num_restarts == 1


def test_the_only_answer_that_does_not_fit_leaves() -> None:
    loop = Places()
    schedule = schedule_of(loop, Answer(0))
    schedule.admit()
    failed = schedule.push_back()
    assert failed is not None
    assert failed.ticket == 0
    assert not schedule.running
    assert loop.num_places == 100


def test_after_a_step_without_memory_chunks_are_halved_and_then_rows_and_nobody_is_lost() -> None:
    loop = Places(max_read=200, max_rows=6)
    schedule = schedule_of(loop, *(Answer(n, 2) for n in range(3)))
    for max_read, max_rows in [(100, 6), (FEWEST_READ, 6), (FEWEST_READ, 3), (FEWEST_READ, 1)]:
        schedule.admit()
        assert schedule.shrink() is None or max_rows == 1
        assert loop.max_read == max_read
        if max_rows > 1:
            assert loop.max_rows == max_rows
            assert tickets(schedule.waiting) == [0, 1, 2]
    # With 3 rows one answer of 2 runs alone; not even that fits, so it has left and the others go on.
    assert tickets(schedule.waiting) == [1, 2]
    assert loop.freed == ["steps", "memory"] * 4


def test_after_a_step_that_failed_each_runs_alone_and_then_all_together_again() -> None:
    loop = Places()
    schedule = schedule_of(loop, *map(Answer, range(3)))
    schedule.admit()
    assert schedule.isolate() is None
    schedule.admit()
    assert tickets(schedule.running) == [0]
    failed = schedule.isolate()  # alone: it was this one
    assert failed is not None
    assert failed.ticket == 0
    for ticket in (1, 2):
        schedule.add(Answer(ticket + 10))
        schedule.admit()
        assert tickets(schedule.running) == [ticket]  # still one by one
        schedule.leave(schedule.running[0])
    schedule.admit()
    assert tickets(schedule.running) == [11, 12]


@pytest.mark.parametrize("ticket", [0, 2, 9])
def test_who_is_cancelled_is_gone_wherever_it_is_and_unknown_numbers_are_no_error(ticket: int) -> None:
    loop = Places(num_places=2)
    schedule = schedule_of(loop, *map(Answer, range(3)))
    schedule.admit()
    schedule.cancel(ticket)
    assert tickets([*schedule.running, *schedule.waiting]) == [n for n in range(3) if n != ticket]


def test_what_was_read_counts_when_an_answer_has_ended() -> None:
    loop = Places()
    schedule = schedule_of(loop, Answer(0, num_read=10, num_reused=4))
    schedule.admit()
    schedule.leave(schedule.running[0])
    assert (loop.work.num_prompt_tokens, loop.work.num_reused_tokens) == (10, 4)
