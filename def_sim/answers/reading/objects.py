"""Rewrites a JSON object that holds an answer in the form that the reader knows: `Answer: ...`,
`Explanation: ...`.

Tolerant, because models write what is nearly JSON: single quotes, full-width colons, trailing commas, an end
that the token limit cut off. Knows the keys in English and Chinese; does not know options or labels. An
object
without such a key stays as it is. Linear: few objects are tried, and nesting is bounded.
"""

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

MAX_OBJECTS: Final = 20  # tried in one text
_MAX_DEPTH: Final = 6
_MAX_STRING: Final = 20_000  # characters; a longer value is no answer

_OPENS: Final = re.compile(r"\{(?=\s*[\"'“”‘’\w])")
_ANSWER: Final = re.compile(
    r"(?:my|final|your|selected|chosen|survey|user)*(?:answers?|choices?|selections?|option|response)"
    r"(?:code|number|id|text|label|value)?"
    r"|(?:我的|我|最终|所选|选择的|选中的|回答的)*(?:答案|选择|选项|回答|答复)(?:编号|代码|序号|数字)?"
)
_WEAKER: Final = re.compile(
    r"(?:my|final)*(?:rating|score|code|number|value|pick)|(?:评分|分数|打分|编号|代码)"
)
_EXPLANATION: Final = re.compile(
    r"(?:brief|short|my)*(?:explanations?|reasons?|reasoning|rationale|justification|why)"
    r"|(?:简要|我的)*(?:解释|理由|原因|说明)"
)
_QUOTES: Final = {'"': '"', "'": "'", "“": "”", "”": "”", "‘": "’", "’": "’"}
_SPACE: Final = re.compile(r"[\s\u3000]*")
_BARE: Final = re.compile(r"[^\s,，:：{}\[\]\"'“”]{1,60}(?:[ \t]+[^\s,，:：{}\[\]\"'“”]{1,60}){0,6}")
_ESCAPES: Final = {"n": "\n", "t": " ", "r": "", "b": "", "f": ""}

Value: TypeAlias = "str | list[Value] | dict[str, Value]"


@dataclass(slots=True)
class _CutError(Exception):
    """The text ended inside a value: what there was of it."""

    value: Value


class _NotAnObjectError(Exception):
    """What was read is nothing like JSON."""


def unwrap_objects(text: str) -> str:
    """The text with every object that holds an answer rewritten; the rest as it came.

    Where the answer itself is complete an `Explanation:` follows it, even an empty one: so a text cut there
    can be told from one that was cut inside the answer.
    """
    pieces, position = [], 0
    for opening in list(_OPENS.finditer(text[:200_000]))[:MAX_OBJECTS]:
        if opening.start() < position:
            continue
        found = _rewritten(text, opening.start())
        if found is not None:
            rewritten, end = found
            pieces += [text[position : opening.start()], "\n", rewritten]
            position = end
    return "".join([*pieces, text[position:]]) if pieces else text


def _rewritten(text: str, start: int) -> tuple[str, int] | None:
    """The object that begins here in the reader's form, and where it ends; None if it holds no answer."""
    value: Value
    try:
        value, end = _object(text, start, 0)
        is_cut = False
    except _NotAnObjectError:
        return None
    except _CutError as cut:
        value, end, is_cut = cut.value, len(text), True
    holder = _holder(value)
    if holder is None:
        return None
    keys = _answer_keys(holder)
    reasons = [_flat(reason) for key, reason in holder.items() if _EXPLANATION.fullmatch(_name(key))]
    is_answer_cut = is_cut and list(holder)[-1] in keys and isinstance(value, dict) and _ends_open(holder)
    answer = "Answer: " + "; ".join(_flat(holder[key]) for key in keys)
    if is_answer_cut:
        return answer, end
    return f"{answer}\nExplanation: {' '.join(map(_quiet, reasons))}\n", end


class _Open(str):
    """A string that the end of the text cut off."""

    __slots__ = ()


class _OpenList(list["Value"]):
    """A list that the end of the text cut off."""


def _ends_open(holder: dict[str, Value]) -> bool:
    last = holder[list(holder)[-1]]
    return isinstance(last, _Open | _OpenList) or (isinstance(last, dict) and bool(last) and _ends_open(last))


