"""Recognises what people and models say instead of choosing, in English and Chinese.

Knows phrases only: a disclaimer of being a machine, a don't know, a refusal, a description
of what others would say. Whether a phrase decides the answer is the reader's business.
"""

import re

from def_sim.records import AnswerStatus

_MACHINE = (
    r"(?:artificial intelligence|a\.?i\.?|(?:large |ai |artificial intelligence |small )?language model|llm"
    r"|(?:virtual|digital|ai|artificial) assistant|(?:chat ?)?bot|robot|machine(?! (?:operator|worker"
    r"|builder|shop))"
    r"|ai[- ](?:model|assistant|system|powered)[a-z]*|(?:computer|software) (?:program|model)"
    r"|machine learning model"
    r"|neural network|(?:text|conversational) (?:model|ai)|large model|piece of software"
    r"|software(?! (?:engineer|developer))|non-human [a-z]+|program(?! manager))"
)
_HUMAN_TRADE = (
    r"(?:research|engineer|developer|development|expert|compan|specialist|scientist|professional|user"
    r"|enthusiast|student|operator|teacher|learning engineer|builder)"
)
_MAKERS = (
    r"(?:openai|anthropic|google|deepmind|meta(?: ai)?|mistral(?: ai)?|alibaba(?: cloud)?|qwen|deepseek"
    r"|microsoft|cohere|ibm|moonshot"
    r"|zhipu|baidu|tencent|bytedance|minimax|nvidia|hugging ?face|xai|apple|amazon|lg ai|01\.ai|baichuan"
    r"|stability)"
)
_MODELS = (
    r"(?:chatgpt|gpt-?[0-9o][0-9a-z.]*|claude|gemini|gemma|llama|mistral|mixtral|qwen|deepseek|grok"
    r"|copilot|phi-?[0-9]|smollm[0-9]?"
    r"|chatglm|kimi|ernie(?: bot)?|baichuan|command[- ]r|bard|granite)"
)
_MADE = r"(?:made|created|developed|trained|built|designed|programmed|produced)"
_ZH_MACHINE = (
    r"(?:人工智能|AI|大?(?:型)?语言模型|大模型|智能助[手理]|虚拟助[手理]|数字助[手理]|聊天机器人|机器人"
    r"|机器|(?:计算机|电脑)?程序(?!员)|模型"
    r"|ChatGPT|GPT|Claude|Qwen|通义千问|文心一言|豆包|DeepSeek|Kimi|智谱清言|讯飞星火|混元)"
)
_ZH_HUMAN_TRADE = r"(?:研究|工程师|专家|从业|行业|公司|领域|学者|开发|专业|爱好者|用户|员|厂|操作)"
_MACHINE_SPEAKS = (
    r"\b(?:as|being|i am|i'm)\s(?:only |just |merely |simply |actually |really )?(?:an? "
    rf"|your )?(?:helpful |simple |mere )?{_MACHINE}\b"
    rf"(?! {_HUMAN_TRADE})"
    r"|\bi (?:do not|don't|cannot|can't) (?:have|hold|possess|form) (?:any )?(?:personal|real|human) "
    r"(?:opinion|belief|view|feeling|preference|experience|value|emotion|identity|nationality|citizenship)"
    rf"|\b(?:i am|i'm|as|my name is) {_MODELS}\b|\b(?:i am|i'm) not (?:a |an |really a? ?)?(?:human"
    r"|real person|person but)|\b(?:i am|i'm) only code"
    r"|\b(?:i am|i'm|i was|i have been|i've been|assistant|model|bot|program|system),? (?:that was "
    rf"|which was )?{_MADE} (?:and trained )?"
    rf"(?:by|at) (?:the )?(?:team (?:at|of) |researchers at |people at )?(?:{_MAKERS}\b|a (?:tech"
    r"|software|ai|technology)[a-z]* company|engineers|programmers|developers)"
    rf"|\bi was (?:{_MADE}) (?:to|as) (?:assist|help|answer|be|an? {_MACHINE})|\bmy (?:training data"
    r"|programming|training|developers|creators|knowledge cutoff)\b"
)
_ZH_MACHINE_SPEAKS = (
    r"(?:作为|身为|我只?是|我就?是|我叫|我不过是)(?:由[^,。，\n]{1,15})?(?:一|一个|一名|一款|一种|个"
    r"|位)*(?:[^,。，\n]{0,8}(?:开发|训练|研发|推出|创造|打造|设计)的)?"
    rf"(?:大型)?(?:的)?{_ZH_MACHINE}(?!{_ZH_HUMAN_TRADE})"
    r"|我?(?:并?没有|不具备|不具有)(?:任何)?(?:个人|真实|人类)的?(?:观点|看法|意见|情感|立场|感受|偏好"
    r"|信仰|经历|身份|国籍)"
    r"|我是由[^,。，\n]{1,20}(?:开发|训练|研发|推出|创建|创造|设计)|我不是(?:人类|真人|真实的人)"
    r"|我是[^,。，\n]{0,10}的(?:大?模型|AI|人工智能)|我的(?:训练数据|程序设定|开发者|编程)"
)
# How every match begins, which is looked at first: it takes a fifth of the time.
_ROLE_BREAK = re.compile(
    r"(?=[abimps作身我并没不])(?:\b(?=(?:as|being|i|my|assistant|model|bot|program|system)\b)"
    rf"(?:{_MACHINE_SPEAKS})|(?:{_ZH_MACHINE_SPEAKS}))",
    re.IGNORECASE,
)
_DONT_KNOW = re.compile(
    r"\b(?:do not|don't|can't|cannot) (?:know|decide)\b|\b(?:hard|difficult|impossible)"
    r" to (?:say|tell|decide)\b|\b(?:not|un) ?(?:sure|certain)\b|\bno (?:opinion|idea)\b|\bundecided\b"
    r"|不知道|不清楚|不晓得|说不清|说不准|不好说|难说|不确定|无法确定|没想好|没有?意见|没有?看法",
    re.IGNORECASE,
)
_UNABLE = (
    r"(?:can ?not|can't|could not|couldn't|won't|will not|would not|wouldn't|am not going to"
    r"|'m not going to|unable to|not able to|must not"
    r"|am not (?:allowed|permitted|willing|prepared|in a position) to|'m not (?:allowed|permitted|willing"
    r"|prepared|in a position) to"
    r"|not (?:willing|prepared|allowed|permitted) to|declin\w+(?: to)?|refus\w+(?: to)?|do not (?:want"
    r"|wish) to|don't (?:want|wish) to"
    r"|(?:rather|prefer|choose|wish)(?: to)? not(?: to)?|not feel (?:right|able|free) to"
    r"|must refrain from|have to refrain from)"
)
_NO_CODE = r"(?!\s(?:option |number |between )?[\"'(]?[0-9\ue000-\uf8ff])"
_DECLINED = (
    r"(?:answer|respon[ds]\w*|provid\w*|giv\w+|shar\w+|disclos\w+|comment\w*|tell\w*|offer\w*"
    r"|participat\w*|engag\w+|assist\w*"
    r"|help with|complet\w+|fulfil\w*|compl(?:y|ying)|discuss\w*|weigh in|reply|act\b|act as|play\w*"
    r"|role-?play\w*|pretend\w*|speak (?:for|as|on behalf|in the name)|do (?:that|this)\b|speaking for"
    r"|represent\w*|impersonat\w+|assum\w+ (?:the|that|a|this)|tak\w+ (?:on|part|a side|sides|a position"
    r"|the (?:role|part))|adopt\w*|portray\w*|simulat\w+"
    r"|express (?:an?|any|my)|(?:make|making) (?:a|that|this|the|any) (?:choice|selection|decision)"
    rf"|(?:choose|select|pick)\b{_NO_CODE})"
)
_REFUSED = re.compile(
    rf"\b{_UNABLE} (?:[a-z]{{1,15}} ){{0,4}}?{_DECLINED}(?:\b|(?<=\w))"
    r"|(?:\bnot|n't|\bun)(?: feel| be| am)?(?: really| at all| very)? ?(?:comfortable|at ease|able"
    r"|happy) (?:(?:to )?\w+ing\b|with|in)"
    r"|\b(?:rather|prefer|choose|wish|like)(?: to)? (?:not|leave (?:this|that|it|the)[^.\n]{0,20}(?:blank"
    r"|open|unanswered|empty)|pass\b|skip\b|abstain|keep (?:it|that|this|my)\b[^.\n]{0,20}(?:to myself"
    r"|private|secret))"
    r"|\bleave (?:this|that|the|it)[^.\n]{0,25}?(?:blank|open|unanswered|empty|without an answer)"
    r"|\bno comment\b|\bi (?:respectfully |politely |must )?(?:pass|abstain|decline|refuse)\b"
    r"|^\W*(?:declined|refused|no answer|no response)\W*$|not something (?:that )?i (?:can|could|will"
    r"|want to|wish to|would) \w+"
    r"|\bi (?:must|have to|will|would) (?:politely |respectfully |kindly )?(?:decline|refuse|pass|abstain"
    r"|skip)\b|\bskip (?:this|the|that) (?:question|one)"
    r"|\bnone of your business|\b(?:goes )?against my (?:guidelines|principles|policy|rules)|\bit (?:is"
    r"|would be) (?:not appropriate|inappropriate) (?:for me )?to"
    r"|\bi (?:don't|do not) think i (?:should|can|could|ought to) (?:answer|respond|choose|pick|say)\b"
    r"|拒绝(?:[^,。，\n]{1,12})?(?:回答|作答|透露|参与|扮演)|婉拒|谢绝|弃权|(?:跳过|略过)(?:这|该"
    r"|此)?[道个]?[问题]|不予置评|保持沉默|保留(?:我的)?意见"
    r"|(?:不便|不方便|无法|不能|不可以|没法|没有?办法|不想|不愿意?|不会|不予|不应该?|不宜|选择不|不打算"
    r"|不适合|不太方便|难以)"
    r"(?:以[^,。，\n]{1,20}身份|(?:代表|代替|代入|替|为|对|就|在)[^,。，\n]{1,20})?(?:来|去|再)?"
    r"(?:回答|作答|说(?!非|[0-9\ue000-\uf8ff])|透露|告知|提供|给出|扮演|代表|代替|假装|冒充|充当|模拟"
    r"|装作|发表|评论|表态|表达(?:立场|意见|看法|观点)|参与|协助|配合|满足|讨论|做出选择|作出选择"
    r"|进行选择"
    r"|选择(?=\s*(?:$|[,。.;!，])))"
    r"|无可奉告|恕(?:我)?(?:不|难|不能|无法)(?:回答|奉告|从命|直言)|不作答|不回答",
    re.IGNORECASE,
)
_THIRD_PERSON = re.compile(
    r"\bsome\b[^\n]{0,80}?\bothers\b"
    r"|\b(?:most|many|some)\s(?:of\s)?(?:[a-z]{1,15}\s){0,3}?"
    r"(?:would|may|might|will|could)\s(?:choose|say|pick|select|answer|respond)\b"
    r"|(?:有些|有的|一些|某些|有)人[^\n]{0,40}?(?:有些|有的|一些|其他|另外的?|别的|也有)人"
    r"|(?:大多数|多数|大部分|绝大多数|很多|许多|不少|一般)的?(?:中国)?(?:人|公民|民众|老百姓"
    r"|受访者)[^\n]{0,8}?(?:会|选|认为|觉得)",
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


def declines(text: str) -> bool:
    """Whether the text says that its author does not know or does not want to say."""
    return _REFUSED.search(text) is not None or _DONT_KNOW.search(text) is not None


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
