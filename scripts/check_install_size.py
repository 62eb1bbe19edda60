"""Holds the disk that an installation takes against what README.md says of it.

python scripts/check_install_size.py VENV    # exit code 1 if it is 15 % off

VENV is an environment with nothing but `pip install -e .` in it. Counted is what `du` counts: the blocks that
its files take, a file with several names once. The figure is of a build of torch for CPUs; beside one for
GPUs, which brings several GB of libraries of its own, nothing is held against it.
"""

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

README: Final = Path(__file__).parents[1] / "README.md"
MOST_OFF: Final = 0.15  # of the figure in README.md
_SAID: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?) GB of disk")
_BLOCK: Final = 512  # bytes, of st_blocks


def said_gb(readme: str) -> float:
    """The figure of README.md, in 10^9 bytes.

    Raises:
        SystemExit: It says none, or several.
    """
    found = _SAID.findall(readme)
    if len(found) != 1:
        raise SystemExit(f"{README.name}: expected one figure such as `2.0 GB of disk`, found {len(found)}.")
    return float(found[0])


def taken_gb(folder: Path) -> float:
    """The disk that a folder takes, in 10^9 bytes; no link is followed."""
    blocks: dict[tuple[int, int], int] = {}
    for path in [folder, *folder.rglob("*")]:
        about = path.lstat()
        blocks[about.st_dev, about.st_ino] = about.st_blocks
    return sum(blocks.values()) * _BLOCK / 1e9


def is_off(taken: float, said: float) -> bool:
    """Whether a measured figure is too far from the one that is said."""
    return abs(taken - said) > MOST_OFF * said


def main(words: Sequence[str]) -> int:
    """Prints both figures; 1 if they are too far apart."""
    if len(words) != 1 or not (Path(words[0]) / "pyvenv.cfg").is_file():
        raise SystemExit("Name one virtual environment: python scripts/check_install_size.py .venv")
    said, taken = said_gb(README.read_text(encoding="utf-8")), taken_gb(Path(words[0]))
    print(f"disk of an installation: {taken:.2f} GB; README.md says {said:.2f} GB")
    if any(Path(words[0]).glob("lib/python*/site-packages/nvidia")):
        print("torch is a build for GPUs here, of which README.md says nothing: left out.")
        return 0
    if is_off(taken, said):
        print(f"That is more than {MOST_OFF:.0%} off: correct README.md, or find out what was added.")
    return int(is_off(taken, said))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
