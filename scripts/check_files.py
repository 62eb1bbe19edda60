"""Looks for what no commit may bring: private keys, large files, conflict markers, torn ends of files.

    python scripts/check_files.py            # all tracked files
    python scripts/check_files.py FILE ...   # these; pre-commit gives the files of a commit

Prints one line for each fault and exits with 1 if there is one. It reads the files of the working folder
and changes none. It does not know whether a key is a real one: a test makes its own while it runs.
"""

import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

MOST_BYTES: Final = 1_000_000
# Larger or without a newline, and meant so: the demo respondent as its training script wrote it.
LARGE: Final = frozenset({"data/respondents/demo/model.safetensors"})
WITHOUT_NEWLINE: Final = frozenset(
    {"data/respondents/demo/chat_template.jinja", "data/respondents/demo/tokenizer.json"}
)
# PEM and OpenSSH ("BEGIN ... PRIVATE KEY"), PGP ("... PRIVATE KEY BLOCK"), and PuTTY.
PRIVATE_KEY: Final = re.compile(
    rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|PuTTY-User-Key-File-\d"
)
# A row of "=" alone is a heading in some formats; git writes it between these two.
CONFLICT: Final = re.compile(rb"^(?:<{7}|>{7}|\|{7}) ", re.MULTILINE)


def faults_of(path: Path) -> Iterator[str]:
    """What is wrong with a file, in words; links and what is no file have no fault.

    Args:
        path: Relative to the root of the project, as git names it.
    """
    if path.is_symlink() or not path.is_file():
        return
    name, size = path.as_posix(), path.stat().st_size
    if size > MOST_BYTES and name not in LARGE:
        yield f"{size:,} bytes; at most {MOST_BYTES:,}, or name it in {Path(__file__).name}"
    content = path.read_bytes()
    if found := PRIVATE_KEY.search(content):
        yield f"line {_line(content, found.start())}: a private key; take it out and make a new one"
    if b"\0" in content:
        return  # what follows is about text
    if found := CONFLICT.search(content):
        yield f"line {_line(content, found.start())}: a conflict marker of git"
    if content and name not in WITHOUT_NEWLINE and (content[-1:] != b"\n" or content[-2:] == b"\n\n"):
        yield "must end in one newline"


def _line(content: bytes, position: int) -> int:
    return content.count(b"\n", 0, position) + 1


def tracked_files() -> list[Path]:
    """All files that git tracks here."""
    listed = subprocess.run(["git", "ls-files", "-z"], stdout=subprocess.PIPE, check=True).stdout
    return [Path(name) for name in listed.decode().split("\0") if name]


def main(names: Iterable[str]) -> int:
    """Prints the faults of the named files, or of all tracked ones if none is named."""
    paths = [Path(name) for name in names] or tracked_files()
    faults = [f"{path}: {fault}" for path in paths for fault in faults_of(path)]
    print(*faults, sep="\n", end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
