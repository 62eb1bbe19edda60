"""Topic groups in words and in their order."""

from typing import Final

from def_sim.records import DIMENSION_TITLES, NO_DIMENSION_TITLE

_TITLES: Final = {str(dimension): title for dimension, title in DIMENSION_TITLES.items()}


def dimension_title(dimension: object) -> str:
    """Words for a topic group's code."""
    return _TITLES.get(str(dimension), str(dimension) or NO_DIMENSION_TITLE)


def dimension_rank(dimension: object) -> int:
    """Place of a topic group in `records.DIMENSION_TITLES`; unknown ones come last."""
    codes = list(_TITLES)
    return codes.index(str(dimension)) if str(dimension) in _TITLES else len(codes)
