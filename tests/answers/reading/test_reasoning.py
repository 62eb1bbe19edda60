"""Thoughts are parted from answers by the marks in use, whatever stands inside them."""

import pytest

from def_sim.answers.reading.reasoning import part_reasoning

ANSWER = "Answer: 2\nExplanation: It matters."
CLOSED = {
    "tags": ("<think>", "</think>"),
    "other tag names": ("<thought>", "</thought>"),
    "Seed-OSS": ("<seed:think>", "</seed:think>"),
    "Mistral": ("[THINK]", "[/THINK]"),
    "Kimi": ("◁think▷", "◁/think▷"),
    "Cohere": ("<|START_THINKING|>", "<|END_THINKING|><|START_RESPONSE|>"),
    "Gemma": ("<|channel>thought\n", "<channel|>"),
    "Apertus": ("<|inner_prefix|>", "<|inner_suffix|>"),
    "harmony": ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"),
    "Granite": ("Here is my thought process:\n", "\n\nHere is my response:\n"),
}


@pytest.mark.parametrize(("opens", "closes"), CLOSED.values(), ids=CLOSED)
def test_what_stands_behind_a_closed_thought_is_the_answer(opens: str, closes: str) -> None:
    parted = part_reasoning(f"{opens}Perhaps\nAnswer: 1 but no.{closes}{ANSWER}")
    assert parted.answer == ANSWER
    assert "Answer: 1" in parted.reasoning
    assert not parted.is_open


@pytest.mark.parametrize(("opens", "closes"), CLOSED.values(), ids=CLOSED)
def test_a_thought_without_an_end_leaves_no_answer(opens: str, closes: str) -> None:
    parted = part_reasoning(f"{opens}Perhaps\n{ANSWER}")
    assert parted.answer == ""
    assert parted.is_open


def test_a_text_without_marks_is_the_answer_as_it_came() -> None:
    text = "  Answer: 2 \n\nHere is my response: none. "
    assert part_reasoning(text).answer == text


def test_a_thought_that_the_prompt_opened_ends_where_a_mark_closes_it() -> None:
    parted = part_reasoning(f"Answer: 1?</think>\n\n{ANSWER}", begins_inside=True)
    assert (parted.reasoning, parted.answer, parted.is_open) == ("Answer: 1?</think>", ANSWER, False)


def test_a_thought_that_the_prompt_opened_and_the_limit_cut_leaves_no_answer() -> None:
    parted = part_reasoning("Perhaps\nAnswer: 1", begins_inside=True)
    assert (parted.reasoning, parted.answer, parted.is_open) == ("Perhaps\nAnswer: 1", "", True)


def test_a_closing_mark_alone_says_that_everything_before_it_was_thought() -> None:
    assert part_reasoning(f"Answer: 1?\n</think>{ANSWER}").answer == ANSWER


def test_digits_on_both_sides_of_a_thought_do_not_join() -> None:
    assert part_reasoning("1<think>no</think>0").answer.split() == ["1", "0"]


def test_only_the_final_channel_of_harmony_is_the_answer() -> None:
    text = (
        "<|channel|>analysis<|message|>Answer: 4<|end|><|start|>assistant"
        "<|channel|>commentary<|message|>Answer: 3<|end|>"
        f"<|start|>assistant<|channel|>final<|message|>{ANSWER}<|return|>"
    )
    assert part_reasoning(text).answer == ANSWER


@pytest.mark.parametrize(
    "text",
    [
        "analysisThe form wants one code.\nAnswer: 4 or",
        "<|channel|>analysis to=functions.pick <|constrain|>json<|message|>Answer: 4",
        "<|channel|>analysis",
        "<|channel|>commentary<|message|>Answer: 4",
    ],
)
def test_harmony_without_its_final_channel_holds_no_answer(text: str) -> None:
    parted = part_reasoning(text)
    assert (parted.answer, parted.is_open) == ("", True)


def test_harmony_is_parted_where_decoding_dropped_its_special_tokens() -> None:
    parted = part_reasoning(f"analysisPerhaps\nAnswer: 1?assistantfinal{ANSWER}")
    assert (parted.answer, parted.is_open) == (ANSWER, False)


def test_a_final_channel_alone_is_the_answer() -> None:
    assert part_reasoning(f"final{ANSWER}").answer == ANSWER


def test_what_only_frames_an_answer_is_left_out() -> None:
    assert part_reasoning("<think>1?</think>\n<answer>3</answer>").answer == "3"


def test_the_word_analysis_before_a_colon_is_no_mark() -> None:
    text = f"Analysis: I weighed it.\n{ANSWER}"
    assert part_reasoning(text).answer == text
