"""What a respondent remembers, and how it forgets."""

import numpy as np
import pytest

from def_sim.randomness import Address
from def_sim.records import Exchange
from def_sim.respondents.memory import Deletion, Memory, MemoryRules, erode_answer, first_sentence


def exchange(number: int, answer: str = "Answer: 2") -> Exchange:
    return Exchange(f"toy.q{number}#0", f"Request: {number}?", answer)


def after(number: int, capacity: int, rules: MemoryRules, respondent: str = "r00000") -> Memory:
    """The memory after so many answers."""
    memory = Memory(capacity, rules)
    for i in range(number):
        rng = Address(1, respondent, f"toy.q{i}", 0).rng("forget")
        memory = memory.remember(exchange(i), rng)
    return memory


def numbers(memory: Memory) -> list[int]:
    return [int(name.removeprefix("toy.q").removesuffix("#0")) for name in memory.question_ids]


def test_a_memory_that_is_not_full_holds_everything_in_order() -> None:
    assert numbers(after(7, 10, MemoryRules())) == [0, 1, 2, 3, 4, 5, 6]


def test_a_full_memory_forgets_one_exchange_for_each_new_one() -> None:
    before, now = after(20, 5, MemoryRules()), after(21, 5, MemoryRules())
    # Of the 5 held and the new one, 5 are left.
    assert len(numbers(before)) == len(numbers(now)) == 5
    assert set(numbers(now)) < {*numbers(before), 20}


def test_a_memory_of_capacity_zero_holds_nothing() -> None:
    for deletion in ("uniform", "recency", "resample"):
        assert after(5, 0, MemoryRules(deletion=deletion)).exchanges == ()


def test_remembering_makes_a_new_memory_and_leaves_the_old_one() -> None:
    memory = Memory(3)
    assert memory.remember(exchange(1), np.random.default_rng(1)).question_ids == ("toy.q1#0",)
    assert memory.exchanges == ()


@pytest.mark.parametrize("deletion", ["uniform", "recency"])
def test_a_memory_that_shrank_forgets_as_many_as_it_must(deletion: Deletion) -> None:
    for seed in range(20):
        memory = Memory(2, MemoryRules(deletion=deletion), tuple(exchange(i) for i in range(8)))
        kept = numbers(memory.remember(exchange(8), np.random.default_rng(seed)))
        assert len(kept) == 2
        assert kept == sorted(set(kept))


@pytest.mark.parametrize("deletion", ["uniform", "recency"])
def test_deleting_without_replacement_keeps_the_order(deletion: Deletion) -> None:
    kept = numbers(after(200, 10, MemoryRules(deletion=deletion)))
    assert kept == sorted(kept)
    assert len(set(kept)) == 10


def test_uniform_deletion_spares_every_exchange_equally_often() -> None:
    # Capacity 4, 5 answers: each of 5 is deleted in 1/5 of 3,000 draws, sd sqrt(3000 * 4/25) = 22.
    deleted = [
        ({0, 1, 2, 3, 4} - set(numbers(after(5, 4, MemoryRules(), f"r{i:05d}")))).pop() for i in range(3000)
    ]
    assert all(abs(deleted.count(number) - 600) < 100 for number in range(5))


def test_recency_deletion_forgets_the_oldest_most_often() -> None:
    # Weights 5:4:3:2:1 of 15; of 3,000 draws 1,000 take the oldest and 200 the newest.
    rules = MemoryRules(deletion="recency")
    deleted = [({0, 1, 2, 3, 4} - set(numbers(after(5, 4, rules, f"r{i:05d}")))).pop() for i in range(3000)]
    for number, expected in enumerate([1000, 800, 600, 400, 200]):
        assert abs(deleted.count(number) - expected) < 120


def test_resampling_drifts_to_few_distinct_exchanges_and_deleting_does_not() -> None:
    # 600 questions at capacity 10: with replacement about 3.6 distinct are left on average over
    # respondents, without replacement all 10.
    drifted = [
        len(set(numbers(after(600, 10, MemoryRules(deletion="resample"), f"r{i:05d}")))) for i in range(60)
    ]
    assert np.mean(drifted) == pytest.approx(3.6, abs=0.5)
    assert len(set(numbers(after(600, 10, MemoryRules())))) == 10


def test_the_same_respondent_forgets_the_same_and_another_one_otherwise() -> None:
    rules = MemoryRules()
    assert after(60, 10, rules) == after(60, 10, rules)
    assert after(60, 10, rules, "r00001") != after(60, 10, rules, "r00002")


ERODING = "Answer: 2\nExplanation: As a citizen I think family matters. More text here."


def test_an_eroding_answer_survives_exactly_three_passes() -> None:
    # By hand, e = position of "Explanation:". Pass 1: e = 10, d = the first ".", which the slice drops.
    # Pass 2: no "." (-1): d = 9; no newline in answer[10:9] (-1): l = 9; answer[0:9] = "Answer: 2".
    # Pass 3: no explanation: e = -1, answer[-1:] = "2" has no ".", d = -2; answer[-1:-2] = "", l = -2:
    # answer[0:-2] = "Answer:", one space short of "Answer: ". Pass 4 drops it.
    first = erode_answer(ERODING)
    assert first == "Answer: 2\nExplanation: As a citizen I think family matters"
    second = erode_answer(first)
    assert second == "Answer: 2"
    third = erode_answer(second)
    assert third == "Answer:"
    assert erode_answer(third) is None


@pytest.mark.parametrize(
    "text", ["2", "Answer:2", "answer: 2", "As an AI I cannot. Answer: 2", "I'm sorry. Answer: 2"]
)
def test_erosion_drops_what_has_no_anchor_or_begins_with_a_disclaimer(text: str) -> None:
    assert erode_answer(text) is None


def test_an_eroding_memory_loses_an_answer_after_three_further_questions() -> None:
    # It is cleaned when it enters (pass 1) and again after each further answer: gone at the fourth pass.
    memory = Memory(10, MemoryRules(deletion="resample", erodes=True))
    rng = np.random.default_rng(0)
    held = []
    for number in range(5):
        memory = memory.remember(exchange(number, ERODING), rng)
        held.append(numbers(memory))
    assert held == [[0], [0, 1], [0, 1, 2], [1, 2, 3], [2, 3, 4]]


@pytest.mark.parametrize(
    ("explanation", "expected"),
    [
        ("I think so. And more.", "I think so."),
        ("我觉得是。还有别的。", "我觉得是。"),
        ("One line\nand another", "One line"),
        ("No end", "No end"),
        ("", ""),
    ],
)
def test_the_first_sentence_ends_at_a_full_stop_or_a_line_break(explanation: str, expected: str) -> None:
    assert first_sentence(explanation) == expected
