"""What servers say is shown without keys and control characters; how long they ask to wait is understood."""

import math

import pytest

from def_sim.engines.hosted.failures import words_in
from def_sim.engines.hosted.waiting import asked_to_wait_s, sentence_about
from def_sim.engines.shared.secrets import guard
from def_sim.engines.shared.server_words import duration_in_words, quoted

KEY = "a-key-0123456789"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[2J no entry \x07\u202e", "\\x1b[2J no entry \\x07\\u202e"),
        ("\x9b31m red", "\\x9b31m red"),  # C1
        ("half \ud800", "half \\ud800"),
        ("two\n\tlines", "two lines"),
        (f"your key {KEY} is old", "your key [key] is old"),
        ("sk-abcdef123456 is old", "[key] is old"),
        ("x" * 400, "x" * 297 + "..."),
        ("<html><title> Bad\x1b Gateway </title>", 'a web page, "Bad\\x1b Gateway"'),
    ],
)
def test_words_are_quoted_on_one_line_and_visibly(text: str, expected: str) -> None:
    guard(KEY)
    assert quoted(text) == expected


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "1 second"),
        (90, "1 minute"),
        (7200, "2 hours"),
        (3 * 86400, "3 days"),
        (1e9, "31 years"),
        (math.inf, "more than a million years"),
    ],
)
def test_a_length_of_time_is_said_in_its_largest_unit(seconds: float, words: str) -> None:
    assert duration_in_words(seconds) == words


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0.0),
        ({"retry-after": "20"}, 20.0),
        ({"retry-after": "20", "retry-after-ms": "1500"}, 1.5),
        ({"retry-after": "-5"}, 0.0),
        ({"retry-after": "soon"}, 0.0),
        ({"retry-after": "nan"}, 0.0),
        ({"retry-after": "²"}, 0.0),
        ({"retry-after": "9" * 400}, math.inf),
        ({"retry-after": "Fri, 28 Nov 2014 12:00:00 GMT"}, 0.0),
    ],
)
def test_how_long_to_wait_is_read_from_seconds_and_dates(headers: dict[str, str], seconds: float) -> None:
    assert asked_to_wait_s(headers) == seconds


def test_a_date_to_come_is_so_many_seconds_away() -> None:
    assert asked_to_wait_s({"retry-after": "Fri, 28 Nov 2236 12:00:00 GMT"}) > 100 * 365 * 86400


def test_a_long_wait_is_said_and_so_is_one_that_is_cut_short() -> None:
    assert sentence_about(5.0, 120.0, "The server") == ""
    assert sentence_about(60.0, 120.0, "The server").endswith(
        "asks to wait 1 minute before the next request. The run waits."
    )
    assert "waits 2 minutes at most" in sentence_about(1e9, 120.0, "The server")
    assert "waits 2 seconds at most" in sentence_about(5.0, 2.0, "The server")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": {"message": "no"}}, "no"),
        ({"detail": [{"loc": ["body"], "msg": "no"}]}, "no"),
        ({"error": "no"}, "no"),
        ({"error": None, "message": "no"}, "no"),
        ({"error": {"code": 7}}, ""),
        (7, ""),
    ],
)
def test_the_sentence_for_people_is_found_wherever_a_server_puts_it(body: object, words: str) -> None:
    assert words_in(body) == words
