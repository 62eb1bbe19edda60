"""Which survey a file is of, by variables that no other one has, so that a wrong file is named."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from def_sim.errors import ConfigError
from def_sim.surveys.importers.headers import Header


class _Signs(NamedTuple):
    title: str
    importer: str
    variables: tuple[str, ...]  # patterns in small letters, all of which a file of the survey has


_KNOWN: Final = {
    "wvs7": _Signs("the World Values Survey, wave 7", "wvs7", ("b_country_alpha", "w_weight")),
    "gss2022": _Signs("the General Social Survey", "gss2022", ("wtssnrps|wtssps|wtssall|vstrat",)),
    "pew_atp": _Signs("Pew's American Trends Panel", "pew_atp", (r"weight_w\d+",)),
    "ess": _Signs("the European Social Survey", "ess", ("essround", "cntry")),
    "issp": _Signs("the International Social Survey Programme", "issp", ("c_alphan",)),
}


def check_survey(path: Path, headers: Sequence[Header], expected: str) -> None:
    """Makes sure that a file is not one of another survey.

    Args:
        path: The file, for errors.
        headers: All of its columns.
        expected: Which survey it should be of, as importers are called.

    Raises:
        ConfigError: It looks like another one.
    """
    names = {one.name.casefold() for one in headers}
    if _fits(_KNOWN[expected], names):
        return
    for survey, signs in _KNOWN.items():
        if survey != expected and _fits(signs, names):
            raise ConfigError(
                f"{path.name} looks like a file of {signs.title}, not of {_KNOWN[expected].title}.",
                fix=f"Import it by importer={signs.importer}, or give the file that you mean.",
            )


def _fits(signs: _Signs, names: set[str]) -> bool:
    return all(any(re.fullmatch(pattern, name) for name in names) for pattern in signs.variables)
