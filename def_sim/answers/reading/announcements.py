"""Finds where a text without anchors says in so many words that it now chooses.

"My answer to this question is ...", "I would go with ...", 我选的是……. Knows these turns in English and
Chinese,
also denied ones ("I would not choose ..."). What is chosen, and whether it is, it does not know.
"""

import re
from dataclasses import dataclass
from typing import Final

_ADVERB: Final = (
    r"(?:\s(?!not\b|never\b)[a-z]{2,12}ly|\salso|\sstill|\sjust|\srather|\slike to|\swant to|\shave to"
    r"|\shad to|\smust|\sgoing to"
    r"|\schoose to|\sneed to|\sgot to|\seven|\sever|\s,?indeed,?|\sthus|\stherefore|\sinclined to)"
)
_NOUN: Final = (
    r"(?:answer|choice|selection|response|pick|vote|option|rating|score|level|reply|decision|preference)"
)
_ANNOUNCED: Final = re.compile(
    # The answer to this question(, as you put it,) is
    r"\b(?:my|the)(?:\s(?:own|final|correct|best|right|honest|appropriate|suitable|accurate|short"
    r"|personal|only|closest|fitting|most\s[a-z]{3,14})){0,3}"
    rf"\s{_NOUN}(?:\s(?:to|for|on|in|of|here|that|which|i|from|among"
    r"|as)\b[^.,;:!?\n]{0,80}?)?(?:\s?,[^,.;:!?\n]{1,80},)?"
    r"\s(?:is|isn't|would be|wouldn't be|will be|has to be|must be|remains|should be|was"
    r"|can only be)(?:\s(?:not|never|definitely|therefore|clearly"
    r"|thus|that|simply|option|number))*\b\s?:?"
    # I would go with
    r"|\bi(?:'d|'ll|'ve|'m| am|\swould|\swill|\sdo|\sdid|\scan|\scould|\sshall|\shave|\smight"
    rf"|\smay)?(?:n't|not)?(?:\snot|\snever|\sonly)?{_ADVERB}{{0,3}}(?:\snot|\snever)?"
    r"\s(?:choose|chose|chosen|choosing|select|selected|selecting|pick|picked|picking|say"
    r"|go(?:ing)? (?:for|with)|went (?:for|with)|opt(?:ed|ing)? for|vote for|decided? on"
    r"|lean(?:ing)? towards?"
    r"|answer(?:ed)?(?: with)?|settle[d]? (?:on|for)|rate|rank|score|give|put|tick|mark|circle"
    r"|respond(?: with)?)\b(?:\s(?:it|this|that|myself|my life|option|number|as|a|an|the|at|with))*\s?:?"
    r"|\bi (?:think|believe|feel|guess)(?: that)?(?: it is| it's| it would be)?(?: option"
    r"| number)(?=\s?[\"'(]?[0-9])"
    # Chinese
    r"|(?:我的?|本人的?|我个人的?|最终的?|最后的?|正确的?|合适的?|这(?:个|道)?(?:问题|题)的?|该题的?|所以"
    r"|因此|那么)?(?:最终|最后|正确)?的?(?:答案|选择|回答|答复|选项|评分|打分)"
    r"(?:应该|应当|就|会|将|可能|必须|绝|当然|不)*(?:是|为|选)\s?:?"
    r"|(?:我|本人|个人)(?:[是会要想将都也最就更可能]|愿意?|应该|个人|认为|觉得|最终|最后|决定|还是|自己"
    r"|倾向于|宁愿|的话|当然|肯定|一定|绝对|毫不犹豫地?|只能|必须|不|从|并|没有?|,){0,6}"
    r"(?:选择?|打|给|投|回答|填|倾向于|觉得是|认为是|应该是)(?:出)?(?:的?(?:是|了"
    r"|择))?\s?:?(?=\s?[\"'(\[]?(?:选项)?\s?[\"'(\[]?第?(?:[-0-9\ue000-\uf8ffA-Z]"
    r"|[零一二两三四五六七八九十]))",
    re.IGNORECASE,
)
_SENTENCE_START: Final = re.compile(r"[.!?。;](?=\s|[^\x00-\x7f])|\n")
_MOST: Final = 20  # announcements looked at in one text


@dataclass(frozen=True, slots=True)
class Announcement:
    """Where a choice is announced: the beginning of its sentence, and where what is chosen follows."""

    sentence_start: int
    end: int


def find_announcements(text: str) -> list[Announcement]:
    """Every announcement in a text whose labels are marked, in its order."""
    breaks = [0, *(match.end() for match in _SENTENCE_START.finditer(text))]
    found: list[Announcement] = []
    place = 0
    for match in _ANNOUNCED.finditer(text):
        while place + 1 < len(breaks) and breaks[place + 1] <= match.start():
            place += 1
        found.append(Announcement(breaks[place], match.end()))
        if len(found) == _MOST:
            break
    return found
