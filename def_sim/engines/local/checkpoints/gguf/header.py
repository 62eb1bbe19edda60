"""What a GGUF file says of itself: its settings and where its tensors lie, without reading a tensor.

The format: magic, version, counts; then key-value pairs; then name, shape, type and place of each
tensor; then the tensors. Every length is held against what is left of the file before anything is
read, so a file that lies about itself costs no memory. Knows no model and no torch.

Source: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

import math
import struct
from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from def_sim.errors import ModelError

MAGIC: Final = b"GGUF"
STRINGS_KEPT: Final = ("tokenizer.ggml.tokens", "tokenizer.ggml.merges")

_VERSIONS: Final = (2, 3)
_MOST_SETTINGS: Final = 10_000
_MOST_TENSORS: Final = 1_000_000
_MOST_ELEMENTS: Final = 4_000_000  # of a list: the largest vocabularies have a quarter of a million tokens
_MOST_DIMENSIONS: Final = 4
_LONGEST_NAME: Final = 65_535  # bytes, as the format has it for keys
_LONGEST_TEXT: Final = 16 * 2**20  # bytes: a chat template has some thousands
_ALIGNMENT: Final = 32

_BOOL, _STRING, _ARRAY = 7, 8, 9
_NUMBERS: Final = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 10: "Q", 11: "q", 12: "d"}
_BYTES: Final = {kind: struct.calcsize("<" + code) for kind, code in _NUMBERS.items()} | {_BOOL: 1}

# Number of a tensor's type -> name, numbers of a block, bytes of a block.
TENSOR_TYPES: Final[Mapping[int, tuple[str, int, int]]] = {
    0: ("F32", 1, 4),
    1: ("F16", 1, 2),
    2: ("Q4_0", 32, 18),
    3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34),
    10: ("Q2_K", 256, 84),
    11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210),
    16: ("IQ2_XXS", 256, 66),
    17: ("IQ2_XS", 256, 74),
    18: ("IQ3_XXS", 256, 98),
    19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18),
    21: ("IQ3_S", 256, 110),
    22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136),
    29: ("IQ1_M", 256, 56),
    30: ("BF16", 1, 2),
    34: ("TQ1_0", 256, 54),
    35: ("TQ2_0", 256, 66),
    39: ("MXFP4", 32, 17),
    40: ("NVFP4", 64, 36),
}


@dataclass(frozen=True, slots=True)
class GgufTensor:
    """Where one tensor lies, and how it is stored."""

    name: str
    shape: tuple[int, ...]  # as torch has it: the dimension that lies together is the last
    kind: int  # a key of TENSOR_TYPES
    begins: int  # bytes from the beginning of the file
    num_bytes: int

    @property
    def num_values(self) -> int:
        """Numbers that it holds."""
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """Settings and tensors of a file.

    Attributes:
        settings: Key -> number, text, or list. Lists of texts are counted, but for `STRINGS_KEPT`
            where they were asked for.
        tensors: In the order of the file.
        num_bytes: Length of the header.
    """

    path: Path
    settings: Mapping[str, Any]
    tensors: tuple[GgufTensor, ...]
    num_bytes: int

    @property
    def architecture(self) -> str:
        """As llama.cpp names it."""
        return str(self.settings.get("general.architecture", ""))

    @property
    def num_parameters(self) -> int:
        """Numbers that the file holds."""
        return sum(tensor.num_values for tensor in self.tensors)

    @property
    def packed_bytes(self) -> int:
        """Bytes of its tensors, as they are stored."""
        return sum(tensor.num_bytes for tensor in self.tensors)

    @property
    def unpacked_bytes(self) -> int:
        """Bytes of the unpacked weights: 16 bit where the file has 16 bit, float32 for all that is packed."""
        return sum(
            tensor.num_bytes if TENSOR_TYPES[tensor.kind][1] == 1 else 4 * tensor.num_values
            for tensor in self.tensors
        )

    def setting(self, name: str) -> Any:
        """A setting of the architecture, such as `block_count`; None if the file has it not."""
        return self.settings.get(f"{self.architecture}.{name}")


def is_gguf(path: Path | str) -> bool:
    """True for a GGUF file, by its name or, where programs keep it under another, by how it begins."""
    file = Path(path)
    if file.suffix.lower() == ".gguf":
        return not file.is_dir()
    if not file.is_file():
        return False
    with file.open("rb") as content:
        return content.read(len(MAGIC)) == MAGIC


def damaged(path: Path, what: str) -> ModelError:
    """The file is not what it should be, because its copy is not."""
    return ModelError(f"{path} {what}.", fix="Download or copy the file again.")


def read_header(path: Path, *, keeps_strings: bool = False) -> GgufHeader:
    """Reads settings and the table of tensors.

    Args:
        path: The file.
        keeps_strings: Vocabulary and merges are wanted, too.

    Raises:
        ModelError: No GGUF file, of a version or byte order that is not read, cut off, or not
            what its own lengths say.
        OSError: It cannot be opened.
    """
    with path.open("rb") as file:
        return _Reader(path, file, keeps_strings).header()


class _Reader:
    """Goes through a header once, from its beginning."""

    def __init__(self, path: Path, file: BinaryIO, keeps_strings: bool) -> None:
        self._path, self._file = path, file
        self._size = path.stat().st_size
        self._kept = STRINGS_KEPT if keeps_strings else ()

    def header(self) -> GgufHeader:
        num_tensors, num_settings = self._counts()
        settings: dict[str, Any] = {}
        for _ in range(num_settings):
            key = self._text(_LONGEST_NAME)
            if key in settings:
                raise damaged(self._path, f"has the setting {key!r} twice")
            settings[key] = self._value(self._number("I"), key)
        table = [self._tensor() for _ in range(num_tensors)]
        alignment = settings.get("general.alignment", _ALIGNMENT)
        if not isinstance(alignment, int) or alignment < 1 or alignment & (alignment - 1):
            raise damaged(self._path, f"has an alignment of {alignment!r}, which is no power of two")
        end = self._file.tell()
        data = -(-end // alignment) * alignment
        tensors = tuple(self._placed(data, *entry) for entry in table)
        if len({tensor.name for tensor in tensors}) < len(tensors):
            raise damaged(self._path, "has a tensor twice")
        return GgufHeader(self._path, settings, tensors, end)

    def _counts(self) -> tuple[int, int]:
        magic = self._file.read(4)
        if magic != MAGIC:
            raise ModelError(
                f"{self._path} is no GGUF file: it begins with {magic!r}, expected {MAGIC!r}.",
                fix="Set `model.engine.path=` to a GGUF file, or to the folder of a checkpoint.",
            )
        version = self._number("I")
        if version & 0xFFFF == 0 and version:
            raise _unread(self._path, "is written for machines of the other byte order (big endian)")
        if version not in _VERSIONS:
            raise _unread(self._path, f"is GGUF version {version}; versions 2 and 3 are read")
        num_tensors, num_settings = self._number("Q"), self._number("Q")
        if num_tensors > _MOST_TENSORS or num_settings > _MOST_SETTINGS:
            raise damaged(self._path, f"claims {num_tensors:,} tensors and {num_settings:,} settings")
        return num_tensors, num_settings

    def _value(self, kind: int, key: str) -> Any:
        if kind == _STRING:
            return self._text(_LONGEST_TEXT)
        if kind == _ARRAY:
            return self._list(key)
        if kind == _BOOL:
            return bool(self._number("B"))
        if kind not in _NUMBERS:
            raise damaged(self._path, f"has a value of the unknown type {kind} for {key!r}")
        return self._number(_NUMBERS[kind])

    def _list(self, key: str) -> Any:
        kind, count = self._number("I"), self._number("Q")
        if count > _MOST_ELEMENTS:
            raise damaged(self._path, f"claims {count:,} elements for {key!r}")
        if kind == _STRING:
            return self._texts(count, is_kept=key in self._kept)
        if kind not in _BYTES:
            raise damaged(self._path, f"has a list of the unreadable type {kind} for {key!r}")
        content = self._read(count * _BYTES[kind])
        if kind == _BOOL:
            return [bool(one) for one in content]
        return (
            list(struct.unpack(f"<{count}{_NUMBERS[kind]}", content))
            if count <= 65_536
            else _packed(content, _NUMBERS[kind])
        )

    def _texts(self, count: int, *, is_kept: bool) -> list[str] | int:
        read: Callable[[], Any] = (lambda: self._text(_LONGEST_NAME)) if is_kept else self._skip_text
        texts = [read() for _ in range(count)]
        return texts if is_kept else count

    def _skip_text(self) -> None:
        self._read(self._length(_LONGEST_TEXT))

    def _tensor(self) -> tuple[str, tuple[int, ...], int, int]:
        name, num_dimensions = self._text(_LONGEST_NAME), self._number("I")
        if not 1 <= num_dimensions <= _MOST_DIMENSIONS:
            raise damaged(self._path, f"gives {name!r} {num_dimensions} dimensions")
        shape = tuple(reversed([self._number("Q") for _ in range(num_dimensions)]))
        return name, shape, self._number("I"), self._number("Q")

    def _placed(self, data: int, name: str, shape: tuple[int, ...], kind: int, offset: int) -> GgufTensor:
        if kind not in TENSOR_TYPES:
            raise ModelError(
                f"{self._path} holds {name!r} in the quantisation of number {kind}, which is not read; "
                f"read are {', '.join(known for known, _, _ in TENSOR_TYPES.values())}.",
                fix="Use the model in another quantisation, such as Q8_0 or Q4_K_M, or ask it through "
                "llama.cpp's server: `model=server`.",
            )
        known, of_block, block_bytes = TENSOR_TYPES[kind]
        if min(shape) < 1 or shape[-1] % of_block:
            raise damaged(self._path, f"gives {name!r} the shape {list(shape)}, which {known} cannot have")
        num_bytes = math.prod(shape) // of_block * block_bytes
        end = data + offset + num_bytes
        if end > self._size:
            raise damaged(
                self._path, f"is cut off: {name!r} ends at byte {end:,}, the file has {self._size:,}"
            )
        return GgufTensor(name, shape, kind, data + offset, num_bytes)

    def _text(self, longest: int) -> str:
        content = self._read(self._length(longest))
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError as error:
            where = self._file.tell()
            raise damaged(self._path, f"has a text that is no UTF-8 before byte {where:,}") from error

    def _length(self, longest: int) -> int:
        length: int = self._number("Q")
        if length > longest:
            raise damaged(self._path, f"claims a text of {length:,} bytes before byte {self._file.tell():,}")
        return length

    def _number(self, code: str) -> Any:
        [value] = struct.unpack("<" + code, self._read(struct.calcsize("<" + code)))
        return value

    def _read(self, num_bytes: int) -> bytes:
        if self._file.tell() + num_bytes > self._size:
            raise damaged(self._path, f"is cut off within its header ({self._size:,} bytes)")
        return self._file.read(num_bytes)


def _packed(content: bytes, code: str) -> "array[Any]":
    """Many numbers as a compact list."""
    numbers: array[Any] = array(code)
    numbers.frombytes(content)
    return numbers


def _unread(path: Path, what: str) -> ModelError:
    return ModelError(f"{path} {what}.", fix="Convert the model anew with a current llama.cpp.")
