"""The keys that this process sends, and texts without them: the one place that knows both.

A server may repeat the key that it was sent: in an answer, a thought, an error, a header, and not always
as it came. Whoever reads a key from the environment guards it here, and whatever leaves the process (the
journal and all that is made of it, messages, logs, tracebacks) goes through `redacted` first. A text
that holds no key is given back as it is.
"""

import base64
import html
import logging
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from types import TracebackType
from typing import Any, Final

MASK: Final = "[key]"
_SHORTEST: Final = 8  # a shorter one ("1", "EMPTY") guards nothing, and may be part of an answer
_UNLIKE_WORDS: Final = 16  # characters from which on even letters alone are no word of an answer
_MOST_LAYERS: Final = 3  # of escapes around escapes
_LONGEST_SEARCHED: Final = 200_000  # of a longer text with a disguised key nothing is kept
# What a character may be written as, and what may stand between two: blanks, and what is not seen.
_ESCAPED: Final = re.compile(
    r"%[0-9a-fA-F]{2}|\\+u00[0-9a-fA-F]{2}|\\+x[0-9a-fA-F]{2}|\\+[nrt]|\\+(?=\S)"
    r"|&#[0-9]{1,7};|&#[xX][0-9a-fA-F]{1,6};|&[a-z]{2,4};"
)
_BETWEEN: Final = re.compile("[\\s\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]+")
_LOWER: Final = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}  # of the same length, always


@dataclass
class _Guarded:
    """What is known: keys as they are sent, and the forms in which they may come back."""

    plain: set[str] = field(default_factory=set)
    forms: set[str] = field(default_factory=set)  # as `_bare` makes them


_GUARDED: Final = _Guarded()


def guard(given: str) -> None:
    """From now on `redacted` leaves a key out; one of fewer than eight characters guards nothing.

    Args:
        given: As the environment has it, perhaps with blanks or quotation marks around it.
    """
    sent = given.strip()
    for key in {sent, sent.strip("\"'")}:
        if len(key) >= _SHORTEST:
            _GUARDED.plain.add(key)
            if _is_unlike_words(key):
                _GUARDED.forms |= _forms_of(key)
    _guard_outlets()


def redacted(text: str) -> str:
    """A text with `[key]` in place of every key that is guarded, however it is written.

    Found are keys as they are, in other capitals, backwards, with blanks or line breaks inserted, escaped
    as in JSON, HTML or addresses, and in hexadecimal or base64; of keys that might be a word (shorter than
    16 characters, and not of letters and digits) only the key as it is.
    """
    for key in sorted(_GUARDED.plain, key=len, reverse=True):
        text = text.replace(key, MASK)
    if not _GUARDED.forms or not holds_key(text):
        return text
    if len(text) > _LONGEST_SEARCHED:
        return MASK
    for spans in (_spans_in(text, with_escapes=layers) for layers in (True, False)):
        if spans:
            return redacted(_masked(text, spans))
    return text


def holds_key(text: str, *, even_words: bool = True) -> bool:
    """Whether a text repeats a key that is guarded, in any form.

    Args:
        text: Any text.
        even_words: Whether a key counts that might be a word, such as "lm-studio".
    """
    if even_words and any(key in text for key in _GUARDED.plain):
        return True
    bare = _bare(text), _bare(text, with_escapes=False)
    return any(form in one for form in _GUARDED.forms for one in bare)


def _is_unlike_words(key: str) -> bool:
    has_both = any(c.isalpha() for c in key) and any(c.isdecimal() for c in key)
    return has_both or len(key) >= _UNLIKE_WORDS


def _forms_of(key: str) -> set[str]:
    """The key, backwards and encoded, without what `_bare` leaves out."""
    content = key.encode()
    written = {key, content.hex(), *_in_base64(content)}
    forms = {form for text in written for form in (_bare(text), _bare(text, with_escapes=False))}
    return {form for form in forms | {form[::-1] for form in forms} if len(form) >= _SHORTEST}


