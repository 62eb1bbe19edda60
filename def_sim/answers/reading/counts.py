"""Tells numbers that count, date, measure or price something from numbers that may be option codes.

"1 out of 4 people", 35 years, 60 %, 1990, $50, 三口人: none of them names an option. Of the options it
knows the
codes, some of which look like years, and the words of the labels, which count nothing.
"""

import re
from functools import lru_cache
from typing import Final

from def_sim.records import Question

_WINDOW: Final = 40  # characters looked at before a number
_THINGS: Final = (
    r"(?:years?|yrs?|months?|weeks?|days?|nights?|hours?|minutes?|seconds?|decades?|centur(?:y|ies)|times"
    r"|people|persons?"
    r"|children|child|kids?|boys?|girls?|m[ae]n|wom[ae]n|friends?|neighbou?rs?|families|family"
    r"|households?|citizens|americans"
    r"|adults?|teens?|voters?|workers?|colleagues?|co-?workers?|brothers?|sisters?|siblings?|sons?"
    r"|daughters?|cousins?|relatives?"
    r"|parents?|members?|students?|teachers?|doctors?|houses?|homes?|dogs?|cats?|pets?|cars?|jobs?|cities"
    r"|city|towns?|villages?"
    r"|countr(?:y|ies)|states|places|streets?|books?|things?|reasons?|ways?|options|choices|statements?"
    r"|questions?|answers|facts?"
    r"|generations?|meals?|cups?|glasses|miles?|dollars?|euros?|pounds?|cents?|yuan|rmb|usd|acres?|rooms?"
    r"|beds?|couples?|pairs?"
    r"|groups?|teams?|church(?:es)?|schools?|compan(?:y|ies)|shops?|stores?|trees?|languages?"
    r"|instruments?|km|kg|o'clock|am|pm|a\.m|p\.m|million|billion"
    r"|thousand|hundred|percent|others)"
)
_OF_WHOM: Final = (
    r"of (?:my|our|us|them|the (?!(?:options?|choices?|scale|list|above|answers?)\b)[a-z]+"
    r"|those|his|her|these (?:people|men|women)|all|every|people)"
)
_UNIT: Final = re.compile(
    r"\s?-?(?:%|percent\b|per cent\b|(?:(?:(?!(?:for|and|but|not|the|with|are|because|since|that|these"
    r"|when|as"
    rf"|in|to|of)\b)[a-z]{{2,12}}\s){{0,2}}?{_THINGS}|{_OF_WHOM})\b"
    r"|:[0-9]{2}(?![0-9])|年级|班|楼|层|号线|路|点(?:半|钟|整|多|[0-9零一二三四五六七八九十])"
    r"|岁|年|个|月|周|天|日|小时|人|名|位|次|元|块|成(?!\b)|万|亿|倍|代|口|项|户|家|只|条|本|辆|斤|里|遍"
    r"|回|趟|场|首|种|件|段|句|把|张|台|部)",
    re.IGNORECASE,
)
# "1 out of 4 people", "2 in 3", 4个人里有1个: shares of people, whatever the scale.
_SHARE: Final = re.compile(
    r"\s{0,2}(?:(?:out of|of|from|/)(?:\s(?:every|the))?\s?[0-9]{1,9}\s(?!(?:for|on|in my|because|as|is"
    r"|to me|points?|stars?|and|or|i)\b)[a-z]"
    r"|in(?:\s(?:every|the))?\s[0-9]{1,9}\b|/\s?[0-9]{1,9}的|分之\s?[0-9]{1,9}的?人)",
    re.IGNORECASE,
)
_SHARED: Final = re.compile(
    r"(?<![0-9])[0-9]{1,9}\s(?:out of|of|in)(?:\s(?:every|the))?\s$|每\s?$", re.IGNORECASE
)
_SHARED_OF: Final = re.compile(
    r"\s(?!(?:for|on|in my|because|as|is|to me|points?|stars?|and|or|i)\b)[a-z]", re.IGNORECASE
)
_COUNTED: Final = re.compile(
    r"(?:[$¥€£]|\b(?:top|first|aged?|since|in the|question|page|chapter|last|next|every|these|all|grade"
    r"|class|floor|room|bus|route|line|age|section"
    r"|article|verse|channel|gate|platform|volume|episode|season|apartment|highway|windows|version"
    r"|article|act)"
    r"|前|第|每)\s?$|[0-9]:$",
    re.IGNORECASE,
)
_FAMILY: Final = re.compile(
    r"\b(?:father|mother|mum|mom|dad|parents?|grand[a-z]+|family|household|group|team|couple"
    r"|widow[a-z]*)\sof\s$",
    re.IGNORECASE,
)
_OWNED: Final = re.compile(
    r"\b(?:have|has|had|owns?|keeps?|got|there (?:are|is|were)|knows?|knew|raised?|bought|met"
    r"|[0-9]{1,9}\s[a-z]{2,15}s,? and)\s$",
    re.IGNORECASE,
)
_POINTED_AT: Final = re.compile(
    r"(?:\b(?:options?|choices?|number|no\.?|code|answer|choose|select|pick)|选项|选择?|选了"
    r"|答案)\s?[#:]?\s?$",
    re.IGNORECASE,
)
_YEARS: Final = range(1800, 2100)


