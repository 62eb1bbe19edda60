"""Says whether the words before a mention can lead up to a choice at all, where no denial is in sight.

Denials have more wordings than any list of them ("cross out 1", "miles away from very important"). So the
words
that lead up to a bare code must be known ones, or say in full who chooses ("I would go with"); before a
label,
which may stand in any sentence, only the last word is looked at and what a "that it is ..." hangs on.
"""

import re
from typing import Final

from def_sim.answers.clauses import Surroundings

_CHOOSES: Final = (
    r"(?:choose|chose|chosen|choosing|select|selected|selecting|pick|picked|picking|say|go(?:ing)? (?:for"
    r"|with)|went (?:for|with)"
    r"|opt(?:ed|ing)? for|vote[d]?(?: for)?|answer(?:ed)?(?: with)?|settled? (?:on|for)|decided? (?:on"
    r"|for)|rate|rank|score|give|put|tick|mark|circle"
    r"|respond(?: with)?|lean(?:ing)? (?:to|towards?)|call|consider|think|believe|guess|suppose|feel|find"
    r"|prefer|agree with|tend(?:ing)? (?:to|towards?)"
    r"|indicate|assign|score|place (?:it|this|myself) (?:at|on|as)|stand at|am at|be at)"
)
_SOFTLY: Final = (
    r"(?:\s(?:[a-z]{2,14}ly|also|still|just|rather|indeed|perhaps|maybe|again|once more|then|now|always"
    r"|have to|had to|must|want to|like to|going to|choose to"
    r"|need to|inclined to|thus|therefore|even|quite|definitely))"
)
_FILLED: Final = (
    r"(?:\s?(?:it|this|that|here|myself|my [a-z]{2,14}|option|options|number|no\.|code|choice|answer|as|a"
    r"|an|the|at|with|to|be|is|it's|it is|it would be|would be|by|of|on|in|around"
    r"|about|roughly|approximately|exactly|precisely|only|just|solid|strong|clear|firm|full|good|perhaps"
    r"|maybe|probably|definitely|simply|like|both|following|and|or|,|:|=|-|[\"'(\[#]))*"
)
# "I would (...) go with option", "my answer to this is", "(the) one for me is"
_IN_FULL: Final = re.compile(
    r"(?:\b(?:i|we)(?:'d|'ll|'ve|'m|\sam|\sare|\swould|\swill|\sdo|\sdid|\scan|\scould|\sshall|\shave"
    rf"|\smight|\smay|\sshould)?{_SOFTLY}{{0,3}}\s{_CHOOSES}\b"
    r"|\b(?:my|the|our)(?:\s[a-z]{2,14}){0,3}?\s(?:answer|choice|selection|response|pick|vote|option"
    r"|rating|score|reply|decision|preference|number|code|position|value)s?\b[^,.;:!?\n]{0,80}?"
    r"\s(?:is|are|'s|would be|will be|has to be|must be|remains|remain|should be|was|can only be|might be"
    r"|may be|could be)\b|'s (?:answer|choice)\sis\b"
    r"|\blet(?:'s| me| us) (?:say|go with|pick|choose|put)|\bput me (?:down )?(?:as|for|at)|\bcount me as"
    r"|\bi'm an?|\bi am an?)"
    rf"{_SOFTLY}?{_FILLED}\s*$",
    re.IGNORECASE,
)
_KNOWN_WORDS: Final = (
    "a an the as at by for in of on to with and or so then thus therefore hence well ok okay sure yes "
    "yeah hm hmm oh but i i'd i'll i'm we my me mine myself our us it it's its this that these those "
    "there here what which is are am be was would will shall do did can have has must may might could "
    "should answer answers option options choice choices number numbers code codes selection response "
    "rating score point points level scale item choose chosen select selected pick picked say go give "
    "put rate vote opt mark tick call guess suppose think believe feel find agree exactly precisely "
    "about around roughly approximately circa ca approx maybe perhaps probably definitely certainly "
    "surely absolutely clearly simply just only personally honestly frankly really actually overall "
    "generally mostly all considered things still also both following final correct best right true "
    "honest own solid strong clear firm full good nice plain big first second third like somewhere "
    "let's let after thought consideration course opinion view case life mind heart end sum short total "
    "conclusion given people citizens resident citizen person none other nothing else out no. nr. top "
    "three four five two one most main key important closest nearest fitting suitable appropriate "
    "describes fits suits matches list order please here's heres sir ma'am dear because since when if "
    "asked pressed forced had having been being"
)
_KNOWN: Final = frozenset(_KNOWN_WORDS.split())
_WORDS: Final = re.compile(r"[^\W\d_\ue000-\uf8ff]+(?:['.][^\W\d_\ue000-\uf8ff]+)*")
_LATIN: Final = re.compile(r"[A-Za-z]")
# Chinese, directly before a code.
_ZH_LEADS: Final = re.compile(
    r"(?:选|择|选了|是|为|给|打|项|案|第|我|分|吧|约|概|该|会|想|于|属|号|和|或|及|与|到|至|在|填|投|答"
    r"|说|写|成|定|就|也|还|约莫|左右|上|中|里|下|有"
    r"|得|就选|的|了|出|数|码|字|度|级|格|点|大约|[^\u4e00-\u9fff])\s*[\"'(\[:,=-]*\s*$"
)
_ZH_NO_LEAD: Final = re.compile(
    r"(?:大于|小于|等于|高于|低于|多于|少于|顶多有?|少说也?有?|也有|都有|不到|没有)\s*$"
)
_LABEL_NO_LEAD: Final = re.compile(
    r"\b(?:from|of|against|to|than|once|besides|minus|beyond|like|unlike|for|over|into|towards?|until"
    r"|before|after|away|about|save|by)\s*[\"'(]*$"
    r"|(?:与|离|除)\s*[\"'(]*$",
    re.IGNORECASE,
)
_LABEL_LEADS: Final = re.compile(
    r"\b(?:(?:answer|choice|option|choose|one|point|closest|go|opt|vote|settle|decide|kind|sort|both|tend"
    r"|lean(?:ing)?|side) (?:of|to|for|on|towards?)|my sense of|inclined to|have to|want to|like to"
    r"|going to|need to|got to|forced to"
    r"|agree to|admit to|used? to|tend to|i(?:'d)? (?:[a-z]+ )?to)\s*[\"'(]*$",
    re.IGNORECASE,
)
# "X that it is ...": what it hangs on must say that it holds.
_HANGS: Final = re.compile(
    r"\b(?P<verb>[a-z']+)(?:\s(?:too|so|now|here|strongly|firmly|also))?\s(?:that|to be|to say(?: that)?"
    r"|to call (?:it|this|that|[a-z]+)|to believe(?: that)?|to think(?: that)?)\b(?!\s(?:is|was"
    r"|would)\b)[^\ue000-\uf8ff]*$",
    re.IGNORECASE,
)
_HOLDS_WORDS: Final = (
    "think believe feel say guess suppose find know sure certain said mean means admit confess add "
    "convinced agree hold consider considered true fact clear obvious seems seem appears appear happens "
    "happen proud argue maintain insist state declare stress note opinion view belief say, me it so "
    "have want like going fair safe honest right course glad happy tell assume understand see show "
    "shows is was would like'd conclude confident conviction sense feeling reckon claim be think,"
)
_HOLDS: Final = frozenset(_HOLDS_WORDS.split())


