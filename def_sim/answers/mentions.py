"""Lists what an answer names: numbers, labels, letters, positions and ranges, in their order.

Knows what kind of thing each mention is, whether it is denied ("not 3"), and which numbers
count or date something (35 years, 60 %, 1990) and so name no option. It does not weigh
mentions against each other: choices.py does.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from def_sim.answers.labels import LABEL, codes_of_mark
from def_sim.records import Question

NO_OPTION = -1  # stands for any number, letter or position that is not an option's


class Kind(Enum):
    """What was named."""

    NUMBER = auto()  # also a letter or a position: it points at an option without its words
    LABEL = auto()
    UNSURE = auto()  # 2-3, 2/3, 7.5, "2 or 3": several readings, none of them chosen


@dataclass(frozen=True, slots=True)
class Mention:
    """One thing named: its option code (or NO_OPTION) and where it stands in the text."""

    kind: Kind
    code: int
    start: int
    end: int
    is_denied: bool = False


_TOKEN = re.compile(
    rf"(?P<label>{LABEL})"
    r"|(?<![0-9A-Za-z])(?P<rank>first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|[0-9]{1,2}(?:st|nd|rd|th))"
    r"\s(?:option|choice|answer|statement|one)\b"
    r"|第\s?(?P<place>[0-9]{1,4})(?=\s?[个项种条]?(?:选项|答案|选择))"
    r"|第\s?(?P<alone>[0-9]{1,4})[个项种条](?=\s*(?:$|[\n.,;:!?()。、]))"
    r"|(?P<unread>第\s?[0-9]++|(?<![A-Za-z0-9])[A-Za-z]++[0-9]++[A-Za-z0-9]*+|[0-9]++[A-Za-z][A-Za-z0-9]*+)"
    r"|(?P<range>[0-9]{1,9}\sand a half\b|\bbetween\s[0-9]{1,9}\sand\s[0-9]{1,9}"
    r"|[0-9]{1,9}\s?[和与]\s?[0-9]{1,9}\s?之间"
    r"|[0-9]{1,9}(?:\.[0-9]++)?[ \t]{0,3}(?:-|~|/|to\s|or\s|至|到|或者?)[ \t]{0,3}[0-9]{1,9}(?:\.[0-9]++)?)"
    r"|(?P<decimal>[0-9]++(?:\.[0-9]++)+|(?<!\S)\.[0-9]++)"
    r"|(?P<number>(?:(?<![0-9A-Za-z)\]\ue000-\uf8ff])-)?[0-9]++)",
    re.IGNORECASE,
)
_RANKS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")

_WINDOW = 40  # characters looked at on either side of a mention
_UNIT = re.compile(
    r"\s?-?(?:%|percent\b|per cent\b|(?:years?|yrs?|months?|weeks?|days?|hours?|minutes?|times|people"
    r"|persons?|children|child|kids?|friends?|options|choices|reasons?|things|dollars|yuan|rmb|usd|km|million|billion"
    r"|thousand|of my|of our)\b"
    r"|岁|年|个|月|周|天|日|小时|人|名|位|次|元|块|成|万|亿|倍|代|口|项)",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"(?:[$¥€£]|\b(?:top|first|aged?|since|in the|question|page)|前|第)\s?$", re.IGNORECASE)
_YEARS = range(1800, 2100)
_DENIAL = re.compile(
    r"(?:\b(?:not|never|cannot|neither|nor|hardly|instead of|rather than|other than"
    r"|except|excluding|without)|n't)"
    r"(?:\s[a-z]{1,20}){0,3}[\s\"'(]*$"
    r"|(?:不|没有?|未|无法|难以|很难|并非|而非|绝非|除了|别)"
    r"(?:太|很|是|能|会|怎么|大|完全|那么|想|敢|特别|非常|十分|觉得|认为|选|择|可能|应该|要|再)*[\s\"'(]*$",
    re.IGNORECASE,
)

_JOINT = re.compile(r"[\s,、/&]{0,4}(?:and|or|和|与|或|及)?\s{0,4}")

_LETTER = re.compile(
    r"(?<![A-Za-z])[(\[]\s?(?P<bracketed>[A-Za-z])\s?[)\]]"
    r"|(?:[Oo]ption|[Cc]hoice|选项|选择|选)\s?(?P<named>[A-Z])(?![A-Za-z'])(?!(?<=[AI])\s[a-z])"
    rf"|^\s*(?P<leading>[A-Z])(?=\s*[.):、]|\s*{LABEL})"
    r"|^\s*(?P<lone>[A-Za-z])\W*$"
)
_LETTER_LIST = re.compile(r"^\W*[A-Z](?:\s*(?:[,、;&/]\s?(?:and\s)?|and\s|or\s|和|或)\s*[A-Z]|\s+[A-Z])+\W*$")


def find_mentions(text: str, question: Question, shown: Sequence[int]) -> list[Mention]:
    """Everything the text names, in its order.

    Args:
        text: An answer whose labels are marked and whose number words are digits.
        question: The question it answers.
        shown: Option codes in displayed order; empty: unknown, and letters are not read.
    """
    found = [mention for token in _TOKEN.finditer(text) for mention in _read_token(token, question, shown)]
    found += _find_letters(text, shown)
    if not found and re.fullmatch(r"[\s.,;:!?()\[\]\"'-]*[0-9]+[\s.,;:!?()\[\]\"'-]*", text):  # a bare year
        found = [Mention(Kind.NUMBER, NO_OPTION, 0, len(text))]
    return _spread_denial(sorted(found, key=lambda mention: mention.start), text)


def _spread_denial(mentions: list[Mention], text: str) -> list[Mention]:
    """Denies what is joined to something denied: "not 2 and 3" denies both."""
    spread = mentions[:1]
    for mention in mentions[1:]:
        is_joined = _JOINT.fullmatch(text[spread[-1].end : mention.start]) is not None
        is_denied = mention.is_denied or (spread[-1].is_denied and is_joined)
        spread.append(replace(mention, is_denied=is_denied))
    return spread


def _read_token(token: re.Match[str], question: Question, shown: Sequence[int]) -> Iterator[Mention]:
    text, start, end = token.string, token.start(), token.end()
    is_denied = _DENIAL.search(text[max(0, start - _WINDOW) : start]) is not None
    if token["label"]:
        for code in codes_of_mark(token["label"], question):
            yield Mention(Kind.LABEL, code, start, end, is_denied)
    elif position := _position(token):
        yield Mention(*_option_at(position, question, shown), start, end, is_denied)
    elif not token["unread"] and not _is_measure(token, question):
        yield Mention(*_option_of_number(token, question), start, end, is_denied)


def _position(token: re.Match[str]) -> int | None:
    if token["rank"]:
        rank = token["rank"].lower()
        return _RANKS.index(rank) + 1 if rank in _RANKS else int(rank[:-2])
    number = token["place"] or token["alone"]
    return int(number) if number else None


def _option_at(position: int, question: Question, shown: Sequence[int]) -> tuple[Kind, int]:
    """What a position points at: read only if the option shown there and the code of that number agree."""
    order = tuple(shown) or question.codes
    meant = {order[position - 1]} if 1 <= position <= len(order) else set()
    meant |= {position} & set(question.codes)
    if len(meant) > 1:
        return Kind.UNSURE, NO_OPTION
    return Kind.NUMBER, meant.pop() if meant else NO_OPTION


def _option_of_number(token: re.Match[str], question: Question) -> tuple[Kind, int]:
    codes = question.codes
    if token["range"]:
        return Kind.UNSURE, NO_OPTION
    if token["decimal"]:
        whole, _, fraction = token["decimal"].partition(".")
        if fraction.strip("0"):
            is_between = min(codes) <= _whole_number(whole) < max(codes)
            return (Kind.UNSURE if is_between else Kind.NUMBER), NO_OPTION
    else:
        whole = token["number"]
    number = _whole_number(whole)
    return Kind.NUMBER, number if number in codes else NO_OPTION


def _whole_number(digits: str) -> int:
    """The number, or NO_OPTION if it is too long to be a code (and for `int` to read safely)."""
    return int(digits or "0") if len(digits) <= 9 else NO_OPTION


def _is_measure(token: re.Match[str], question: Question) -> bool:
    """Whether a number counts, dates or prices something. A count of the options is one too."""
    text, start, end = token.string, token.start(), token.end()
    if _UNIT.match(text, end) or _COUNTED.search(text[max(0, start - _WINDOW) : start]):
        return True
    number = _whole_number(token["number"] or "0")
    return number in _YEARS and number not in question.codes


def _find_letters(text: str, shown: Sequence[int]) -> list[Mention]:
    if not shown:
        return []
    if _LETTER_LIST.match(text):
        is_open = re.search(r"\bor\b|或", text) is not None
        letters = [(match[0], match.start(), match.end()) for match in re.finditer(r"\b[A-Z]\b", text)]
        kind = Kind.UNSURE if is_open else Kind.NUMBER
        return [Mention(kind, _code_of_letter(letter, shown), start, end) for letter, start, end in letters]
    found = []
    for match in _LETTER.finditer(text):
        code = _code_of_letter(match[match.lastgroup or 0], shown)
        if code == NO_OPTION and match.lastgroup == "leading":
            continue  # an initial, as in "I: ..."
        is_denied = _DENIAL.search(text[max(0, match.start() - _WINDOW) : match.start()]) is not None
        found.append(Mention(Kind.NUMBER, code, match.start(), match.end(), is_denied))
    return found


def _code_of_letter(letter: str, shown: Sequence[int]) -> int:
    place = ord(letter.upper()) - ord("A")
    return shown[place] if place < len(shown) else NO_OPTION
