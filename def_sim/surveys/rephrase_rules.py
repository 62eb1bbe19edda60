"""What rules find wrong with a rephrased question before any person or model reads it.

Each rule compares a draft with its base and names what differs. They are coarse on purpose: a fault is a
reason for a person to look, and no fault is no proof that both texts mean the same. Of the shipped
paraphrases, which are sound, they pass nine in ten. Negation is known in English and Chinese; in other
languages that rule finds nothing. Knows no file and no model.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Final

from def_sim.records import FIRST_CHOICE_SLOT
from def_sim.visible import visible

LANGUAGES_WITH_NEGATION: Final = ("en", "zh")
SHORTEST, LONGEST = 0.5, 2.0  # length of a draft in lengths of its base
_LEAST_SHARE: Final = 0.6  # of a draft's letters in the script of the base
_ENOUGH_WORDS: Final = 6  # of an English text, for common words to be expected in it

_NUMBER: Final = re.compile(r"\d+(?:[.,]\d+)*")
_WORDS: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
# From three on: "two" and 两 mostly say no more than "both" does.
_ENGLISH_NUMBERS: Final = {
    "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9", "ten": "10",
    "eleven": "11", "twelve": "12", "fifteen": "15", "twenty": "20", "thirty": "30", "fifty": "50",
    "hundred": "100", "thousand": "1000",
}  # fmt: skip
_CHINESE_DIGITS: Final = {digit: str(number) for number, digit in enumerate("三四五六七八九十", start=3)}
# A number is told from an idiom by what is counted: 三个 but not 十分.
_CHINESE_NUMBER: Final = re.compile(
    r"([三四五六七八九十])(?=[个位件项种样次年岁天月周点元代]|小时|方面|分之)"
)

_ENGLISH_NEGATION: Final = re.compile(
    r"\b(?:not|no|never|none|nobody|nothing|nowhere|neither|without|cannot)\b|n['’]t\b", re.IGNORECASE
)
# Questions that ask both ways ("or would you not?"), and words that hold a negation and deny nothing.
_ENGLISH_NEUTRAL: Final = re.compile(
    r"\bor (?:\w+ ){0,3}not\b|\bnot only\b|\bno matter\b|\bnothing but\b|\bnot at all\b|\bnot yet\b",
    re.IGNORECASE,
)
_CHINESE_NEGATION: Final = re.compile(r"[不没無无非未勿莫]|别(?=[让再去把管太])")
_CHINESE_NEUTRAL: Final = re.compile(
    r"非常|非要|不同|不过|不但|不仅|不只|不断|不少|无论|不论|不管|差不多|除非|未来|非洲|莫过|不妨|不得不|是非|不久"
    r"|没关系|没有关系|一点也不|与否|不止|无非|还没到上学|没有(?=呢?[，,？?])"
)
_CHINESE_BOTH_WAYS: Final = re.compile(
    r"(.{1,4})[不没]有?\1|(?:还是|或者?).{0,2}[不没]|有没有|做没做|[不没][^，。？]{0,4}还是"
)

# What denies a word -> letters that the word has at least: "side" and "inside" deny nothing of each other.
_PREFIXES: Final = {"un": 4, **dict.fromkeys(("in", "im", "ir", "il", "dis", "non"), 5)}
_WITHHOLDING: Final = {
    "en": ("don't know", "do not know", "not sure", "unsure", "no opinion", "prefer not", "rather not say"),
    "zh": ("不知道", "说不清", "不清楚", "不确定", "没意见", "没有意见", "无法回答", "不想回答", "不好说"),
}
# Words that are English alone: "in", say, is German, too.
_COMMON_ENGLISH: Final = re.compile(
    r"\b(?:the|of|to|is|are|do|does|you|your|how|what|which|would|it|that|and|or|for|with|if|this|there|should"
    r"|people|more|whether|by|have|has|can|we|our)\b",
    re.IGNORECASE,
)
_LIST_MARK: Final = re.compile(r"(?:^|[\s(（])(?:[A-Ha-h]|\d{1,2})[).）、:：]\s*\S")
_NOT_SAID: Final = re.compile(r"[\W_]+")


def faults_of(
    draft: str, base: str, *, language: str, labels: Sequence[str], others: Collection[str] = ()
) -> list[str]:
    """What is wrong with a draft, each in a few words that begin with the rule's name; empty: nothing found.

    Args:
        draft: The rephrased question.
        base: What it rephrases.
        language: Of both, two letters.
        labels: Of the options, in that language, shape (K,).
        others: Wordings and drafts of the same item that it must differ from, besides the base.
    """
    found = [
        _slot(draft, base),
        _line(draft),
        _script(draft, base, language),
        _length(draft, base),
        _double(draft, base, others),
        _numbers(draft, base, language),
        _negation(draft, base, language),
        _options(draft, base, language, labels),
    ]
    return [fault for fault in found if fault]


def breaks_format(draft: str, base: str, others: Collection[str] = ()) -> list[str]:
    """The faults with which a text cannot be a wording at all, whatever a reviewer says of it."""
    found = (_slot(draft, base), _line(draft), _double(draft, base, others))
    return [fault for fault in found if fault]


def normalised(text: str) -> str:
    """A text without case, spaces and punctuation: two that are equal then are the same wording."""
    return _NOT_SAID.sub("", unicodedata.normalize("NFKC", text).casefold())


def _slot(draft: str, base: str) -> str:
    expected, found = base.count(FIRST_CHOICE_SLOT), draft.count(FIRST_CHOICE_SLOT)
    rest = draft.replace(FIRST_CHOICE_SLOT, "")
    if expected != found:
        return f"slot: expected {FIRST_CHOICE_SLOT} {expected} times, found {found}"
    return "slot: braces that belong to no slot" if "{" in rest or "}" in rest else ""


def _line(draft: str) -> str:
    if not draft.strip():
        return "text: it is empty"
    if draft != draft.strip() or len(draft.splitlines()) > 1:
        return "text: more than one line, or blanks around it"
    return "text: characters that cannot be seen" if visible(draft) != draft else ""


def _script(draft: str, base: str, language: str) -> str:
    expected = script_of(base)
    scripts = _scripts(draft)
    num = sum(scripts.values())
    if expected is not None and num and scripts[expected] < _LEAST_SHARE * num:
        return f"script: expected {expected}, found {scripts.most_common(1)[0][0]}"
    if language == "en":
        if len(_WORDS.findall(draft)) >= _ENOUGH_WORDS and not _COMMON_ENGLISH.search(draft):
            return "script: no common English word in it; is it another language?"
        if "HAN" in scripts and "HAN" not in _scripts(base):
            return "script: Chinese characters in an English text"
    return ""


def script_of(text: str) -> str | None:
    """The script that most letters of a text are in, such as LATIN or HAN; None: it has no letter."""
    scripts = _scripts(text)
    return scripts.most_common(1)[0][0] if scripts else None


def _scripts(text: str) -> Counter[str]:
    """How many letters are in each script, the slot left out."""
    letters = [letter for letter in text.replace(FIRST_CHOICE_SLOT, "") if letter.isalpha()]
    names = (unicodedata.name(letter, "UNKNOWN").split()[0].split("-")[0] for letter in letters)
    return Counter("HAN" if name == "CJK" else name for name in names)


def _length(draft: str, base: str) -> str:
    lengths = [len("".join(text.split())) for text in (draft, base)]
    ratio = lengths[0] / max(lengths[1], 1)
    if SHORTEST <= ratio <= LONGEST:
        return ""
    return f"length: {ratio:.2f} times the base, allowed are {SHORTEST:g} to {LONGEST:g}"


def _double(draft: str, base: str, others: Collection[str]) -> str:
    said = normalised(draft)
    if said == normalised(base):
        return "double: the base once more"
    if said in {normalised(other) for other in others}:
        return "double: another wording once more"
    return ""


def _numbers(draft: str, base: str, language: str) -> str:
    expected, found = (Counter(_numbers_in(text, language)) for text in (base, draft))
    lost, new = sorted(expected - found), sorted(found - expected)
    parts = [f"{', '.join(which)} {what}" for which, what in ((lost, "left out"), (new, "added")) if which]
    return f"number: {' and '.join(parts)}" if parts else ""


def _numbers_in(text: str, language: str) -> list[str]:
    found = [number.replace(",", "") for number in _NUMBER.findall(unicodedata.normalize("NFKC", text))]
    if language == "en":
        words = (word.casefold() for word in _WORDS.findall(text))
        found += [_ENGLISH_NUMBERS[word] for word in words if word in _ENGLISH_NUMBERS]
    if language == "zh":
        found += [_CHINESE_DIGITS[digit] for digit in _CHINESE_NUMBER.findall(text)]
    return found


def _negation(draft: str, base: str, language: str) -> str:
    if language not in LANGUAGES_WITH_NEGATION:
        return ""
    expected, found = (num_negations(text, language) for text in (base, draft))
    if (expected > 0) != (found > 0):
        return "negation: left out" if expected else "negation: added"
    turned = _turned(draft, base) if language == "en" else ""
    return f"negation: {turned}" if turned else ""


def num_negations(text: str, language: str) -> int:
    """How many words of a text deny something; a question that asks both ways denies nothing."""
    if language == "zh":
        plain = _CHINESE_NEUTRAL.sub("", _CHINESE_BOTH_WAYS.sub("", text))
        return len(_CHINESE_NEGATION.findall(plain))
    return len(_ENGLISH_NEGATION.findall(_ENGLISH_NEUTRAL.sub("", text)))


def _turned(draft: str, base: str) -> str:
    """A word that one text has and the other only with a prefix that denies it; "" where there is none."""
    words = [{word.casefold() for word in _WORDS.findall(text)} for text in (base, draft)]
    for before, after in (words, words[::-1]):
        for word in sorted(before - after):
            denied = {prefix + word for prefix, shortest in _PREFIXES.items() if len(word) >= shortest}
            if (found := denied & (after - before)) and not denied & before:
                pair = (word, min(found))
                first, second = pair if before is words[0] else pair[::-1]
                return f"{first} became {second}"
    return ""


def _options(draft: str, base: str, language: str, labels: Sequence[str]) -> str:
    """Whether a draft lists options, names one that the base does not, or names some of those it names."""
    if len(_LIST_MARK.findall(draft)) > 1 and not _LIST_MARK.search(base):
        return "options: it lists options"
    for words in _WITHHOLDING.get(language, ()):
        if words in _plain(draft) and words not in _plain(base):
            return f"options: it offers {words!r}"
    named_before, named = (_labels_in(text, labels) for text in (base, draft))
    if added := sorted(named - named_before):
        return f"options: it names {added[0]!r}, which the base does not"
    if named and (dropped := sorted(named_before - named)):
        return f"options: it leaves out {dropped[0]!r}, which the base names"
    return ""


def _labels_in(text: str, labels: Sequence[str]) -> set[str]:
    plain = _plain(text)
    words = [label for label in labels if not label.isdigit()]  # points of a scale are numbers
    return {label for label in words if _is_in(_plain(label), plain)}


def _is_in(label: str, text: str) -> bool:
    if label.isascii():
        return re.search(rf"(?<!\w){re.escape(label)}(?!\w)", text) is not None
    return label in text


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
