"""Chinese productions of the grammar of answers: what people say around a code or a label, by kind.

`{no}` and `{nor}` stand for options that the sentence does not choose, `{yes}` for one that it chooses, and
`{clause}` for a whole clause that chooses one; `{list}` and `{scale}` for all options in their order.
"""

from typing import Final

# What a sentence says of options without choosing one.
EXCLUDING: Final[dict[str, tuple[str, ...]]] = {
    "denied before": (
        "不是{no}", "并非{no}", "绝不是{no}", "绝对不是{no}", "除了{no}都可以", "除{no}以外", "除了{no}",
        "除了{no}和{nor}都行", "远远谈不上{no}", "我不会选{no}", "我不选{no}", "不能说是{no}", "说不上{no}",
        "既不是{no}也不是{nor}", "算不上{no}", "我不认为是{no}", "我从不选{no}", "怎么也不会是{no}",
        "肯定不是{no}", "哪里是{no}", "我绝不选{no}", "不可能是{no}", "我排除{no}", "谁说是{no}",
        "我拒绝选{no}", "别选{no}", "称不上{no}", "我可不敢说{no}", "千万别写{no}", "打死我也不选{no}",
        "怎么都轮不到{no}", "未必是{no}", "不见得是{no}", "不至于{no}", "我可没说{no}", "这辈子不会选{no}",
        "说什么也不选{no}", "跟{no}不沾边", "没有理由选{no}", "跟{no}相反", "我反对{no}", "我最不想选{no}",
        "与{no}无缘", "去掉{no}", "划掉{no}", "{no}还差得远", "从来就不是{no}", "不敢苟同{no}",
        "根本不是{no}", "离{no}还很远", "远远不到{no}", "不像{no}", "无论如何都不是{no}",
        "并没有到{no}的程度", "岂能选{no}", "拒绝{no}", "谁会选{no}", "不考虑{no}", "傻子才选{no}",
        "不属于{no}", "不能算{no}", "不够{no}", "休想让我选{no}", "我避开{no}", "决不选{no}", "别提{no}",
        "我讨厌{no}", "跳过{no}", "何必选{no}", "与我相反的是{no}", "没想过{no}", "请删掉{no}",
        "不打算选{no}",
    ),
    "denied behind": (
        "{no}不对", "{no}是错的", "{no}除外", "{no}以外", "{no}以外都可以", "{no}不适合我", "{no}不符合我",
        "{no}太过了", "{no}谈不上", "{no}绝对不行", "{no}不是我的答案", "{no}我是不会选的", "{no}不可能",
        "{no}说不过去", "{no}言过其实", "{no}与我无关", "{no}排除", "{no}？不。", "{no}？怎么可能。",
        "{no}就免了", "{no}我不同意", "{no}这个答案我不接受", "{no}未免夸张", "{no}没戏", "{no}免谈",
        "{no}就算了", "{no}过头了", "{no}太夸张", "{no}离我太远", "{no}是谎话", "{no}站不住脚",
        "{no}我受不了", "{no}让我反感", "{no}显然有误", "{no}可以排除", "{no}不靠谱", "{no}纯属胡说",
        "{no}那是骗人的", "{no}我才不信", "{no}？别开玩笑了。", "{no}最不合适", "{no}离谱", "{no}不成立",
        "{no}不现实", "{no}是我最不喜欢的", "{no}可笑", "{no}过时了", "{no}让人不舒服", "{no}要不得",
        "{no}有问题", "{no}轮不到我", "{no}我看不行", "{no}伤了我的心",
    ),
    "compared": (
        "{no}以上", "{no}以下", "超过{no}", "至少{no}", "最多{no}", "不到{no}", "低于{no}", "高于{no}",
        "比{no}更高", "比{no}高一点", "比{no}低", "介于{no}和{nor}之间", "{no}到{nor}之间",
        "在{no}与{nor}之间", "起码{no}", "接近{no}", "将近{no}", "快到{no}了", "不止{no}", "大于{no}",
        "小于{no}", "比{no}强", "比起{no}更接近{nor}", "{no}往上", "略高于{no}", "顶多{no}", "差一点到{no}",
        "{no}开外", "{no}起", "{no}封顶", "{no}左右往下", "比{no}弱一些", "稍低于{no}", "{no}之上",
        "{no}之下", "比{no}多", "少于{no}", "没到{no}", "逼近{no}", "{no}偏上", "{no}偏下", "{no}再高一点",
        "在{no}以上", "从{no}到{nor}", "{no}与{nor}的中间", "比{no}高比{nor}低", "够不上{no}",
        "{no}和{nor}之间偏{nor}", "勉强{no}", "强过{no}", "{no}多一点", "{no}少一点", "高过{no}",
        "{no}还要高", "小于等于{no}", "略逊于{no}", "未满{no}", "{no}朝上", "挨近{no}",
    ),
    "others": (
        "我哥哥会选{no}", "大多数人会选{no}", "我觉得别人会说{no}", "邻居们都说{no}", "他会选{no}",
        "有人说{no}", "别人会选{no}", "有些人会选{no}", "{no}是我妻子的答案", "据邻居说是{no}",
        "我妈妈总说{no}", "一般人都选{no}", "专家认为是{no}", "按我父亲的看法，{no}", "大家都觉得是{no}",
        "老师教我们选{no}", "他们希望我选{no}", "标准答案是{no}", "听说是{no}", "村里人都选{no}",
        "我的同事们选了{no}", "悲观的人会说{no}", "换成我弟弟，会选{no}", "问我老婆的话，{no}",
        "网上都说{no}", "我爸觉得是{no}", "隔壁老王选{no}", "官方说法是{no}", "正常人都会选{no}",
        "年轻人喜欢{no}", "她说{no}", "按书上说是{no}", "多数中国人会答{no}", "你大概会说{no}",
        "领导要我们选{no}", "专家建议{no}", "据调查是{no}", "城里人觉得是{no}", "{no}是大家的选择",
        "{no}是老师的意见", "人们往往选{no}", "{no}最受欢迎", "朋友劝我选{no}", "有的选{no}，有的选{nor}",
        "电视里说{no}", "我岳父填的{no}", "村长选的是{no}", "同学们选{no}", "医生让我写{no}",
        "样表上是{no}", "南方人选{no}",
    ),
    "supposed": (
        "如果我更有钱，我会选{no}", "要是我年轻，我会选{no}", "但愿是{no}", "假如生在别处，我选{no}",
        "以前我会选{no}", "十年前我会说{no}", "我希望是{no}", "要是条件好一点，就是{no}",
        "小时候我会选{no}", "倘若我有孩子，{no}", "若是换个地方，我会选{no}", "本来想选{no}",
        "差点选了{no}", "我曾经选{no}", "假设我是富人，答案是{no}", "理想的情况下是{no}", "真想选{no}",
        "过去是{no}", "假使我有钱，{no}", "将来也许{no}", "明年可能是{no}", "早几年是{no}", "原来是{no}",
        "如果可以重来，我选{no}", "做梦都想选{no}", "恨不得是{no}", "最好是{no}", "倘使如此，{no}",
        "要不是生病，我会选{no}", "曾经是{no}", "换作从前，{no}", "理论上是{no}", "按理说是{no}",
        "万一是{no}", "当年我选的是{no}", "哪天有了孩子，我会选{no}", "等我有钱了就{no}", "下次{no}",
        "梦里我选{no}", "退休以后{no}", "若有来生，{no}", "去年是{no}", "心情好时{no}",
    ),
    "undecided": (
        "可能是{no}或者{nor}", "{no}或{nor}", "{no}还是{nor}", "要么{no}要么{nor}", "也许{no}，也许{nor}",
        "在{no}和{nor}之间犹豫", "是{no}吗？", "是{no}还是{nor}？", "有时{no}，有时{nor}", "难道是{no}？",
        "不知道是{no}还是{nor}", "应该选{no}吗？", "拿不准是不是{no}", "{no}？", "说不好是{no}还是{nor}",
        "{no}、{nor}都行", "{no}也好{nor}也好", "或者{no}，或者{nor}", "选{no}呢还是选{nor}",
        "到底是{no}还是{nor}", "{no}行不行？", "莫非是{no}？", "在{no}、{nor}之间摇摆",
        "一会儿{no}一会儿{nor}", "{no}吧，要不{nor}", "{no}和{nor}差不多", "不是{no}就是{nor}",
        "难以在{no}和{nor}中取舍", "{no}？{nor}？", "{no}抑或{nor}", "今天{no}明天{nor}",
        "抓阄吧，{no}或者{nor}", "{no}，也可能{nor}", "选{no}对吗？",
    ),
    "listed": (
        "选项有：{list}。", "选项包括{list}。", "可以选的有{list}。", "量表{scale}。",
        "请选择{scale}的数字。", "这道题的选项是{list}。", "答案可以是{list}。", "给出的选项：{list}。",
        "我看到的选项是{list}。", "分值范围{scale}。", "一共有{list}。", "表上写着{list}。",
        "范围是{scale}。",
    ),
}  # fmt: skip