def _in_base64(content: bytes) -> Iterator[str]:
    """What of the content is the same wherever it stands in a longer text that is encoded."""
    for num_before in range(3):
        encoded = base64.b64encode(b"\0" * num_before + content)
        begin = -(-num_before * 8 // 6)
        whole = (num_before + len(content)) * 8 // 6
        part = encoded[begin:whole].decode()
        yield from (part, part.translate(str.maketrans("+/", "-_")))


def _bare(text: str, *, with_escapes: bool = True) -> str:
    """A text in small letters, without blanks, its escapes read: what forms of a key are looked for in."""
    if with_escapes:
        for _ in range(_MOST_LAYERS):
            before, text = text, _ESCAPED.sub(lambda match: _read(match[0]), text)
            if text == before:
                break
    return _BETWEEN.sub("", text).translate(_LOWER)


def _read(escape: str) -> str:
    """The character that an escape stands for; nothing for blanks and for backslashes before others."""
    if escape[0] == "&":
        return html.unescape(escape)
    name = escape.lstrip("\\%").lower()
    if escape[0] == "%" or name[:1] in ("u", "x"):
        return chr(int(name.removeprefix("u").removeprefix("x"), 16))
    return ""


def _spans_in(text: str, *, with_escapes: bool) -> list[tuple[int, int]]:
    """Where forms of keys begin and end in a text; the slow way, which knows where each character was."""
    places = [(character, begin, begin + 1) for begin, character in enumerate(text)]
    for _ in range(_MOST_LAYERS if with_escapes else 0):
        places = list(_read_once(places))
    places = [place for place in places if not _BETWEEN.fullmatch(place[0])]
    bare = "".join(character for character, _, _ in places).translate(_LOWER)
    return [
        (places[match.start()][1], places[match.end() - 1][2])
        for form in sorted(_GUARDED.forms, key=len, reverse=True)
        for match in re.finditer(re.escape(form), bare)
    ]


def _read_once(places: list[tuple[str, int, int]]) -> Iterator[tuple[str, int, int]]:
    """One layer of escapes read, each character with its place in the text at first."""
    text, at = "".join(character for character, _, _ in places), 0
    for match in _ESCAPED.finditer(text):
        yield from places[at : match.start()]
        at = match.end()
        begin, end = places[match.start()][1], places[at - 1][2]
        yield from ((character, begin, end) for character in _read(match[0]))
    yield from places[at:]


def _masked(text: str, spans: list[tuple[int, int]]) -> str:
    parts, at = [], 0
    for begin, end in sorted(spans):
        if begin >= at:
            parts += [text[at:begin], MASK]
        at = max(at, end)
    return "".join([*parts, text[at:]])


@cache
def _guard_outlets() -> None:
    """Logs of all libraries, and tracebacks of what nobody caught: both may quote what was sent."""
    logging.setLogRecordFactory(_without_keys(logging.getLogRecordFactory()))
    sys.excepthook = _print_traceback


def _without_keys(make: Callable[..., logging.LogRecord]) -> Callable[..., logging.LogRecord]:
    def record_without_keys(*arguments: Any, **named: Any) -> logging.LogRecord:
        record = make(*arguments, **named)
        try:
            words = record.getMessage()
        except Exception:  # of arguments that do not fit: logging says so itself when it writes the record
            words = f"{record.msg} {record.args}"
        if holds_key(words):
            record.msg, record.args = redacted(words), ()
        if record.exc_info and record.exc_info[0] is not None:
            trace = "".join(traceback.format_exception(*record.exc_info)).rstrip()
            if holds_key(trace):
                record.exc_text, record.exc_info = redacted(trace), None
        return record

    return record_without_keys


def _print_traceback(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    print(redacted("".join(traceback.format_exception(kind, error, trace))), end="", file=sys.stderr)
