"""The commands that the soak interrupts, and the same commands left alone: what must come out.

A small survey with the demo respondent, and one with a strategy of several calls and a judge, whose model is
a server of the soak's own. Each stage begins in a folder as an earlier stage leaves it, so folders are kept
after each of them, and copied. Knows no faults.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from soak_server import Respondent

ROOT: Final = Path(__file__).parents[1]
HANG_S: Final = 900.0  # no command of the soak takes a tenth of it; what does not end is ended
_TRAP: Final = "soak_trap.py"
# One choice, several choices, a scale; 3 x 4 answers.
WORDS: Final = (
    "survey=us_short",
    "respondents=3",
    "items=[gss2022.happy,wvs7.Q18_26,wvs7.Q27,pew_atp.FUD9A_W17]",
    "scoring.draws=20",
)
_IN_SHARDS: Final = (*WORDS, "num_shards=2")
_SERVER: Final = (
    *("model=server", "model.engine.base_url=SERVER", "model.engine.probes=false", "max_in_flight=2"),
)
_CALLS: Final = (*_SERVER, "model.engine.model_name=respondent", "strategy=ccsv_lite", "stage=interview")
_JUDGE: Final = (
    *(*_SERVER, "model.engine.model_name=judge"),
    *("stage=judge", "rubric=insensitivity", "runs=outputs/**"),
)
_IMPORT: Final = ("stage=import", "importer=globalopinionqa", "source=opinions.csv", "home=home")
# What holds seconds or dates: the answers in them are compared as answers, and by stage=verify.
OF_THE_MOMENT: Final = ("manifest.json", "complete.json", "answers.parquet", "shard-*.parquet")

# Invented questions in the columns of GlobalOpinionQA.
_CURRENT: Final = "(Current national sample)"
_COUNTRIES: Final = ("United States", "Japan", f"China {_CURRENT}", f"India {_CURRENT}")
_TRADE: Final = f"defaultdict(<class 'list'>, { {name: [0.7, 0.3] for name in _COUNTRIES} })"
_PARKS: Final = f"defaultdict(<class 'list'>, { {name: [0.5, 0.3, 0.2] for name in _COUNTRIES} })"
_OPINIONS: Final = f"""\
question,selections,options,source
"Is trade a good thing, or a bad one?","{_TRADE}","['A good thing', 'A bad thing']",GAS
Are there enough parks?,"{_PARKS}","['Yes, enough', 'No, too few', 'DK/Refused']",GAS
"""


@dataclass(frozen=True)
class Stage:
    """A command, the folder that it begins in, and the one that it leaves.

    Attributes:
        has_lines: Whether it adds lines to a journal.
        has_files: Whether it writes any file.
    """

    name: str
    words: tuple[str, ...]
    before: str
    after: str
    has_lines: bool = True
    has_files: bool = True


STAGES: Final = (
    Stage("interview", (*WORDS, "stage=interview"), "nothing", "answers"),
    Stage("report", (*WORDS, "stage=report"), "answers", "report", has_lines=False),
    Stage("calls", (*WORDS, *_CALLS), "nothing", "called"),
    Stage("all", WORDS, "nothing", "report"),
    Stage("judge", _JUDGE, "called", "judged"),
    Stage("first shard", (*_IN_SHARDS, "shard=0"), "nothing", "shard"),
    Stage("import", _IMPORT, "source", "home", has_lines=False),
    Stage("last shard", (*_IN_SHARDS, "shard=1"), "shard", "shards"),
    Stage("verify", (*WORDS, "stage=verify"), "report", "report", has_lines=False, has_files=False),
    Stage("parts", (*_IN_SHARDS, "shard=1", "scoring.stream_above=6"), "shard", "parts"),
    Stage("comparison", ("stage=report", "runs=outputs/**"), "two", "comparison", has_lines=False),
)
_SECOND_RUN: Final = Stage("second run", (*WORDS, "seed=2"), "report", "two")


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int  # minus the signal that ended it
    output: str  # of both streams
    seconds: float


class Command:
    """A running `def-sim` in a folder; its words go to a file outside of that folder.

    Args:
        words: Of the command.
        folder: Where it runs.
        code: Folder of the code that runs.
        limit: Called in the new process.
        trap: What `soak_trap.py` takes; None: the plain command line.
    """

    def __init__(
        self,
        words: Iterable[str],
        folder: Path,
        code: Path,
        limit: Callable[[], None] | None = None,
        trap: Mapping[str, Any] | None = None,
    ) -> None:
        self._log = folder.with_suffix(".log")
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUTF8": "1", "PYTHONPATH": str(code)}
        begin = ["-m", "def_sim"] if trap is None else [str(code / _TRAP), json.dumps(trap)]
        self._begin = time.monotonic()
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, *begin, *words],
                cwd=folder,
                env={**environment, "OPENAI_API_KEY": "none"},
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
class Course:
    """A stage when nothing happens.

    Attributes:
        seconds: That it takes.
        num_lines: Lines that it adds to journals.
        num_asked: Requests that it makes of the server.
        operations: What it does with which kind of file, as `soak_trap.py` says it, in order.
    """

    seconds: float
    num_lines: int
    num_asked: int
    operations: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Undisturbed:
    """Folders as the stages leave them when nothing happens, and how each of them goes then."""

    folder: Path
    code: Path
    server: Respondent
    courses: dict[str, Course] = field(default_factory=dict)  # by name of the stage

    def start(
        self,
        stage: Stage,
        folder: Path,
        *,
        limit: Callable[[], None] | None = None,
        trap: Mapping[str, Any] | None = None,
    ) -> Command:
        """Starts the same code in another folder."""
        words = [word.replace("SERVER", self.server.address) for word in stage.words]
        return Command(words, folder, self.code, limit, trap)

    def copy(self, state: str, target: Path) -> None:
        """Puts a state of the folder into another one, which exists."""
        shutil.copytree(self.folder / state, target, dirs_exist_ok=True)

    def run(self, stage: Stage) -> None:
        """Runs a stage, and before it those that it begins with.

        Raises:
            RuntimeError: One of them fails all by itself.
        """
        for earlier in (*STAGES, _SECOND_RUN):
            if earlier.after == stage.before and not (self.folder / stage.before).exists():
                self.run(earlier)
                break
        trial, log = Path(tempfile.mkdtemp(dir=self.folder)), self.folder / f"{stage.name}.operations"
        log.touch()  # a stage that writes nothing notes nothing
        self.copy(stage.before, trial)
        num_lines, num_asked = len(whole_lines(trial)), self.server.num_asked
        ended = self.start(stage, trial, trap={"log": str(log)}).wait()
        if ended.code != 0:
            raise RuntimeError(f"{stage.name} ended with {ended.code} though left alone:\n{ended.output}")
        noted = log.read_text().splitlines()
        self.courses[stage.name] = Course(
            ended.seconds,
            len(whole_lines(trial)) - num_lines,
            self.server.num_asked - num_asked,
            tuple((event, kind) for event, kind in map(json.loads, noted)),
        )
        if (self.folder / stage.after).exists():
            shutil.rmtree(trial)
        else:
            trial.rename(self.folder / stage.after)


def run_undisturbed(folder: Path, server: Respondent, stages: Iterable[Stage] = STAGES) -> Undisturbed:
    """Runs every stage once.

    Raises:
        RuntimeError: One of them fails all by itself.
    """
    for name in ("nothing", "source"):
        (folder / name).mkdir(parents=True)
    (folder / "source" / "opinions.csv").write_text(_OPINIONS, encoding="utf-8")
    (folder / "source" / "home").mkdir()
    # A copy: reports name the commit, and for half an hour somebody may want to work on the original.
    code = folder / "code"
    for name in ("def_sim", "conf", "data"):
        shutil.copytree(ROOT / name, code / name)
    shutil.copy(Path(__file__).parent / _TRAP, code)
    undisturbed = Undisturbed(folder, code, server)
    for stage in stages:
        if stage.name not in undisturbed.courses:
            undisturbed.run(stage)
    return undisturbed


def journals(folder: Path) -> list[Path]:
    """All journals below a folder, in which files may come and go meanwhile."""
    paths = (Path(place, name) for place, _, names in os.walk(folder) for name in names)
    of_runs = (path for path in paths if {path.parent.name, path.parents[1].name} & {"answers", "verdicts"})
    return sorted(path for path in of_runs if path.suffix == ".jsonl")


def whole_lines(folder: Path) -> list[bytes]:
    """The lines of all journals that end in a newline: answers, calls and verdicts that are stored."""
    return [
        line for path in journals(folder) for line in path.read_bytes().splitlines(True) if line[-1:] == b"\n"
    ]


def num_pages(folder: Path) -> int:
    """Pages of memory that the files of a folder take up on a tmpfs."""
    page = os.sysconf("SC_PAGE_SIZE")
    return sum(-(-path.stat().st_size // page) for path in folder.rglob("*") if path.is_file())
