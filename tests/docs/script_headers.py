"""The commands at the top of scripts: in the docstring of one in Python, else in the first comments.

A command has a line of its own and goes on below a `\\` at its end. Runs nothing.
"""

import ast
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_COMMAND: Final = re.compile(r'(?:[A-Z]+="[^"]*" +|[A-Z]+=\S+ +)*(?:def-sim|bash|python) \S')
_IMPORT: Final = re.compile(r"^(?:import|from) (\w+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Command:
    """A command as words: what it sets in the environment, what it runs, and what that is given."""

    environment: dict[str, str]
    program: str  # "def-sim", or the name of a script
    words: list[str]


def header_of(script: Path) -> str:
    """What the script says of itself before it begins."""
    text = script.read_text(encoding="utf-8")
    if script.suffix == ".py":
        return ast.get_docstring(ast.parse(text)) or ""
    lines = text.splitlines()[1:]
    end = next((at for at, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return "\n".join(line.removeprefix("#") for line in lines[:end])


def commands_of(script: Path) -> list[Command]:
    """Those of its header, without what installs or only continues another one."""
    lines = (line.strip() for line in header_of(script).replace("\\\n", " ").splitlines())
    return [_command(line) for line in lines if _COMMAND.match(line)]


def _command(line: str) -> Command:
    words = shlex.split(line, comments=True)
    start = next(at for at, word in enumerate(words) if "=" not in word)
    environment = dict(word.split("=", 1) for word in words[:start])
    if words[start] == "def-sim":
        return Command(environment, "def-sim", words[start + 1 :])
    return Command(environment, words[start + 1], words[start + 2 :])


def known_to(script: Path) -> str:
    """The source of a script and of those beside it that it imports, docstrings of their tops left out."""
    seen: dict[Path, str] = {}
    waiting = [script]
    while waiting:
        path = waiting.pop()
        if path in seen or not path.is_file():
            continue
        source = path.read_text(encoding="utf-8")
        seen[path] = source.removeprefix("#!/usr/bin/env bash\n").replace(_raw_header(path, source), "", 1)
        waiting += [path.with_name(f"{name}.py") for name in _IMPORT.findall(source)]
    return "\n".join(seen.values())


def _raw_header(path: Path, source: str) -> str:
    if path.suffix == ".py":
        first = ast.parse(source).body[0]
        return "\n".join(source.splitlines()[first.lineno - 1 : first.end_lineno])
    return "\n".join(f"#{line}" for line in header_of(path).splitlines())
