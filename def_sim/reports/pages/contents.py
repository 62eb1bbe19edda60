"""The list of contents of a page: what the side list and the bar link to.

Knows no page: whoever draws one says what stands on it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the list.

    `key` is the address on the page, or the name of a page beside it. `title` may hold words of strangers:
    the template escapes them. `parts` are one level deep.
    """

    key: str
    title: str
    parts: tuple["Entry", ...] = ()

    @property
    def address(self) -> str:
        """What the link leads to."""
        return self.key if self.key.endswith(".html") else f"#{self.key}"
