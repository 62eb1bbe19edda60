"""What a file holds, as one number: two files of the same hash hold the same bytes. Knows no format."""

import hashlib
from pathlib import Path


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes, 64 hex digits; whatever its size, little of it is in memory.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
