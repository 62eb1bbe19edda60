"""Cuts a text at its anchors: what stands before, after `Answer:` and after `Explanation:`.

Knows the anchors in English and Chinese and where a base model runs on into the next
request. It does not know what an answer looks like.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from def_sim.answers.reading.lacking import lacks
from def_sim.answers.reading.normalise import unify_characters
from def_sim.answers.reading.objects import unwrap_objects
from def_sim.answers.reading.reasoning import part_reasoning
from def_sim.answers.reading.vocabulary import knows_words, without_settings

_EXPLANATION = r"(?:explanation|reasons?|reasoning|rationale|justification)"
_ZH_EXPLANATION = r"(?:解释|理由|原因|说明)"
_ANCHOR = re.compile(
    r"(?P<answer>(?<![a-z])(?:answers?|ans\.?)[ \t]*[:：=]|(?:答案|回答|答)[ \t]*[:：=]|\[[ \t]*(?:answer"
    r"|答案|回答)[ \t]*\][ \t]*[:：]?"
    r"|^[ \t]*(?:(?:my |final )?answer|答案)[ \t]*$"
    r"|^[ \t>*#-]*(?:(?:my|your|final|selected|chosen|the)[ \t]+){0,2}(?:choice|selection|response|option"
    r"|pick|rating|score)[ \t]*[:：]"
    r"|^[ \t>*#-]*(?:(?:我|我的|最终的?|最后的?|所选|正确)[ \t]*){0,2}(?:选择|选项|答复|评分"
    r"|打分)(?:的?是|为)?[ \t]*[:：])"
    rf"|(?<![a-z]){_EXPLANATION}[ \t]*[:：]|{_ZH_EXPLANATION}[ \t]*[:：]"
    rf"|^[ \t]*(?:{_EXPLANATION}|{_ZH_EXPLANATION})[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
# The frame of a request (data/prompts): a base model goes on with the next one, whose anchors answer nothing.
_FRAME = r"(?:answer as an?\b|choose (?:one|up to [0-9]+) of the\b|请以[^\n]{1,40}?身份|请从下面)"
_REQUEST = r"(?:(?:request|question|user|human|q|请求|问题|用户|题目?)[ \t]*[0-9]{0,3}[ \t]*:)"
_INSIDE_A_LINE = "answer as a citizen of"
_NEXT_REQUEST = re.compile(
    rf"^[ \t]*(?:{_FRAME}[^\n]*\s*)?{_REQUEST}|^[ \t]*{_FRAME}|\b{_INSIDE_A_LINE}\b",
    re.IGNORECASE | re.MULTILINE,
)
_ANCHOR_ENDS = ":：="  # in one of these, unless it stands in brackets or is a line of its own
_LONGEST_LINE = len("justification")  # of an anchor that is one, without the spaces around it
_SENTENCE_END = re.compile(r"(?<!\b\w)[.!?]+[\"'”’)\]]*(?=\s)|[。！？]+[”’」』）]*|\n")
_LETTER = re.compile(r"[^\W\d_]")
_BECAUSE = re.compile(r"\bbecause\b|因为|由于", re.IGNORECASE)
_WORDS_BEFORE = re.compile(r"[A-Za-z][^.!?;\n。]*\Z|[\u3400-\u9fff]+\Z")
_WIDEST = 200  # characters looked at before an anchor
_ECHO_CHARACTERS = 40  # of the question's text, enough to know it by


class Part(Enum):
    """What a section is to its text."""

    OPENING = auto()  # before any anchor
    ANSWER = auto()
    EXPLANATION = auto()


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of text between two anchors. `next_part` is what follows; None: the end."""

    part: Part
    text: str
    next_part: Part | None


def split_exchanges(text: str) -> list[str]:
    """The text cut before each line that begins a request; the first may be empty."""
    starts = [0, *(match.start() for match in _requests(text))]
    return [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]


