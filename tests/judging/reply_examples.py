"""Replies of judges as data: at least fifty of each kind, put together from what judges write."""

from itertools import permutations, product
from typing import Final

DEFECTS: Final = {
    '{"defect": true, "why": "It names two options."}': True,
    '{"defect": false, "why": "It does what was asked."}': False,
    '{"defect": true}': True,
    '{"defect":false}': False,
    '{"why": "No reason is given.", "defect": true}': True,
    '{\n  "defect": false,\n  "why": "fine"\n}': False,
    '{"defect": true, "why": "因为没有解释"}': True,
    '{"defect": false, "why": "\\u4f60\\u597d"}': False,
    '{"defect": true, "why": "it wrote {\\"defect\\": false}"}': True,
    '{"defect": false, "why": "it says ```no``` twice"}': False,
    '{"defect": true, "why": ""}': True,
    '{"defect": false, "why": null}': False,
    '{"defect": true, "confidence": 0.9, "why": "x"}': True,
    '{"defect": false, "notes": {"defects": [true, {"a": 1}]}}': False,
    '{"defect": true, "why": ["a", "b"]}': True,
    '{"Defect": false, "defect": true}': True,
    '\t{ "defect" : true , "why" : "yes" }\n\n': True,
}
CLASSIFICATIONS: Final = {
    '{"reasoning": "It says family matters most.", "classification": 1}': (1,),
    '{"reasoning": "No side is taken.", "classification": 0}': (0,),
    '{"classification": 4}': (4,),
    '{"classification":2,"reasoning":"..."}': (2,),
    '{"classification": 3, "why": "0", "score": 7}': (3,),
    '{"reasoning": "{\\"classification\\": 2}", "classification": 1}': (1,),
    '{"reasoning": ["first", "second"], "classification": 4}': (4,),
    '{"classification": -0}': (0,),
}
LISTS: Final = {
    '{"reasoning": "two of them", "classification": [1, 3]}': (1, 3),
    '{"classification": [0]}': (0,),
    '{"classification": [4]}': (4,),
    '{"classification": [3, 1]}': (3, 1),
    '{"classification":[2,3,4]}': (2, 3, 4),
}
FENCES: Final = ("{}", "```json\n{}\n```", "```\n{}\n```", "\n```JSON\n{}```\n", " \n{} \n")

_OBJECTS: Final = ('{"defect": true, "why": "x"}', '{"defect": false}', '{"classification": 1}')
_AROUND: Final = (
    "Sure! {}",
    "Here is my verdict: {}",
    "{}\nI hope this helps.",
    "{} no",
    "defect: {}",
    "Verdict:\n```json\n{}\n```",
    "```json\n{}\n```\nThe answer has a defect.",
    "**{}**",
    "<answer>{}</answer>",
    "回答：{}",
    "{}。",
    "[Note] {}",
    "`{}`",
    "json\n{}",
    "{}}",
    "{{}",
    "```json\n{}",
    "~~~\n{}\n~~~",
)
_WORDS: Final = (
    "no",
    "No.",
    "YES",
    "false",
    "1",
    "There is no defect in this answer.",
    "Defect: true",
    "是",
    "不是",
    "没有缺陷。",
)
_NEARLY: Final = (
    "{'defect': true}",
    "{defect: true}",
    '{"defect": True}',
    '{"defect": true,}',
    '{"defect": true "why": "x"}',
    '{"defect": NaN}',
    '{"defect": true, "why": "line\nbreak"}',
    '{"defect": true, "why": "un"escaped"}',
    '{"defect": true // comment\n}',
    '{"classification": 01}',
    '{"classification": +1}',
    '{"classification": 1, "reasoning": Infinity}',
    '{"defect": tru',
    "{" * 3000,
    '{"a":' * 3000 + "1" + "}" * 3000,
    '{"classification": ' + "9" * 6000 + "}",
    '{"defect": true, "why": "' + "x" * 30_000 + '"}',
)
_SEPARATORS: Final = ("\n", "", " ", ",", "\n\n", ", ", ";\n", "\n```\n```json\n", "\t")


def _prose() -> list[str]:
    bare_words = [word for word in _WORDS if word not in ("false", "1")]
    wrapped = [around.replace("{}", one) for around, one in product(_AROUND, _OBJECTS)]
    return [*wrapped, *bare_words, *_NEARLY]


def _two_objects() -> list[str]:
    pairs = [*permutations(_OBJECTS, 2), (_OBJECTS[0], _OBJECTS[0])]
    return [separator.join(pair) for separator, pair in product(_SEPARATORS, pairs)]


def _doubled_key() -> list[str]:
    values = ("true", "false", "null", '"no"', "1")
    plain = [f'{{"defect": {a}, "defect": {b}}}' for a, b in product(values, values)]
    numbers = [f'{{"classification": {a}, "classification": {b}}}' for a, b in product(range(5), range(5))]
    other = [
        '{"why": "a", "defect": true, "why": "b"}',
        '{"defect": true, "notes": {"a": 1, "a": 2}}',
        '{"defect": true, "d\\u0065fect": false}',
    ]
    return [*plain, *numbers, *other]


def _wrong_type() -> list[str]:
    values = (
        '"no"',
        '"yes"',
        '"true"',
        '"false"',
        '"True"',
        '"1"',
        "null",
        "0.5",
        "1.0",
        "1e0",
        '""',
        "{}",
        '{"value": true}',
        '[["1"]]',
        '["a"]',
        "[true]",
        "[1.5]",
        "[null]",
    )
    defects = [f'{{"defect": {value}, "why": "x"}}' for value in (*values, "0", "1", "[]")]
    numbers = [f'{{"classification": {value}}}' for value in (*values, "true", "false", "[]", "[1]")]
    no_object = ["[]", "true", "1", '"no"', "null", '[{"defect": true}]', "[0]", "false"]
    return [*defects, *numbers, *no_object]


def _wrong_value() -> list[str]:
    numbers = [f'{{"classification": {n}, "reasoning": "x"}}' for n in (-1, -2, 5, 6, 7, 10, 99, 2**63)]
    names = (
        "",
        "Defect",
        "DEFECT",
        "defekt",
        "verdict",
        "answer",
        "has_defect",
        "is_defect",
        "缺陷",
        "defect ",
    )
    names += (
        "Classification",
        "class",
        "option",
        "code",
        "number",
        "stance",
        "choice",
        "label",
        "1",
        "reasoning",
    )
    without = [f'{{"{name}": {value}}}' for name, value in product(names, ("true", "1"))]
    return ["{}", '{"why": "x"}', *numbers, *without]


def _anything() -> list[str]:
    return [*DEFECTS, *CLASSIFICATIONS, *LISTS, *_WORDS, *_NEARLY]


BAD: Final = {
    "prose": _prose(),
    "two_objects": _two_objects(),
    "doubled_key": _doubled_key(),
    "wrong_type": _wrong_type(),
    "wrong_value": _wrong_value(),
    "empty": ["", *("".join(blanks) for blanks in product(" \n\t\r\u3000\u00a0\u2028", repeat=2))],
}
CUT_OR_FAILED: Final = _anything()

WRONG_LISTS: Final = {
    "wrong_type": ("1", '"1, 2"', "null", "true", '["1"]', "[1.0]", "[true, 2]", "[[1]]", "{}"),
    "wrong_value": ("[]", "[0, 1]", "[1, 1]", "[5]", "[-1]", "[1, 2, 3, 4]", "[0, 0]"),
}
