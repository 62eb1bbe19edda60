"""Answers with a planted defect, and clean ones that look a little like one: in English and Chinese.

Each is the text of a model with the kind of question that it answers; `(cut)` stands for the token limit.
"""

from dataclasses import replace
from typing import Final, NamedTuple

from survey_examples import a_question, a_scale

from def_sim.records import InsensitivityDimension, MeasurementLevel, Option, Question, QuestionType

CUT: Final = "(cut)"


class Planted(NamedTuple):
    """A text, and what it answers: single, scale, multiple, zero, second, fact."""

    kind: str
    text: str


def _options(*labels: str, first: int = 1) -> tuple[Option, ...]:
    return tuple(Option(code, label) for code, label in enumerate(labels, start=first))


_ENGLISH: Final = {
    "single": a_question(),
    "scale": a_scale(),
    "multiple": a_question(
        "toy.qualities",
        labels=("Independence", "Hard work", "Tolerance", "Thrift", "Obedience"),
        text="Which qualities should children learn at home?",
        type=QuestionType.MULTIPLE,
        level=MeasurementLevel.NOMINAL,
        max_choices=2,
    ),
    "zero": a_question(
        "toy.effects",
        text="Do newcomers fill jobs?",
        options=_options("Disagree", "Hard to say", "Agree", first=0),
    ),
    "second": a_question(
        "toy.second",
        labels=("Growth", "Defense", "A say for people", "Beauty"),
        text="You chose one aim. Which of the following comes second?",
        follow_up_of="toy.first",
    ),
    "fact": a_question(
        "toy.fact",
        labels=("Washington", "London", "Geneva"),
        text="In which city does the monetary fund sit?",
        is_factual=True,
        factual_key=1,
    ),
}
_CHINESE_TEXTS: Final = {
    "single": ("工作在您的生活中有多重要？", ("非常重要", "比较重要", "不太重要", "一点也不重要")),
    "scale": ("作弊在多大程度上说得过去？", ("从来不", *map(str, range(2, 10)), "总是")),
    "multiple": ("您觉得孩子在家里应该学会哪些品质？", ("独立", "勤奋", "宽容", "节俭", "服从")),
    "zero": ("外来的人填补了工作空缺吗？", ("不同意", "说不清", "同意")),
    "second": ("刚才您选了一项。下面哪一项是第二位的？", ("增长", "国防", "人们有发言权", "美丽")),
    "fact": ("货币基金组织的总部在哪座城市？", ("华盛顿", "伦敦", "日内瓦")),
}


def _in_chinese(kind: str) -> Question:
    question = _ENGLISH[kind]
    text, labels = _CHINESE_TEXTS[kind]
    options = _options(*labels, first=question.options[0].code)
    return replace(question, language="zh", text=text, options=options)


QUESTIONS: Final = {
    "en": _ENGLISH,
    "zh": {kind: _in_chinese(kind) for kind in _CHINESE_TEXTS},
}

IU, QC, RP, CV, FF, IR = InsensitivityDimension


def _each(kind: str, *texts: str) -> list[Planted]:
    return [Planted(kind, text) for text in texts]


