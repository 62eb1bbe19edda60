"""Rephrasing as a conversation: what is asked for, what is read, and which planted faults are named."""

import json
from collections.abc import Sequence

import pytest

from def_sim.records import Completion, DecodingConfig, FinishReason, Request
from def_sim.resources import data_folder
from def_sim.surveys.rephrase import Drafts, Rephrased, RephraseSettings, rephrase
from def_sim.surveys.rephrase_replies import read_check, read_drafts
from def_sim.surveys.rephrase_texts import RephraseTexts, read_rephrase_texts

TEXTS = read_rephrase_texts(data_folder() / "prompts" / "rephrase" / "en.yaml")
SETTINGS = RephraseSettings(1, 3, DecodingConfig(temperature=0.7), DecodingConfig(do_sample=False))
ITEM = Rephrased(
    "town.Q1",
    "en",
    "Should the town not close its 12 parks?",
    ("Agree", "Disagree"),
    known=("Ought the 12 parks of the town not to be closed?",),
    first_number=2,
)
SOUND = "Is it right that the town does not close its 12 parks?"


def held(reply: str, *checks: str) -> tuple[Drafts, list[Sequence[Request]]]:
    """What comes of an item when a model replies so; and the requests."""
    talk = rephrase(ITEM, TEXTS, SETTINGS)
    asked = [next(talk)]
    try:
        asked.append(talk.send([Completion(reply)]))
        asked.append(talk.send([Completion(check) for check in checks]))
    except StopIteration as end:
        return end.value, asked
    raise AssertionError("the conversation goes on")


def test_a_call_asks_for_wordings_and_one_each_whether_a_sound_one_asks_the_same() -> None:
    drafts, asked = held(json.dumps([SOUND]), '{"same": true, "why": "only the words differ"}')
    [[drafting], [checking]] = asked
    assert json.dumps(ITEM.base) in drafting.messages[0].content
    assert drafting.decoding.temperature == 0.7
    assert all(json.dumps(text) in checking.messages[0].content for text in (ITEM.base, SOUND))
    assert '["Agree", "Disagree"]' in checking.messages[0].content
    [draft] = drafts.drafts
    assert (draft.number, draft.faults, draft.check and draft.check.is_same) == (2, (), True)
    assert drafts.problem == "2 of 3 wordings did not come"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Should the town close its 12 parks, in your view?", "negation: left out"),
        ("Is it right that the town does not close its 21 parks?", "number: 12 left out and 21 added"),
        ("Do you agree that the town should not close its 12 parks?", "options: it names 'Agree'"),
        ("小镇不应该关闭12个公园，您说呢？小镇不应该关闭公园。", "script: expected LATIN, found HAN"),
        ("OUGHT the 12 parks of the town not to be closed", "double: another wording once more"),
    ],
)
def test_a_planted_fault_is_named_and_costs_no_check(text: str, fault: str) -> None:
    drafts, asked = held(json.dumps([text], ensure_ascii=False))
    [draft] = drafts.drafts
    assert any(found.startswith(fault) for found in draft.faults), draft.faults
    assert draft.check is None
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        ('["one wording", "another', "the reply holds no JSON list"),
        ("1. one wording\n2. another", "the reply holds no JSON list"),
        ('["one"] and ["two"]', "the reply holds several JSON lists"),
        ("[1, 2]", "the reply holds no JSON list"),
        ("[" * 5000, "the reply holds no JSON list"),
        ("  ", "the reply was empty"),
    ],
)
def test_a_reply_without_a_list_is_named(reply: str, problem: str) -> None:
    drafts, asked = held(reply)
    assert drafts == Drafts((), problem)
    assert len(asked) == 1


def test_a_list_is_found_whatever_stands_around_it() -> None:
    texts = ("one [sic]", "two")
    for reply in (
        json.dumps(texts),
        f"Sure!\n```json\n{json.dumps(texts)}\n```",
        f'{{"w": {json.dumps(texts)}}}',
    ):
        assert read_drafts(Completion(reply)).drafts == texts
    cut = Completion('["one", "tw', FinishReason.LENGTH)
    assert read_drafts(cut).problem == "the reply was cut off before its JSON list ended"
    assert read_drafts(Completion("", FinishReason.REFUSAL)).problem == "the model refused"


@pytest.mark.parametrize(
    "reply",
    ["Yes.", '{"same": "true"}', '{"why": "fine"}', '{"same": true, "same": true}', '{"same": true} so', ""],
)
def test_an_unreadable_check_is_not_the_same(reply: str) -> None:
    assert not read_check(Completion(reply)).is_same


def test_more_wordings_than_asked_for_are_left() -> None:
    reply = json.dumps([f"{SOUND} {'ha ' * 40}{number}" for number in range(5)])
    assert [draft.number for draft in held(reply)[0].drafts] == [2, 3, 4]


def test_the_slot_of_a_follow_up_is_asked_for_and_nothing_in_a_question_is_filled() -> None:
    with_slot = TEXTS.drafting(2, "Behind {first_choice}, what?", ("A", "B"), has_slot=True)
    assert "Keep {first_choice} in every wording" in with_slot
    assert '"Behind {first_choice}, what?"' in with_slot
    assert "Keep {first_choice}" not in TEXTS.drafting(2, "What?", ("A", "B"), has_slot=False)
    assert '"{num}"' in TEXTS.drafting(2, "{num}", ("A", "B"), has_slot=False)


def test_both_shipped_languages_have_the_slots_and_a_missing_one_is_an_error() -> None:
    assert read_rephrase_texts(data_folder() / "prompts" / "rephrase" / "zh.yaml").language == "zh"
    with pytest.raises(ValueError, match=r"expected the slots \{base\} \{draft\} \{options\}"):
        RephraseTexts.model_validate(TEXTS.model_dump() | {"check": "{base} {draft}"})
