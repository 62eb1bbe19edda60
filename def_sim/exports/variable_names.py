"""Names of variables that SPSS and Stata both take: letters, digits and _, at most 32, none twice.

SPSS takes upper and lower case for the same. Items are named with a dot (`wvs7.Q1`), which neither has.
"""

import re
from collections.abc import Sequence
from typing import Final

MOST_CHARACTERS: Final = 32  # Stata's; SPSS has 64 bytes
_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9_]")
_BEGINS: Final = re.compile(r"[A-Za-z]")
_RESERVED: Final = re.compile(
    r"all|and|by|eq|ge|gt|le|lt|ne|not|or|to|with"  # SPSS
    r"|byte|double|float|if|in|int|long|using|strl|str\d+",  # Stata
    re.IGNORECASE,
)


def fitting_names(wished: Sequence[tuple[str, str]]) -> list[str]:
    """Names for variables, in their order.

    Args:
        wished: Of each variable the name that it would have, and what stands behind it and is never cut.

    Returns:
        One name each. A name that another variable has already, as far as SPSS can tell, ends with a number
        from 2.
    """
    taken: set[str] = set()
    names = []
    for stem, suffix in wished:
        name, number = _joined(stem, suffix), 1
        while name.casefold() in taken:
            number += 1
            name = _joined(stem, f"{suffix}_{number}")
        taken.add(name.casefold())
        names.append(name)
    return names


def _joined(stem: str, suffix: str) -> str:
    clean = _NOT_IN_NAMES.sub("_", stem)
    begun = clean if _BEGINS.match(clean) else f"v{clean}"
    name = begun[: MOST_CHARACTERS - len(suffix)] + suffix
    return f"v_{name}"[:MOST_CHARACTERS] if _RESERVED.fullmatch(name) else name
