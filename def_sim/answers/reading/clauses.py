"""Cuts out what stands around a mention: its clause before, what directly follows, and its sentence.

A denial holds as far as its clause reaches: "I would not say 1, I would say 2" denies the 1 alone. Knows
where
clauses end in English and Chinese, and which turns only look like denials ("no doubt", 毫无疑问). It does not
know what a clause says about what it mentions.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_WIDEST = 300  # characters looked at on either side of a mention
_MARK = "[0-9\ue000-\uf8ff]"

# No denials, though they hold the words of one.
_HARMLESS = re.compile(
    r"\b(?:(?:no|without|not) (?:a |any |the slightest |much )?(?:doubt|hesitation|question about it"
    r"|exception)"
    r"|not (?:only|just|merely|to mention|surprisingly|to lie)|never mind|why not"
    r"|(?:can(?:not| not|'t)|could(?:n't| not)) (?:help (?:but|saying|choosing)|but|deny|be denied"
    r"|agree more)"
    r"|(?:do|did|would|need)(?:n't| not) hesitate|not have to think|not think twice"
    r"|(?:nothing|none|no one|nobody) (?:else )?(?:but|other than|than)|no other (?:than|but)"
    r"|if (?:i am|i'm) not mistaken|whether or not|like it or not|not (?:un|in|dis)(?!der)[a-z]+"
    r"|wrong or right|right or wrong|last but not least|above all|more than anything(?: else)?)\b"
    r"|毫不犹豫|毫不迟疑|毫无疑问|毫无悬念|毋庸置疑|不容置疑|不可否认|不用说|不必说|不得不|不能不|无非"
    r"|不外乎|不仅|不但"
    r"|不只|不光|没错|没问题|不错|不假思索|不好意思|对不起|差不多(?=是|选|给|打|就)|要不(?!是|要|得|然)|不过"
    r"|不管怎么?样?|无论如何|不论如何"
    r"|无疑|除此之外|(?<=,)不如",
    re.IGNORECASE,
)
# A denial whose object is still to come, so that a comma (with or without a parenthesis) does not end it.
_DANGLING = re.compile(
    r"(?:\b(?:not|never|hardly|neither|by no means|far from|anything but|(?:not )?the case|untrue|false"
    r"|unlikely)"
    r"|n't|不是|并非|并不是|绝不|绝非|不认为|不觉得|谈不上|从不|远远)\s{0,3},(?:[^,.;:!?\n]{1,40},)?",
    re.IGNORECASE,
)
_AS_SOMEBODY = re.compile(
    r"\b(?:after|upon|with|given|giving) (?:it |this )?(?:some|a little|much|a lot of) (?:thought"
    r"|thinking)\b|"
    r"\b(?:as (?:a|an|the|someone|somebody|one)\b[^,.;\n]{0,120}?(?:,|(?=\bi\b))|like (?:most|many|all"
    r"|other) [^,.;\n]{0,40},)"
    r"|作为[^,。;\n]{0,40}?(?:,|(?=我|会选|选))|[和跟与同像][^,。;\n]{0,20}一样,?",
    re.IGNORECASE,
)
# "All options but 1": here "but" excepts.
_ALL_BUT = re.compile(
    r"\b(?:all|any|every|each)\s(?:[a-z]{1,12}\s){0,2}?(?:options?|choices?|answers?|numbers?|codes?"
    r"|points?|labels?|them|these|others?|rest)\sbut\b",
    re.IGNORECASE,
)
# In "2. Agree" the stop ends no sentence.
_SENTENCE_END = re.compile(
    r"[!?;\n。]|(?<![0-9])\.(?=[\s\"')\]\ue000-\uf8ff]|$)|(?<=[0-9])\.(?=[\s\"')\]]|$)(?!\s?[\ue000-\uf8ff])"
    r"|(?<=[^\x00-\x7f])\."
)
_CLAUSE_END = re.compile(
    rf"(?P<comma>,(?!\d{{3}}(?!\d)))|(?P<colon>:|=|\(|(?<=\s)-(?=\s))"
    r"|\b(?:(?<!anything )(?<!nothing )(?<!everything )(?<!all )(?<!none )(?<!any )(?<!anyone )(?<!everyone )"
    r"(?<!one )(?<!else )but|however|though|although|whereas|instead(?! of)|rather(?! than)"
    rf"|so (?=(?:i|my|the|it|then)\b|{_MARK})|therefore|thus|hence|and (?=(?:i|my|so|thus|therefore)\b))\b"
    r"|而(?!且|言|已)|但是?|可是|然而|所以|因此|却",
    re.IGNORECASE,
)
# Before a colon: what follows is the object of what was said, also of a denial.
_NAMES_NEXT = re.compile(
    r"\b(?:choose|chosen|say|said|pick|picked|select|selected|is|are|be|answers?|choices?|options?"
    r"|numbers?|question|wrong|excluded|impossible|no|not)\s*$"
    r"|(?:选择?|是|选项|答案|说)\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands around one mention.

    Attributes:
        clause: Its clause up to it.
        sentence: Its sentence up to it.
        behind: What follows it, up to the next mention or the end of the clause.
        rest: What follows it up to the end of the sentence, with the mark that ends it.
        next_words: What follows the end of its sentence, a few words of it.
        lead: What stands between the mention before it, a conclusion ("so", "but") or the beginning of its
            sentence, and it.
        own: What follows it inside its own clause.
        tail: What follows that clause, up to the next mention or the end of the sentence.
    """

    clause: str
    sentence: str
    behind: str
    rest: str
    next_words: str
    lead: str
    own: str
    tail: str


