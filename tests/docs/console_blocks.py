"""The `console` blocks and files of a page of the documentation, and what its commands are held to.

A line that begins with `$ ` is a command and goes on below a `\\` at its end; what follows up to the next one
is its output; `...` stands for what varies, within a line or for lines. A block whose commands cannot run
everywhere has a comment above it that says why, `<!-- gpu -->`. A file is the block below a line that is its
name in backticks and a colon. Runs nothing.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from markdown_it import MarkdownIt

MARKS: Final = ("gpu", "key", "network", "slurm", "long")  # what a command needs; it is planned instead
FILES: Final = "files"  # it reads what only the reader has: its parameters must exist, nothing is run
_MARK: Final = re.compile(r"<!-- (\w+) -->\s*")
_FILE_NAME: Final = re.compile(r"`([\w./-]+\.\w+)`:")
_LEFT_OUT: Final = re.compile(r"(stage|shard|num_shards|hydra/launcher|hydra\.launcher\.\w+|runs|watch)=")


@dataclass(frozen=True, slots=True)
class Step:
    """A command as it is typed, and what it prints; "" where the page shows nothing."""

    command: str
    expected: str


@dataclass(frozen=True, slots=True)
class Block:
    """The commands of one block; `mark` is the comment above it, "" without one."""

    mark: str
    steps: tuple[Step, ...]


def blocks_of(text: str) -> list[Block]:
    """All console blocks of a page in their order.

    Raises:
        ValueError: A mark that is none, or a block that does not begin with a command.
    """
    blocks, mark = [], ""
    for token in MarkdownIt().parse(text):
        if token.type == "fence" and token.info.strip() == "console":
            if mark and mark not in (*MARKS, FILES):
                raise ValueError(f"{mark!r} says nothing of a block; known are {', '.join((*MARKS, FILES))}")
            blocks.append(Block(mark, tuple(_steps(token.content))))
        found = _MARK.fullmatch(token.content) if token.type == "html_block" else None
        mark = found[1] if found else ""
    return blocks


def _steps(content: str) -> Iterator[Step]:
    if not content.startswith("$ "):
        raise ValueError(f"a console block begins with `$ `, found {content[:40]!r}")
    for part in re.split(r"^\$ ", content, flags=re.MULTILINE)[1:]:
        lines = part.splitlines()
        last = next(number for number, line in enumerate(lines) if not line.endswith("\\"))
        yield Step("\n".join(lines[: last + 1]), "\n".join(lines[last + 1 :]).strip())


def files_of(text: str) -> dict[str, str]:
    """The files that a page has its reader write: name -> content."""
    files, name = {}, ""
    for token in MarkdownIt().parse(text):
        if token.type == "fence" and name:
            files[name] = token.content
        if token.type == "inline":
            found = _FILE_NAME.fullmatch(token.content)
            name = found[1] if found else ""
        elif token.type not in ("paragraph_close", "paragraph_open"):
            name = ""
    return files


def is_shown_by(expected: str, said: str) -> bool:
    """Whether a page that shows `expected` shows what was said; blanks at ends of lines do not count."""
    pattern = ".*?".join(re.escape(part) for part in _trimmed(expected).split("..."))
    return re.fullmatch(pattern, _trimmed(said), re.DOTALL) is not None


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def words_of(command: str) -> list[list[str]]:
    """The words behind `def-sim` of each such command in a line; what else the line does is left out."""
    parts = re.split(r"&&|\|\||;|\s&(?=\s|$)", command.replace("\\\n", " "))
    found = [shlex.split(part, comments=True) for part in parts]
    starts = [next((at for at, word in enumerate(words) if "=" not in word), 0) for words in found]
    return [words[at + 1 :] for words, at in zip(found, starts, strict=True) if words[at:][:1] == ["def-sim"]]


def as_plans(command: str) -> list[list[str]]:
    """The same commands with `stage=plan`, without what only a scheduler can take."""
    return [
        [*(word for word in words if not _LEFT_OUT.match(word)), "stage=plan"] for words in words_of(command)
    ]
