"""The commands that the soak interrupts, and the same commands left alone: what must come out.

A small survey with the demo respondent. Each stage begins in a folder as an earlier stage leaves it, so
folders are kept after each of them, and copied. Knows no faults.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
HANG_S: Final = 900.0  # no command of the soak takes a tenth of it; what does not end is ended
# One choice, several choices, a scale; 3 x 4 answers.
WORDS: Final = (
    "survey=us_short",
    "respondents=3",
    "items=[gss2022.happy,wvs7.Q18_26,wvs7.Q27,pew_atp.FUD9A_W17]",
    "scoring.draws=20",
)
# What holds seconds or dates: the answers in them are compared as answers, and by stage=verify.
OF_THE_MOMENT: Final = frozenset({"manifest.json", "complete.json", "answers.parquet"})


@dataclass(frozen=True)
class Stage:
    """A command, the folder that it begins in, and the one that it leaves."""

    name: str
    words: tuple[str, ...]
    before: str
    after: str


STAGES: Final = (
    Stage("interview", (*WORDS, "stage=interview"), "nothing", "answers"),
    Stage("all", WORDS, "nothing", "report"),
    Stage("report", (*WORDS, "stage=report"), "answers", "report"),
    Stage("verify", (*WORDS, "stage=verify"), "report", "report"),
    Stage("comparison", ("stage=report", "runs=outputs/**"), "two", "comparison"),
)
_SECOND_RUN: Final = Stage("all", (*WORDS, "seed=2"), "report", "two")


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int  # minus the signal that ended it
    output: str  # of both streams
    seconds: float


class Command:
    """A running `python -m def_sim` in a folder; its words go to a file outside of that folder."""

    def __init__(
        self, stage: Stage, folder: Path, code: Path, limit: Callable[[], None] | None = None
    ) -> None:
        self._log = folder.with_suffix(".log")
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUTF8": "1", "PYTHONPATH": str(code)}
        self._begin = time.monotonic()
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "def_sim", *stage.words],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=limit,
            )

    @property
    def seconds(self) -> float:
        """Since its start."""
        return time.monotonic() - self._begin

    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def send(self, signal: int) -> None:
        """Sends a signal; nothing happens to a process that has ended."""
        self._process.send_signal(signal)

    def stop(self) -> None:
        """Ends it at once, if it runs: nothing may hold a disk that is given back."""
        self._process.kill()
        self._process.wait()

    def wait(self) -> Ended:
        """Waits for the end.

        Raises:
            TimeoutExpired: It hangs; it is killed.
        """
        try:
            code = self._process.wait(HANG_S)
        except BaseException:
            self.stop()
            raise
        return Ended(code, self._log.read_text(encoding="utf-8", errors="replace"), self.seconds)


@dataclass(frozen=True)
class Undisturbed:
    """Folders as the stages leave them when nothing happens, and how long each took."""

    folder: Path
    code: Path
    seconds: Mapping[str, float]  # by name of the stage

    def start(self, stage: Stage, folder: Path, limit: Callable[[], None] | None = None) -> Command:
        """Starts the same code in another folder; `limit` is called in the new process."""
        return Command(stage, folder, self.code, limit)

    def copy(self, state: str, target: Path) -> None:
        """Puts a state of the folder into another one, which exists."""
        shutil.copytree(self.folder / state, target, dirs_exist_ok=True)


def run_undisturbed(folder: Path) -> Undisturbed:
    """Runs every stage once.

    Raises:
        RuntimeError: One of them fails all by itself.
    """
    (folder / "nothing").mkdir(parents=True)
    # A copy: reports name the commit, and for half an hour somebody may want to work on the original.
    code = folder / "code"
    for name in ("def_sim", "conf", "data"):
        shutil.copytree(ROOT / name, code / name)
    seconds: dict[str, float] = {}
    interview, _, report, verify, comparison = STAGES
    for stage in (interview, report, _SECOND_RUN, comparison, verify):
        target = folder / stage.after
        if stage.after != stage.before:
            shutil.copytree(folder / stage.before, target)
        ended = Command(stage, target, code).wait()
        if ended.code != 0:
            raise RuntimeError(f"{stage.name} ended with {ended.code} though left alone:\n{ended.output}")
        seconds[stage.name] = ended.seconds
    return Undisturbed(folder, code, seconds)


def journals(folder: Path) -> list[Path]:
    """All journals below a folder, in which files may come and go meanwhile."""
    paths = (Path(place, name) for place, _, names in os.walk(folder) for name in names)
    return sorted(path for path in paths if path.suffix == ".jsonl" and path.parent.name == "answers")


def whole_lines(folder: Path) -> list[bytes]:
    """The lines of all journals that end in a newline: answers that are stored."""
    return [
        line for path in journals(folder) for line in path.read_bytes().splitlines(True) if line[-1:] == b"\n"
    ]


def progress_of(folder: Path) -> int:
    """How far a stage is, in whole lines of journals and files: it grows with everything that is written."""
    num_files = sum(len(names) for _, _, names in os.walk(folder))
    return num_files + len(whole_lines(folder))


def num_pages(folder: Path) -> int:
    """Pages of memory that the files of a folder take up on a tmpfs."""
    page = os.sysconf("SC_PAGE_SIZE")
    return sum(-(-path.stat().st_size // page) for path in folder.rglob("*") if path.is_file())
