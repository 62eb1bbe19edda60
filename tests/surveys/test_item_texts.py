"""The two languages say the same, in the house style, and in nobody else's words.

By program over every item: it finds what differs in numbers and negations. Each difference that
is none of meaning was looked at and stands in a list below with its reason; a list holds no
entry that is no longer needed. Whether a wording reads well is for people to judge.
"""

import csv
import re

import pytest
from library import FIGURES, LANGUAGES, all_runs_of_six, every_item, runs_of_six

from def_sim.surveys.item_bank import Item

MOST_ENGLISH_WORDS = 36
of_every_item = pytest.mark.parametrize("item", every_item(), ids=lambda item: item.id)


def base(item: Item, language: str) -> str:
    return item.wordings[language][0]


def every_text(item: Item, language: str) -> list[str]:
    return [*item.wordings[language], *(option.labels[language] for option in item.options)]


# --- numbers ---

SAME_NUMBERS = {
    "cgss2018.A425": "husband and wife are two people, which only the Chinese says",
    "gss2022.adoptus": "do both is 两者都要",
    "gss2022.eldfnce": "an elderly couple is 老两口, the old two",
    "wvs7.Q149": "which of the two: the Chinese says which one",
    "wvs7.Q150": "which of the two: the Chinese says which one",
    "wvs7.Q155": "what comes next after the first is 第二, the second",
    "wvs7.Q157": "what comes next after the first is 第二, the second",
}
SAME_NUMBERS_IN_OPTIONS = {
    ("cgss2018.A41", 4): "in equal parts is 三方均摊, among the three that are named",
    ("gss2022.adoptus", 3): "both is 两者",
}
ENGLISH_NUMBERS = {
    word: number
    for number, words in {
        2: "two second twice",
        3: "three third",
        4: "four fourth",
        5: "five fifth",
        6: "six",
        7: "seven",
        8: "eight",
        9: "nine",
        10: "ten tenth",
    }.items()
    for word in words.split()
}
CHINESE_NUMBERS = {"两": 2} | {digit: number for number, digit in enumerate("二三四五六七八九十", 2)}


def numbers_of(text: str) -> set[int]:
    """Numbers from two upwards, in digits or words. One is left out: "a", "one", 一 are grammar."""
    digits = {int(found) for found in re.findall(r"\d+", text)}
    english = {
        ENGLISH_NUMBERS[word] for word in re.findall("[a-z]+", text.lower()) if word in ENGLISH_NUMBERS
    }
    return digits | english | {CHINESE_NUMBERS[sign] for sign in text if sign in CHINESE_NUMBERS}


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Think of 2050, some 30 years from now.", {2050, 30}),
        ("One of two goals, the second of ten", {2, 10}),
        ("请想一想，今后十年里的三个目标，第二个是哪一个？", {10, 3, 2}),
        ("一般来说，老百姓怎么样？", set()),
    ],
)
def test_numbers_are_read_from_digits_and_words(text: str, numbers: set[int]) -> None:
    assert numbers_of(text) == numbers


def test_both_languages_name_the_same_numbers() -> None:
    different = {i.id for i in every_item() if numbers_of(base(i, "en")) != numbers_of(base(i, "zh"))}
    assert different == set(SAME_NUMBERS)


# --- negations ---

SAME_SENSE = {
    "cgss2018.A423": "worth more than: the Chinese turns it round, not as good as",
    "gss2022.eqwlth": "stay out of this: 不该管, should not see to it",
    "gss2022.rsprltv2": "recently widowed: 没了老伴, without his wife",
    "gss2022.affrmact": "call this wrong: 不对",
    "gss2022.discaff": "passed over: 没能得到, did not get",
    "pew_atp.HAPPENg_W41": "less important: 没有现在重要, not as important as now",
    "pew_atp.HARASS1NOWRKF2c_W41": "get away with it: 没有受到惩罚, are not punished",
    "pew_atp.HARASS1F1b_W41": "before finding out: 还没查清, not yet found out",
    "wvs7.Q43": "less important: 不像现在这么重要, not as important as now",
    "wvs7.Q151": "be spared another war: 不要再打仗, no war again",
    "wvs7.Q173": "leaving aside whether: 先不说",
    "wvs7.Q178": "without paying the fare: 逃票 is one word",
    "wvs7.Q246": "protect against oppression: 不受压迫",
}
# "Would you or would you not" and 愿意不愿意 ask, and deny nothing.
ENGLISH_ASKS = re.compile(
    r"\bor (?:would|should|are|is|will|they) \w* ?not\b|\bor not(?: particularly)?\b(?=[,?])"
)
CHINESE_ASKS = re.compile(r"(.{1,2})不\1|有没有|还是[不没][^，。？]*")
CHINESE_PLAIN = re.compile(
    "非常|非要|是非|不久|不少|不同|不管|不过|差不多|未来|(?<!治)不好"
)  # single words that deny nothing
ENGLISH_DENIES = re.compile(
    r"\b(?:not|no|never|without|nobody|nothing|neither|nor|cannot|hardly|rather than"
    r"|stay the same|unable|undemocratic|insecure|incurable|incompetent|disapprove)\b"
)
CHINESE_DENIES = re.compile("[不没无非未]")


