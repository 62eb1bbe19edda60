"""Says whether a mention is chosen at all: denied, compared, wished for, supposed and asked is not chosen.

Knows the turns of phrase in English and Chinese, before and behind a code or label. It sees what stands
around
one mention (clauses.py) and does not know options.
"""

import re
from typing import Final

from def_sim.answers.reading.clauses import Surroundings

_DENIED: Final = re.compile(
    # plain denials
    r"\b(?:not|never|neither|nor|cannot|hardly|scarcely|barely|seldom|rarely|without|nowhere|nobody"
    r"|no one|none"
    r"|no (?:way|chance|case|means|circumstances?|account|longer|reason|sense|point)|unlike|unlikely"
    r"|impossible)\b|n't\b"
    # what is excluded
    r"|\b(?:anything|everything|anyone|everyone|all|any|every\w*) but\b|\b(?:except\w*|excluding"
    r"|other than|rather than"
    r"|instead of|as opposed to|apart from|aside from|save for|barring|in place of|far from|short of"
    r"|shy of)\b"
    # what is rejected or doubted
    r"|\b(?:wrong|false|untrue|nonsense|a lie|absurd|mistaken?|exaggerat\w+|misleading|too far|doubts?"
    r"|doubtful"
    r"|refus\w+|reject\w*|disput\w+|disagree|myth|ceased?|stopp?ed|away from|reverse of|opposed|den(?:y"
    r"|ies|ied)|exclud\w+|rul(?:e|es|ed|ing) out|avoid\w*|oppos\w+ to|disagree with|skip"
    r"|argue against|against|besides|minus|who would|everything save|hate to|take issue|no to"
    r"|cross(?:ed)? out|strike out|opposite of|contrary of|lack\w*|fail\w* to|hesitate|hesitant|reluctant"
    r"|than (?:to )?(?:say|choose|pick|call|answer|admit))\b"
    # what does not hold, or not now
    r"|\b(?:wish\w*|hop(?:e|es|ed|ing) (?:i|it|to|that)|would love to|dream\w* of|if only|used to (?:say"
    r"|be|choose|think|put|answer|pick|tick)"
    r"|(?:would|could|might|should|may) have (?:said|been|chosen|picked|answered|gone|thought)|tempt\w+ to"
    r"|could (?:say|choose|pick|answer)|to be able to|like it to be|want(?:ed)? (?:it )?to (?:be|believe)"
    r"|ought to (?:say|choose|pick|answer|be)|almost|nearly|not quite|whether|should i|maybe i should"
    r"|perhaps i should"
    r"|pretend\w*|unless|until)\b|\b(?:it|this|that|they|these|which) (?:should|could|might) be\s*$"
    # Chinese
    r"|不|没(?!什么关系)|未(?!来)|无法|难以|很难|并非|而非|绝非|非(?!常|要)|除(?=了|去|开"
    r"|[0-9\ue000-\uf8ff])|别(?!人|的)"
    r"|哪里|岂|何必|绝无|否认|反对|拒绝|排除|避免|怀疑|难道|哪能|哪会|休想|希望|但愿|恨不得|巴不得|差点"
    r"|几乎|以为"
    r"|曾经|以前|过去|从前|小时候|年轻时|那时|当时|年前|本来|是否|要不要|与其|怎么(?:会|可能|能)|哪有"
    r"|何来|谁会|划掉|去掉|相反",
    re.IGNORECASE,
)
_COMPARED: Final = re.compile(
    r"(?:(?<!-)[<>≤≥≦≧]=?|=[<>]|\b(?:over|under|above|below|beyond|beneath|exceed\w*|past|than"
    r"|at (?:the )?(?:very )?least|at (?:the )?(?:very )?most|at (?:the )?(?:best|worst)|at minimum"
    r"|(?:a )?minimum(?: of)?|(?:a )?maximum(?: of)?|min\.?|max\.?|up to|upwards? of|north of|south of"
    r"|in excess of|surpass\w*|more|less)"
    r"(?:\s(?:or )?equal to)?(?:\s(?:a|an|the|option|number|code|point|level|just|merely))*"
    r"|(?:大|小|高|低|多|少|强|弱)(?:于|过)(?:或?等于)?|超过|超出|不止|至少|至多|最多|最少|最低|最高|起码"
    r"|顶多|撑死|少说(?:也有?)?|不到|不足|不满|未到|比|胜过"
    r"|低于|高于)\s*[\"'(]*(?:选项)?\s*$",
    re.IGNORECASE,
)
_COMPARED_BEHIND: Final = re.compile(
    r"(?:-?ish)?\s{0,2}(?:points?)?[\"')\]]*\s{0,2}(?:\+(?!\s*[0-9\ue000-\uf8ff])|(?:,\s)?(?:or|and"
    r"|&)\s(?:even\s|much\s|anything\s)?(?:higher|more|above|over|up|"
    r"better|greater|upwards?|beyond|less|lower|fewer|below|under|down|worse)\b|plus\b|-plus\b"
    r"|up\b(?! to)|onwards?\b|tops\b|<(?!\s*[/|])|(?:above|below)\b|being the (?:min|max)imum|upwards?\b"
    r"|at (?:the )?(?:least|most|best)\b"
    r"|minimum\b|maximum\b|\(?(?:min|max)\b)"
    r"|[\s\"')\]]{0,3}分?\s?(?:[,和与]?\s?(?:或|及|或者)?(?:以上|以下|以内|更高|更低|更多|更少|往上|往下"
    r"|朝上|朝下"
    r"|之上|之下)|起步?(?!\S)|打底|都?不到|还?不止)",
    re.IGNORECASE,
)
_HEAD: Final = (
    r"(?:is|are|was|were|would|will|can|could|does|do|did|should|may|might|must|has|have|had|seems?"
    r"|sounds?|feels?"
    r"|looks?|goes|gets|i|it|that|which|we)"
)
_WRONG: Final = (
    r"(?:\b(?:not|never|hardly|scarcely|wrong|false|incorrect|untrue|mistaken?|a lie|lying|nonsense"
    r"|absurd|ridiculous"
    r"|impossible|unthinkable|unlikely|inappropriate|unsuitable|exaggerat\w+|overstat\w+|overshoots?"
    r"|miss(?:es)? the|goes too far|misleading|excluded|rejected?|reject|exclude"
    r"|rule[ds]? out|off the table|out of (?:the )?question|refuse|deny|the last|the least|tempting"
    r"|far from|the opposite|the contrary"
    r"|too (?:low|high|much|little|strong|weak|far|extreme|harsh|mild|positive|negative|generous|good"
    r"|bad))\b|n't\b)"
)
_DENIED_BEHIND: Final = re.compile(
    rf"[\s\"')\]]*(?:option |answer )?(?:(?:{_HEAD})?(?<=[a-z])n't\b|{_HEAD}\b[^\n]{{0,80}}?{_WRONG}"
    r"|if (?:only|it (?:were|was))\b"
    r"|(?:excluded|excepted|aside|notwithstanding)\b)"
    r"|[\s\"')\]]*(?:这个|这一)?(?:选项|答案|项|分)?(?:就|也|都|是|肯定|绝对|当然|显然|完全|恐怕|并|根本"
    r"|实在|真的|我|说法)*"
    r"(?:不(?!过)|没|非(?!常)|错|谈不上|算不上|说不上|称不上|排除|除外|除开|以外|之外|外(?![a-z])|免谈"
    r"|算了|有误|太低|太高|太多|太少|过高|过低|言过其实|太?夸张|夸大|就?过分|就?免了|骗人|说不出口"
    r"|(?:就)?不至于|很?远|太过|过于|的?(?:反面|对立面|反义)|还?差(?:得|很)?远)",
    re.IGNORECASE,
)
# A label that is itself a denial may be stressed by another one: "No, I never did".
_DENIED_BEHIND_NEGATIVE: Final = re.compile(
    r"[\s\"')\]]*我?是?(?:绝|从)?不(?:会|能|可能|想|愿)?选|"
    r"[\s\"')\]]*(?:is what )?i (?:[a-z]+ ){0,2}?(?:never|not) (?:choose|say|pick|select|answer|take)\b|"
    r"[\s\"')\]]*(?:is|would be|seems|sounds|feels)\s[^\n]{0,80}?\b(?:not (?:my|the|for|right|true|how"
    r"|what)|wrong|false|incorrect"
    r"|untrue|a lie|out of (?:the )?question|off the table|too \w+)\b|[\s\"')\]]*(?:是错|不对|除外|以外"
    r"|之外|排除|谈不上|太)",
    re.IGNORECASE,
)
# "1, which is wrong", "Very important - no"
_TAKEN_BACK: Final = re.compile(
    rf"[\s\"')\]]*(?:,\s(?:which|that|it)\s(?:is|was|would be)\s[^,.\n]{{0,30}}?{_WRONG}|-\s?(?:no|never"
    r"|not me|wrong)\b|\sno\b(?! doubt)"
    r"|[^.!?\n]{0,60}\bbut (?:no|not)\W*$|[^.!?\n]{0,30}\bi (?:wish|hope)\b|,?(?:那|这)(?:是"
    r"|就)?[^。]{0,6}(?:骗|假|错|不)|[^,。]{0,8}说不出口)",
    re.IGNORECASE,
)
_REPLY_NO: Final = re.compile(
    r"\W*(?:no\b|never\b|not\b|nope\b|hardly\b|certainly not|wrong\b|of course not|不|没|才怪|怎么可能|绝)",
    re.IGNORECASE,
)
# "3. Just kidding."
_RETRACTED: Final = re.compile(
    r"\W*(?:(?:not really|hardly|never|wrong|nonsense|not|nope"
    r"|as if)\b(?=\W*(?:$|[.,!]))|(?:just "
    r"|only )?(?:kidding|joking)\b"
    r"|(?:开玩笑|才怪))",
    re.IGNORECASE,
)
# "3... not really"
_TRAILS_OFF: Final = re.compile(r"(?:\.\.|…)$")
_NOT_REALLY: Final = re.compile(r"\W*(?:not|no|hardly)\b", re.IGNORECASE)
_SUPPOSED: Final = re.compile(
    r"\b(?:if|had i|were i|in another life|under (?:different|other) circumstances|imagine (?:i|if)"
    r"|provided that|in an? (?:ideal|perfect|better) world|ideally|one day|on (?:a|the|my) (?:good"
    r"|better|bad|best|worst|great) days?|some ?day|in theory)\b"
    r"|如果|要是|假如|假设|倘若|若(?!干)|万一|的话",
    re.IGNORECASE,
)
# Conditions that the interview itself sets: a choice under them is a choice.
_PRESSED: Final = re.compile(
    r"\bif (?:i|you|we|one|they|it)(?:'m|'re)?\s(?:really |absolutely |only |am |are |were |was "
    r"|is )*(?:must|have to|had to|need(?:ed)? to|asked|ask me|forced"
    r"|pressed|pushed|can only|could only|may\b|honest|insist|want (?:me|an answer|my)|understand"
    r"|remember|comes? to|right|mistaken|not wrong)"
    r"|\bif (?:asked|forced|pressed|pushed|possible|necessary|needed|anything|so|only one|i may)\b"
    r"|(?:如果|要是|假如|若)[^,。;\n]{0,12}(?:必须|一定要|非要|非得|只能|硬要|要选|要我选|让我|要我|要说"
    r"|问我|没记错|没理解错)|(?:我|来说|来讲|一定要选|让我选|要我选)的话",
    re.IGNORECASE,
)
# What is supposed ends where what is the case is set against it: "If ..., but my answer is".
_OPPOSED: Final = re.compile(r"[,.]\s?(?:but|however|yet)\b|但是?|可是|不过|然而", re.IGNORECASE)
_SUPPOSE_THAT: Final = re.compile(r"\W*suppos(?:e|ing) (?:i|that|we)\b", re.IGNORECASE)
_ASKS: Final = re.compile(r"[\s\"')\]]*(?:[这那]?(?:个|项)?(?:吗|么|呢)(?:$|\W))")
_LETTER_OR_DIGIT: Final = re.compile(r"[^\W_]|[\ue000-\uf8ff]")


