"""Recognises what people and models say instead of choosing, in English and Chinese.

Knows phrases only: a disclaimer of being a machine, a don't know, a refusal, a description
of what others would say. Whether a phrase decides the answer is the reader's business.
"""

import re

from def_sim.records import AnswerStatus

_MACHINE = (
    r"(?:artificial intelligence|a\.?i\.?|(?:large |ai |artificial intelligence )?language model"
    r"|virtual assistant|chat ?bot|ai (?:model|assistant|system)|computer program|machine learning model)"
)
_HUMAN_TRADE = (
    r"(?:research|engineer|developer|development|expert|compan|specialist|scientist|professional|user"
    r"|enthusiast|student)"
)
_ZH_MACHINE = r"(?:人工智能|AI|大?(?:型)?语言模型|大模型|智能助手|虚拟助手|聊天机器人|机器人|计算机程序)"
_ZH_HUMAN_TRADE = r"(?:研究|工程师|专家|从业|行业|公司|领域|学者|开发|专业|爱好者|用户)"
_ROLE_BREAK = re.compile(
    rf"\b(?:as|being|i am|i'm)\s(?:only |just |merely )?(?:an? )?{_MACHINE}\b(?! {_HUMAN_TRADE})"
    r"|\bi (?:do not|don't|cannot|can't) (?:have|hold|possess) (?:any )?personal "
    r"(?:opinion|belief|view|feeling|preference|experience|value)"
    rf"|(?:作为|身为|我只?是)(?:一|一个|一名|一款|一种)?(?:大型)?(?:的)?{_ZH_MACHINE}(?!{_ZH_HUMAN_TRADE})"
    r"|我?(?:并?没有|不具备)(?:任何)?(?:个人|真实)的?(?:观点|看法|意见|情感|立场|感受|偏好|信仰|经历)",
    re.IGNORECASE,
)
_DONT_KNOW = re.compile(
    r"\b(?:do not|don't|can't|cannot) (?:know|decide)\b|\b(?:hard|difficult|impossible)"
    r" to (?:say|tell|decide)\b|\b(?:not|un) ?(?:sure|certain)\b|\bno (?:opinion|idea)\b|\bundecided\b"
    r"|不知道|不清楚|不晓得|说不清|说不准|不好说|难说|不确定|无法确定|没想好|没有?意见|没有?看法",
    re.IGNORECASE,
)
_REFUSED = re.compile(
    r"\b(?:rather|prefer|choose|wish)(?: to)? not (?:to )?(?:say|answer|respond|disclose|share|comment)\b"
    r"|\b(?:can ?not|can't|could not|won't|will not|unable to|not able to|not comfortable"
    r"|declin\w+(?: to)?|refus\w+(?: to)?)"
    r" (?:answer|respond|provid|giv|shar|disclos|comment|tell)(?:e|ing)?\b|\bno comment\b"
    r"|拒绝(?:回答|作答|透露)|(?:不便|不方便|无法|不能|不想|不愿意?|不会|不予)(?:回答|作答|透露|说|告知|提供|给出)"
    r"|无可奉告|恕(?:不|难|不能)(?:回答|奉告|从命)",
    re.IGNORECASE,
)
_THIRD_PERSON = re.compile(
    r"\bsome\b[^\n]{0,80}?\bothers\b"
    r"|\b(?:most|many|some)\s(?:of\s)?(?:[a-z]{1,15}\s){0,3}?"
    r"(?:would|may|might|will|could)\s(?:choose|say|pick|select|answer|respond)\b"
    r"|(?:有些|有的|一些|某些|有)人[^\n]{0,40}?(?:有些|有的|一些|其他|另外的?|别的|也有)人"
    r"|(?:大多数|多数|大部分|绝大多数|很多|许多|不少|一般)的?(?:中国)?(?:人|公民|民众|老百姓|受访者)[^\n]{0,8}?(?:会|选|认为|觉得)",
    re.IGNORECASE,
)
_INSTEAD_OF_CHOOSING = (
    (_THIRD_PERSON, AnswerStatus.THIRD_PERSON),
    (_REFUSED, AnswerStatus.REFUSED),
    (_DONT_KNOW, AnswerStatus.DONT_KNOW),
)


def breaks_role(text: str) -> bool:
    """Whether the text says that its author is a machine. A person who works on AI does not."""
    return _ROLE_BREAK.search(text) is not None


def refuses(text: str) -> bool:
    """Whether the text declines to answer."""
    return _REFUSED.search(text) is not None


def first_phrase(text: str) -> tuple[AnswerStatus, int] | None:
    """The earliest phrase that stands in place of a choice, with its position; None if there is none."""
    found = [
        (match.start(), status)
        for pattern, status in _INSTEAD_OF_CHOOSING
        if (match := pattern.search(text)) is not None
    ]
    if not found:
        return None
    start, status = min(found, key=lambda item: item[0])
    return status, start
