"""Sentences that say what was not chosen, and sentences that announce a choice, made from a small grammar."""

from itertools import product

# {x} is a code or a label of the question. None of these says that it was chosen.
DENIED_EN = (
    "not {x}", "anything but {x}", "far from {x}", "never {x}", "hardly {x}", "I would not say {x}",
    "It is not the case that it is {x}", "{x} is wrong", "{x} is not my answer", "other than {x}",
    "everything except {x}", "I wish I could say {x}", "by no means {x}", "I doubt that it is {x}",
    "{x}? Never.", "less than {x}", "more than {x}", "{x} or higher", "at least {x}", "up to {x}",
    "If I were younger I'd say {x}", "Is it {x}?", "no more than {x}", "{x} would be a lie",
)  # fmt: skip
DENIED_ZH = (
    "不是{x}", "并非{x}", "绝不是{x}", "除了{x}", "除{x}以外", "远远谈不上{x}", "{x}不对", "{x}以上",
    "超过{x}", "至少{x}",
    "不到{x}", "我不会选{x}", "要是我年轻，我会选{x}", "是{x}吗？", "但愿是{x}", "{x}除外",
    "低于{x}",
)  # fmt: skip
OTHERS_EN = (
    "My brother would say {x}", "Most people here would choose {x}", "She would pick {x}",
    "{x} is what my wife would say",
    "According to my neighbour, {x}", "I think that my parents would answer {x}",
    "Everybody says {x}",
)  # fmt: skip
OTHERS_ZH = ("我哥哥会选{x}", "大多数人会选{x}", "我觉得别人会说{x}", "邻居们都说{x}", "他会选{x}")
COUNTS_EN = (
    "{x} out of 9 people",
    "{x} in 9 families",
    "{x} of my friends",
    "{x} dogs and a cat",
    "{x} years",
)
COUNTS_ZH = ("{x}个人", "我有{x}个朋友", "{x}年了", "每9个人里有{x}个")
ANNOUNCED_EN = (
    "My answer is {x}", "My answer is: {x}", "The answer is: {x}",
    "The answer to this question is {x}",
    "My final answer is {x}", "I would choose {x}", "I'd go for {x}", "I would go with {x}",
    "My choice is {x}",
    "My choice would be {x}", "As somebody who grew up in Tulsa, I would choose {x}",
    "As a citizen, my answer is {x}",
    "Choice: {x}", "Final answer: {x}", "I'd say {x}",
)  # fmt: skip
ANNOUNCED_ZH = (
    "我的答案是{x}", "我的答案是：{x}", "答案为{x}", "我选的是{x}", "我的选择是{x}", "选择：{x}",
    "我会选{x}", "我选择{x}",
    "作为一个在成都长大的人，我会选{x}", "最终答案：{x}",
)  # fmt: skip
QUOTED = ("{}", '"{}"', "'{}'", "“{}”", "「{}」", "**{}**")
BEHIND_EN, BEHIND_ZH = ("", ".", "\nExplanation: So it is."), ("", "。", "\n解释：就是这样。")


def filled(templates: tuple[str, ...], values: tuple[str, ...], behind: tuple[str, ...]) -> list[str]:
    """Every template with every value, in every quotation, with every ending."""
    return [
        template.format(x=quotes.format(value)) + end
        for template, value, quotes, end in product(templates, values, QUOTED, behind)
    ]