def denies(text: str, language: str) -> bool:
    """Whether something in a text is denied, by a word of its own or by a prefix."""
    if language == "en":
        return bool(ENGLISH_DENIES.search(ENGLISH_ASKS.sub("", text.lower())))
    return bool(CHINESE_DENIES.search(CHINESE_PLAIN.sub("", CHINESE_ASKS.sub("", text))))


@pytest.mark.parametrize(
    ("english", "chinese", "is_denied"),
    [
        ("Would you or would you not accept this?", "您能不能接受？", False),
        ("Do you agree or disagree?", "您同意还是不同意？", False),
        ("A wife need not have a job.", "妻子不一定要工作。", True),
        ("Would you accept somebody without a job?", "您能不能接受没有工作的人？", True),
    ],
)
def test_a_question_that_offers_both_answers_denies_nothing(
    english: str, chinese: str, is_denied: bool
) -> None:
    assert denies(english, "en") is denies(chinese, "zh") is is_denied


def test_what_one_language_denies_the_other_does_too() -> None:
    different = {i.id for i in every_item() if denies(base(i, "en"), "en") != denies(base(i, "zh"), "zh")}
    assert different == set(SAME_SENSE)


# --- options and style ---


@of_every_item
def test_both_languages_offer_the_same_options_in_the_same_order(item: Item) -> None:
    for population in ("USA", "CHN"):
        english, chinese = (
            item.question(wording=0, language=language, population=population).options
            for language in LANGUAGES
        )
        assert [option.code for option in english] == [option.code for option in chinese]


def test_both_languages_name_the_same_numbers_in_an_option() -> None:
    different = {
        (item.id, option.code)
        for item in every_item()
        for option in item.options
        if numbers_of(option.labels["en"]) != numbers_of(option.labels["zh"])
    }
    assert different == set(SAME_NUMBERS_IN_OPTIONS)


@of_every_item
def test_chinese_is_polite_and_has_its_own_punctuation(item: Item) -> None:
    for text in every_text(item, "zh"):
        assert not re.search(r"""[,.;:?!()"'<>\[\]]""", text), text
        assert "你" not in re.sub("“[^”]*”", "", text), text  # a saying may address anyone


@of_every_item
def test_a_country_is_named_from_nobodys_side(item: Item) -> None:
    assert not [text for text in every_text(item, "zh") if re.search("我国|祖国", text)]


@of_every_item
def test_an_english_wording_is_short(item: Item) -> None:
    assert max(len(text.split()) for text in item.wordings["en"]) <= MOST_ENGLISH_WORDS


# --- whose words ---

STOCK_QUESTIONS = (  # how any questionnaire asks; the thing asked about is not among these words
    "Would you agree or disagree with this statement",
    "To what extent do you agree or disagree",
    "How much confidence do you have in the",
    "How much confidence, if any, do you",
    "How satisfied or dissatisfied are you with the",
    "Would you say that you are",
)
PLAIN_WORDS = {  # item: a phrase that names its subject and that another's sentence also holds
    "gss2022.letdie1": "to end the patient’s life",
}


@pytest.mark.skipif(not FIGURES.is_dir(), reason="the institutes' codebooks are not beside the checkout")
def test_no_wording_shares_six_words_in_a_row_with_the_institutes() -> None:
    theirs = all_runs_of_six(
        row["question_text"]
        for name in ("wvs7", "gss2022", "pew_atp")
        for row in csv.DictReader((FIGURES / f"{name}_codebook.csv").read_text("utf-8").splitlines())
    )
    assert len(theirs) > 10_000
    shared = {
        (item.id, run)
        for item in every_item()
        for run in all_runs_of_six(item.wordings["en"]) & theirs - all_runs_of_six(STOCK_QUESTIONS)
    }
    assert (
        shared - {(item_id, run) for item_id, phrase in PLAIN_WORDS.items() for run in runs_of_six(phrase)}
        == set()
    )
    assert {item_id for item_id, _ in shared} == set(PLAIN_WORDS)
