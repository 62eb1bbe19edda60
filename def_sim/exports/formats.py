"""What can be exported: the formats with their files, and the packages that some of them need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final

from def_sim.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Format:
    """A format: its files, and the package of the extra `export` that writes them, "" for none."""

    files: tuple[str, ...]
    package: str = ""


FORMATS: Final[Mapping[str, Format]] = {
    "sav": Format(("panel.sav", "shares.sav"), "pyreadstat"),  # SPSS
    "dta": Format(("panel.dta", "shares.dta"), "pyreadstat"),  # Stata
    "xlsx": Format(("run.xlsx",), "openpyxl"),  # Excel
    "tex": Format(("scores.tex", "items.tex")),  # LaTeX
    "bib": Format(("citation.bib",)),  # BibTeX
}


def files_of(formats: Sequence[str]) -> list[str]:
    """Names of the files that these formats are."""
    return [name for one in formats for name in FORMATS[one].files]


def check_installed(formats: Sequence[str]) -> None:
    """Makes sure that the packages that write these formats are there. None is loaded.

    Raises:
        ConfigError: One is not, with the command that installs it.
    """
    for name in formats:
        package = FORMATS[name].package
        if package and not _is_installed(package):
            raise ConfigError(f"formats=[{name}] needs {package}.", fix='pip install -e ".[export]"')


def _is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ValueError:  # it was taken out of the modules that there are
        return False