# A verb behind a code that has it for its subject.
_FITS_WORDS: Final = (
    "seems fits feels sounds describes reflects matches suits expresses represents comes works looks "
    "says makes means captures corresponds stands is was has does goes gets remains appears shows "
    "applies summarises summarizes"
)
_FITS: Final = frozenset(_FITS_WORDS.split())


def leads_to_code(around: Surroundings, code: int) -> bool:
    """Whether the words around a bare number, letter or position allow that it is what is chosen."""
    verb = re.match(r"\s(?P<verb>[a-z]{3,15}s)\b", around.behind)
    if verb and code == 1 and verb["verb"] not in _FITS and not verb["verb"].endswith(("ss", "us", "ways")):
        return False  # "1 misses the point"; of other numbers this would be a count
    clause = around.clause.strip()
    if not _LATIN.search(clause):
        return not clause or (_ZH_NO_LEAD.search(clause) is None and _ZH_LEADS.search(clause) is not None)
    if _IN_FULL.search(clause):
        return True
    return all(
        word in _KNOWN or word.endswith("ly")
        for word in _WORDS.findall(clause.casefold())
        if _LATIN.match(word)
    )


def leads_to_label(around: Surroundings) -> bool:
    """Whether the words of a clause may lead up to a label as what is chosen."""
    if (
        _LABEL_NO_LEAD.search(around.clause)
        and not _LABEL_LEADS.search(around.clause)
        and not _IN_FULL.search(around.clause)
    ):
        return False
    hangs = _HANGS.search(around.clause)
    return hangs is None or hangs["verb"].casefold() in _HOLDS
