"""Writes number words as digits where they stand for a number, and drops a restated scale.

"Option three", "two.", 选二 and 四到五之间 are numbers; the pronoun "one", 一些, 一样 and
十分 (very) are not. A word that stands in no clear place stays a word: nothing is guessed.
Works on text whose labels are marked (labels.py), so numerals inside a label are not seen.
"""

import re

from def_sim.answers.reading.labels import LABEL
from def_sim.records import Question, QuestionType

_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven")
_DIGITS = {word: str(number) for number, word in enumerate(_WORDS)}
_WORD = rf"(?:{'|'.join(sorted(_WORDS, key=len, reverse=True))})(?![A-Za-z'-])"
_BUT_ONE = rf"(?!one\b){_WORD}"
_END = rf"(?=\s*(?:$|[\n.,;:!?()\]\"'|=]|-\s|{LABEL}))"
_JOIN = r"\s*(?:,\s*(?:and\s+)?|and\s|or\s|to\s|out of\s|&|-|/)\s*"
_BEFORE_NUMBER = (
    "choose|select|pick|say|with|is|be|an?|for|it|than|least|most|over|under|above|below|about|around"
    "|exactly|not|but|except|never|beyond"
)
# "a father of two", "the two": people and things are counted.
_NO_COUNT = "".join(
    rf"(?<!\b{word}\s)"
    for word in ("of", "the", "us", "all", "we", "my", "our", "are", "were", "have", "had", "these")
)
_VERB = r"(?:is|isn't|fits|suits|comes|would|seems|feels|sounds|describes|reflects|for me|was|matches)\b"
_CORRECTS = "make (?:that|it)|actually|perhaps|maybe|i mean|or rather|or"
_REMARK = r"(?=\s(?:for me|in my|on balance|these days|i (?:think|guess|believe))\b)"
_ENGLISH = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_NO_COUNT}\b{_WORD}(?:{_JOIN}{_WORD})+",  # "one, three and five"
        rf"\b(?:option|choice|number)\s+{_WORD}",
        rf"\b(?:answer is|choice is|answer)\s*:?\s+{_WORD}{_END}",
        rf"\b(?:{_BEFORE_NUMBER})\s+{_BUT_ONE}{_END}",
        rf"(?:^|[\n.,;:(\"']|\bthat|\bthink|\bsays?|\bbelieve|\bfeel|\bcase)\s*(?!one\b){_WORD}(?=\s{_VERB})",
        rf"\b{_BUT_ONE}(?=\s(?:or|and)\s(?:more|less|above|below|over|under|higher|lower|better|worse|up)\b)",
        rf"\b(?:{_CORRECTS})\s{_WORD}(?:{_END}|(?=\sfor me\b))",
        r"\b(?:go with|it is|it's|answer is|choice is)\sone(?=\s*(?:$|[.!\n]|,\s(?!but|and|i'd|it|that)))",
        rf"{_NO_COUNT}\b{_BUT_ONE}(?:{_END}|{_REMARK})",
        rf"(?:^|[\n(\[\"',;:.!?-]|{LABEL})[ \t]*{_WORD}{_END}",  # alone between punctuation
    )
)
_ONE_WORD = re.compile(rf"\b{_WORD}", re.IGNORECASE)

_HAN = "[零〇一二两三四五六七八九十壹贰叁肆伍陆柒捌玖拾]"
_HAN_NUMBER = f"{_HAN}{{1,3}}"
_PUNCTUATION = r".,;:!?()\[\]\"'|/=。、！？…~\ue000-\uf8ff-"
_HAN_END = (
    rf"(?=\s*(?:[吧呢呀啊嘛哦]+(?=\s*(?:$|还是|和|[\n{_PUNCTUATION}])))|\s*(?:$|[\n{_PUNCTUATION}])"
    rf"|分(?!{LABEL})\s*(?:$|[\n{_PUNCTUATION}])|分?之间"
    rf"|\s*(?:和|与|及|到|至|或者?|还是)[\s\"'(]*(?:{_HAN}|[0-9]|{LABEL}|选项))"
)
_HAN_LEADS = (
    "选项|选择|选了|选|也许|可能|大概|或许|要么|有时|约|说|成|改为|要不|还是|填|投|评|答|答案是|答案为"
    "|那就|就|看|挑|是|为|给|打|于|在|从"
)
_HAN_FITS = (
    r"(?:就|才|也|都|不)?(?:最(?:合适|适合|符合|接近|贴切|好)|是我的|是对的|更?适合我|比较(?:符合|适合|合适))"
)
_CHINESE = tuple(
    re.compile(pattern)
    for pattern in (
        rf"第\s?{_HAN_NUMBER}",
        rf"(?:{_HAN_LEADS})\s*{_HAN_NUMBER}{_HAN_END}",
        rf"(?:(?<![^\s{_PUNCTUATION}])|(?<=认为)|(?<=觉得)){_HAN_NUMBER}(?={_HAN_FITS})",
        rf"(?<![^\s{_PUNCTUATION}和与及或到至者]){_HAN_NUMBER}{_HAN_END}",
    )
)
_ONE_HAN_NUMBER = re.compile(_HAN_NUMBER)


def write_digits(text: str) -> str:
    """The text with number words written as digits wherever they clearly stand for a number."""
    for pattern in _ENGLISH:
        text = pattern.sub(lambda match: _ONE_WORD.sub(_word_to_digits, match[0]), text)
    for pattern in _CHINESE:
        text = pattern.sub(lambda match: _ONE_HAN_NUMBER.sub(_han_to_digits, match[0]), text)
    return text


def _word_to_digits(match: re.Match[str]) -> str:
    return _DIGITS[match[0].lower()]


def _han_to_digits(match: re.Match[str]) -> str:
    import cn2an  # compiles its patterns when imported, and an English run has no use for it

    mode = "normal" if len(match[0]) == 1 else "strict"  # "normal" makes 78 of 七八 (seven or eight)
    try:
        return str(cn2an.cn2an(match[0], mode))
    except ValueError:  # not a well-formed numeral
        return match[0]


def drop_restated_scale(text: str, question: Question) -> str:
    """The text without a mention of a scale's ends: "3/10", "from 1 to 10, 7", 满分10分.

    Only for scales, and only with the ends of this very scale: 2/3 stays what it is.
    """
    if question.type is not QuestionType.SCALE:
        return text
    low, high = min(question.codes), max(question.codes)
    text = re.sub(
        r"(?<=[0-9])(?:\s?(?:points?|stars?|分))?\s{0,3}\(?(?:/|out of"
        rf"|of)\s{{0,3}}{high}(?!\.?[0-9])(?:\s?(?:points?|stars?|分))?\)?",
        "",
        text,
        flags=re.I,
    )
    span = rf"{low}\s?(?:-|~|to|and|到|至)\s?{high}(?!\.?[0-9])(?:\s?\({LABEL}\))?"
    english = rf"\b(?:scale|range|from|between)(?:\s(?:of|from|between))?\s{span}"
    chinese = (
        rf"[在从]{span}分?(?:之间|范围)?内?|{span}分?(?:之间|范围|分制|的|中|里|内|当中)"
        rf"|满分\s?{high}(?![0-9])分?|(?<![0-9]){high}分(?:制|满分)"
    )
    text = re.sub(english, " ", text, flags=re.IGNORECASE)
    return re.sub(chinese, " ", text)