def counts_something(text: str, start: int, end: int, question: Question) -> bool:
    """Whether the number between two positions counts or measures something.

    A count of the options is one, too. "Option 2 of the four" points at an option.
    """
    before = text[max(0, start - _WINDOW) : start]
    if _SHARE.match(text, end):
        return True
    shared = _SHARED.search(before)
    if shared and (shared[0].rstrip().endswith(("in", "每", "every", "the")) or _SHARED_OF.match(text, end)):
        return True
    if (
        (_OWNED.search(before) and re.match(r"\s[a-z]", text[end:]))
        or _COUNTED.search(before)
        or _FAMILY.search(before)
        or (_UNIT.match(text, end) and not _is_pointed_at(text, before, end))
    ):
        return True
    digits = text[start:end]
    if digits.isdecimal() and _is_followed_by_a_noun(text, int(digits[:9]), end, question):
        return True
    return (
        digits.isdecimal()
        and len(digits) == 4
        and int(digits) in _YEARS
        and int(digits) not in question.codes
    )


# What may follow a code in a sentence though it ends like a noun in the plural, or stands alone.
_NO_NOUNS_WORDS: Final = (
    "seems fits feels sounds describes reflects matches suits expresses represents comes works looks "
    "says makes means captures corresponds stands is was has does goes gets remains appears shows "
    "applies always perhaps yes thus as this points point stars star his its us plus versus unless "
    "across towards besides afterwards nevertheless regardless likes loves needs tells gives tops "
    "upwards onwards indicates misses overshoots summarises summarizes it on for because since and or "
    "out of but though although my in to with if when would will seem fit best by that which so due "
    "given from at am i we the not no never more most less least very quite rather fairly pretty "
    "somewhat maybe please then also too only just over under above below about good fine right true "
    "wrong ok okay strong all who me be being can could should were are do did here there now both "
    "these those "
    "either neither nor than like up down well what how while where whereas except instead"
)
_NO_NOUNS: Final = frozenset(_NO_NOUNS_WORDS.split())
_ONE: Final = 1


@lru_cache(maxsize=4096)
def _label_words(question: Question) -> frozenset[str]:
    return frozenset(
        word for option in question.options for word in re.findall(r"[a-z]+", option.label.casefold())
    )


def _is_followed_by_a_noun(text: str, number: int, end: int, question: Question) -> bool:
    """Whether a word follows that looks like what is counted: a plural, or behind 1 any unknown word."""
    following = re.match(r"\s(?P<word>[a-z]{3,15})(?![a-z'])", text[end : end + 20])
    if following is None or following["word"] in _NO_NOUNS or following["word"] in _label_words(question):
        return False
    word = following["word"]
    is_plural = word.endswith("s") and not word.endswith(("ss", "us"))
    return not word.endswith("ly") and is_plural != (number == _ONE)


def _is_pointed_at(text: str, before: str, end: int) -> bool:
    return _POINTED_AT.search(before) is not None and re.match(r"\sof\b", text[end:]) is not None
