"""The cheap looks that come before a costly pattern change nothing that is found."""

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from def_sim.answers.reading import phrases, reasoning, sections
from def_sim.answers.reading.lacking import FOLDED, lacks
from def_sim.answers.reading.phrases import breaks_role
from def_sim.judging import rules

PLAIN_ROLE_BREAK = re.compile(
    f"{phrases._MACHINE_SPEAKS}|{phrases._ZH_MACHINE_SPEAKS}", re.IGNORECASE
)  # no look first
WRITTEN = [
    json.loads(line)["text"]
    for name in ("gold_completions.jsonl", "real_completions.jsonl")
    for line in Path(__file__).with_name(name).read_text("utf-8").splitlines()
]
PIECES = (
    "\n", "\n", " ", "  ", "\t", "\r", ":", "：", "=", "]", "[", ".", ",", "'", "’", "{", "ſ", "İ", "ı",
    "\u212a", "Answer", "ANſWER", "ans.", "[answer]", "答案", "[ 回答 ]", "my answer", "final answer", "x",
    "1", "Explanation", "Reason", "juſtıfıcatıon", "justification", "解释", "理由", "my choice",
    "我的选择是", "> ", "Request", "Question 2", "Q", "Choose one of the",
    "Choose one of the options.\nQuestion 2:", "请从下面", "Answer as a citizen of", "请以市民身份",
    "as an AI", "I am", "i'm", "\u212aimi", "我是", "a language model", "I was made to help",
    "my training data", "I do not have personal opinions", "assistant, made by Google", "作为一个",
    "人工智能", "没有个人观点", "some", "others", "other\u017f", "有些人", "其他人", "没有经历过",
    "real experience with", "my training as", "<think>", "</THINK>", "&lt;think&gt;", "[THINK]",
    "◁/think▷", "analysis", "assistant\nfinal", "final", "Here's my thought process:",
    "HERE IS MY ANSWER:", "是", "Thinking...", "...done thinking.", "<|end|>",
)  # fmt: skip
MADE = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)


def spans(matches: Iterable[re.Match[str]]) -> list[tuple[int, int, str | None]]:
    return [(*match.span(), match.lastgroup) for match in matches]


def check_same(text: str) -> None:
    assert breaks_role(text) == bool(PLAIN_ROLE_BREAK.search(text))
    assert spans(sections._anchors(text)) == spans(sections._ANCHOR.finditer(text))
    assert spans(sections._requests(text)) == spans(sections._NEXT_REQUEST.finditer(text))
    for words, pattern in (
        (reasoning._IN_MARKS, reasoning._MARK),
        (reasoning._IN_FRAMES, reasoning._FRAMES),
        (rules._IN_SOME_OTHERS, rules._SOME_OTHERS),
        (rules._IN_HUMAN_TURN, rules._HUMAN_TURN),
    ):
        assert not (lacks(text, words) and pattern.search(text))


def test_texts_that_were_written_are_searched_alike() -> None:
    for one, other in zip(WRITTEN, [*WRITTEN[1:], ""], strict=True):
        check_same(one)
        check_same(f"{one}\n{other}".upper())


@settings(max_examples=3000, derandomize=True, deadline=None)
@given(MADE)
def test_texts_made_of_what_is_looked_for_are_searched_alike(text: str) -> None:
    check_same(text)


def test_four_signs_are_letters_of_ascii_to_a_pattern_that_ignores_case() -> None:
    letter = re.compile("[a-z]", re.IGNORECASE)
    signs = (chr(code) for code in range(128, 0x110000))
    assert "".join(sign for sign in signs if letter.fullmatch(sign)) == FOLDED


@pytest.mark.parametrize(
    ("text", "lacks_others"),
    [
        ("Some OTHERS do.", False),
        ("Some do.", True),
        ("Some do — 是.", True),
        ("other\u017f", False),
        ("", True),
    ],
)
def test_a_text_lacks_a_word_only_where_no_case_of_it_is_there(text: str, lacks_others: bool) -> None:
    assert lacks(text, ["others"]) is lacks_others


@pytest.mark.parametrize(
    "search",
    [breaks_role, lambda text: list(sections._anchors(text)), lambda text: list(sections._requests(text))],
)
def test_a_text_of_line_ends_alone_holds_nothing(search: Callable[[str], object]) -> None:
    assert not search("\n" * 10_000)
