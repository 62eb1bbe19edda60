"""Where the first sentence of an explanation ends."""

import pytest

from def_sim.answers.reading.sections import explanation_of, through_first_sentence


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Answer: 2\nExplanation: I work hard.", " It pays."),
        ("Answer: 2\nExplanation: I work hard!", "\nAnd so on"),
        ("Answer: 2\nExplanation: Is it not so?)", " Yes."),
        ("Answer: 2\nExplanation: I work hard", "\nIt pays."),
        ("Answer: 2\nExplanation:\n\nI work hard.", " It pays."),
        ("答案：2\n解释：我工作很努力。", "这是值得的。"),
        ("答案：2\n解释：“努力就有回报！”", "我这样想。"),
        ("2\nExplanation: I work hard.", " It pays."),  # a base model goes on after the anchor
        ("Very important. Reason: I work hard.", " It pays."),
        ("Answer: 2\nExplanation: In the U.S. wages grew 3.5 percent, e.g. mine.", " It pays."),
        ("Answer: 2\nExplanation: 1. I work hard.", " 2. It pays."),
    ],
)
def test_the_text_goes_on_to_the_end_of_the_first_sentence_and_no_further(text: str, rest: str) -> None:
    assert through_first_sentence(text + rest) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Answer: 2",
        "Answer: 2. Because I work hard. It pays.",  # no anchor says where the explanation begins
        "Answer: 2\nExplanation: I work",
        "Answer: 2\nExplanation: I work hard.",  # what follows may belong to it: 3.|5
        "Answer: 2\nExplanation: 3. ",
        "Explanation: I work hard. It pays.\nAnswer: 2",  # the answer is still to come
        "答案：2\n解释：我工作很努力",
        "<think>Answer: 2\nExplanation: I work hard. It pays.",
        "<think>Answer: 2\nExplanation: I work hard. So </think>Answer: 3\nExplanation: I do. Or not.",
    ],
)
def test_while_it_is_not_over_there_is_no_end(text: str) -> None:
    assert through_first_sentence(text) is None


@pytest.mark.parametrize("colon", [":", "："])
def test_a_chinese_explanation_is_found_behind_either_colon(colon: str) -> None:
    assert explanation_of(f"答案{colon}2\n解释{colon}我努力。这值得。") == "我努力。这值得。"


def test_a_text_that_grows_keeps_its_end() -> None:
    whole = "Answer: 2\nExplanation: I live in the U.S. and work. It pays, say 3.5 percent. Good."
    found = [through_first_sentence(whole[:length]) for length in range(len(whole) + 1)]
    ends = [end for end in found if end is not None]
    assert set(ends) == {"Answer: 2\nExplanation: I live in the U.S. and work."}
    assert found == [None] * (len(found) - len(ends)) + ends


def test_an_explanation_inside_a_thought_is_none_of_the_answer() -> None:
    text = "<think>Explanation: I guess so.</think>Answer: 2\nExplanation: I work hard."
    assert explanation_of(text) == "I work hard."


def test_an_object_explains_in_its_own_key() -> None:
    assert explanation_of('{"answer": 2, "explanation": "I work hard."}') == "I work hard."
