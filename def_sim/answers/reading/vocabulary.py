"""The words that a sentence may hold which chooses an option: a closed list, so that nothing else slips in.

Denials, comparisons, hearsay, wishes and doubts have more wordings than any list of them. So the words around
a choice must be known ones; one that is not here leaves it unclear whether anything was chosen. No word here
denies, compares, doubts, supposes, dates, or names other people.
"""

import re
from functools import lru_cache
from typing import Final

from def_sim.records import Question

_ENGLISH_WORDS: Final = (
    # who chooses, and what
    "i i'd i'll i'm i've we we'd we'll me mine myself my our us it it's its this that that's these here "
    "here's answer answers option choice choices number numbers no. nr. code codes selection response "
    "rating score point points pts star stars level item vote pick reply decision preference position "
    "statement value category opinion view views perspective case feeling feelings judgment judgement "
    "heart mind honesty truth fact sentiment attitude stance life lives day days background experience "
    # choosing
    "ticked circled marked rated gave went opted voted chooses choose chose chosen choosing select "
    "selected selecting picked picking say saying go going give "
    "giving put rate rank mark tick circle call consider think believe feel find agree opt settle "
    "settled decide decided answering responding respond take lean leaning tend write state indicate "
    "assign guess reckon like inclined speaking asked taken considered given "
    # being
    "am is be would will shall do does did must being "
    # fitting
    "fits fit suits suit matches match describes describe reflects reflect expresses represents "
    "captures corresponds sums summarises summarizes applies comes come closest nearest stands remains "
    "seems seem sounds feels looks works holds true right correct best fitting suitable appropriate "
    "accurate good fine honest own final personal solid strong clear firm full plain confident sure "
    "certain obvious simple straightforward short main top first second third exact close "
    # how
    "very quite rather fairly so too just still also then now again always indeed well much only even "
    "overall maybe perhaps probably about around roughly approximately circa ca approx absolutely sadly "
    "unfortunately luckily "
    "actually basically candidly certainly clearly completely confidently consequently decidedly deeply "
    "definitely entirely essentially exactly extremely finally firmly firstly frankly fully generally "
    "genuinely gladly honestly immediately instantly largely likely mainly mostly naturally obviously "
    "perfectly personally plainly precisely purely really simply sincerely solely strongly surely "
    "totally truly truthfully ultimately undeniably undoubtedly unquestionably wholeheartedly wholly "
    "proudly broadly therefore thus hence accordingly somewhat both each all everything things "
    # small words
    "a an the as at by for in of on to with and which what yes yeah yep ok okay oh ah hm hmm uh um mm "
    "let let's please dear sir madam ma'am thanks thank end sum total conclusion one look told mean "
    "period goes settling declare frank candid nutshell question matter matters love enjoy following "
    "citizen resident native local born raised live living lived growing enjoyment towards toward times "
    "work family home house town village neighbourhood neighborhood city country community culture"
)
_ENGLISH: Final = frozenset(_ENGLISH_WORDS.split())
# Turns of several words, some of which would say something else alone.
_PHRASES: Final = re.compile(
    r"\b(?:as far as (?:i am|i'm) concerned|to be (?:perfectly |quite |completely )?(?:honest|frank|fair"
    r"|clear"
    r"|sure|precise|exact|more precise)|(?<!\bas )(?<!\beven )if (?:i|you|we|they|it)(?:'m|'re)?"
    r" (?:really |absolutely easily sadly unfortunately luckily |only |am |are |were |was |is )*(?:must"
    r"|have to"
    r"|had to|need(?:ed)? to"
    r"|ask(?:ed)? me|forced"
    r"|pressed|pushed|can only|could only|may|honest|insist|want (?:me|an answer|my)"
    r"|comes? (?:down )?to it)\b"
    r"[^,.;\n]{0,40}?(?:,|(?=\s(?:i|i'd|i'll|my|it|the|then)\b)|$)"
    r"|if (?:asked|forced|pressed|pushed)"
    r"(?: to (?:choose|answer|say|decide))?|if i may(?: say so)?|if (?:possible|necessary|anything)"
    r"|after (?:some|a lot of|a little|much|careful|long|due|a moment'?s?|a moment of)?\s?(?:thought|thinking"
    r"|consideration|reflection)|thank(?:s| you)(?: very much| so much)? for (?:asking|the question)"
    r"|or so|more or less|one way or another|in the end|at the end of the day|when all is said and done"
    r"|at (?:this|the) (?:point|moment)(?: in (?:time|my life))?|right now|at present|for now"
    r"|(?:out )?(?:of|from|among) (?:all )?(?:the |these |those |your |my )?(?:given |available |listed "
    r"|offered "
    r"|possible |following |\d+ |four |five |ten )?(?:options|choices|answers|list"
    r"|alternatives)(?: (?:above|below"
    r"|given|listed|offered|available|provided|here|in front of me|that you (?:gave|give|offer)(?: me)?))?"
    r"|on (?:a|the|this|that|your) (?:given |above )?scale|(?:on|in|for) (?:this|that) (?:one|matter"
    r"|point|issue"
    r"|question|topic|subject)|(?:the|this|your) question(?: (?:above|asked))?|everything considered"
    r"|all in all|by and large|on the whole|in (?:other words|a word|brief|short|general|particular|summary)"
    r"|(?:have|has|had) (?:to|chosen|picked|selected|decided|settled|always|no|been (?:asked|thinking))\b"
    r"|\bi can(?: only| just| honestly| safely| confidently| gladly| truly)? (?:say|choose|pick|select"
    r"|give|answer|see)\b"
    r"|\bi(?:'d| would)? suppose\b|my (?:friends|family|parents|children|work|job|faith|village"
    r"|town) (?:is|are)(?= (?:very |quite )?$)"
    r"|(?:answers|choices|picks|selections|values|qualities) are\b"
    r"|(?<!the )(?<!these )(?<!your )(?:options|choices|numbers|answers|codes)(?=\W*$)"
    r"|(?:put|mark|pencil) me (?:down|in) (?:for|as)|most (?:appropriate|accurate|fitting|suitable"
    r"|honest|closely"
    r"|of all|likely"
    r"|certainly|definitely)|the (?:one|option|answer|choice|code|number|statement) (?:that|which)"
    r"|\bprefer(?=\W*$)|growing up|grew up|of (?:the |these )?(?:two|three|four|five|six|seven|ten)\b"
    r"|from me|on balance|full stop|simply put|from where i (?:stand|sit)|having thought (?:about it|it over)"
    r"|count me (?:as|in for)|(?:is|'s) the one (?:for me|i (?:choose|want|like|prefer))|(?:best"
    r"|good) fit|(?<=\s)it is(?=\W*$)|give or take|\bi(?:'m| am) afraid|above all|first and foremost"
    r"|matters? (?:the )?most|most to me|like me|对我这[样种]?的?[^,。]{0,6}?(?:来说|而言|来讲)|举双手"
    r"|truth be told|good question|when it comes (?:down )?to (?:me|this|it)"
    r"|(?:i mean it|period)(?=\W*$)"
    r"|at my age|(?:since|as) you ask(?:ed)?|as (?:always|usual|ever)|in my (?:own )?(?:humble )?(?:view"
    r"|opinion|eyes|book)"
    r"|for (?:the most part|certain|sure|what it's worth)|as (?:you|the question) (?:asked?|put it|said"
    r"|stated"
    r"|see)|you (?:see|know)|as it (?:is|stands|happens)|(?:is|'s|are) (?:how|what|where|the way) (?:i|we) "
    r"(?:feel|see|think|stand|believe|live|choose|say|answer|pick)(?: (?:it|about (?:it|this)))?"
    r"|no matter what|hands down|once and for all|(?:this|these) (?:time|days)|every (?:day|time)"
    r"|(?:answer|choice|selection|response|option|rating|score)s? (?:should|has to|had to|have to"
    r"|ought to|may"
    r"|might|could|can only) be|(?:my|the|our)(?: own| final| honest| personal| best| only)? (?:answer"
    r"|choice|selection|response|option|rating"
    r"|pick|vote) (?:was|were)"
    r"|my (?:[a-z]+ )?(?:answer|choice|response|reply|reaction) (?:to|on|about|regarding|concerning)"
    r" [^,.;:!?\n]{1,80}?(?= (?:is|would be|will be|remains|must be|has to be)\b))",
    re.IGNORECASE,
)
# "Although many disagree, ...": what is granted does not bear on what is chosen.
_GRANTED: Final = re.compile(
    r"\b(?:(?:even )?though|although|whereas|while (?=some|many|most|others|it|people)|despite|in spite of"
    r"|regardless of|given (?:that|how)|considering|because|since|looking back|based on|depending on"
    r"|thinking (?:of|about)|(?:not )?being|unlike|living|having (?:lived|grown|been|worked|seen"
    r"|thought))\b[^,;.!?\n]{1,120},"
    r"|(?:虽然|尽管|即使|即便|因为|由于|鉴于|考虑到|根据|基于|关于|对于|至于|综合)[^,;。!?\n]{1,60},"
    r"|(?:如果|要是|假如|若)[^,。;\n]{0,12}(?:必须|一定要|非要|非得|只能|硬要|要选|要我选|让我|要我|要说"
    r"|问我)[^,。;\n]{0,8},"
    r"|在?\s?[0-9]{1,2}\s?[到至~-]\s?[0-9]{1,2}\s?(?:分?之间|分?的?范围内?|分?中),"
    r"|在[^,;。!?\n]{1,12}(?:多年|生活|长大|居住|工作)[^,;。!?\n]{0,6},|(?:我|今年){0,2}[0-9]{1,3}岁,?"
    r"|(?:从|在)?(?:这|以上|上面)?\s?[0-9一二三四五六七八九十]{0,3}\s?个?选项(?:之?中|里面?)",
    re.IGNORECASE,
)
# "in Ohio", "from New York"
_PLACE: Final = re.compile(
    r"\b(?:in|from|of|near|around) (?:the )?[A-Z][a-z]+(?: [A-Z][a-z]+){0,3}(?:, [A-Z]{2}\b)?"
)
_TURN_END: Final = re.compile(r"<\s?[|/][^<>\n]{0,30}>")  # the token that ends a turn, written out
_WORD: Final = re.compile(r"[A-Za-z]+(?:['.][A-Za-z]+)*\.?(?=\W|$)|[A-Za-z]+")
_HAN_RUN: Final = re.compile(r"[\u3400-\u9fff]+")
_PEOPLE: Final = re.compile(r"[人他她谁]|大家|不|没|是否")
_NO_TOPIC_WORDS: Final = (
    "people most many some others other should would could might never always everyone anybody someone "
    "they them their about than more less least ever hardly before after"
)
_NO_TOPIC: Final = frozenset(_NO_TOPIC_WORDS.split())
_CHINESE_WORDS: Final = (
    "我自己 我个人 我本人 我们 我 本人 个人 自己 咱们 咱 在下 选择的 选择了 选择 选的 选了 选出 选定 "
    "挑选 选 挑 投票 投 填写 填 打分 打 给出 给 评分 评 写 答案 回答 答复 作答 回应 表示 倾向于 倾向 "
    "偏向于 偏向 认为 觉得 感觉 感到 相信 想 愿意 愿 决定 打算 说 讲 看 要 会 能 应该 应当 应 该 必须 "
    "只能 得 就是 也是 还是 正是 的确是 算是 属于 是 为 做 作 最终 最后 最 最合适 最符合 最接近 最贴切 "
    "合适 适合 符合 贴切 按 准确 恰当 正确 对 真实 真心 诚实 内心 心里 首先 更 很 非常 十分 比较 挺 确实 "
    "的确 真的 真是 其实 当然 肯定 一定 绝对 显然 明显 必然 自然 大概 大约 约 左右 也许 可能 或许 估计 "
    "基本上 基本 总体上 总体来说 总体而言 总的来说 总的来讲 总之 整体上 综上所述 综上 综合来看 一般来说 "
    "一般 说实话 说真的 老实说 坦白说 坦白讲 坦率地说 坦率地讲 实话实说 实话讲 实话说 情况 确定 没错 "
    "谢谢您 投给 归为 我的情况 讲真 说到底 归根结底 说心里话 考虑再三 思考再三 再三考虑 仔细想想 "
    "仔细考虑后 经过思考 经过考虑 想了想 想来想去 反正 所以 因此 因而 于是 那么 那 就 也 都 还 才 再 便 "
    "则 只 将 对我来说 对我而言 对我来讲 在我看来 依我看 就我而言 就我个人而言 以我之见 我的话 从我的角度 "
    "以我的经验 凭我的感觉 我来说 来说 而言 来讲 看来 来看 方面 角度 这个 这一 这道 这种 这项 这 那个 "
    "该题 本题 此题 问题 题目 题 说法 看法 意见 观点 想法 态度 立场 生活 人生 心目中 心中 家里 家庭 家乡 "
    "第 号 项 个 条 种 分数 分值 分 点 数字 编号 代码 量表 里面 里 中 上 下 之中 其中 目前 现在 如今 眼下 "
    "当前 平时 日常 的 地 了 着 吧 呢 啊 呀 哦 嗯 唉 嘛 哈 啦 在 和 与 及 以及 同 并 而且 且 于 以 用 把 "
    "跟 请 您好 谢谢 您 好的 一 二 三 四 五 六 七 八 九 十 很多年 多年 成长 长大 生长 出生 居民 市民 公民 "
    "当地人 本地人 居住 毫无保留 最为 事实上 实际上 诚然 无疑 如下 下面 如此 这样 那样 一直 始终 总是 "
    "依然 仍然 仍 喜欢 满意 开心 快乐 幸福 重视 认可 赞同 支持 享受 明确 清楚 坚定 坚决 果断 直接 "
    "具体 简单 一句话 好问题 还有 举双手 要我说 想了很久 仅此而已 从小如此 没什么可说 就这样 如实 一个 一项"
)
# 选项是 begins a list of the options, 我的选项是 a choice.
_LISTS: Final = re.compile(r"(?<!我的)(?<!确的)(?<!合的)(?<!适的)(?<!选的)(?<!择的)选项(?:是|为|有|[:：])")
_CHINESE: Final = re.compile(
    r"(?<![\u3400-\u9fff])行(?![\u3400-\u9fff])|选项|"
    + "|".join(sorted(_CHINESE_WORDS.split(), key=len, reverse=True))
)


