"""Interrupts commands at random moments, and looks whether anything is lost by it.

    python scripts/soak.py --kills 500 --seed 1
    python scripts/soak.py --kills 30 --faults SIGTERM "full disk"
    python scripts/soak.py --seed 1 --only 17     # one step again
    python scripts/soak.py --fuzz 600 --seed 1    # random input for all that reads; see fuzz_targets.py

A step takes a command (interviews in one process, in shards, of several calls with a server; a judge, an
import, a report, a verification, a comparison), interrupts it one to three times, by SIGKILL unless others
are named, runs it once more without, and compares: the same answers, calls and verdicts as in an undisturbed
run, the same bytes in every file without a date, nothing asked again whose line was on the disk, no file left
over, no traceback. Moments are lines of journals, operations on files (directly before or after each kind of
them) and seconds. A step is fixed by seed, faults and number; where exactly a moment of seconds or lines
falls is not, as processes differ. Full disks are mounted where that is allowed (Linux, root); elsewhere files
are limited in size. Ends with 1 if something was lost, and keeps the folders of those steps.
"""

import argparse
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Final

import fuzz_targets
from soak_faults import LATEST, Fault, Interruption, Measure, interrupt, new_disk
from soak_outcome import Outcome, Tally, num_replies
from soak_server import serving
from soak_stages import STAGES, Stage, Undisturbed, run_undisturbed, whole_lines

_MOST_INTERRUPTIONS: Final = 3  # of one step
_STAGES: Final = {stage.name: stage for stage in STAGES}


@dataclass(frozen=True)
class Step:
    """A stage and what happens to it."""

    number: int
    stage: Stage
    interruptions: tuple[Interruption, ...]


