"""The words of a text with markup, as survey programs keep questions and labels."""

from html.parser import HTMLParser
from typing import Final

_BREAKS: Final = ("br", "p", "div", "li")


class _Text(HTMLParser):
    """Text of HTML, a line for each paragraph; nothing of scripts and styles."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("script", "style")
        self.parts += ["\n"] if tag in _BREAKS else []

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style") and self._hidden > 0

    def handle_data(self, data: str) -> None:
        self.parts += [] if self._hidden else [data]


def plain(found: object) -> str:
    """A text without its markup, a line for each paragraph; empty if it is no text."""
    reader = _Text()
    reader.feed(found if isinstance(found, str) else "")
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.parts).split("\n"))
    return "\n".join(line for line in lines if line)
