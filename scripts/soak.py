"""Interrupts runs of the demo respondent at random moments, and looks whether anything is lost by it.

    python scripts/soak.py --kills 200 --seed 1
    python scripts/soak.py --seed 1 --only 17     # one step again
    python scripts/soak.py --fuzz 600 --seed 1    # random input for all that reads; see fuzz_targets.py

A step takes a stage (interview, all, report, verify, comparison), interrupts it one to three times by
SIGKILL, SIGTERM or a full disk, runs it once more without, and compares: the same answers as in an
undisturbed run, the same bytes in every file without a date, no question asked twice, no file left over,
no traceback. A step is fixed by seed and number; where exactly a moment falls is not, as processes differ.
Full disks are mounted where that is allowed (Linux, root); elsewhere files are limited in size. 200 kills
take half an hour. Ends with 1 if something was lost, and keeps the folders of those steps.
"""

import argparse
import random
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Final

import fuzz_targets
from soak_faults import LATEST, Fault, Interruption, Measure, interrupt, new_disk
from soak_outcome import Outcome, Tally
from soak_stages import STAGES, Stage, Undisturbed, run_undisturbed, whole_lines

_MOST_INTERRUPTIONS: Final = 3  # of one step
_FAULTS: Final = tuple(Fault)


@dataclass(frozen=True)
class Step:
    """A stage and what happens to it."""

    number: int
    stage: Stage
    interruptions: tuple[Interruption, ...]


def draw_step(seed: int, number: int) -> Step:
    """The step of that number; any 15 in a row have each stage with each fault first."""
    rng = random.Random(f"{seed}-{number}")
    stage = STAGES[number % len(STAGES)]
    first = _FAULTS[number % len(_FAULTS)]
    others = rng.choices(_FAULTS, k=rng.randrange(_MOST_INTERRUPTIONS))
    # stage=verify writes nothing, so its progress cannot be seen.
    measures = [Measure.SECONDS] if stage.before == stage.after else list(Measure)
    return Step(
        number,
        stage,
        tuple(
            Interruption(fault, rng.choice(measures), rng.uniform(0, LATEST)) for fault in (first, *others)
        ),
    )


def steps_of(seed: int, num_kills: int) -> Iterator[Step]:
    """Steps with so many interruptions in all."""
    number, left = 0, num_kills
    while left > 0:
        step = draw_step(seed, number)
        yield Step(number, step.stage, step.interruptions[:left])
        number, left = number + 1, left - len(step.interruptions)


def run_step(step: Step, undisturbed: Undisturbed, folder: Path) -> Outcome:
    """Runs a stage through its interruptions to its end; a copy of its folder stays if there is a problem."""
    outcome = Outcome()
    with new_disk(folder / f"step-{step.number}") as disk:
        undisturbed.copy(step.stage.before, disk.folder)
        stored = []
        for what in step.interruptions:
            outcome.add_interruption(what, interrupt(what, step.stage, disk, undisturbed))
            stored.append((what.fault, whole_lines(disk.folder)))
        last = step.interruptions[-1].fault
        outcome.add_end(last, undisturbed.start(step.stage, disk.folder).wait())
        for fault, lines in stored:
            outcome.add_stored(fault, lines, disk.folder)
        outcome.add_folder(last, disk.folder, undisturbed.folder / step.stage.after)
        if outcome.problems:
            shutil.copytree(disk.folder, folder / f"failed-{step.number}")
    return outcome


def print_table(tallies: dict[Fault, Tally]) -> None:
    """One row a fault."""
    heads = ["fault", *(one.name.replace("_", " ") for one in fields(Tally))]
    print("  ".join(heads))
    for fault, tally in tallies.items():
        cells = zip(heads, (fault.value, *map(str, astuple(tally))), strict=True)
        print("  ".join(f"{cell:<{len(head)}}" for head, cell in cells))


def soak(steps: list[Step], seed: int, folder: Path) -> bool:
    """Runs steps, prints how far it is and a table at the end; whether nothing was lost."""
    print(
        f"undisturbed first; then {sum(len(step.interruptions) for step in steps)} interruptions", flush=True
    )
    undisturbed = run_undisturbed(folder / "undisturbed")
    totals = {fault: Tally() for fault in Fault}
    failed, num_done = 0, 0
    for step in steps:
        outcome = run_step(step, undisturbed, folder)
        for fault, tally in outcome.tallies.items():
            sums = map(sum, zip(astuple(totals[fault]), astuple(tally), strict=True))
            totals[fault] = Tally(*sums)
        if outcome.problems:
            failed += 1
            what = "; ".join(map(str, step.interruptions))
            print(f"step {step.number}, {step.stage.name}: {what}", *outcome.problems, sep="\n  ")
            print(f"  again: python scripts/soak.py --seed {seed} --only {step.number}", flush=True)
        before, num_done = num_done, num_done + len(step.interruptions)
        if num_done // 10 > before // 10:
            print(f"{num_done} interruptions, {failed} steps with a problem", flush=True)
    print_table(totals)
    return failed == 0


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--kills", type=int, default=200, help="interruptions in all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, metavar="STEP", help="this step alone")
    parser.add_argument("--fuzz", type=float, metavar="SECONDS", help="random input instead of interruptions")
    chosen = parser.parse_args()
    if chosen.fuzz is not None:
        return 0 if fuzz_targets.fuzz(chosen.fuzz, chosen.seed) else 1
    steps = list(steps_of(chosen.seed, chosen.kills))
    if chosen.only is not None:
        steps = [draw_step(chosen.seed, chosen.only)]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the disk is given back then, too
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    if is_whole := soak(steps, chosen.seed, folder):
        shutil.rmtree(folder)
    else:
        print(f"kept: {folder}")
    return 0 if is_whole else 1


if __name__ == "__main__":
    sys.exit(main())
