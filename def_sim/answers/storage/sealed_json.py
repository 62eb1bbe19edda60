"""JSON files of a run that are written whole and tell if they were changed.

A sealed file carries the version of its format and a checksum of its content.
What stands in it is its owner's business.
"""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from def_sim.answers.storage.disk import checksum, disk_errors, write_whole
from def_sim.errors import StoreError

FORMAT: Final = 1
MOST_BYTES: Final = 64 * 2**20  # of a sealed file; the manifest of a run of years has some hundred thousand
_DEEPEST: Final = 50  # lists and objects within each other


def canonical_json(content: object) -> bytes:
    """The one spelling of a JSON value: sorted keys, no spaces, ASCII. 1 and 1.0 differ.

    Raises:
        TypeError, ValueError: Something in it is not JSON, or a number is not finite.
    """
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def write_sealed(path: Path, content: Mapping[str, Any]) -> None:
    """Writes a file that `read_sealed` reads. Keys `format` and `checksum` are set here.

    Raises:
        StoreError: The disk is full or not writable.
    """
    body = {key: value for key, value in content.items() if key != "checksum"} | {"format": FORMAT}
    sealed = body | {"checksum": checksum(canonical_json(body))}
    text = json.dumps(sealed, indent=2, ensure_ascii=False, allow_nan=False)
    write_whole(path, f"{text}\n".encode("utf-8", errors="backslashreplace"))


def read_sealed(path: Path, *, fix: str) -> dict[str, Any]:
    """The content of a sealed file, `format` and `checksum` included.

    Args:
        path: The file.
        fix: What to do if it is damaged.

    Raises:
        StoreError: Missing, damaged, or of a later format.
    """
    raw = _read_bounded(path, fix)
    try:
        content = json.loads(raw, parse_constant=_refuse_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise StoreError(f"{path} is damaged: {error}.", fix=fix) from error
    if _is_too_deep(content):
        raise StoreError(f"{path} is damaged: it is nested more than {_DEEPEST} deep.", fix=fix)
    if not isinstance(content, dict) or not isinstance(content.get("format"), int):
        raise StoreError(f"{path} is damaged: it is not of a known form.", fix=fix)
    if content["format"] > FORMAT:
        raise StoreError(
            f"{path} has format {content['format']}; this version of def_sim knows formats up to {FORMAT}.",
            fix="Update def_sim: pip install -U def-sim",
        )
    body = {key: value for key, value in content.items() if key != "checksum"}
    if content.get("checksum") != checksum(canonical_json(body)):
        raise StoreError(f"{path} is damaged: its checksum does not fit its content.", fix=fix)
    return content


def _read_bounded(path: Path, fix: str) -> bytes:
    """The bytes of an ordinary file of bearable size: a pipe would never end."""
    with disk_errors(path):
        size = path.stat().st_size
        if size > MOST_BYTES or not path.is_file():
            raise StoreError(f"{path} is no file of at most {MOST_BYTES:,} bytes.", fix=fix)
        return path.read_bytes()


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number of JSON")


def _finite(text: str) -> float:
    """A number of JSON; its grammar has some that are larger than any float, as 1e999."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text[:20]} is larger than any number")
    return number


def _is_too_deep(content: object) -> bool:
    """Level by level: content that is too deep for the parser's recursion is too deep for ours."""
    level = [content]
    for _ in range(_DEEPEST):
        level = [
            inner
            for value in level
            if isinstance(value, dict | list)
            for inner in (value.values() if isinstance(value, dict) else value)
        ]
    return bool(level)