def is_excluded(around: Surroundings, *, is_negative: bool) -> bool:
    """Whether what is said around a mention says that it is not, or not exactly, what was chosen.

    Args:
        around: What stands around it in a quietened text.
        is_negative: It is a label that is itself a denial ("No", "Not at all").
    """
    return _is_denied(around, is_negative) or is_compared(around) or _is_supposed(around) or _is_asked(around)


def is_compared(around: Surroundings) -> bool:
    """Whether a mention is only an end of a range: more than 5, 7 or higher, 5以上."""
    if around.clause.rstrip().endswith("<") and around.behind.lstrip().startswith(">"):
        return False  # <7> is a pair of brackets
    return bool(_COMPARED.search(around.clause[-60:]) or _COMPARED_BEHIND.match(around.rest))


def _is_denied(around: Surroundings, is_negative: bool) -> bool:
    behind = _DENIED_BEHIND_NEGATIVE if is_negative else _DENIED_BEHIND
    if _DENIED.search(around.clause) or behind.match(around.behind):
        return True
    if not is_negative and _TAKEN_BACK.match(around.rest):
        return True
    if _TRAILS_OFF.search(around.rest) and _NOT_REALLY.match(around.next_words):
        return True
    if not is_negative and _RETRACTED.match(around.next_words):
        return True
    return _is_question(around) and _REPLY_NO.match(around.next_words) is not None


def _is_supposed(around: Surroundings) -> bool:
    """Whether a sentence supposes what is not the case, in front of the mention or right behind it."""
    for text in (_OPPOSED.split(around.sentence)[-1], around.behind):
        if _SUPPOSED.search(_PRESSED.sub(" ", text)):
            return True
    return _SUPPOSE_THAT.match(around.sentence) is not None


def _is_asked(around: Surroundings) -> bool:
    """Whether a mention is asked: "1?", "Is it 1?". No question chooses."""
    return _is_question(around) or _ASKS.match(around.rest) is not None


def _is_question(around: Surroundings) -> bool:
    return around.rest.rstrip("\"')] ").endswith("?")