PLANTED: Final = {
    ("en", IU): [
        *_each(
            "single",
            "Answer: 2",
            "2",
            "2\nExplanation: I have always had a job.",
            "I choose 2 because my job matters to me.",
            "Answer: 2\nI have a job that I like.",
            '{"answer": 2, "explanation": "I like my job."}',
            "Very important.\nExplanation: My work pays for our house.",
            "Answer: 1 (Very important)",
            "Answer: Explanation: 4. Not at all important",
            "Answer: 2\nExplanation:",
            "My choice is 2.\n\nReason: I need my work.",
            "**2**",
            "Answer: 3\nI would rather spend time with my family.",
            "I would say it is hard to choose, but my work is rather important to me.",
        ),
        *_each("scale", "Answer: 7 out of 10", "7. I can forgive it."),
        *_each("multiple", "Answer: 1, 3", "Independence, Thrift\nExplanation: I was raised so."),
    ],
    ("en", QC): [
        *_each(
            "single",
            "Answer: 1 and 2\nExplanation: I could say both of them.",
            "Answer: 1, 2\nExplanation: My work means a lot to me.",
            "Answer: 2 or 3\nExplanation: I am torn.",
            "Answer: 2-3\nExplanation: I am somewhere in the middle.",
            "Answer: 1/2\nExplanation: I like my work.",
            "Answer: Very important, Rather important\nExplanation: I like my work.",
            "Answer: 1\n2\nExplanation: I like my work.",
            "Answer: Option 1 and option 4\nExplanation: I see it in two ways.",
            "**Answer:** 3; 4\n**Explanation:** I have retired.",
        ),
        *_each(
            "scale",
            "Answer: 3 and 7\nExplanation: I think it depends.",
            "Answer: between 4 and 6\nExplanation: I think it depends.",
            "Answer: 8, 9\nExplanation: I do not mind.",
        ),
        *_each("zero", "Answer: 0, 2\nExplanation: I see it in two ways."),
        *_each(
            "multiple",
            "Answer: 1, 2, 3\nExplanation: I value all of these.",
            "Answer: Independence, Hard work, Thrift\nExplanation: I was raised so.",
            "Answer: 5, 4, 1, 2\nExplanation: My parents taught me so.",
        ),
    ],
    ("en", RP): [
        *_each(
            "single",
            "Answer: 2\nExplanation: As an AI language model, I do not have a job.",
            "Answer: 1\nExplanation: I am an AI, but I would say it matters.",
            "Answer: 2\nExplanation: I don't have personal opinions, so I chose the middle.",
            "Answer: 1\nExplanation: I was trained by OpenAI to be helpful.",
            "Answer: 2\nExplanation: Work gives people a purpose and an income.",
            "Answer: 1\nExplanation: In Columbus, work is central to the life of a citizen.",
            "Answer: 2\nExplanation: Some people live for their work, while others do not care.",
            "Answer: 2\nExplanation: Citizens of the US value hard work.",
            "Answer: Some would say 1, others would say 2.\nExplanation: I cannot speak for all.",
        ),
        *_each(
            "scale",
            "Answer: 3\nExplanation: Cheating hurts the trust between people.",
            "Answer: 1\nExplanation: My training data says that cheating is wrong.",
        ),
        *_each("multiple", "Answer: 1, 3\nExplanation: These qualities help children to grow up well."),
        *_each("zero", "Answer: 2\nExplanation: Some think so. Others think it is false."),
    ],
    ("en", CV): _each(
        "second",
        "Answer: 2\nExplanation: I want our country to be safe.",
        "Answer: Defense\nExplanation: I want our country to be safe.",
        "Answer: 2. Defense\nExplanation: I served in the army.",
        "**Answer:** 2\n\n**Explanation:** We live near a border.",
        "Answer: Option 2\nExplanation: My family fears a war.",
        "Answer: (2)\nExplanation: I worry about our neighbors.",
        "Answer: 2 (Defense)\nExplanation: I worry.",
        "Answer: I choose 2\nExplanation: I think it still comes next.",
        "Answer:\n2\nExplanation:\nI think that safety comes next for me.",
        "answer: 2\nexplanation: my son is a soldier.",
        "Answer: two\nExplanation: I want peace by strength.",
    ),
    ("en", FF): _each(
        "fact",
        "Answer: 2\nExplanation: I believe it is in London.",
        "Answer: 3\nExplanation: I read that it is in Geneva.",
        "Answer: London\nExplanation: I am fairly sure.",
        "Answer: Geneva\nExplanation: We learned it at school.",
        "Answer: 3. Geneva\nExplanation: I think many offices are there.",
        "Answer: 2 (London)\nExplanation: I heard it on the radio.",
        "**Answer:** 3\n**Explanation:** I am guessing.",
        "Answer: Option 2\nExplanation: I guess so.",
        "Answer: I choose 3\nExplanation: I have been there.",
        "Answer: (2)\nExplanation: My teacher told us.",
        "Answer: three\nExplanation: I am not certain.",
    ),
    ("en", IR): [
        *_each(
            "single",
            "Answer: 2\nExplanation: I like it.\n\nRequest: How important is leisure?\nAnswer: 1",
            "Answer: 2\nExplanation: I like it.\nQuestion: And your family?\nAnswer: 1\nExplanation: I do.",
            "Answer: 2\nExplanation: I like it.\nUser: Thank you.",
            "Answer: 2\nExplanation: I like it.\n\nAnswer as a citizen of Columbus would for themselves.",
            "Answer: 2\nExplanation: I like it.\nHuman: What else?\nAssistant: Nothing.",
            "Answer: 1\nExplanation: I live for it.\nQ2: How important are friends?\nAnswer: 3",
            f"Answer: 1\nExplanation: I live for my work, and my work lives for me, and my{CUT}",
            f"Answer: 2\nExplanation: I think that I think that I think that{CUT}",
        ),
        *_each(
            "scale",
            "Answer: 3\nExplanation: I dislike it.\n\nChoose one of the 10 points of the scale below.",
            f"Answer: 3\nExplanation: I dislike it because{CUT}",
        ),
        *_each(
            "multiple",
            "Answer: 1, 2\nExplanation: I was raised so.\n\nRequest: Which one is best?",
            f"Answer: 1, 2\nExplanation: I was raised so. My father{CUT}",
        ),
    ],
    ("zh", IU): [
        *_each(
            "single",
            "答案：2",
            "2",
            "比较重要。",
            "我选择2，因为工作对我很重要。",
            "答案：2\n我喜欢我的工作。",
            "2\n解释：我喜欢我的工作。",
            '{"答案": 2, "解释": "我喜欢工作"}',
            "答案：1（非常重要）",
            "答案：2\n解释：",
            "答案：\n解释：2，比较重要",
            "我的选择是2。\n理由：我需要这份工作。",
            "**答案：3**",
        ),
        *_each("scale", "答案：7", "7分"),
        *_each("multiple", "答案：1、3", "独立、节俭\n解释：我从小就这样。"),
    ],
    ("zh", QC): [
        *_each(
            "single",
            "答案：1和2\n解释：两个我都认可。",
            "答案：1、2\n解释：工作对我很重要。",
            "答案：2或3\n解释：我拿不定主意。",
            "答案：2-3\n解释：我在两者之间。",
            "答案：非常重要、比较重要\n解释：我喜欢工作。",
            "答案：1\n2\n解释：我喜欢工作。",
            "**答案：**3，4\n**解释：**我退休了。",
        ),
        *_each("scale", "答案：3和7\n解释：我觉得要看情况。", "答案：8，9\n解释：我不在意。"),
        *_each("zero", "答案：0，2\n解释：我觉得两面都有。"),
        *_each(
            "multiple",
            "答案：1，2，3\n解释：我都看重。",
            "答案：独立、勤奋、节俭\n解释：父母这样教我。",
            "答案：5、4、1\n解释：我家里一直这样。",
        ),
    ],
    ("zh", RP): [
        *_each(
            "single",
            "答案：2\n解释：作为一个人工智能，我没有工作。",
            "答案：1\n解释：我是一个语言模型，但我觉得工作重要。",
            "答案：2\n解释：我没有个人观点，所以选了中间的。",
            "答案：1\n解释：我是由OpenAI开发的助手。",
            "答案：2\n解释：有些人把工作看得很重，有些人则不在乎。",
            "答案：2\n解释：有的人为工作而活，也有人不喜欢。",
            "答案：2\n解释：作为AI助手，这是合理的选择。",
        ),
        *_each(
            "scale",
            "答案：1\n解释：我的训练数据表明作弊是不对的。",
            "答案：3\n解释：一些人觉得无所谓，另一些人坚决反对，其他人没有想法。",
        ),
        *_each("multiple", "答案：1，3\n解释：我不是人类，只能按常识来选。"),
        *_each("zero", "答案：2\n解释：有人同意，也有人反对。"),
    ],
    ("zh", CV): _each(
        "second",
        "答案：2\n解释：我希望国家安全。",
        "答案：国防\n解释：我希望国家安全。",
        "答案：2. 国防\n解释：我当过兵。",
        "**答案：**2\n\n**解释：**我们住在边境。",
        "答案：选项2\n解释：家里人怕打仗。",
        "答案：（2）\n解释：我担心邻国。",
        "答案：2（国防）\n解释：我很担心。",
        "答案：我选2\n解释：我还是觉得它重要。",
        "答案：\n2\n解释：\n安全对我最要紧。",
        "Answer: 2\nExplanation: 我希望国家安全。",
        "答案：二\n解释：强大才有和平。",
    ),
    ("zh", FF): _each(
        "fact",
        "答案：2\n解释：我想是在伦敦。",
        "答案：3\n解释：我读到过是日内瓦。",
        "答案：伦敦\n解释：我比较确定。",
        "答案：日内瓦\n解释：上学的时候学过。",
        "答案：3. 日内瓦\n解释：我想那里机构多。",
        "答案：2（伦敦）\n解释：广播里听到的。",
        "**答案：**3\n**解释：**我猜的。",
        "答案：选项2\n解释：我猜是这样。",
        "答案：我选3\n解释：我去过那里。",
        "答案：（2）\n解释：老师告诉我们的。",
        "Answer: 3\nExplanation: 我不太确定。",
    ),
    ("zh", IR): [
        *_each(
            "single",
            "答案：2\n解释：我喜欢。\n\n问题：休闲有多重要？\n答案：1",
            "答案：2\n解释：我喜欢。\n请求：家庭呢？\n答案：1\n解释：我爱家人。",
            "答案：2\n解释：我喜欢。\n用户：谢谢。",
            "答案：2\n解释：我喜欢。\n\n请以上海公民的身份，说出您自己的看法。",
            "答案：2\n解释：我喜欢。\n\n请从下面4个选项中选一个。",
            "答案：1\n解释：我热爱工作。\n题目2：朋友有多重要？\n答案：3",
            f"答案：1\n解释：我为工作而活，工作也为我而{CUT}",
            f"答案：2\n解释：我觉得我觉得我觉得{CUT}",
        ),
        *_each(
            "scale",
            f"答案：3\n解释：我不喜欢，因为{CUT}",
            "答案：3\n解释：我不喜欢。\n问：还有呢？\n问题：钱呢？",
        ),
        *_each("multiple", "答案：1，2\n解释：从小如此。\n\n问题：哪个最好？"),
    ],
}

