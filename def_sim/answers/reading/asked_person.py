"""Reads what was asked of others as if it were said of oneself: "most people would say 2" -> "I would say 2".

For strategies that ask what an average person would choose. Only who was asked for is rewritten, in English
and Chinese: the average or typical person, most people, of whichever country. What "some" or "my brother"
would say stays somebody else's.
"""

import re
from typing import Final

_PEOPLE: Final = r"(?:people|persons?|adults?|citizens?|individuals?|residents?|respondents?|[a-z]{3,20})"
_WHERE: Final = r"(?:\s(?:from|in|of|living in|who lives? in)\b[^.;:!?\n]{1,80}?)?,?"
_ASKED_FOR: Final = re.compile(
    r"\b(?:(?:the |an? )?(?:most )?(?:average|typical|ordinary|common|everyday|representative)"
    r"|most(?: of (?:the|its))?)\s"
    rf"(?:[a-z]{{2,20}}\s){{0,3}}?{_PEOPLE}{_WHERE}\s"
    r"(?P<adverb>(?:(?:[a-z]{3,14}ly|perhaps|often|then),?\s){0,2})"
    r"(?:(?P<modal>would|will|might|may|could)"
    r"|(?P<likely>(?:is|are)(?: most| very| more)? likely to|tends? to)"
    r"|(?P<verb>choose|pick|select|say|answer|go)(?:e?s)?"
    r"(?= (?:for|with|option|number|answer)\b| [\"'(]?[0-9]))"
    r"\b",
    re.IGNORECASE,
)
_ZH_ASKED_FOR: Final = re.compile(
    r"(?:一般|普通|典型|平均|大多数|多数|大部分|绝大多数)(?:来说|而言)?,?的?[^,。;:!?\n]{0,12}?"
    r"(?:人|公民|民众|百姓|居民|国民|成年人)们?(?:都|也|可能|大概|通常|一般|往往|应该|更)*"
    r"(?=会|将|选|回答|认为|觉得|倾向)"
)


def as_oneself(text: str) -> str:
    """The text with whoever was asked for called "I" or 我.

    Args:
        text: In one alphabet (normalise.py), so that Chinese commas are ASCII's.
    """
    return _ZH_ASKED_FOR.sub("我", _ASKED_FOR.sub(_in_first_person, text))


def _in_first_person(match: re.Match[str]) -> str:
    """I, and what it does: "is likely to" and "tends to" say no more than "would"."""
    does = "would" if match["likely"] else (match["modal"] or match["verb"])
    return f"I {match['adverb']}{does}"
