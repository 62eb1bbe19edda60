"""`python -m def_sim`, ended by a signal directly before or after one operation on a file.

    python scripts/soak_trap.py '{"log": "FILE"}' WORD...    # notes them all
    python scripts/soak_trap.py \
        '{"strike": ["open", "report.html"], "nth": 0, "is_after": true, "signal": 9}' WORD...

Python announces each operation to its audit hooks, so a moment between two of them can be hit exactly,
however fast the machine is. What C++ does by itself (Parquet files) is not announced; nor are single writes.
"""

import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

_TEMPORARY: Final = re.compile(r"\.(.+)\.[0-9a-f]{8}-\d+-\d+-[0-9a-f]{8}")
_MARK: Final = re.compile(r"[^,]*,.*,[^,]*")  # of a lease, which names its holder
_VARIABLE: Final = re.compile(r"[0-9a-f]{8,}|\d+")
_WRITES: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def kind_of(path: Path) -> str:
    """A name without what differs from run to run: whose it is, numbers, hashes."""
    if temporary := _TEMPORARY.fullmatch(path.name):
        return f"{kind_of(Path(temporary.group(1)))} in the making"
    return "mark of a lease" if _MARK.fullmatch(path.name) else _VARIABLE.sub("#", path.name)


class Trap:
    """An audit hook: notes each operation on a file below the working folder, or ends the process at one."""

    def __init__(self, how: Mapping[str, Any]) -> None:
        self._log = Path(how["log"]) if "log" in how else None
        self._strike = tuple(how.get("strike", ()))
        self._left = int(how.get("nth", 0))
        self._is_after = bool(how.get("is_after"))
        self._signal = int(how.get("signal", 0))
        self._process = os.getpid()
        self._folder = str(Path.cwd())
        self._is_asleep = False

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        """What Python calls at each event."""
        if self._is_asleep or event not in ("open", "os.rename", "os.mkdir", "os.remove", "os.rmdir"):
            return
        if os.getpid() != self._process:
            return
        self._is_asleep = True
        try:
            self._look(event, arguments)
        finally:
            self._is_asleep = False

    def _look(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and not (isinstance(arguments[2], int) and arguments[2] & _WRITES):
            return
        named = arguments[1] if event == "os.rename" else arguments[0]
        if not isinstance(named, (str, bytes, os.PathLike)):
            return
        path = Path(os.fsdecode(named)).absolute()
        if not path.is_relative_to(self._folder):
            return
        operation = event.removeprefix("os."), kind_of(path)
        if self._log is not None:
            with self._log.open("a", encoding="utf-8") as log:
                log.write(json.dumps(operation) + "\n")
        elif operation == self._strike:
            self._left -= 1
            if self._left < 0:
                self._end(event, arguments)

    def _end(self, event: str, arguments: tuple[Any, ...]) -> None:
        self._strike = ()
        if self._is_after:
            try:
                _do(event, arguments)
            except OSError:
                return  # it would have failed by itself
        os.kill(self._process, self._signal)


def _do(event: str, arguments: tuple[Any, ...]) -> None:
    """The operation, and nothing after it: a file is born, and empty."""
    match event:
        case "open":
            os.close(os.open(arguments[0], arguments[2], 0o666))
        case "os.rename":
            source, target = (None if folder == -1 else folder for folder in arguments[2:4])
            os.rename(arguments[0], arguments[1], src_dir_fd=source, dst_dir_fd=target)
        case "os.mkdir":
            Path(arguments[0]).mkdir()
        case "os.remove":
            Path(arguments[0]).unlink()
        case "os.rmdir":
            Path(arguments[0]).rmdir()


if __name__ == "__main__":
    from def_sim.app.main import main

    sys.addaudithook(Trap(json.loads(sys.argv[1])))
    sys.exit(main(sys.argv[2:]))
