"""Lines of journals as a repair sees them: where each stands, whose it is, and what can be undone about it.

What a trip through Windows or an editor does to a file (a byte order mark, CRLF, a missing last newline) is
left out in reading. Of a run of millions of lines their places are in memory, some tens of bytes a line, and
the lines of some respondents at a time. Does not know which lines belong to the run.
"""

import re
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from def_sim.answers.storage.answer_lines import is_intact, record_of
from def_sim.answers.storage.disk import disk_errors
from def_sim.answers.storage.journal import LONGEST_LINE, other_version

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_OWNER: Final = re.compile(rb'\{"respondent_id":"(r\d{1,18})",')
_LINES_AT_ONCE: Final = 5_000  # that are in memory, and the rest of their last respondent's


class Piece(NamedTuple):
    """A line as it lies in its file; of one longer than any line, a part."""

    number: int  # of the line, from 1
    offset: int  # of its first byte in the file
    raw: bytes  # with its newline, if it has one

    @property
    def line(self) -> bytes:
        """Without its newline, and without what an editor put before the first."""
        line = self.raw.removesuffix(b"\n")
        return line.removeprefix(_BYTE_ORDER_MARK) if self.offset == 0 else line

    @property
    def has_mark(self) -> bool:
        """Whether a byte order mark stands before it."""
        return self.offset == 0 and self.raw.startswith(_BYTE_ORDER_MARK)

    @property
    def is_nothing(self) -> bool:
        """Whether it is no line at all: a byte order mark in an empty file."""
        return not self.line and not self.raw.endswith(b"\n")

    @property
    def damage(self) -> str | None:
        """What is wrong with it, if anything is that cannot be undone."""
        if is_intact(self.mended):
            return None
        if len(self.raw) == LONGEST_LINE:
            return f"it has no end within {LONGEST_LINE:,} bytes"
        return "its checksum does not fit" if self.line.strip() else "it is empty"

    @property
    def mended(self) -> bytes:
        """The line without what can be undone, if it is whole then."""
        return self.line.removesuffix(b"\r")


def pieces(path: Path) -> Iterator[Piece]:
    """The lines of a journal in their order.

    Raises:
        StoreError: It cannot be read.
    """
    with disk_errors(path), path.open("rb") as file:
        number, offset = 1, 0
        while raw := file.readline(LONGEST_LINE):
            yield Piece(number, offset, raw)
            number, offset = number + raw.endswith(b"\n"), offset + len(raw)


def piece_at(path: Path, number: int, offset: int) -> Piece:
    """The line that begins there.

    Raises:
        StoreError: The journal cannot be read.
    """
    with disk_errors(path), path.open("rb") as file:
        file.seek(offset)
        return Piece(number, offset, file.readline(LONGEST_LINE))


class WholeLines:
    """Where the whole lines of journals stand, by the respondent that each is of.

    Args:
        paths: The journals; what comes first stands first.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = list(paths)
        self._number_of = {path: number for number, path in enumerate(paths)}
        self._of: dict[str, array[int]] = {}
        # One element a line: a row of Python objects would take several times as much.
        self._journals, self._numbers, self._offsets = array("i"), array("q"), array("q")

    def __len__(self) -> int:
        return len(self._offsets)

    def add(self, path: Path, piece: Piece) -> None:
        """One more line, which is whole.

        Raises:
            StoreError: Another version of def_sim wrote it.
        """
        self._of.setdefault(_owner(path, piece), array("q")).append(len(self))
        self._journals.append(self._number_of[path])
        self._numbers.append(piece.number)
        self._offsets.append(piece.offset)

    def by_respondents(self) -> Iterator[dict[tuple[Path, int], Piece]]:
        """The lines of some respondents after those of others, in the order of their journals.

        Raises:
            StoreError: A journal cannot be read.
        """
        wanted: list[int] = []
        for lines in self._of.values():
            wanted += lines
            if len(wanted) >= _LINES_AT_ONCE:
                yield self._read(wanted)
                wanted = []
        if wanted:
            yield self._read(wanted)

    def _read(self, wanted: list[int]) -> dict[tuple[Path, int], Piece]:
        found: dict[tuple[Path, int], Piece] = {}
        wanted.sort()  # as they were added: journal by journal
        start = 0
        while start < len(wanted):
            journal = self._journals[wanted[start]]
            end = next(
                (i for i in range(start, len(wanted)) if self._journals[wanted[i]] != journal), len(wanted)
            )
            path = self._paths[journal]
            with disk_errors(path), path.open("rb") as file:
                for line in wanted[start:end]:
                    file.seek(self._offsets[line])
                    number = self._numbers[line]
                    found[path, number] = Piece(number, self._offsets[line], file.readline(LONGEST_LINE))
            start = end
        return found


def _owner(path: Path, piece: Piece) -> str:
    """Whose line it is; "" where it does not say so as lines do, to be refused later."""
    if named := _OWNER.match(piece.mended):
        return named.group(1).decode()
    try:
        return str(record_of(piece.mended).get("respondent_id", ""))
    except (TypeError, ValueError) as error:
        raise other_version(path, piece.number, error) from error
