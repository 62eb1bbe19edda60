"""Where conf/ and data/ lie: beside the package in a checkout, inside it in a wheel; a user's beside them."""

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


def look_up(name: str, data: Path, home: Path | None) -> Path:
    """Where a data file lies: in the user's home if it is there, else among the shipped ones, there or not.

    That no name is in both unasked is seen to when a command begins (`app/home.py`).

    Args:
        name: Of the file below either folder, `items/wvs7.yaml` for instance.
        data: The shipped files.
        home: The user's own; None: there is none.
    """
    own = home / name if home is not None else None
    return own if own is not None and own.exists() else data / name


def looked_in(data: Path, home: Path | None) -> str:
    """Both folders in words, for a message that something is in neither."""
    return f"{home} or {data}" if home is not None else f"{data} (and no home= was given)"
