"""Texts made as short as a file can hold: a cut one ends with "…", and two that become alike are told apart.

Writers of such files cut in silence, some of them inside a character.
"""

from collections.abc import Callable, Mapping
from typing import Final

from def_sim.visible import visible

CUT: Final = "…"


def cut_to_bytes(text: str, most: int) -> str:
    """A text of at most so many bytes in UTF-8, on one line, with nothing invisible.

    Args:
        text: Whatever came.
        most: At least the three bytes of the sign of a cut.
    """
    shown = visible(text)
    content = shown.encode()
    if len(content) <= most:
        return shown
    return content[: most - len(CUT.encode())].decode(errors="ignore").rstrip() + CUT


def cut_to_characters(text: str, most: int) -> str:
    """A text of at most so many characters, on one line, with nothing invisible."""
    shown = visible(text)
    return shown if len(shown) <= most else shown[: most - len(CUT)].rstrip() + CUT


def told_apart(labels: Mapping[int, str], cut: Callable[[str, int], str], most: int) -> dict[int, str]:
    """Labels of values, cut, of which no two are alike: one that is like an earlier one ends with its code.

    Args:
        labels: Value -> what it means.
        cut: `cut_to_bytes` or `cut_to_characters`.
        most: How long a label may be, in what `cut` counts.
    """
    found: dict[int, str] = {}
    taken: set[str] = set()
    for value, label in labels.items():
        name, number = cut(label, most), 1
        while name in taken:
            # A label may itself end with the code of another value.
            code = f" ({value})" if number == 1 else f" ({value}, {number})"
            name, number = cut(label, most - len(code)) + code, number + 1
        taken.add(name)
        found[value] = name
    return found