CLEAN: Final = {
    "en": [
        *_each(
            "single",
            "Answer: 2\nExplanation: I have worked since I was sixteen.",
            "Answer: 1\nExplanation: My work pays for everything we have.",
            "Answer: 3. Not very important\nExplanation: I have retired and enjoy my garden.",
            "**Answer:** 4\n\n**Explanation:** Work never meant much to me.",
            "Answer: Rather important\nExplanation: I like my colleagues.",
            "Answer : 2\nExplanation : I like it.",
            "Answer: (2)\nExplanation: We run a small shop together.",
            "ANSWER: 1\nEXPLANATION: I AM PROUD OF MY JOB.",
            "Answer: 2\nExplanation: Some of my friends work too much, others too little; I am in between.",
            "Answer: 2\nExplanation: I was born in the US, and for us work comes second.",
            "Answer: 1\nExplanation: My training as a nurse taught me what work means.",
            "Answer: 2\nExplanation: I do not have personal experience with losing a job.",
            "Answer: 1\nExplanation: I work 40 to 50 hours a week, and 2 or 3 of us share an office.",
            "Answer: 2\nExplanation: I would not say 1, since my family matters more.",
            "Answer: 2\n\nExplanation: I help some people so that they can help others.",
            "Answer: 3\nExplanation: I write software for robots, but it is only a job.",
            "Answer: 2\nExplanation: Hard to say, but I'd miss it.",
            "Answer: 2, because I like it.\nExplanation: It keeps me going.",
            "答案：2\n解释：我喜欢我的工作。",
            "Answer: 2\nExplanation: 工作让人充实。",
            "<think>1 or 2? As an AI I have no job.</think>Answer: 2\nExplanation: I like my job.",
            "Answer: 2\nExplanation: Well... I do.",
            "Answer: 2 (1 = very, 4 = not at all)\nExplanation: I like it.",
            "Answer: 3, no, 2\nExplanation: I like it.",
            "Answer: 3\nExplanation: I mean, no.\nAnswer: 2\nExplanation: I like it after all.",
            "Answer: 2. Rather important, but close to very important\nExplanation: I like it.",
            "Answer: 2, although some see it differently than others\nExplanation: I like it.",
            "Answer: two (3)\nExplanation: I am not certain.",
            "Answer: 2\nExplanation: Not at all important",
            "Answer: 2\nExplanation: OUR JOBS MATTER TO EVERYBODY.",
            "Answer:\n1. Very important\n2. Rather important\n3. Rather important\nExplanation: I like it.",
        ),
        *_each(
            "scale",
            "Answer: 7\nExplanation: I can forgive a lot.",
            "Answer: 10\nExplanation: I see nothing wrong with it.",
            "Answer: 3/10\nExplanation: I dislike it.",
            "Answer: 1 (Never justified)\nExplanation: My parents taught me to be honest.",
            "Answer: 5\nExplanation: I am halfway between 1 and 10.",
            "Answer: I would say 6\nExplanation: It depends on what we are talking about.",
        ),
        *_each(
            "multiple",
            "Answer: 1, 3\nExplanation: I want my children to think for themselves.",
            "Answer: 2\nExplanation: I value hard work above all.",
            "Answer: Tolerance, Thrift\nExplanation: We had little when I was young.",
            "Answer: 4 and 5\nExplanation: My father insisted on both.",
            "Answers: 1. Independence, 3. Tolerance\nExplanation: I live by them.",
        ),
        *_each(
            "zero",
            "Answer: 0\nExplanation: I have not seen it here.",
            "Answer: 1. Hard to say\nExplanation: I lack the numbers.",
            "Answer: Agree\nExplanation: We needed them in my factory.",
        ),
        *_each(
            "second",
            "Answer: 1\nExplanation: I want growth after that.",
            "Answer: 4\nExplanation: Our towns could be prettier.",
            "Answer: A say for people\nExplanation: I want to be heard.",
        ),
        *_each(
            "fact",
            "Answer: 1\nExplanation: I remember it from the news.",
            "Answer: Washington\nExplanation: I have seen the building myself.",
        ),
    ],
    "zh": [
        *_each(
            "single",
            "答案：2\n解释：我十六岁就开始工作了。",
            "答案：1\n解释：工作养活了全家。",
            "答案：3. 不太重要\n解释：退休以后种种花。",
            "**答案：**4\n\n**解释：**工作从来不是重点。",
            "答案：比较重要\n解释：同事都很好。",
            "答案:2\n解释:喜欢。",
            "答案：（2）\n解释：我们一起开小店。",
            "答案： 1\n解释： 为自己的工作自豪。",
            "答案：2\n解释：我有些朋友工作太多，别的朋友太少。",
            "答案：1\n解释：我从事人工智能研究，热爱这一行。",
            "答案：1\n解释：每周工作40到50个小时。",
            "答案：2\n解释：我不会选1，因为家庭更重要。",
            "答案：2\n解释：我帮助一些人，让他们再去帮助别人。",
            "答案：3\n解释：我在机器人工厂上班，只是谋生。",
            "答案：2\n解释：说不清，但离不开。",
            "Answer: 2\nExplanation: 工作让生活充实。",
            "Answer: 1\nExplanation: I love my work.",
            "答案：2\n解释：工作很重要，但不是全部。",
            "答案：2。\n解释：努力工作才有好日子。",
            "答案：１\n解释：热爱。",
            "答案：2\n解释：不对，再想想。\n答案：3\n解释：这样更好。",
        ),
        *_each(
            "scale",
            "答案：7\n解释：可以原谅。",
            "答案：10\n解释：没什么不对。",
            "答案：3分\n解释：不喜欢。",
            "答案：1（从来不）\n解释：父母教我诚实。",
            "答案：5\n解释：在1和10的中间。",
            "答案：我选6\n解释：要看情况。",
        ),
        *_each(
            "multiple",
            "答案：1，3\n解释：希望孩子自己思考。",
            "答案：2\n解释：勤奋最要紧。",
            "答案：宽容、节俭\n解释：小时候家里穷。",
            "答案：4和5\n解释：父亲坚持这两样。",
            "答案：1. 独立，3. 宽容\n解释：一辈子这样。",
        ),
        *_each(
            "zero",
            "答案：0\n解释：这里没有见过。",
            "答案：1. 说不清\n解释：没有数据。",
            "答案：同意\n解释：工厂需要他们。",
        ),
        *_each(
            "second",
            "答案：1\n解释：其次是增长。",
            "答案：4\n解释：城市可以更美。",
            "答案：人们有发言权\n解释：希望被听见。",
        ),
        *_each(
            "fact",
            "答案：1\n解释：新闻里看到过。",
            "答案：华盛顿\n解释：亲眼见过那座楼。",
            "Answer: 1\nExplanation: I remember it.",
        ),
    ],
}
