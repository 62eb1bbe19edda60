"""What tells that a file is still the one that was read: its hash, or, to save reading it, size and time.

Does not know what the files hold, nor who keeps their fingerprints.
"""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

_COARSE_NS: Final = 2_000_000_000  # the coarsest clock of a file system in use


def fingerprint(path: Path) -> dict[str, str | int]:
    """`sha256`, `bytes` and `modified_ns` (nanoseconds since 1970) of a file, read whole."""
    with path.open("rb") as file:
        modified = os.fstat(file.fileno()).st_mtime_ns  # before it is read: a later change is then noticed
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return {"sha256": digest, "bytes": file.tell(), "modified_ns": modified}


def is_as_it_was(path: Path, expected: Mapping[str, Any], noted_ns: int) -> bool:
    """Whether a file is the one of a fingerprint; reads it only where size and time do not tell.

    Args:
        path: The file.
        expected: Its fingerprint of then; may lack `modified_ns`.
        noted_ns: When that was written down.
    """
    return _is_untouched(path, expected, noted_ns) or has_content(fingerprint(path), expected)


def has_content(found: Mapping[str, Any], expected: Mapping[str, Any]) -> bool:
    """Whether two fingerprints are of the same bytes."""
    return all(found[name] == expected.get(name) for name in ("sha256", "bytes"))


def _is_untouched(path: Path, expected: Mapping[str, Any], noted_ns: int) -> bool:
    """Size and time of the last change as they were: what git trusts, too.

    A file that changed shortly before it was noted is not trusted: clocks of file systems are coarse.
    """
    found = path.stat()
    is_same = found.st_size == expected["bytes"] and found.st_mtime_ns == expected.get("modified_ns")
    return is_same and found.st_mtime_ns < noted_ns - _COARSE_NS