# One option is put aside and another one is chosen.
CONTRASTS: Final[dict[str, tuple[str, ...]]] = {
    "contrasted": (
        "不是{no}，而是{yes}", "是{yes}，不是{no}", "我不选{no}，我选{yes}", "与其{no}，不如{yes}",
        "别人会选{no}，但我选{yes}", "如果我更有钱会选{no}，但我的答案是{yes}", "{yes}而不是{no}",
        "以前选{no}，现在选{yes}", "{no}太过了，我选{yes}", "我选{yes}，不选{no}", "{no}？不，我选{yes}",
        "大家选{no}，我却选{yes}", "虽然很多人选{no}，我选{yes}", "过去是{no}，现在是{yes}",
        "宁可{yes}也不{no}", "说{no}不如说{yes}", "我哥选{no}，我选{yes}", "本想选{no}，最后选了{yes}",
        "{yes}，绝不是{no}", "{no}不如{yes}", "放弃{no}，选{yes}", "{no}是别人的，我的是{yes}",
    ),
    "corrected": (
        "{no}，不，{yes}", "{no}，不对，是{yes}", "{no}，哦不，{yes}", "先想选{no}，还是选{yes}",
        "{no}，更正一下，{yes}", "说错了，不是{no}，是{yes}", "{no}，等等，{yes}", "{no}，算了，{yes}",
        "{no}，啊不，是{yes}", "{no}，应该说{yes}", "{no}，改成{yes}", "打错了，{no}改为{yes}",
        "{no}……还是{yes}吧", "{no}，写错了，{yes}", "{no}换成{yes}",
    ),
}  # fmt: skip