def quieten(text: str) -> str:
    """The text, of the same length, without what only looks like a denial or like another speaker."""
    text = _HARMLESS.sub(_blank, text)
    text = _ALL_BUT.sub(lambda match: f"{match[0][:-3]}not", text)
    text = _DANGLING.sub(lambda match: match[0].replace(",", " "), text)
    return _AS_SOMEBODY.sub(_blank, text)


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])


def surroundings(quiet: str, spans: Sequence[tuple[int, int]]) -> list[Surroundings]:
    """What stands around each of these mentions of a quietened text; they are in order, none overlaps."""
    starts = [start for start, _ in spans]
    ends = [end for _, end in spans]
    return [
        _surroundings(quiet, start, end, ends[place - 1] if place else 0, [*starts, len(quiet)][place + 1])
        for place, (start, end) in enumerate(spans)
    ]


def _surroundings(text: str, start: int, end: int, last_end: int, next_start: int) -> Surroundings:
    # With the first character of the mention, which tells whether a stop before it ends a sentence.
    sentence = _last_sentence(text[max(0, start - _WIDEST) : start + 1])[:-1]
    following = text[end : end + _WIDEST]
    stop = _SENTENCE_END.search(following)
    rest = following[: stop.end()] if stop else following
    next_words = following[stop.end() : stop.end() + 40] if stop else ""
    clause = _last_clause(sentence, len(sentence) - (start - last_end))
    inside = rest[: max(0, next_start - end)]
    clause_end = _CLAUSE_END.search(inside)
    behind = inside[: clause_end.start()] if clause_end and clause_end["colon"] is None else inside
    if next_start < end + len(rest):
        behind = behind if len(behind) < len(inside) else _without_next_denial(behind)
    lead = _lead(sentence, len(sentence) - (start - last_end))
    if next_start < end + len(rest):
        inside = _without_next_denial(inside)
        clause_end = _CLAUSE_END.search(inside)
    own = inside[: clause_end.start()] if clause_end else inside
    tail = inside[clause_end.start() :] if clause_end else ""
    if next_start < end + len(rest):
        tail = tail[: tail.rfind(",")] if "," in tail else tail  # from there it leads up to the next mention
    return Surroundings(clause, sentence, behind, rest, next_words, lead, own, tail)


def _lead(sentence: str, last_mention_end: int) -> str:
    """What leads up to a mention: since a conclusion ("so I choose") or, behind another mention, a comma."""
    lead = sentence[max(0, last_mention_end) :]
    is_later = last_mention_end > 0
    ends = [
        end
        for end in _CLAUSE_END.finditer(f"{lead}0")  # "so 2": the digit stands for the mention
        if end["colon"] is None and (is_later or end["comma"] is None)
    ]
    return lead[ends[-1].end() :] if ends else lead


def _last_sentence(text: str) -> str:
    ends = [match.end() for match in _SENTENCE_END.finditer(text)]
    return text[ends[-1] :] if ends else text


def _last_clause(sentence: str, last_mention_end: int) -> str:
    """The clause that a sentence ends in; `last_mention_end`: where the last mention ended, maybe below 0."""
    for end in reversed(list(_CLAUSE_END.finditer(sentence))):
        is_conjunction = end["comma"] is None and end["colon"] is None
        if (
            end[0] == "("
            and not sentence[end.end() :].strip("\"' ")
            and sentence[max(0, last_mention_end) : end.start()].strip()
        ):
            continue  # "rather than (2)"; in "very important (2)" it begins a gloss
        if end["colon"] and last_mention_end <= 0 and (end[0] in "=(" or _names_next(sentence, end)):
            continue
        return sentence[end.start() if is_conjunction else end.end() :]
    return sentence


def _names_next(sentence: str, colon: re.Match[str]) -> bool:
    before = sentence[: colon.start()]
    return bool(_NAMES_NEXT.search(before) or _DANGLING.search(f"{before},"))


_NEXT_DENIAL = re.compile(
    r"(?:\b(?:not|never|nor|rather than|instead of|more than|less than|over|than|as opposed to|except"
    r"|unlike)(?:\s[a-z]{1,15}){0,2}"
    r"|n't(?:\s[a-z]{1,15}){0,2}|(?:而不|不|别|没|而非|并非|不是)[选择给要是会想]{0,2}(?:选项)?)[\s\"'(]*$",
    re.IGNORECASE,
)


def _without_next_denial(behind: str) -> str:
    """What follows a mention, without the denial of the next one: "2 and not 1"."""
    return _NEXT_DENIAL.sub("", behind)
