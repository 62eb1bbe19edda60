"""Says whether the sentence around a mention clearly chooses it, where no denial is in sight.

A sentence chooses only if all its words are known to (vocabulary.py): so nothing is read for want of a
wording in a list of denials. What follows a comma may be a sentence of its own, as a reason often is; it must
begin like one, and hold nothing that takes a choice back.
"""

import re
from typing import Final

from def_sim.answers.reading.clauses import Surroundings
from def_sim.answers.reading.vocabulary import begins_with_topic, knows_all_words, without_settings
from def_sim.records import Question

# How a reason or a remark of one's own begins behind a choice.
_REMARKS: Final = re.compile(
    r"[\s,:(=\"'-]*(?:since|as|for|so|given|considering|which|that|this|i|i'm|i'd|i've|i'll|we|we've"
    r"|we're|my|our"
    r"|it|it's|there|life|and|with|though|although|but|however|even|when|while|where|whereas|a|an|the"
    r"|in my|in our"
    r"|thanks|due|owing|right|twice|ever since|every|daily|always|from|during|at home|no time|at least"
    r"|especially|particularly|mainly|mostly|simply|being|having|meaning|without|not because"
    r"|no doubt|thank|therefore|thus|hence)\b"
    r"|[\s,:(=\"'-]*(?:我|因|由|毕|虽|尽管|但|不过|而|所以|因此|它|每|平时|生活|家|从小|没有它"
    r"|理由|原因|毫无|可以|有|在|从)",
    re.IGNORECASE,
)
# What takes a choice back or gives it to others, though it begins like a remark.
_TAKES_BACK: Final = re.compile(
    r"\bif\b|\bor not\b|\b(?:wish|hope|used to|hear|heard|told|i read|when|back in|ago|years? old(?= i)"
    r"|they|says?"
    r"|said|claims?"
    r"|tells?|supposed to|expected to|ought to|in theory|once|would have|dream|pretend|joking|kidding"
    r"|lying|a lie"
    r"|wrong|untrue|false)\b"
    r"|\b(?:but|though|although|which|that|it|this|and)\W{1,3}(?:is\s|it\s|that\s|it's\s|that's\s"
    r"|would be\s)?(?:really\s|just\s|certainly\s|definitely\s)?(?:no|not|never|isn't|wasn't)\b"
    r"(?!\s(?:only|just|because))"
    r"|\b(?:but|which|and)\si\s(?:really\s)?(?:don't|do not|didn't|would never|wouldn't|can't|cannot)\s"
    r"(?:mean|think|believe|say|choose|agree|feel)"
    r"|如果|要是|假如|听说|听人|据|以前|过去|曾|希望|但愿|才怪|开玩笑|骗|假的|错|他们|别人|人家|大家|说"
    r"|讲的|告诉|教我|规定"
    r"|(?:但|不过|可|而|这|那)(?:是|也)?(?:不是|不对|并非|不真)",
    re.IGNORECASE,
)
# A clause before the one that chooses: "I do not play, I would choose 2".
_STATES: Final = re.compile(
    r"\W*(?:(?:i|we)(?:'m|'ve)?\s(?:am|do|don't|have|haven't|never|always|often|grew|live|lived|love"
    r"|like|play|work|worked|go|need"
    r"|want|know|care|enjoy|come|came|was born|listen|see|spend|meet)\b"
    r"|(?:my|our|it|this|there|life)\s(?:[a-z]+\s){0,3}?(?:is|are|has|have|means|matters?|comes?|gives?"
    r"|keeps?|makes?)\b)"
    r"|\W*我们?(?:是|不|没|有|在|从|一直|爱|喜欢|每|常|住|今年|很|也|家)",
    re.IGNORECASE,
)
_FINITE: Final = re.compile(
    r"[\s,:(]*(?:[a-z]+\s){1,4}(?:isn't|aren't|doesn't|don't|is|are|will|won't|has|have|can|can't|does"
    r"|makes?|gives?|keeps?|brings?"
    r"|matters?"
    r"|helps?)\b",
    re.IGNORECASE,
)
_CONCEDES: Final = re.compile(r"\W*(?:虽|尽管|即使|即便|哪怕)")
_CHINESE_ONLY: Final = re.compile(r"[^A-Za-z]*[\u3400-\u9fff][^A-Za-z]*")
_NO_REASON: Final = re.compile(
    r"听[说人]|自欺|[这那]就?是(?!我)|[说讲谁怎哪吗呢别他她们据梦想盼愿]|除外|以外|之外|免谈|没门|算了"
    r"|休想|不可能"
    r"|不[行对是选算像敢认同会肯]|绝[不非无]|才[怪不]|未必|的人"
    r"|的[^,]{0,2}(?:答案|选择|看法|意见)|的话|[若假]|那时|从前|年前|左右|差|更|还是|或|要么|也行|都行"
    r"|之间|以[上下]|至[少多]|[超高低]"
)
_HAS_OBJECT: Final = re.compile(r"\s(?:with|that)\b", re.IGNORECASE)
# "No, I never did"
_STRESSED: Final = re.compile(r"\W*(?:i|we|not|never)\b|\W*我?(?:从来|从未|没)", re.IGNORECASE)
_DENYING_WORDS: Final = re.compile(
    r"\b(?:never|not|no|did|didn't|don't|have|haven't|once|times?)\b|从来没有|从来没|从未|没有|没(?!门)"
    r"|不(?!可能|[行对敢会肯])",  # which refuse to say it at all
    re.IGNORECASE,
)


def is_clearly_chosen(
    around: Surroundings, question: Question, *, has_object: bool, is_negative: bool
) -> bool:
    """Whether every word of the sentence around a mention allows that it is what is chosen.

    Args:
        around: What stands around it in a quietened text.
        question: The question, whose own words are known ones, too.
        has_object: It is a label that may have an object, whatever that is: "Agree with the mayor".
        is_negative: It is a label that is itself a denial, which another one stresses: "No, I never did".
    """
    lead, own, tail = (without_settings(part) for part in (around.lead, around.own, around.tail))
    if is_negative and _STRESSED.match(own + tail):
        own, tail = _DENYING_WORDS.sub(" ", own), _DENYING_WORDS.sub(" ", tail)
    if has_object and _HAS_OBJECT.match(own):
        own, tail = "", f"{own}{tail}"
    return _leads_up(lead, question) and knows_all_words(own, question) and _is_harmless(tail, question)


def _leads_up(lead: str, question: Question) -> bool:
    """Whether what stands before a choice allows it; a statement of one's own may come first."""
    *before, clause = lead.split(",")
    return knows_all_words(clause, question) and all(
        knows_all_words(part, question)
        or (_STATES.match(part) is not None and _TAKES_BACK.search(part) is None)
        for part in before
    )


def _is_harmless(tail: str, question: Question) -> bool:
    """Whether what follows the clause of a choice leaves it as it is: known words, or remarks."""
    return all(knows_all_words(part, question) or _is_remark(part, question) for part in tail.split(","))


def _is_remark(part: str, question: Question) -> bool:
    if _CONCEDES.match(part):
        return True
    if _TAKES_BACK.search(part):
        return False
    if _CHINESE_ONLY.fullmatch(part):  # reasons follow a comma without any word that says so
        return _NO_REASON.search(part) is None
    return any(pattern.match(part) for pattern in (_REMARKS, _FINITE)) or begins_with_topic(part, question)
