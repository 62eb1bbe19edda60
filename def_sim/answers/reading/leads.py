"""Recognises a text without anchors that begins with its choice: a lone code, letter or label, or "Option 3".

A base model's prompt ended in `Answer:`, so its text may begin so. Works on the simplest form of a text
(lines.py). What is chosen it does not know.
"""

import re
from enum import Enum, auto

from def_sim.answers.reading.labels import LABEL
from def_sim.records import Question, QuestionType


class Lead(Enum):
    """What a text begins with."""

    CODE = auto()
    LABEL = auto()


_WORDS = (
    r"(?:i(?:'d| would| will|'ll)? (?:choose|select|pick|say|go (?:with|for)|answer)|(?:my|the) (?:answer"
    r"|choice) is:?"
    r"|answer is|answer|option|choice|number|no\.?|code|i"
    r"|我?(?:会|要)?(?:选择|选|给|打)|我|(?:我的)?(?:答案|选择)是|选项|[(\[\"'<-])"
)
_AFTER = (
    rf"\s*(?:$|[\n.,;:!?()\]\"'|<=/~。、！？-]|分(?!\w)|{LABEL}|(?:or|to|and|到|至|和|或)\s?[0-9]"
    r"|(?:or|and|或|及)\s(?:more|less|higher|lower|above|below|over|under|up)\b|以上|以下|[+≥≤])"
)
_LONE_CHOICE = re.compile(
    rf"\s*+(?:{_WORDS}\s*+){{0,6}}"  # possessive: blanks can be shared out in many ways
    r"(?:第?-?[0-9]{1,9}(?:\.[0-9]+)?[个项种条]?(?:选项|答案)?|(?P<letter>[A-Za-z])(?=\s*(?:$|[.)、]"
    rf"|:\s*(?:$|{LABEL})|,\s?[A-Z](?![A-Za-z])))"  # "A: I believe ...": Q and A, no option
    rf"|(?P<label>{LABEL})){_AFTER}",
    re.IGNORECASE,
)
_LONE_LABELS = re.compile(rf"\s*{LABEL}\s*(?:and|和|与|及)\s*{LABEL}")
# "It is very important to me.": a label that the speaker says of itself, and nothing else in the sentence.
_STATEMENT = re.compile(
    r"\s*(?:(?:i(?:'m| am| feel| think(?: that)?| believe(?: that)?| find (?:it|this|that))|(?:it|this"
    r"|that)(?:'s| is)"
    r"|i (?:have to|must|do|would|would say(?: i)?|strongly|fully|completely|totally|rather)|to me,?"
    r"|for me,?|personally,?|in my (?:life|view|opinion|own life),?|我(?:个人)?(?:觉得|认为|感到|感觉)"
    r"|对我(?:来说|而言|来讲),?|这对我|这|它)\s*){1,3}"
    rf"{LABEL}(?:\s(?:to|for|with|in) (?:me|us|my [a-z]{{1,12}}|our [a-z]{{1,12}})|\s(?:these days"
    r"|with this|overall)|的){0,2}\s*(?:[.!。]|$)",
    re.IGNORECASE,
)
# "3 fits me best", "It is 3": its words are looked at later (affirmations.py). "A: I believe" is a dialogue.
_FIRST_SENTENCE = re.compile(
    r"(?![A-Z]:)(?:[^.!?。\n]|(?<=[0-9])\.(?=[0-9]|\s?[\ue000-\uf8ff])){1,300}(?:[.!。]|\n|$)"
)
_OF_ONESELF = re.compile(
    r"\b(?:i|i'd|i'll|i'm|me|my|answer|choice|it is|it's|that is|that's|comes closest|is right|is best)\b"
    r"|我|答案|选|合适|^是|,是",
    re.IGNORECASE,
)
_LISTED_LINE = re.compile(r"^\s*(?:[0-9]{1,2}|[一二三四五六七八九十])[.)、]", re.MULTILINE)
_LISTED_WORDS = re.compile(
    rf"^\s*(?:[0-9]{{1,2}}|[一二三四五六七八九十])[.)、]\s*(?!{LABEL})[^\W\d]", re.MULTILINE
)
# "1. Answer the question ...": what is numbered is an order or a question, not an option.
_NUMBERED_ORDER = re.compile(
    r"\s*[0-9]{1,2}[.):、]\s*[\"']?(?:please|answer|choose|select|write|read|consider|explain|think about"
    r"|identify|state|provide"
    r"|describe|give|list|ask|use|make|find|determine|look|start|try|understand|pick|rate|circle|tick"
    r"|mark|tell|decide|review"
    r"|begin|do not|don't|the (?:question|answer|options?|following|scale|number)|question|what|how|which"
    r"|why|who|do you|are you"
    r"|请|回答|选择|阅读|写|考虑|解释|说明|问题|下面|以下|根据|您|你|如何|什么|为什么)(?![a-z])",
    re.IGNORECASE,
)


def lone_choice(text: str, question: Question, *, knows_letters: bool) -> Lead | None:
    """What a text begins with, if nothing but a choice can be meant by it; None if it is prose.

    Args:
        text: The first lines of the text in their simplest form.
        question: The question; where several choices were asked for, two labels may begin a text, too.
        knows_letters: The displayed order is known, so that a letter points at an option.
    """
    if _NUMBERED_ORDER.match(text):
        return None
    match = _LONE_CHOICE.match(text)
    if match:
        if match["letter"] and not knows_letters:
            return None
        return Lead.LABEL if match["label"] else Lead.CODE
    is_list = question.type is QuestionType.MULTIPLE and _LONE_LABELS.match(text)
    return Lead.LABEL if is_list or _STATEMENT.match(text) else None


def is_statement(text: str) -> bool:
    """Whether the author of a text says something of itself, or of its answer, in the first sentence."""
    sentence = _FIRST_SENTENCE.match(text.strip())
    return sentence is not None and _OF_ONESELF.search(sentence[0]) is not None


def counts_a_list(text: str) -> bool:
    """Whether several lines of a text are numbered, each with another number."""
    return len({match[0].strip() for match in _LISTED_LINE.finditer(text)}) > 1


def counts_other_things(text: str) -> bool:
    """Whether a text whose labels are marked numbers several lines, and one of them begins with no label."""
    return counts_a_list(text) and _LISTED_WORDS.search(text) is not None
