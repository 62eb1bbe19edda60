"""Strategies of random and damaged input: bytes, JSON values and documents with a few things wrong.

What is meant to read it is not known here.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from hypothesis import strategies as st

# What parsers trip over: newlines of all kinds, marks of order, halves of characters, JSON's and YAML's own.
_TOKENS: Final = [
    *(
        b"\n",
        b"\r\n",
        b"\0",
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xed\xa0\x80",
        "\u2028".encode(),
        "\u202e".encode(),
    ),
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b'"',
        b"'",
        b":",
        b": ",
        b",",
        b"- ",
        b"#",
        b"&a ",
        b"*a",
        b"!!python/name:os.system ",
    ),
    *(
        b"<<: *a",
        b"|",
        b">",
        b"---\n",
        b"\t",
        b"NaN",
        b"-Infinity",
        b"1e999",
        b"null",
        b"true",
        b"~",
        b"0x1f",
    ),
    *(b"<!--", b"<![ x", b"<a b='", b"&#" + b"9" * 5000, b"\r", b"59:" * 3000 + b"59"),
    *(b"9" * 5000, b"[" * 3000, b'{"a":' * 2000, "\u0661".encode(), "\u00b2".encode(), b"1_0", b"2020-99-99"),
]
_WORDS: Final = [
    "",
    "answered",
    "error",
    "stop",
    "1",
    "-1",
    "\u0664",
    "\ud800",
    "a\0b",
    "../../x",
    "9" * 5000,
    "<![ x",
    "<!--" * 3000,
    "<script><a b='",
    "&#" + "9" * 5000,
]
_NUMBERS: Final = [0, -1, 10**30, -(10**400), 1.5, 1e308, float("nan"), float("inf")]

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(_NUMBERS)
    | st.sampled_from(_WORDS)
    | st.text(st.characters(codec=None), max_size=20)
)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


@st.composite
def damaged(draw: st.DrawFn, document: bytes) -> bytes:
    """A document with one to four cuts, repetitions, insertions or changed bytes."""
    for _ in range(draw(st.integers(1, 4))):
        first, last = sorted((draw(st.integers(0, len(document))), draw(st.integers(0, len(document)))))
        piece = draw(
            st.sampled_from([b"", document[first : min(last, first + 200)]]) | st.sampled_from(_TOKENS)
        )
        ends = draw(st.sampled_from([first, min(first + 1, len(document)), last]))
        document = document[:first] + piece + document[ends:]
    return document


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value in a nested one, and to the whole of it."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in inner:
        yield from places(part, (*path, name))


def _changed(value: Any, path: tuple[Any, ...], change: Callable[[Any], Any]) -> Any:
    if not path:
        return change(value)
    name, *rest = path
    copy = value.copy()
    copy[name] = _changed(value[name], tuple(rest), change)
    return copy


def _with_more(value: Any, more: Any, where: str) -> Any:
    if isinstance(value, dict):
        return {**value, where: more}
    return [*value, more] if isinstance(value, list) else more


@st.composite
def other_values(draw: st.DrawFn, value: Any) -> Any:
    """A nested value in which one to three places hold something else, or more, or nothing."""
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(places(value))))
        other = draw(json_values)
        where = draw(st.sampled_from(["format", "checksum", "x"]) | st.text(max_size=5))
        kinds: list[Callable[[Any], Any]] = [
            lambda _, other=other: other,
            lambda old, other=other, where=where: _with_more(old, other, where),
            lambda old: type(old)() if isinstance(old, dict | list | str) else None,
        ]
        value = _changed(value, path, draw(st.sampled_from(kinds)))
    return value


def json_bytes(value: Any) -> bytes:
    """JSON as a program writes it that does not care for what JSON allows."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", errors="surrogatepass")
