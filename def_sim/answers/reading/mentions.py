"""Lists what an answer names: numbers, labels, letters, positions and ranges, in their order.

Knows what kind of thing each mention is, and asks of each whether it is denied or compared (denials.py) and
whose choice it is (speakers.py); numbers that count something (counts.py) name no option. It does not weigh
mentions against each other: choices.py does.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from def_sim.answers.reading.affirmations import is_clearly_chosen
from def_sim.answers.reading.clauses import Surroundings, quieten, surroundings
from def_sim.answers.reading.counts import counts_something
from def_sim.answers.reading.denials import is_excluded
from def_sim.answers.reading.labels import LABEL, codes_of_mark, is_negative, is_shifted, takes_object
from def_sim.answers.reading.speakers import Speaker, speaker_of
from def_sim.records import Question

MOST_MENTIONS = 50  # in one answer; one that names more has chosen nothing
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
    is_denied: bool = False  # or compared, supposed, asked: not what was chosen
    is_unclear: bool = False  # words lead up to it that no choice is known to have
    speaker: Speaker = Speaker.UNSAID


_TOKEN = re.compile(
    rf"(?P<label>{LABEL})"
    r"|(?<![0-9A-Za-z])(?P<rank>first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth"
    r"|[0-9]{1,2}(?:st|nd|rd|th))"
    r"\s(?:option|choice|answer|statement|one)\b"
    r"|第\s?(?P<place>[0-9]{1,4})(?=\s?[个项种条]?(?:选项|答案|选择))"
    r"|第\s?(?P<alone>[0-9]{1,4})[个项种条](?=\s*(?:$|[\n.,;:!?()。、]))"
    r"|(?P<unread>第\s?[0-9]++|(?<![A-Za-z0-9])[A-Za-z]++[0-9]++[A-Za-z0-9]*+|[0-9]++[A-Za-z][A-Za-z0-9]*+)"
    r"|(?P<range>[0-9]{1,9}\sand a half\b|\bbetween\s[0-9]{1,9}\sand\s[0-9]{1,9}"
    r"|[0-9]{1,9}\s?[和与]\s?[0-9]{1,9}\s?之间"
    r"|[0-9]{1,9}(?:\.[0-9]++)?[ \t]{0,3}(?:-|~|/|to\s|through\s|or\s|至|到|还是"
    r"|或者?)[ \t]{0,3}[0-9]{1,9}(?:\.[0-9]++)?)"
    r"|(?P<decimal>[0-9]++(?:\.[0-9]++)+|(?<!\S)\.[0-9]++)"
    r"|(?P<number>(?:(?<![0-9A-Za-z)\]\ue000-\uf8ff])-)?[0-9]++)",
    re.IGNORECASE,
)
_RANKS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")

_JOINT = re.compile(
    r"(?!\s*[(\[]\s*$)[\s,;、/&\-\"')\]]{0,5}(?:and|or|nor|和|与|或者?|及|还是)?\s{0,4}(?:option\s"
    r"|number\s|选项)?[\s\"'(\[]{0,3}",
    re.IGNORECASE,
)
_EITHER_OR = re.compile(r"[^\w\s]*\s*就是")  # 不是3就是4
_ONE_THING = re.compile(r"[\s.,:()\[\]\"'=、-]{0,6}")  # between the number and the label of one option

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
    found.sort(key=lambda mention: mention.start)
    if len(found) > MOST_MENTIONS:
        return [Mention(Kind.UNSURE, NO_OPTION, found[0].start, found[-1].end)]
    return _shared(_judged(found, text, question), text)


def _judged(mentions: list[Mention], text: str, question: Question) -> list[Mention]:
    """The mentions with what is said around each of them."""
    spans = [(mention.start, mention.end) for mention in mentions]
    around = surroundings(quieten(_without_words(text, spans)), spans)
    return [_judge(mention, near, question) for mention, near in zip(mentions, around, strict=True)]


def _judge(mention: Mention, near: Surroundings, question: Question) -> Mention:
    is_label = mention.kind is Kind.LABEL
    denies = is_label and is_negative(mention.code, question)
    is_chosen = is_clearly_chosen(
        near, question, has_object=is_label and takes_object(mention.code, question), is_negative=denies
    )
    return replace(
        mention,
        is_denied=is_excluded(near, is_negative=denies),
        is_unclear=not is_chosen or (is_label and is_shifted(mention.code, near.lead, near.own, question)),
        speaker=speaker_of(near),
    )


def _without_words(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The text, of the same length, with digits for the letters of what it names ("the third option")."""
    pieces, position = [], 0
    for start, end in spans:
        pieces += [text[position:start], re.sub(r"[A-Za-z]", "0", text[start:end])]
        position = end
    return "".join([*pieces, text[position:]])


def _shared(mentions: list[Mention], text: str) -> list[Mention]:
    """What is said of one mention holds for those that are joined to it, too.

    "Not 2 and 3" denies both, "my wife would say 2 or 3" ascribes both, "2 and 3 leave me cold" chooses
    neither, and the number and the label of one option share all that is said of either.
    """
    spread = mentions[:1]
    for mention in mentions[1:]:
        last, between = spread[-1], text[spread[-1].end : mention.start]
        if _are_one(last, mention, between):
            spread[-1], mention = _alike(last, mention), _alike(mention, last)
        elif _JOINT.fullmatch(between):
            mention = _alike(mention, last)
        elif last.is_denied and _EITHER_OR.match(between):
            mention = replace(mention, is_unclear=True)
        spread.append(mention)
    for place in range(len(spread) - 1, 0, -1):  # what stands behind the last one bears on all of them
        last, mention = spread[place - 1], spread[place]
        between = text[last.end : mention.start]
        if mention.is_unclear and (_are_one(last, mention, between) or _JOINT.fullmatch(between)):
            spread[place - 1] = replace(last, is_unclear=True)
    return spread


def _are_one(first: Mention, second: Mention, between: str) -> bool:
    """Whether two mentions name one option ("2. Agree"), or what it is chosen from ("1 or 2. Agree")."""
    return (first.code == second.code or first.kind is Kind.UNSURE) and _ONE_THING.fullmatch(
        between
    ) is not None


def _alike(mention: Mention, other: Mention) -> Mention:
    """The mention with what is said of another one."""
    return replace(
        mention,
        is_denied=mention.is_denied or other.is_denied,
        is_unclear=mention.is_unclear or other.is_unclear,
        speaker=Speaker.OTHERS if other.speaker is Speaker.OTHERS else mention.speaker,
    )


def _read_token(token: re.Match[str], question: Question, shown: Sequence[int]) -> Iterator[Mention]:
    start, end = token.start(), token.end()
    if token["label"]:
        for code in codes_of_mark(token["label"], question):
            yield Mention(Kind.LABEL, code, start, end)
    elif position := _position(token):
        yield Mention(*_option_at(position, question, shown), start, end)
    elif not token["unread"] and not counts_something(token.string, start, end, question):
        yield Mention(*_option_of_number(token, question), start, end)


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
        found.append(Mention(Kind.NUMBER, code, match.start(), match.end()))
    return found


def _code_of_letter(letter: str, shown: Sequence[int]) -> int:
    place = ord(letter.upper()) - ord("A")
    return shown[place] if place < len(shown) else NO_OPTION
