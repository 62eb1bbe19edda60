"""What a model is shown: frame, question, options in their order, remembered exchanges."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from survey_examples import OHIO, a_question, a_scale, language_pack

from def_sim.errors import SurveyFormatError
from def_sim.prompts import (
    LanguagePack,
    OptionOrder,
    ask_messages,
    hash_messages,
    order_options,
    read_language_pack,
    render_answer,
    render_frame,
    render_request,
)
from def_sim.randomness import keyed_rng
from def_sim.records import Exchange, Message, QuestionType, Role
from def_sim.resources import data_folder

EN, ZH = language_pack("en"), language_pack("zh")
LANGUAGES = sorted(path.stem for path in (data_folder() / "prompts").glob("*.yaml"))


def order_for(respondent: int, order: OptionOrder, purpose: int = 0) -> tuple[int, ...]:
    return order_options(a_question(), order, keyed_rng(1, purpose), respondent)


def test_a_request_names_each_option_with_its_code_in_the_order_shown() -> None:
    assert render_request(a_question(), (3, 1, 4, 2), EN) == (
        "Request: How important is work in your life?\n"
        "3. Not very important\n1. Very important\n4. Not at all important\n2. Rather important"
    )


def test_a_scale_shows_its_two_ends_only() -> None:
    scale = a_scale()
    assert render_request(scale, scale.codes, EN) == (
        "Request: To what degree can cheating be justified?\n1 = Never justified, 10 = Always justified"
    )


def test_a_chinese_frame_has_chinese_anchors() -> None:
    assert render_request(a_question(text="工作有多重要？"), (1,), ZH).startswith("问题：工作有多重要？\n1. ")
    assert (ZH.answer_anchor, ZH.explanation_anchor) == ("答案：", "解释：")


def test_the_frame_says_who_to_be_and_how_many_choices_there_are() -> None:
    frame = render_frame(a_question(), OHIO, EN)
    assert "a citizen of Columbus, Ohio, United States" in frame
    assert "one of the 4 options" in frame
    assert '"Answer:"' in frame
    assert '"Explanation:"' in frame


def test_a_multiple_choice_frame_says_how_many_may_be_named() -> None:
    question = a_question(type=QuestionType.MULTIPLE, max_choices=3)
    assert "up to 3 of the 4 options" in render_frame(question, OHIO, EN)
    assert "最多选3个" in render_frame(question, OHIO, ZH)


def test_a_scale_frame_speaks_of_points() -> None:
    assert "one of the 10 points" in render_frame(a_scale(), OHIO, EN)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_shipped_pack_fills_every_slot_of_every_question_type(language: str) -> None:
    pack = language_pack(language)
    assert pack.language == language
    for question in (a_question(), a_question(type=QuestionType.MULTIPLE, max_choices=2), a_scale()):
        [message] = ask_messages(question, question.codes, OHIO, (), pack)
        assert "{" not in message.content
        assert "Columbus" in message.content
        assert pack.answer_anchor in message.content
        assert pack.explanation_anchor in message.content


def test_braces_and_percent_signs_in_a_question_are_left_alone() -> None:
    text = "Is 100% of {this} so?"
    assert text in render_request(a_question(text=text), (1, 2), EN)


def test_an_answer_is_remembered_behind_its_anchor() -> None:
    assert render_answer((2,), EN) == "Answer: 2"
    assert render_answer((2, 5), EN) == "Answer: 2, 5"
    assert render_answer((2, 5), ZH) == "答案：2，5"  # no space behind a full-width colon


def test_remembered_exchanges_stand_before_the_newest_turn_and_without_the_frame() -> None:
    remembered = [Exchange(f"toy.{i}#0", f"Request: {i}?", f"Answer: {i}") for i in (1, 2)]
    messages = ask_messages(a_question(), (1, 2, 3, 4), OHIO, remembered, EN)
    assert messages[:4] == (
        Message(Role.USER, "Request: 1?"),
        Message(Role.ASSISTANT, "Answer: 1"),
        Message(Role.USER, "Request: 2?"),
        Message(Role.ASSISTANT, "Answer: 2"),
    )
    newest = render_frame(a_question(), OHIO, EN) + "\n" + render_request(a_question(), (1, 2, 3, 4), EN)
    assert messages[4:] == (Message(Role.USER, newest),)


def test_listed_options_stand_in_code_order() -> None:
    assert order_for(3, "listed") == (1, 2, 3, 4)


def test_shuffled_options_stand_in_every_place_equally_often() -> None:
    # 4,000 shuffles: each code leads 1,000 times, standard deviation sqrt(4000 * 3/16) = 27.
    leading = Counter(order_for(0, "shuffled", purpose)[0] for purpose in range(4000))
    assert all(abs(leading[code] - 1000) < 120 for code in (1, 2, 3, 4))


def test_balanced_options_stand_in_each_place_once_over_as_many_respondents() -> None:
    orders = [order_for(respondent, "balanced") for respondent in range(4)]
    for place in range(4):
        assert {order[place] for order in orders} == {1, 2, 3, 4}
    assert order_for(4, "balanced") == orders[0]


def test_reversed_options_begin_with_the_last_for_everyone() -> None:
    assert [order_for(respondent, "reversed", respondent) for respondent in range(3)] == [(4, 3, 2, 1)] * 3


@pytest.mark.parametrize("order", ["listed", "reversed", "shuffled", "balanced"])
def test_a_scale_keeps_its_order(order: OptionOrder) -> None:
    assert order_options(a_scale(), order, np.random.default_rng(1), 7) == tuple(range(1, 11))


def test_a_chat_is_named_by_every_character_role_and_border() -> None:
    def named(*turns: tuple[Role, str]) -> str:
        return hash_messages([Message(role, content) for role, content in turns])

    chats = [
        named((Role.USER, "a b")),
        named((Role.USER, "a b ")),
        named((Role.ASSISTANT, "a b")),
        named((Role.USER, "a "), (Role.USER, "b")),
        named((Role.USER, "a"), (Role.USER, " b")),
        named(),
    ]
    assert len(set(chats)) == 6
    assert all(len(chat) == 16 for chat in chats)
    assert named((Role.USER, "a b")) == chats[0]


def test_a_pack_without_an_anchor_names_the_file_and_what_is_missing(tmp_path: Path) -> None:
    text = (data_folder() / "prompts" / "en.yaml").read_text(encoding="utf-8")
    path = tmp_path / "en.yaml"
    path.write_text(text.replace('answer_anchor: "Answer:"\n', ""), encoding="utf-8")
    with pytest.raises(SurveyFormatError, match=r"en\.yaml, line \d+, answer_anchor: Field required"):
        read_language_pack(path)


def test_a_misspelt_part_of_a_pack_is_an_error_at_its_line(tmp_path: Path) -> None:
    text = (data_folder() / "prompts" / "zh.yaml").read_text(encoding="utf-8")
    path = tmp_path / "zh.yaml"
    path.write_text(text + "greeting: 您好\n", encoding="utf-8")
    line = text.count("\n") + 1
    with pytest.raises(SurveyFormatError, match=rf"zh\.yaml, line {line}, greeting"):
        read_language_pack(path)


@pytest.mark.parametrize("pack", [EN, ZH], ids=["en", "zh"])
def test_a_frame_with_sex_and_age_differs_from_the_one_without_in_these_words_alone(
    pack: LanguagePack,
) -> None:
    assert pack.frame_with_person is not None
    woman = replace(OHIO, sex="female", age=">=50")
    words = pack.frame_with_person.persons["female"][">=50"]
    for question in (a_question(), a_scale()):
        frame, plain = render_frame(question, woman, pack), render_frame(question, OHIO, pack)
        assert words in frame
        assert frame.partition(words)[0].startswith(plain.partition(OHIO.place)[0] + OHIO.place)
        assert frame.endswith(plain[-40:])


def test_all_six_persons_read_differently() -> None:
    for pack in (EN, ZH):
        assert pack.frame_with_person is not None
        words = [word for of_sex in pack.frame_with_person.persons.values() for word in of_sex.values()]
        assert len(set(words)) == 6


def test_a_pack_that_lacks_a_person_is_an_error_at_its_line(tmp_path: Path) -> None:
    text = (data_folder() / "prompts" / "en.yaml").read_text(encoding="utf-8")
    path = tmp_path / "en.yaml"
    path.write_text(text.replace(', ">=50": a man aged 50 or older', ""), encoding="utf-8")
    with pytest.raises(SurveyFormatError, match=r"en\.yaml, line \d+, frame_with_person: persons must have"):
        read_language_pack(path)