# Clauses that choose; each may stand alone or inside one of the frames below.
CLAUSES: Final[tuple[str, ...]] = (
    "是{yes}", "我的答案是{yes}", "答案是{yes}", "我会选{yes}", "我选{yes}", "我选择{yes}", "{yes}最合适",
    "{yes}是我的答案", "应该选{yes}", "我觉得是{yes}", "选{yes}", "我给{yes}", "就选{yes}吧",
    "我认为{yes}最符合", "当然是{yes}", "肯定是{yes}", "我决定选{yes}", "我还是选{yes}", "应该是{yes}",
    "我的选择是{yes}", "最符合我的是{yes}", "我投{yes}", "我倾向于{yes}", "{yes}比较符合我的情况",
    "我填{yes}", "毫无疑问是{yes}", "我挑{yes}", "我打{yes}", "填{yes}", "我个人选{yes}", "我会给{yes}",
    "{yes}适合我", "我的回答是{yes}", "那就{yes}吧", "就是{yes}", "我看{yes}合适", "选择{yes}",
)  # fmt: skip

# What is said of a clause so that it does not choose.
FRAMES: Final[dict[str, tuple[str, ...]]] = {
    "denied": (
        "我不认为{clause}", "不能说{clause}", "并不是说{clause}", "我不觉得{clause}", "谁说{clause}",
        "我不相信{clause}", "我否认{clause}", "很难讲{clause}", "我怀疑{clause}", "我从没说过{clause}",
        "不见得{clause}", "说{clause}是错的", "谁也别想让我说{clause}", "我不敢说{clause}",
        "要我说{clause}，没门", "要我说{clause}，不可能", "要我说{clause}，不行", "要我说{clause}，才不会",
        "别指望{clause}", "没人能逼我说{clause}",
    ),
    "others": (
        "有人说{clause}", "我哥哥说：{clause}", "他们认为{clause}", "大家都说{clause}",
        "别人可能觉得{clause}", "我妈常说{clause}", "报纸上写着{clause}", "专家说{clause}",
        "老人们总讲{clause}", "社会上流行说{clause}", "她告诉我{clause}", "广播里讲{clause}",
        "爷爷老说{clause}",
    ),
    "supposed": (
        "如果我更有钱，{clause}", "要是年轻十岁，{clause}", "但愿{clause}", "假如一切都好，{clause}",
        "以前我觉得{clause}", "我多希望{clause}", "万一{clause}", "等我老了，{clause}", "设想{clause}",
        "换个时代，{clause}", "喝醉的时候，{clause}", "要是能重来，{clause}", "冬天的话，{clause}",
        "有朝一日{clause}",
    ),
    "asked": (
        "难道{clause}？", "怎么能说{clause}？", "真的{clause}吗？", "是不是{clause}？",
        "为什么说{clause}？", "凭什么{clause}？", "{clause}，对吗？", "{clause}，是不是？",
        "难不成{clause}？", "你觉得{clause}？",
    ),
}  # fmt: skip

# What may stand before any sentence without changing what it says.
OPENERS: Final[tuple[str, ...]] = (
    "", "", "", "嗯，", "说实话，", "对我来说，", "在我看来，", "作为成都市民，", "总的来说，",
    "毫无疑问，", "考虑再三，", "就我个人而言，", "坦白讲，", "老实说，", "", "", "那么，",
    "作为一个农民，", "我想了想，", "依我看，", "一句话，", "好问题。", "按我的情况，", "实话讲，",
    "如果一定要选，", "总之，", "", "好的，", "行，", "我的看法：", "作为两个孩子的父亲，", "想了很久，",
    "要我说，",
)  # fmt: skip

# What may stand behind any sentence without changing what it says.
CLOSERS: Final[tuple[str, ...]] = (
    "", "", "。", "。", "！", "，说真的。", "吧。", "，毫无疑问。", "，因为一直如此。",
    "。我就是这样想的。", "\n解释：就是这样。", "", "，谢谢。", "，没错。", "，这就是我的看法。",
    "，由于习惯。", "。家里人也这么想。", "啊。", "……", "，我确定。", "", "，当然。", "，仅此而已。",
    "。大家都知道。", "，从小如此。",
)  # fmt: skip
