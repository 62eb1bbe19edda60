"""Says whose choice a mention is: the respondent's own, or what somebody else would say.

Knows how English and Chinese name other people and what they say. It sees what stands around one mention
(clauses.py); a respondent who says nothing of a speaker speaks for itself.
"""

import re
from enum import Enum, auto
from typing import Final

from def_sim.answers.reading.clauses import Surroundings


class Speaker(Enum):
    """Whose choice it is."""

    UNSAID = auto()
    SELF = auto()
    OTHERS = auto()


_OWN: Final = re.compile(
    r"\b(?:i|i'(?:d|m|ll|ve)|me|myself|personally|we|my (?:own|personal|answer|choice|opinion|view|pick"
    r"|vote|part))\b"
    r"|我(?!们?的?(?:哥|弟|姐|妹|爸|妈|父|母|家|爱人|老[婆公伴]|妻|丈|先生|太太|儿|女|孩|爷|奶|外[公婆]|叔"
    r"|阿姨|舅|姑|邻|朋|同|老[师板]|领导|亲|室友|男|对象))"
    r"|本人|个人",
    re.IGNORECASE,
)
_WORD: Final = (
    r"(?!(?:i|i'd|i'm|i'll|i've|we|we'd|me|who|to|answer|choice|option|question|number|response|pick|vote"
    r"|is|are|was|were|has|have"
    r"|life|mind|heart|way|opinion|view|time|day|moment|truth|place)\b)"
    r"[a-z'-]{1,20}"
)
_PERHAPS: Final = (
    r"(?:(?:would|might|may|will|could|should|do|does|did|tends? to|seems? to|usually|always|often"
    r"|probably|likely|certainly"
    r"|surely|also|all|both|mostly|generally|definitely|perhaps|maybe|never|not|don't|doesn't"
    r"|wouldn't)\s){0,4}"
)
_SAYS: Final = (
    r"(?:says?|said|saying|chooses?|chose|choosing|picks|picked|selects?|selected|answers|answered"
    r"|go(?:es)? (?:for|with)"
    r"|opt(?:s|ed)? for|votes|voted|thinks?|thought|believes?|believed|claims?|claimed|argues?|repl(?:y"
    r"|ies)|responds?"
    r"|ticks|ticked|rates|rated|calls|called|considers?|prefers?|insists?|insisted|suggests?|recommends?"
    r"|agrees?|gives"
    r"|(?:(?<=would )|(?<=might )|(?<=could )|(?<=will )|(?<=may )|(?<=people )|(?<=they )|(?<=always )"
    r"|(?<=usually )|(?<='d ))"
    r"(?:answer|pick|vote|put|call|hold|give|tick|rate|mark))\b"
)
# The label itself is what is said: "most people would agree".
_MODAL: Final = r"(?:would|will|might|may|should|must)(?: [a-z]{2,12}ly)?(?=\s*$)"
_NO_SUBJECT: Final = (
    r"(?!(?:i|you|we|me|to|and|or|but|so|then|who|that|which|this|it|as|if|not|never|would|will|could"
    r"|should|can|might|may|must|do|did|have|had|just|also|rather|really"
    r"|there|here|how|what|well|honestly|personally|[a-z]+ly|answer|choice|option|question|number|myself)\b)"
)
_OTHERS: Final = re.compile(
    r"\b(?:(?:my|our|his|her|your|their|the|a|an|any|every|each|most|many|some|several|few|all|other"
    r"|half of|these|those)\s"
    rf"(?:{_WORD}\s){{1,8}}?(?:(?:that |who |whom )?i (?:know|met|meet|work with|live with"
    rf"|talk to)\s)?(?:{_PERHAPS}{_SAYS}|{_MODAL})"
    r"|(?:he|she|they|people|everyone|everybody|somebody|someone|anyone|anybody|others|folks"
    r"|(?<![a-z] )one|americans|citizens|men|women|(?<!the )(?<!at )most|many|some|few)(?:'d"
    r"|'ll)?\s(?:(?:that |who |whom )?i (?:know|met|meet|work with|live with|talk to)\s)?"
    rf"(?:{_WORD}\s){{0,6}}?(?:{_PERHAPS}{_SAYS}|{_MODAL})"
    rf"|[a-z]+,?\swho\s{_PERHAPS}{_SAYS}"
    r"|(?:people|everyone|everybody|americans|citizens|others|they|he|she|(?<!the )(?<!at )most|many)(?=\s*$)"
    rf"|(?<![a-z'] ){_NO_SUBJECT}[a-z]{{3,15}}\s(?:(?:would|will|might|may"
    r"|could)\s(?:[a-z]{2,12}ly\s)?(?:say|choose|pick|select|answer|go (?:for|with)|opt for|vote|think"
    r"|call|rate|give|put|tick|prefer)"
    r"|says|chooses|picks|selects|thinks|believes|answers|recommends|prefers|claims)\b"
    rf"|(?<![a-z'] ){_NO_SUBJECT}[a-z]{{3,15}}s\s(?:say|choose|pick|select|think|believe|recommend|prefer"
    r"|claim|answer|vote)\b"
    r"|(?:if you |just |you can )?ask (?:my|our|the|any|most|him|her|them)\s?[a-z]{0,15},?"
    r"|(?:point of view|perspective) of|[a-z]+'s point of view"
    r"|according to (?!me\b)[^,.;\n]{1,40},?|(?:in|from) (?!my )[a-z' ]{1,30}'s?\s(?:opinion|view|eyes"
    r"|words|case|perspective)"
    r"|(?:in|from) (?:his|her|their) (?:opinion|view|eyes|case)"
    rf"|(?:my|our|his|her|their|the|a)\s(?:{_WORD}\s){{0,4}}?[a-z]+(?:'s|s')\s(?:answer|choice|opinion"
    r"|view|pick|vote|response)\b"
    r"|(?:answer|choice|opinion|view|response) of (?!mine\b)(?:my|the|most|many|a|an|all)\b"
    r"|(?:for|to) (?:most|many|some|other) (?:people|others|folks|of (?:them|us)|americans|citizens)"
    r"|the (?:majority|average|typical)|others)\b"
    r"|(?:(?:我|我的|我们)?(?:哥哥?|弟弟?|姐姐?|妹妹?|爸爸?|妈妈?|父亲|母亲|父母|家人|家里人|爱人|老伴|老婆"
    r"|老公|妻子|丈夫|先生|太太|儿子|女儿"
    r"|孩子|爷爷|奶奶|外公|外婆|专家|学者|官员|老人|叔叔|阿姨|舅舅|姑姑|邻居|朋友|同事|同学|老师|老板"
    r"|领导|亲戚|室友|男朋友|女朋友|对象|医生)们?"
    r"|(?:大多数|多数|大部分|绝大多数|很多|许多|不少|一般|普通|有些|有的|某些|一些|其他|别的|另外的?"
    r"|另一些|所有|每个|这里的?|当地的?|身边的?|周围的?"
    r"|城里的?|农村的?|年轻|老年)的?[^\s,。;!?]{0,6}?(?:人|公民|民众|百姓|居民|网友|群众|受访者)们?"
    r"|[中里]有?\s?[0-9一二两三四五六七八九十]{1,3}\s?[个位名]人?"
    r"|(?<![本个我])[^\s,。;!?我本个]{1,6}(?:人|公民|居民|民众|市民)们?(?=都?会|都|通常|一般|往往|可能)"
    r"|他们?|她们?|大家|人家|别人|人们|有人)"
    r"[^,。;!?\n我]{0,10}?(?:选|说|认为|觉得|回答|给|打|答|挑|表示|填|投|主张|看来)"
    r"|(?:大家|人们|别人|(?:大多数|多数|大部分|很多|许多|不少|一般|所有)的?[^\s,。;!?]{0,4}人)(?:都|也|会"
    r"|应该|可能)$"
    r"|(?:换成|换作|如果问|要是问|去问|问问)(?!我[,选会自])[^。;!?\n]{1,10},?会?|(?:据|按"
    r"|听)[^,。;!?\n我]{1,10}(?:说|讲|看法)|对(?:大多数|多数|大部分|很多|许多|别"
    r"|其他)[^,。;!?\n]{0,4}人(?:来说|而言|来讲)",
    re.IGNORECASE,
)
_OTHERS_BEHIND: Final = re.compile(
    r"[\s\"')\],]*(?:(?:is|was|would be|will be|seems)\s(?:what|how|the one(?: that)?)\s(?!(?:i|i'd|we|me"
    r"|for (?:me|us))\b)[^.;!?\n]{1,60}?"
    rf"{_SAYS}|(?:is|was|would be|will be)\s(?:my|his|her|their|our|the|a"
    r"|most)\s(?:[a-z]{1,15}\s){0,4}?[a-z]+(?:'s|s')\s"
    r"(?:answer|choice|opinion|view|pick|vote)"
    r"|(?:my|his|her|their|our|the|a|most|everyone|everybody|people|they|he"
    r"|she)\s(?:[a-z]{1,15}\s){0,3}?(?:says?|said|thinks?|thought|claims?|believes?)\b"
    r"|(?:says|said|thinks|thought|according to)\s(?!i\b)(?:my|his|her|the|a|most|many|some|everyone"
    r"|everybody|people|they|he|she)\b"
    r"|(?:for|to) (?:most|many|some|other) (?:people|others|folks|of (?:them|us)|americans|citizens)\b"
    r"|for my (?:brother|sister|wife|husband|father|mother|mom|dad|son|daughter|friend|neighbou?r|boss)\b)"
    r"|[\s\"')\]]*(?:就|都|才)?是(?!我(?:的|会|要|选|最|自己|认为|觉得))[^,。;!?\n]{1,14}(?:会选|选"
    r"|的答案|的选择|的看法|的意见|说|认为)的?",
    re.IGNORECASE,
)


def speaker_of(around: Surroundings) -> Speaker:
    """Whose choice a mention is: the last speaker named before it, or one named behind it."""
    if _OTHERS_BEHIND.match(around.rest):
        return Speaker.OTHERS
    own = max((match.end() for match in _OWN.finditer(around.sentence)), default=0)
    others = max((match.end() for match in _OTHERS.finditer(around.sentence)), default=0)
    if own == others == 0:
        return Speaker.UNSAID
    return Speaker.SELF if own >= others else Speaker.OTHERS
