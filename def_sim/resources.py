"""Where conf/ and data/ lie: beside the package in a checkout, inside it in a wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _locate(name: str) -> Path:
    """The wheel carries the folder as `def_sim/_<name>`; an editable install has it next door."""
    carried = _PACKAGE / f"_{name}"
    return carried if carried.is_dir() else _PACKAGE.parent / name


def conf_folder() -> Path:
    """The folder of the Hydra configuration tree."""
    return _locate("conf")


def data_folder() -> Path:
    """The folder of items, references, surveys, places, language packs and the demo respondent."""
    return _locate("data")
