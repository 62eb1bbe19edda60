"""Files of text that people wrote: read whole, as UTF-8, or refused in words that repeat nothing of them."""

from pathlib import Path

from def_sim.errors import SurveyFormatError

_MEBIBYTE = 2**20


def read_text(path: Path, *, most_bytes: int) -> str:
    """The text of a file, line ends as they are, without a byte order mark.

    Args:
        path: A regular file.
        most_bytes: A larger file is refused after that many bytes.

    Raises:
        SurveyFormatError: No such file, no file at all, too large, not UTF-8, or not readable.
    """
    return _decoded(path, read_content(path, most_bytes=most_bytes))


def read_content(path: Path, *, most_bytes: int) -> bytes:
    """The bytes of a file.

    Args:
        path: A regular file.
        most_bytes: A larger file is refused after that many bytes.

    Raises:
        SurveyFormatError: No such file, no file at all, too large, or not readable.
    """
    try:
        _check_kind(path)
        with path.open("rb") as file:
            content = file.read(most_bytes + 1)
    except OSError as error:
        raise SurveyFormatError(
            f"{path} cannot be read ({error.strerror}).", fix="Check the name and rights of the file."
        ) from None
    if len(content) > most_bytes:
        raise SurveyFormatError(
            f"{path} is larger than {most_bytes / _MEBIBYTE:g} MiB, the most that is read.",
            fix="Check that it is the file that you mean; take out what is not needed.",
        )
    return content


def _check_kind(path: Path) -> None:
    if not path.is_file():
        what = "is a folder or a device and cannot be read" if path.exists() else "does not exist"
        raise SurveyFormatError(f"{path} {what}.", fix="Check the name of the file.")


def _decoded(path: Path, content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SurveyFormatError(
            f"{path.name} is not UTF-8 text (line {line}, byte {error.start}).", fix=f"Save {path} as UTF-8."
        ) from None
    if (nul := text.find("\0")) >= 0:
        line = text.count("\n", 0, nul) + 1
        raise SurveyFormatError(
            f"{path.name}, line {line}: holds a NUL character, so it is no text.",
            fix=f"Save {path} as text in UTF-8.",
        )
    return text
