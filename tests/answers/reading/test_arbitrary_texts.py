"""Texts that no person writes: of any characters, and of any length. None raises, none takes for ever."""

import signal

import pytest
from counted_calls import num_calls
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_parse import PAPER, QUESTIONS, read_answer

from def_sim.answers.reading import normalise
from def_sim.records import AnswerStatus, Reading

pytestmark = pytest.mark.slow

ANY_CHARACTERS = st.text(st.characters(exclude_categories=()), max_size=80)  # half of a pair, too


@settings(max_examples=300, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    ANY_CHARACTERS,
    st.sampled_from(["", "Answer: ", "答案：", "Answer: 2 "]),
    st.sampled_from([*QUESTIONS.values()]),
)
def test_any_characters_are_read(text, start, question):
    reading = read_answer(start + text, question, rules=PAPER, shown=question.codes)
    assert set(reading.choices) <= set(question.codes)


ENDLESS_LENGTH = 200_000
CPU_S = 20  # half of what the square of that takes at a nanosecond a step; in proportion it takes about one
ENDLESS = (
    "Answer: ", "Answer: 2\n", "答案：同意", "<think>", "</think>", "1", "1 ", "1-", "((((", "1.", "第", "一",
    "第1", "a", "a1", " ", "\n", "Agree ", "不", "not ", "some ", "\\boxed{", "$1", "**", "1,", "Request: ",
    "Explanation: ", "I ", "one and ", "because ", "- \n", "\ue000", "A, ", "very ",
    "not not ", "{", "between 1 and ", "my answer to ", "although ", "as a ", "in Ohio ", ", ", "，",
    "我的答案是", "如果", "在1到10", "3:", "1. 2 or ",
)  # fmt: skip


def read_pieces(piece, start, name, length):
    text = start + piece * (length // len(piece))
    return read_answer(text, QUESTIONS[name], rules=PAPER, shown=QUESTIONS[name].codes)


@pytest.mark.parametrize("piece", ENDLESS, ids=repr)
@pytest.mark.parametrize("name", ["agree.en", "qualities.zh"])
@pytest.mark.parametrize("start", ["", "Answer: "], ids=["bare", "anchored"])
def test_four_times_the_text_is_at_most_four_times_the_work(piece, name, start):
    short, long = (num_calls(lambda n=n: read_pieces(piece, start, name, n)) for n in (3_000, 12_000))
    assert long <= 4 * short + 100


@pytest.fixture
def hang_guard():
    """Ends a reading that goes on for ever; in seconds of the processor, so neighbours do not matter."""

    def give_up(number, frame):
        raise AssertionError(f"still reading after {CPU_S} seconds of the processor")

    before = signal.signal(signal.SIGVTALRM, give_up)
    signal.setitimer(signal.ITIMER_VIRTUAL, CPU_S)
    yield
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    signal.signal(signal.SIGVTALRM, before)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(ENDLESS)), ids=lambda number: repr(ENDLESS[number]))
def test_a_text_without_end_is_read_to_its_end(number, hang_guard, monkeypatch):
    """What happens inside regular expressions is not counted; seconds are in scripts/benchmark_reading.py."""
    monkeypatch.setattr(normalise, "MAX_CHARACTERS", ENDLESS_LENGTH)
    start, name = ("", "Answer: ")[number % 2], ("agree.en", "qualities.zh", "scale.zh")[number // 2 % 3]
    assert read_pieces(ENDLESS[number], start, name, ENDLESS_LENGTH).status in AnswerStatus


def test_an_answer_of_more_than_a_few_pages_is_no_answer():
    prose = "well " * 1_000  # 5,000 characters between the anchors
    assert read_answer(f"Answer: 2 {prose}\nExplanation: x", QUESTIONS["agree.en"], rules=PAPER) == Reading(
        AnswerStatus.NO_ANSWER
    )


PIECES = st.lists(
    st.sampled_from([*ENDLESS, "or ", "不是", "说", "? ", "... ", '"', "my brother ", "Agree, "]),
    min_size=1,
    max_size=3,
)


@pytest.mark.parametrize(
    ("length", "num_texts"),
    [(4_000, 25), pytest.param(100_000, 8, marks=pytest.mark.slow)],  # of one section; of a whole text
)
def test_pieces_put_together_end_in_time_however_often_they_are_repeated(length, num_texts, hang_guard):
    @settings(
        max_examples=num_texts, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(
        PIECES.map("".join),
        st.sampled_from(["", "Answer: "]),
        st.sampled_from(["agree.en", "scale.zh", "yesno.zh"]),
    )
    def every_text(piece, start, name):
        assert read_pieces(piece, start, name, length).status in AnswerStatus

    every_text()