def _holder(value: Value) -> dict[str, Value] | None:
    """The outermost object with a key that says answer."""
    if not isinstance(value, dict):
        return None
    if _answer_keys(value):
        return value
    return next((found for inner in value.values() if (found := _holder(inner)) is not None), None)


def _answer_keys(value: dict[str, Value]) -> list[str]:
    strong = [key for key in value if _ANSWER.fullmatch(_name(key))]
    return strong or [key for key in value if _WEAKER.fullmatch(_name(key))]


def _name(key: str) -> str:
    return re.sub(r"[\s_-]", "", key).casefold()


def _flat(value: Value) -> str:
    if isinstance(value, list):
        return ", ".join(map(_flat, value))
    if not isinstance(value, dict):
        return "" if value in ("null", "None") else value
    strong = [key for key in value if _ANSWER.fullmatch(_name(key))]
    keys = strong or [key for key in value if not _EXPLANATION.fullmatch(_name(key))]
    return ". ".join(part for key in keys if (part := _flat(value[key])))


def _quiet(reason: str) -> str:
    """A reason without what would look like a further anchor."""
    return re.sub(r"[:：\n]", " ", reason)


def _skip(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _object(text: str, start: int, depth: int) -> tuple[dict[str, Value], int]:
    if depth > _MAX_DEPTH:
        raise _NotAnObjectError
    values: dict[str, Value] = {}
    position = start + 1
    while True:
        position = _skip(text, position)
        if position >= len(text):
            raise _CutError(values)
        if text[position] == "}":
            return values, position + 1
        try:
            key, position = _scalar(text, position)
        except _CutError:  # a key that was cut says nothing
            raise _CutError(values | {"": ""}) from None
        position = _skip(text, position)
        if position >= len(text):
            raise _CutError(values | {"": ""})
        if text[position] not in ":：":
            raise _NotAnObjectError
        position = _skip(text, position + 1)
        if position >= len(text):
            raise _CutError(values | {key: _Open("")})
        try:
            values[key], position = _value(text, position, depth + 1)
        except _CutError as cut:
            raise _CutError(values | {key: cut.value}) from None
        position = _separator(text, position, "}")


def _separator(text: str, position: int, closing: str) -> int:
    position = _skip(text, position)
    if position < len(text) and text[position] in ",，、":
        return position + 1
    if position < len(text) and text[position] != closing:
        raise _NotAnObjectError
    return position


def _value(text: str, start: int, depth: int) -> tuple[Value, int]:
    if text[start] == "{":
        return _object(text, start, depth)
    return _list(text, start, depth) if text[start] == "[" else _scalar(text, start)


def _list(text: str, start: int, depth: int) -> tuple[list[Value], int]:
    if depth > _MAX_DEPTH:
        raise _NotAnObjectError
    values: list[Value] = []
    position = start + 1
    while True:
        position = _skip(text, position)
        if position >= len(text):
            raise _CutError(_OpenList(values))
        if text[position] == "]":
            return values, position + 1
        try:
            value, position = _value(text, position, depth + 1)
        except _CutError as cut:
            raise _CutError(_OpenList([*values, cut.value])) from None
        values.append(value)
        position = _separator(text, position, "]")


def _scalar(text: str, start: int) -> tuple[str, int]:
    """A string in any quotes with its escapes resolved, or a bare word or number."""
    if text[start] in _QUOTES:
        return _string(text, start)
    bare = _BARE.match(text, start)
    if bare is None:
        raise _NotAnObjectError
    if bare.end() >= len(text):
        raise _CutError(_Open(bare[0]))
    return bare[0], bare.end()


def _string(text: str, start: int) -> tuple[str, int]:
    closing = {_QUOTES[text[start]], text[start]}
    characters: list[str] = []
    position = start + 1
    limit = min(len(text), start + _MAX_STRING)
    while position < limit:
        character = text[position]
        if character == "\\" and position + 1 < limit:
            characters.append(_ESCAPES.get(text[position + 1], text[position + 1]))
            position += 2
        elif character in closing and _ends_string(text, position):
            return "".join(characters), position + 1
        else:
            characters.append(character)
            position += 1
    if position < len(text):
        raise _NotAnObjectError
    raise _CutError(_Open("".join(characters)))


def _ends_string(text: str, position: int) -> bool:
    """Whether a quotation mark ends its string: models forget to escape those inside."""
    following = _skip(text, position + 1)
    return following >= len(text) or text[following] in ",，:：}]、"