@lru_cache(maxsize=4096)
def _words_of(question: Question) -> frozenset[str]:
    """Words that the question itself brings up, as far as they name no people and compare nothing."""
    words = re.findall(r"[a-z]{4,}", question.text.casefold())
    return frozenset(word for word in words if word not in _NO_TOPIC)


def without_settings(text: str) -> str:
    """The text without turns that leave open what they surround: "all in all", "although many disagree"."""
    for pattern in (_TURN_END, _GRANTED, _PHRASES, _PLACE):
        text = pattern.sub(" ", text)
    return text


def knows_all_words(text: str, question: Question) -> bool:
    """Whether a piece of a sentence holds known words only, or words of the question."""
    if _LISTS.search(text):
        return False
    return knows_english(text, _words_of(question)) and all(
        _is_topic(run, question) for run in _HAN_RUN.findall(_CHINESE.sub(" ", text))
    )


def knows_words(text: str) -> bool:
    """Whether a piece of a sentence holds known words only, in English and Chinese."""
    return knows_english(text) and _HAN_RUN.search(_CHINESE.sub(" ", text)) is None


def knows_english(text: str, brought_up: frozenset[str] = frozenset()) -> bool:
    """Whether the English words of a piece of a sentence are known ones, or brought up by the question."""
    words = (word.casefold() for word in _WORD.findall(text))
    return all(word in _ENGLISH or word.rstrip(".") in _ENGLISH or word in brought_up for word in words)


def begins_with_topic(text: str, question: Question) -> bool:
    """Whether a piece of a sentence begins with a word that the question brings up."""
    first = re.match(r"\W*(?:the |these |those )?([a-z]{4,}|[\u3400-\u9fff]{2})", text, re.IGNORECASE)
    if first is None:
        return False
    return first[1].casefold() in _words_of(question) or _is_topic(first[1], question)


def _is_topic(run: str, question: Question) -> bool:
    """Whether some Chinese characters stand so in the question, and name no people."""
    return len(run) > 1 and run in question.text and _PEOPLE.search(run) is None
