"""Writes the versions of the tested environment: constraints.txt, and with hashes requirements-hashed.txt.

    pip install --upgrade --upgrade-strategy eager -e ".[dev]" && python -m pytest
    python scripts/pin_versions.py

Run it in the environment that passed. The versions are those installed there, of everything that `.[dev]`
needs; the hashes are those of the files that pip would take for them on this machine, for each supported
version of Python. torch has a version and no hash: its builds for CPUs and GPUs are different files under
one version, and each machine takes its own.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT: Final = Path(__file__).parents[1]
PROJECT: Final = "def-sim"
UNHASHED: Final = frozenset({"torch"})
PYTHONS: Final = ("3.11", "3.12", "3.13")

CONSTRAINTS_HEAD: Final = """\
# Versions that the tests passed with, of everything that .[dev] needs on Linux x86_64 with Python 3.11.
#   pip install --constraint constraints.txt --editable ".[dev]"
# Written by scripts/pin_versions.py.
"""
HASHED_HEAD: Final = """\
# The versions of constraints.txt without torch, with the hashes of their files on Linux x86_64,
# Python {pythons}.
#   pip install torch=={torch}
#   pip install --require-hashes --no-deps --requirement requirements-hashed.txt
#   pip install --no-deps --editable .
# Written by scripts/pin_versions.py.
"""


def installed_versions(root: str) -> dict[str, Version]:
    """The installed version of each package that a requirement such as `def-sim[dev]` leads to, by name.

    Raises:
        PackageNotFoundError: One of them is not installed.
    """
    versions: dict[str, Version] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [Requirement(root)]
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        for extra in {"", *wanted.extras}:
            if (name, extra) not in seen:
                seen.add((name, extra))
                versions[name] = Version(distribution(name).version)
                waiting += needs(name, extra)
    return {name: versions[name] for name in sorted(versions)}


def needs(name: str, extra: str) -> Iterator[Requirement]:
    """What an installed package asks for on this platform, for one of its extras or ("") without any."""
    for requirement in map(Requirement, distribution(name).requires or ()):
        if requirement.marker is None:
            if not extra:
                yield requirement
        elif requirement.marker.evaluate({"extra": extra}):
            yield requirement


def fetched_hashes(pins: Mapping[str, Version]) -> dict[str, set[str]]:
    """SHA-256 of each file that pip would install for the pins, over all supported versions of Python.

    Raises:
        CalledProcessError: A pin cannot be had.
    """
    files = list(_files(pins, ()))
    sources = {name for name, _, is_wheel in files if not is_wheel}
    hashes: dict[str, set[str]] = {name: {digest} for name, digest, _ in files}
    wheels = {name: version for name, version in pins.items() if name not in sources}
    with tempfile.TemporaryDirectory() as folder:
        for python in PYTHONS:
            words = ("--python-version", python, "--only-binary=:all:", "--target", folder)
            for name, digest, _ in _files(wheels, words):
                hashes[name].add(digest)
    return hashes


def _files(pins: Mapping[str, Version], words: Iterable[str]) -> Iterator[tuple[str, str, bool]]:
    """Name, SHA-256 and whether it is a wheel, of each file that pip would install."""
    command = [sys.executable, "-m", "pip", "install", "-qq", "--dry-run", "--ignore-installed"]
    command += ["--no-deps", "--report", "-", *words, *(f"{name}=={pin}" for name, pin in pins.items())]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    report: dict[str, Any] = json.loads(done.stdout)
    for one in report["install"]:
        origin = one["download_info"]
        digest = origin["archive_info"]["hashes"]["sha256"]
        yield canonicalize_name(one["metadata"]["name"]), digest, origin["url"].endswith(".whl")


def constraints_text(versions: Mapping[str, Version]) -> str:
    """The content of constraints.txt; a local part such as `+cpu` is left out, as any build will do."""
    return CONSTRAINTS_HEAD + "".join(f"{name}=={pin.public}\n" for name, pin in versions.items())


def hashed_text(versions: Mapping[str, Version], hashes: Mapping[str, Iterable[str]]) -> str:
    """The content of requirements-hashed.txt."""
    lines = [
        f"{name}=={pin.public}"
        + "".join(f" \\\n    --hash=sha256:{digest}" for digest in sorted(hashes[name]))
        for name, pin in versions.items()
        if name not in UNHASHED
    ]
    head = HASHED_HEAD.format(pythons=", ".join(PYTHONS), torch=versions["torch"].public)
    return head + "".join(f"{line}\n" for line in lines)


def main() -> None:
    """Writes both files beside pyproject.toml."""
    versions = installed_versions(f"{PROJECT}[dev]")
    del versions[PROJECT]
    hashes = fetched_hashes({name: pin for name, pin in versions.items() if name not in UNHASHED})
    for name, text in (
        ("constraints.txt", constraints_text(versions)),
        ("requirements-hashed.txt", hashed_text(versions, hashes)),
    ):
        assert not re.search(r"://|--\w*index", text), "no address of a package index belongs into it"
        (ROOT / name).write_text(text, encoding="utf-8")
        print(f"{name} written")


if __name__ == "__main__":
    main()
