"""No form of a key stays in a text, a log or a traceback; a text without one stays as it is."""

import base64
import io
import json
import logging
import subprocess
import sys
import textwrap
import urllib.parse
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from def_sim.engines.shared import secrets
from def_sim.engines.shared.secrets import MASK, guard, holds_key, redacted

KEY = "tk-Loop/back+0123456789=abcDEF"


@pytest.fixture(autouse=True)
def one_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests' keys are none here."""
    monkeypatch.setattr(secrets, "_GUARDED", secrets._Guarded())
    guard(KEY)


DISGUISES: dict[str, Callable[[str], str]] = {
    "as it is": lambda key: key,
    "capitals": str.upper,
    "small letters": str.lower,
    "backwards": lambda key: key[::-1],
    "percent": lambda key: urllib.parse.quote(key, safe=""),
    "percent, every character": lambda key: "".join(f"%{ord(c):02X}" for c in key),
    "percent, twice": lambda key: urllib.parse.quote(urllib.parse.quote(key, safe=""), safe=""),
    "blanks": " ".join,
    "lines": lambda key: "\n    ".join([key[:7], key[7:15], key[15:]]),
    "lines as JSON writes them": lambda key: json.dumps("\r\n".join([key[:7], key[7:]])),
    "unseen characters": "\u200b".join,
    "escapes of JSON": lambda key: "".join(f"\\u{ord(c):04x}" for c in key),
    "escapes of JSON in JSON": lambda key: "".join(f"\\\\u{ord(c):04x}" for c in key),
    "slashes as some write them": lambda key: key.replace("/", "\\/"),
    "a page, in decimal": lambda key: "".join(f"&#{ord(c)};" for c in key),
    "a page, in hexadecimal": lambda key: "".join(f"&#x{ord(c):x};" for c in key),
    "base64": lambda key: base64.b64encode(key.encode()).decode(),
    "base64 for addresses": lambda key: base64.urlsafe_b64encode(key.encode()).decode(),
    "base64 of more": lambda key: base64.b64encode(f"Bearer {key} is wrong".encode()).decode(),
    "hexadecimal": lambda key: key.encode().hex(),
    "backwards, with blanks": lambda key: " ".join(reversed(key)),
}


@pytest.mark.parametrize("name", DISGUISES)
def test_a_key_is_masked_however_it_is_written_and_nothing_else_is(name: str) -> None:
    text = f"Answer: 2\nExplanation: I said {DISGUISES[name](KEY)} , which is mine.\n"
    before, _, after = redacted(text).partition(MASK)
    assert before.startswith("Answer: 2\nExplanation: I said ")
    assert after.endswith(" , which is mine.\n")
    # Of base64 the characters at the edges hold bits of its neighbours, and stay.
    assert len(before + after) <= len("Answer: 2\nExplanation: I said  , which is mine.\n") + (
        30 if name == "base64 of more" else 4
    )
    assert not holds_key(redacted(text))


def test_every_key_in_a_text_is_masked() -> None:
    guard("another-key-987654321")
    assert redacted(f"{KEY} {KEY.upper()}, another-key-987654321") == f"{MASK} {MASK}, {MASK}"


def test_a_key_is_known_as_it_is_given_and_as_it_is_sent() -> None:
    guard('\n "quoted-key-0123456" ')
    assert redacted("the key quoted-key-0123456 is wrong") == f"the key {MASK} is wrong"


def test_what_is_too_short_or_a_word_guards_no_more_than_itself() -> None:
    for key in ("", "1", "EMPTY", "dontknow"):
        guard(key)
    # Seven characters at most guard nothing; a word as a key is masked as it is written, and only so.
    text = "1 EMPTY. I dont know. DontKnow wonktnod"
    assert redacted(text) == text
    assert redacted("dontknow") == MASK


@given(st.text(st.characters(codec=None), max_size=200))
@example("Answer: 2\nExplanation: 50%20 \\u0041 &amp; a\\nb %41 \ud800 İ")
@settings(max_examples=300)
def test_a_text_without_a_key_is_given_back_as_it_is(text: str) -> None:
    assert redacted(text) == text


@given(st.text(max_size=30), st.text(max_size=30), st.sampled_from(sorted(DISGUISES)))
@settings(max_examples=300)
def test_whatever_stands_around_a_key_it_is_masked(before: str, after: str, name: str) -> None:
    text = redacted(f"{before} {DISGUISES[name](KEY)} {after}")
    assert MASK in text
    assert not holds_key(text)


def test_of_a_huge_text_with_a_disguised_key_nothing_is_kept() -> None:
    assert redacted("a" * 300_000 + KEY[::-1]) == MASK
    assert redacted("a" * 300_000 + KEY) == "a" * 300_000 + MASK


def test_no_log_of_any_library_holds_a_key() -> None:
    written = io.StringIO()
    log, handler = logging.getLogger("some.library"), logging.StreamHandler(written)
    log.addHandler(handler)
    try:
        log.warning("sent %s as %r", KEY, {"authorization": f"Bearer {KEY}"})
        try:
            raise ValueError(f"refused: {KEY[::-1]}")
        except ValueError:
            log.exception("it failed")
        log.warning("and nothing of %d keys", 2)
    finally:
        log.removeHandler(handler)
    text = written.getvalue()
    assert not holds_key(text)
    assert text.count(MASK) == 3
    assert "and nothing of 2 keys" in text
    assert "ValueError: refused" in text


def test_a_traceback_that_nobody_caught_holds_no_key() -> None:
    program = f"""
        from def_sim.engines.shared.secrets import guard
        guard("{KEY}")
        try:
            raise ValueError("inner {KEY}")
        except ValueError as error:
            raise RuntimeError("outer {KEY.upper()}") from error
    """
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert "RuntimeError: outer [key]" in ended.stderr
    assert not holds_key(ended.stderr)