@dataclass(frozen=True)
class Draw:
    """What steps are drawn from."""

    seed: int
    faults: tuple[Fault, ...] = (Fault.KILL,)
    stages: tuple[Stage, ...] = STAGES

    def step(self, number: int) -> Step:
        """The step of that number; as many in a row as there are pairs have each pair of stage and fault."""
        rng = random.Random(f"{self.seed}-{number}")
        stage = self.stages[number % len(self.stages)]
        first = self.faults[number // len(self.stages) % len(self.faults)]
        others = rng.choices(self.faults, k=rng.randrange(_MOST_INTERRUPTIONS))
        faults = [first, *others]
        return Step(
            number,
            stage,
            tuple(
                Interruption(fault, rng.choice(_measures_of(stage)), rng.uniform(0, LATEST))
                for fault in faults
            ),
        )

    def steps(self, num_interruptions: int, first: int = 0) -> Iterator[Step]:
        """Steps from a number on, with so many interruptions in all."""
        number, left = first, num_interruptions
        while left > 0:
            step = self.step(number)
            yield Step(number, step.stage, step.interruptions[:left])
            number, left = number + 1, left - len(step.interruptions)


def _measures_of(stage: Stage) -> list[Measure]:
    """What a moment of a stage can be a share of."""
    lines = [Measure.LINES] if stage.has_lines else []
    return [Measure.SECONDS, *lines, *([Measure.FILES] if stage.has_files else [])]


def run_step(step: Step, undisturbed: Undisturbed, folder: Path) -> Outcome:
    """Runs a stage through its interruptions to its end; a copy of its folder stays if there is a problem."""
    outcome = Outcome()
    with new_disk(folder / f"step-{step.number}") as disk:
        undisturbed.copy(step.stage.before, disk.folder)
        stored = []
        last = step.interruptions[0].fault
        for what in step.interruptions:
            with _counting(outcome, last, step.stage, disk.folder, undisturbed):
                ended = interrupt(what, step.stage, disk, undisturbed)
            last = what.fault
            outcome.add_interruption(what, ended)
            stored.append((last, whole_lines(disk.folder)))
        with _counting(outcome, last, step.stage, disk.folder, undisturbed):
            outcome.add_end(last, undisturbed.start(step.stage, disk.folder).wait())
        for fault, lines in stored:
            outcome.add_stored(fault, lines, disk.folder)
        outcome.add_folder(last, disk.folder, undisturbed.folder / step.stage.after)
        if outcome.problems:
            shutil.copytree(disk.folder, folder / f"failed-{step.number}")
    return outcome


@contextmanager
def _counting(
    outcome: Outcome, fault: Fault, stage: Stage, folder: Path, undisturbed: Undisturbed
) -> Iterator[None]:
    """Holds what the server is asked meanwhile against the replies that are on the disk."""
    num_stored = num_replies(folder) - num_replies(undisturbed.folder / stage.before)
    num_missing = undisturbed.courses[stage.name].num_asked - num_stored
    num_before = undisturbed.server.num_asked
    yield
    outcome.add_asked(fault, undisturbed.server.num_asked - num_before, max(num_missing, 0))


def print_table(tallies: dict[Fault, Tally]) -> None:
    """One row a fault."""
    heads = ["fault", *(one.name.replace("_", " ") for one in fields(Tally))]
    print("  ".join(heads))
    for fault, tally in tallies.items():
        cells = zip(heads, (fault.value, *map(str, astuple(tally))), strict=True)
        print("  ".join(f"{cell:<{len(head)}}" for head, cell in cells))


def soak(
    steps: list[Step], words: str, undisturbed: Undisturbed, folder: Path, *, most_s: float = float("inf")
) -> bool:
    """Runs steps, prints how far it is and a table at the end; whether nothing was lost.

    Args:
        steps: To run.
        words: Of the command line that draws them again.
        undisturbed: The stages left alone.
        folder: For the steps.
        most_s: Seconds after which no step begins.
    """
    end = time.monotonic() + most_s
    totals = {fault: Tally() for fault in Fault}
    failed, num_done = 0, 0
    for step in steps:
        if time.monotonic() > end:
            print(f"out of time before step {step.number}")
            break
        outcome = run_step(step, undisturbed, folder)
        for fault, tally in outcome.tallies.items():
            sums = map(sum, zip(astuple(totals[fault]), astuple(tally), strict=True))
            totals[fault] = Tally(*sums)
        if outcome.problems:
            failed += 1
            what = "; ".join(map(str, step.interruptions))
            print(f"step {step.number}, {step.stage.name}: {what}", *outcome.problems, sep="\n  ")
            print(f"  again: python scripts/soak.py {words} --only {step.number}", flush=True)
        before, num_done = num_done, num_done + len(step.interruptions)
        if num_done // 10 > before // 10:
            print(f"{num_done} interruptions to step {step.number}, {failed} failed steps", flush=True)
    print_table(totals)
    return failed == 0


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--kills", type=int, default=200, help="interruptions in all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", nargs="+", type=Fault, default=[Fault.KILL], metavar="FAULT")
    parser.add_argument("--stages", nargs="+", choices=list(_STAGES), default=list(_STAGES), metavar="STAGE")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no step after so many")
    parser.add_argument("--first", type=int, default=0, metavar="STEP", help="go on from there")
    parser.add_argument("--only", type=int, metavar="STEP", help="this step alone")
    parser.add_argument("--fuzz", type=float, metavar="SECONDS", help="random input instead of interruptions")
    chosen = parser.parse_args()
    if chosen.fuzz is not None:
        return 0 if fuzz_targets.fuzz(chosen.fuzz, chosen.seed) else 1
    draw = Draw(chosen.seed, tuple(chosen.faults), tuple(_STAGES[name] for name in chosen.stages))
    steps = list(draw.steps(chosen.kills, chosen.first)) if chosen.only is None else [draw.step(chosen.only)]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the disk is given back then, too
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    num = sum(len(step.interruptions) for step in steps)
    print(f"undisturbed first; then {num} interruptions in {len(steps)} steps", flush=True)
    with serving() as server:
        needed = {step.stage.name: step.stage for step in steps}.values()
        undisturbed = run_undisturbed(folder / "undisturbed", server, needed)
        most_s = 60 * chosen.minutes
        is_whole = soak(steps, _words_of(chosen), undisturbed, folder, most_s=most_s)
    if is_whole:
        shutil.rmtree(folder)
    else:
        print(f"kept: {folder}")
    return 0 if is_whole else 1


def _words_of(chosen: argparse.Namespace) -> str:
    """What draws the same steps again."""
    given = [f"--seed {chosen.seed}"]
    if chosen.faults != [Fault.KILL]:
        given.append("--faults " + " ".join(f'"{fault}"' for fault in chosen.faults))
    if chosen.stages != list(_STAGES):
        given.append("--stages " + " ".join(f'"{name}"' for name in chosen.stages))
    return " ".join(given)


if __name__ == "__main__":
    sys.exit(main())
