"""A file that stands alone in a .zip, as institutes hand them out.

Its copy for the time of reading has no name on the disk, so it goes with the process, whatever ends that.
"""

import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, Final

from def_sim.errors import SurveyFormatError

MOST_BYTES: Final = 4 * 2**30  # of a file, unpacked
_PIECE: Final = 2**20
_WHOLE: Final = "Download it again, or unpack it and give the file in it."


@contextmanager
def only_file(path: Path, endings: Sequence[str]) -> Iterator[tuple[str, BinaryIO]]:
    """The one file of an archive that has one of these endings, with its name; notes beside it do not count.

    Raises:
        SurveyFormatError: No or several such files, too large, a password, damaged; no room for the copy.
    """
    with tempfile.TemporaryFile() as copy:
        name = _unpack(path, endings, copy)
        copy.seek(0)
        yield name, copy


def _unpack(path: Path, endings: Sequence[str], copy: BinaryIO) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            entry = _entry(path, archive, endings)
            with archive.open(entry) as packed:
                _copy(path, packed, copy)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
        raise SurveyFormatError(f"{path.name} is cut or damaged ({error}).", fix=_WHOLE) from None
    except (RuntimeError, NotImplementedError) as error:  # a password; a packing that Python does not know
        raise SurveyFormatError(f"{path.name} cannot be unpacked ({error}).", fix=_WHOLE) from None
    return PurePosixPath(entry.filename).name


def _entry(path: Path, archive: zipfile.ZipFile, endings: Sequence[str]) -> zipfile.ZipInfo:
    files = [one for one in archive.infolist() if not one.is_dir() and not _is_of_macos(one.filename)]
    data = [one for one in files if PurePosixPath(one.filename).suffix.casefold() in endings]
    if len(data) > 1:  # read_me.txt beside the data
        data = [one for one in data if PurePosixPath(one.filename).suffix.casefold() != ".txt"] or data
    if len(data) != 1:
        names = ", ".join(PurePosixPath(one.filename).name for one in (data or files)[:4])
        found = f"{len(data)}: {names}" if data else f"none ({names or 'it is empty'})"
        raise SurveyFormatError(
            f"{path.name}: expected one file that ends in {', '.join(endings)}, found {found:.200}.",
            fix="Unpack it and give the file that you mean.",
        )
    if data[0].file_size > MOST_BYTES:
        raise _too_large(path, data[0].file_size)
    return data[0]


def _is_of_macos(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return "__MACOSX" in parts or parts[-1].startswith("._")


def _copy(path: Path, packed: IO[bytes], copy: BinaryIO) -> None:
    """What the archive says of a file's size need not be true, so it is counted."""
    size = 0
    while piece := packed.read(_PIECE):
        size += len(piece)
        if size > MOST_BYTES:
            raise _too_large(path, size)
        _write(path, piece, copy)


def _write(path: Path, piece: bytes, copy: BinaryIO) -> None:
    try:
        copy.write(piece)
        copy.flush()
    except OSError as error:
        folder = tempfile.gettempdir()
        free = shutil.disk_usage(folder).free / 2**30
        raise SurveyFormatError(
            f"{path.name} cannot be unpacked into {folder} ({error.strerror}; {free:.1f} GB free).",
            fix="Make room there, or name another folder by the environment's TMPDIR.",
        ) from None


def _too_large(path: Path, size: int) -> SurveyFormatError:
    return SurveyFormatError(
        f"{path.name} unpacks to {size / 2**30:.1f} GB or more; the most is {MOST_BYTES / 2**30:g} GB.",
        fix="Check that it is the file that you mean; unpack it and take out what is not needed.",
    )
