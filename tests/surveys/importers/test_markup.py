"""Words of questions with markup: what browsers show, and an end to whatever a file says."""

from html import escape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from def_sim.surveys.importers.markup import plain


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ("How <b>much</b>&nbsp;trust?", "How much trust?"),
        ("<p>First</p>\n<P class='x'>second<br/>third</p>", "First\nsecond\nthird"),
        ('<img src="a.png" alt="more > less">Parks?', "Parks?"),
        ("<style>p {color: red}</style>Parks?<script>if (a<b) { c('</b>') }</script>", "Parks?"),
        ("Pa<!-- <p>not this</p> -->rks?", "Parks?"),
        ("<!--[if mso]><xml>1</xml><![endif]--><![if !lists]>Parks?<![endif]>", "Parks?"),
        ("<?xml version='1'?><!DOCTYPE html>Parks?", "Parks?"),
        ("AT&amp;T &#38; &lt;b&gt;", "AT&T & <b>"),
        (None, ""),
        (["Parks?"], ""),
    ],
)
def test_the_words_are_what_a_browser_shows_of_them(found: object, expected: str) -> None:
    assert plain(found) == expected


@pytest.mark.parametrize(
    "text", ["<1,000", "1,000 < 2,000", "less than <EUR 5", "<![ x", "a <!-- b", "</", "<a 'b>c", "5 > 4"]
)
def test_what_is_no_whole_tag_stays_as_it_is_written(text: str) -> None:
    assert plain(text) == text


@pytest.mark.parametrize("number", ["9" * 5000, "0" * 5000 + "99999999", "1114112"])
def test_a_number_that_no_sign_has_is_shown_as_one_that_is_missing(number: str) -> None:
    """Python refuses to read a number of 5,000 digits. The last sign is 1114111."""
    assert plain(f"Parks&#{number};?") == "Parks\N{REPLACEMENT CHARACTER}?"


@pytest.mark.parametrize(
    "piece", ["<!--", "<![ x", "<a ", "<a '", '<a b="', "<script>", "</script", "&#", "&#9", "<", "<?", "-->"]
)
def test_a_megabyte_of_broken_markup_comes_to_an_end(piece: str) -> None:
    """Anything that looked at the rest of the text for each piece would take hours."""
    plain(piece * (2**20 // len(piece)))


_words = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=8).map(escape)
_tags = st.sampled_from(["b", "p", "DIV", "span", "li", "a"])
_attributes = st.sampled_from(["", " class='x'", ' title="a > b"', ' id=x style="a: b"'])
_elements = st.recursive(
    _words | st.just("<br>") | st.just("<!-- a > b -->"),
    lambda inner: st.builds(
        lambda tag, more, inside: f"<{tag}{more}>{''.join(inside)}</{tag}>",
        _tags,
        _attributes,
        st.lists(inner, max_size=3),
    ),
    max_leaves=8,
)


class _Shown(HTMLParser):
    """The standard library's reading of the same."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.text += "\n" if tag in ("br", "p", "div", "li") else ""

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.lists(_elements, max_size=4).map("".join))
def test_whole_markup_is_read_as_the_standard_library_reads_it(text: str) -> None:
    reader = _Shown()
    reader.feed(text)
    reader.close()
    lines = (" ".join(line.split()) for line in reader.text.split("\n"))
    assert plain(text) == "\n".join(line for line in lines if line)
