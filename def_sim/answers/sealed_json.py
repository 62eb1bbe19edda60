"""JSON files of a run that are written whole and tell if they were changed.

A sealed file carries the version of its format and a checksum of its content.
What stands in it is its owner's business.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from def_sim.answers.disk import checksum, disk_errors, write_whole
from def_sim.errors import StoreError

FORMAT: Final = 1


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
    with disk_errors(path):
        raw = path.read_bytes()
    try:
        content = json.loads(raw)
    except ValueError as error:
        raise StoreError(f"{path} is damaged: {error}.", fix=fix) from error
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
