"""The rules for rephrased questions: each planted fault is named, and sound paraphrases mostly pass."""

from collections.abc import Sequence

import pytest
from library import every_item

from def_sim.surveys.rephrase_rules import breaks_format, faults_of, num_negations

BASE = "Should the town spend more on its 12 parks?"
GOOD = "Do the town's 12 parks deserve more of its money?"
LABELS = ("Agree", "Neither", "Disagree")
BASE_ZH = "您认为政府应不应该在今后10年里给公园多花钱？"


def faults(
    draft: str,
    base: str = BASE,
    language: str = "en",
    *,
    labels: Sequence[str] = LABELS,
    others: Sequence[str] = (),
) -> list[str]:
    return faults_of(draft, base, language=language, labels=labels, others=others)


def test_another_wording_of_the_same_question_has_no_fault() -> None:
    assert faults(GOOD) == []
    assert faults("今后10年里，政府该不该在公园上多花些钱？", BASE_ZH, "zh", labels=("应该", "不应该")) == []


@pytest.mark.parametrize(
    ("draft", "fault"),
    [
        ("Should the town spend no more on its 12 parks?", "negation: added"),
        ("Shouldn't the town spend more on its 12 parks?", "negation: added"),
        ("Should the town spend more on its 15 parks?", "number: 12 left out and 15 added"),
        ("Should the town spend more on its parks?", "number: 12 left out"),
        ("Do you agree that the town should spend more on its 12 parks?", "options: it names 'Agree'"),
        ("Should the town pay more for its 12 parks, or are you not sure?", "options: it offers 'not sure'"),
        ("Does the town owe its 12 parks more? A) yes B) no", "options: it lists options"),
        ("小镇是否应该为12个公园多花一些钱？", "script: expected LATIN, found HAN"),
        (
            "Soll die Stadt mehr Geld für ihre 12 Parks ausgeben?",
            "script: no common English word in it; is it another language?",
        ),
        ("More for 12 parks?", "length: 0."),
        (f"{GOOD} And please think of every season of the year, not only summer.", "length: 2."),
        ("should the town spend MORE, on its 12 parks", "double: the base once more"),
        ("Should the town spend more on\nits 12 parks, or less?", "text: more than one line"),
        ("Should the town\u202e pay more for its 12 parks?", "text: characters that cannot be seen"),
        ("Should {town} pay more for its 12 parks?", "slot: braces that belong to no slot"),
        ("Should the town pay more for {first_choice} and 12 parks?", "slot: expected {first_choice} 0"),
        ("", "text: it is empty"),
    ],
)
def test_a_planted_fault_is_named(draft: str, fault: str) -> None:
    assert any(found.startswith(fault) for found in faults(draft)), faults(draft)


@pytest.mark.parametrize(
    ("draft", "fault"),
    [
        ("您认为政府不应该在今后10年里给公园多花钱，是吗？", "negation: added"),
        ("您认为政府应不应该在今后20年里给公园多花钱呢？", "number: 10 left out and 20 added"),
        ("Should the government spend more on parks within 10 years?", "script: expected HAN, found LATIN"),
        ("今后10年里政府该给公园多花钱，还是您说不清？", "options: it offers '说不清'"),
    ],
)
def test_a_planted_fault_is_named_in_chinese(draft: str, fault: str) -> None:
    found = faults(draft, BASE_ZH, "zh", labels=("应该", "不应该"))
    assert any(one.startswith(fault) for one in found), found


def test_a_dropped_negation_is_named_in_both_languages() -> None:
    assert faults("Ought men to be asked?", "Should men not be asked?") == ["negation: left out"]
    assert "negation: left out" in faults(
        "女人该工作，对吗？", "女人不应该工作，对吗？", "zh", labels=("对", "错")
    )


def test_a_word_turned_by_a_prefix_is_a_negation() -> None:
    found = faults(
        "How unacceptable is it to you to dodge a fare?", "How acceptable is dodging a fare to you?"
    )
    assert found == ["negation: acceptable became unacceptable"]


def test_naming_one_of_two_options_drops_the_other() -> None:
    base = "Do you favor or oppose a new park?"
    found = faults("A new park: would you favor it?", base, labels=("Favor", "Oppose"))
    assert found == ["options: it leaves out 'Oppose', which the base names"]


def test_asking_both_ways_denies_nothing() -> None:
    assert num_negations("Would you accept this, or would you not?", "en") == 0
    assert num_negations("您同不同意？您有没有去？满意还是不满意？", "zh") == 0
    assert num_negations("People should not pay.", "en") == 1
    assert num_negations("人们不该付钱。", "zh") == 1


def test_the_slot_of_a_follow_up_must_stand_once() -> None:
    base = "You said “{first_choice}” first. What comes second?"
    assert faults("What would you put behind “{first_choice}”, your first?", base) == []
    assert faults("What would you put behind the first one?", base)[0].startswith("slot: expected")


def test_a_draft_that_another_wording_says_already_is_a_double() -> None:
    assert faults(GOOD, others=[GOOD.upper()]) == ["double: another wording once more"]


def test_only_what_no_wording_may_be_breaks_the_format() -> None:
    assert breaks_format("Should the town spend no more?", BASE) == []
    assert breaks_format("Two\nlines", BASE) == ["text: more than one line, or blanks around it"]
    assert breaks_format(BASE, BASE) == ["double: the base once more"]


def test_shipped_paraphrases_mostly_pass() -> None:
    """They were written and reviewed by hand, so a rule that refuses many of them is of no use."""
    num = num_faulty = 0
    for item in every_item():
        for language, (base, *others) in item.wordings.items():
            labels = [option.labels[language] for option in item.options]
            found = [faults_of(text, base, language=language, labels=labels) for text in others]
            num, num_faulty = num + len(found), num_faulty + sum(map(bool, found))
    assert num > 900
    assert num_faulty < 0.15 * num
