"""JSON files of a checkpoint: objects, or an error in words, whatever stands in them.

A checkpoint may come from anyone, and its numbers and lists may be anything else. Knows no key of them.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from def_sim.errors import ModelError

DOWNLOAD_AGAIN: Final = "Download the checkpoint again; `hf download` resumes where it stopped."

LARGEST: Final = 2**31 - 1  # of a number that counts tokens or names one

_MOST_BYTES: Final = 512 * 2**20  # the largest tokenizers have some 40 MB


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file of the checkpoint.

    Raises:
        ModelError: The file is missing, is not JSON, is not an object, or is too large, too deep or has
            numbers too long to be read.
    """
    if not path.exists():
        raise ModelError(f"{path} is missing.", fix=DOWNLOAD_AGAIN)
    if not path.is_file():
        raise ModelError(f"{path} is a folder or a device, not a file.", fix=DOWNLOAD_AGAIN)
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}).", fix="Check its rights.") from error
    if len(content) > _MOST_BYTES:
        raise ModelError(f"{path} is larger than {_MOST_BYTES // 2**20} MiB.", fix=DOWNLOAD_AGAIN)
    return json_object(content, str(path))


def json_object(content: bytes, name: str) -> dict[str, Any]:
    """The object that a text is.

    Args:
        content: The text, in UTF-8.
        name: What it is, for errors.

    Raises:
        ModelError: It is no JSON, no object, too deep, or has numbers too long to be read.
    """
    try:
        found = json.loads(content.decode("utf-8"))
    except RecursionError as error:
        raise ModelError(f"{name} is nested too deep.", fix=DOWNLOAD_AGAIN) from error
    except ValueError as error:  # no JSON, no UTF-8, a number of thousands of digits
        raise ModelError(f"{name} is not valid JSON: {error}.", fix=DOWNLOAD_AGAIN) from error
    if not isinstance(found, dict):
        raise ModelError(
            f"{name} should hold a JSON object, found {type(found).__name__}.", fix=DOWNLOAD_AGAIN
        )
    return found


def positive_number(content: Mapping[str, Any], *names: str) -> int | None:
    """The first of these entries that is a whole number from 1 to `LARGEST`; None: none is."""
    values = (content.get(name) for name in names)
    # Some files have 2048.0, and none means `true`, which Python counts as 1.
    numbers = (one for one in values if isinstance(one, int | float) and not isinstance(one, bool))
    return next((int(one) for one in numbers if 1 <= one <= LARGEST and one == int(one)), None)


def token_ids(content: Mapping[str, Any], name: str) -> tuple[int, ...]:
    """The ids that an entry names, one or a list of them; empty: it names none.

    Raises:
        ModelError: The entry is something else.
    """
    found = content.get(name)
    ids = found if isinstance(found, list) else [] if found is None else [found]
    if not all(type(one) is int and abs(one) <= LARGEST for one in ids):
        raise ModelError(f"{name} of the checkpoint names no tokens: {ids!r:.80}.", fix=DOWNLOAD_AGAIN)
    return tuple(ids)