def _requests(text: str) -> Iterator[re.Match[str]]:
    """The beginnings of requests, in their order: at the beginning of a line, all but one of them."""
    if not lacks(text, (_INSIDE_A_LINE,)):
        yield from _NEXT_REQUEST.finditer(text)
        return
    start = after = 0
    for line in text.split("\n"):
        if start >= after and (match := _NEXT_REQUEST.match(text, start)):
            after = match.end()  # a frame and its question may take two lines
            yield match
        start += len(line) + 1


def repeats_question(exchange: str, question_text: str) -> bool:
    """Whether an exchange begins by echoing the question that was asked, and not another one."""
    opening = _squeeze(question_text.split("{")[0])[:_ECHO_CHARACTERS]
    return bool(opening) and opening in _squeeze(exchange)


def _squeeze(text: str) -> str:
    return "".join(unify_characters(text).split()).casefold()


def split_sections(exchange: str) -> list[Section]:
    """The sections of one exchange in their order; the first is always the opening."""
    anchors = [anchor for anchor in _anchors(exchange) if not _is_somebodys(exchange, anchor)]
    parts = [Part.OPENING, *(Part.ANSWER if anchor["answer"] else Part.EXPLANATION for anchor in anchors)]
    starts = [0, *(anchor.end() for anchor in anchors)]
    ends = [*(anchor.start() for anchor in anchors), len(exchange)]
    following = [*parts[1:], None]
    return [
        Section(part, exchange[start:end], next_part)
        for part, start, end, next_part in zip(parts, starts, ends, following, strict=True)
    ]


def _anchors(text: str) -> Iterator[re.Match[str]]:
    """All anchors of a text, in their order, looked for up to where one can end; none has two lines."""
    start = 0
    for line in text.split("\n"):
        length = max(map(line.rfind, _ANCHOR_ENDS)) + 1
        if "]" in line or (not length and len(line.strip(" \t")) <= _LONGEST_LINE):
            length = len(line)
        if length:
            yield from _ANCHOR.finditer(text, start, start + length)
        start += len(line) + 1


def _is_somebodys(text: str, anchor: re.Match[str]) -> bool:
    """Whether a sentence leads up to an anchor with words that no choice has: "my brother's answer: 3"."""
    if not anchor["answer"] or anchor[0][:1].isupper():
        return False
    before = _WORDS_BEFORE.search(text[max(0, anchor.start() - _WIDEST) : anchor.start()])
    return before is not None and not knows_words(without_settings(before[0]))


def before_because(text: str) -> str:
    """The text up to its first "because": what follows explains, whether or not an anchor says so."""
    for match in _BECAUSE.finditer(text):
        before = text[: match.start()]
        if re.search(r"\w|[\ue000-\uf8ff]", before):
            return before
    return text


def through_first_sentence(text: str) -> str | None:
    """The text up to the end of the first sentence of its explanation; None while that is not over.

    A sentence ends at a line break, at a mark of either script, or at a full stop that white space follows
    and more than a single letter precedes (U.S., e.g.). An explanation before any answer does not count, and
    a text with marked reasoning has no end: what is explained there is not the answer.
    """
    if part_reasoning(text).answer != text:
        return None
    anchors = (anchor for anchor in _anchors(text) if not anchor["answer"])
    anchor = next(anchors, None)
    if anchor is None or re.search(r"\w", _ANCHOR.sub("", text[: anchor.start()])) is None:
        return None
    ends = (match.end() for match in _SENTENCE_END.finditer(text, anchor.end()))
    end = next((end for end in ends if _LETTER.search(text, anchor.end(), end)), None)
    return None if end is None else text[:end].rstrip()


def explanation_of(text: str) -> str:
    """What stands after the first explanation anchor, up to the next anchor; "" without one.

    Thoughts are not looked into, and an object that holds an answer explains in its own key.
    """
    answer = unwrap_objects(part_reasoning(text).answer)
    explained = (section.text for section in split_sections(answer) if section.part is Part.EXPLANATION)
    return next(explained, "").strip()
