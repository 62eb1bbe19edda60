"""The verdicts on a run, read: one folder a set below `verdicts/` of the run.

A set's folder holds `judge.json`, which says who judged by what, and a journal of verdicts. Both are data of
unknown origin: nothing that they name is imported or looked up. Reads only, and needs no lease.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from def_sim.answers.storage.answer_lines import is_intact, is_torn
from def_sim.answers.storage.disk import disk_errors
from def_sim.answers.storage.journal import LONGEST_LINE
from def_sim.answers.storage.manifest import run_hash
from def_sim.answers.storage.sealed_json import read_sealed, write_sealed
from def_sim.errors import StoreError
from def_sim.judging.rubric import Rubric
from def_sim.judging.verdict_lines import StoredVerdict, VerdictKey, decode_verdict
from def_sim.judging.verdict_sets import VerdictSet

SHARD: Final = "shard-00-of-01"  # a judge is one process
_JUDGE: Final = "judge.json"


class JudgeFile(BaseModel):
    """What `judge.json` says of a set.

    Attributes:
        defines: What makes it this set and no other: hash of the rubric, judge, decoding, format.
        rubric: All of it, so that requests can be rebuilt.
        judge: What the judge says of itself, with `label`, `family`, `is_self` and `is_demonstration`.
        format: How it replied.
        seed: Of its token noise and of the sample.
        sample: Answers that were drawn; None: all.
        num_repeats: How often each question was asked.
        num_planned: Verdicts that the finished set has.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    defines: dict[str, Any]
    rubric: dict[str, Any]
    judge: dict[str, Any]
    format: Literal["json", "code"] = Field(alias="reply_format")  # `format` is that of the file
    seed: int = Field(ge=0)
    sample: int | None = Field(ge=1)
    num_repeats: int = Field(ge=1)
    num_planned: int = Field(ge=0)


class Placed(NamedTuple):
    """A stored verdict and where it stands."""

    stored: StoredVerdict
    path: Path
    number: int  # of the line, from 1

    @property
    def place(self) -> str:
        """File and line, for messages."""
        return f"{self.path}, line {self.number}"


def verdicts_folder(folder: Path) -> Path:
    """Where the sets of verdicts on a run lie."""
    return folder / "verdicts"


def set_name(rubric: str, defines: Mapping[str, Any]) -> str:
    """The name of a set: another rubric text, judge, decoding or format, another set."""
    return f"{rubric}-{run_hash(defines)}"


def set_folders(folder: Path) -> list[Path]:
    """The folders of the sets of a run that say who judged, by name."""
    return sorted(path.parent for path in verdicts_folder(folder).glob(f"*/{_JUDGE}"))


def journal_of(of_set: Path) -> Path:
    """Where the verdicts of a set lie."""
    return of_set / f"{SHARD}.jsonl"


def judge_path(of_set: Path) -> Path:
    """Where it stands who judged."""
    return of_set / _JUDGE


def how_to_mend(of_set: Path) -> str:
    """The way out of a set that is damaged or does not fit its run."""
    return f"Restore the file from a copy, or delete {of_set} and judge again: its verdicts are asked anew."


def write_judge(of_set: Path, content: Mapping[str, Any]) -> None:
    """Writes `judge.json`, whole or not at all, unless it says just that already.

    Raises:
        StoreError: The disk is full or not writable.
    """
    path = judge_path(of_set)
    if path.is_file():
        stored = read_sealed(path, fix=how_to_mend(of_set))
        if {key: value for key, value in stored.items() if key not in ("checksum", "format")} == content:
            return
    write_sealed(path, content)


def read_judge(of_set: Path) -> JudgeFile:
    """Who judged by what.

    Raises:
        StoreError: `judge.json` is missing, damaged, or of another set.
    """
    path = judge_path(of_set)
    content = read_sealed(path, fix=how_to_mend(of_set))
    try:
        judge = JudgeFile.model_validate(content)
        rubric = Rubric.model_validate(judge.rubric)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise StoreError(f"{path}, {name}: {first['msg']}.", fix=how_to_mend(of_set)) from None
    is_same = judge.defines.get("rubric") == rubric.content_hash
    if not is_same or set_name(rubric.name, judge.defines) != of_set.name:
        raise StoreError(f"{path} belongs to another set than {of_set.name}.", fix=how_to_mend(of_set))
    return judge


def rubric_of(judge: JudgeFile) -> Rubric:
    """The rubric that a set was judged by, as it was then."""
    return Rubric.model_validate(judge.rubric)


def read_placed(of_set: Path) -> dict[VerdictKey, Placed]:
    """The verdicts of a set, each once; an open one gives way to what came after it.

    A torn last line is passed over, as its writer may be in the middle of it.

    Raises:
        StoreError: A line is damaged, of another version, or repeats a verdict; with file and line.
    """
    path = journal_of(of_set)
    found: dict[VerdictKey, Placed] = {}
    if not path.is_file():
        return found
    with disk_errors(path):
        for placed in _lines(path):
            before = found.get(placed.stored.key)
            if before is not None and not _goes_on(before.stored, placed.stored):
                raise StoreError(
                    f"{placed.place}: the verdict stands in line {before.number} already.",
                    fix=how_to_mend(of_set),
                )
            found[placed.stored.key] = placed
    return found


def _goes_on(before: StoredVerdict, after: StoredVerdict) -> bool:
    """Whether a line tells more of a conversation that another one left open."""
    num = len(before.completions)
    return before.is_open and num < len(after.completions) and after.completions[:num] == before.completions


def _lines(path: Path) -> Iterator[Placed]:
    with path.open("rb") as file:
        for number, raw in enumerate(iter(partial(file.readline, LONGEST_LINE), b""), 1):
            if is_torn(raw) and len(raw) < LONGEST_LINE:
                return  # only the last line has no newline
            line = raw.removesuffix(b"\n")
            where, fix = f"{path}, line {number}", how_to_mend(path.parent)
            if not is_intact(line):
                raise StoreError(
                    f"{where}: the line is damaged (its checksum does not fit).",
                    fix=fix,
                )
            try:
                yield Placed(decode_verdict(line), path, number)
            except (KeyError, TypeError, ValueError) as error:
                raise StoreError(
                    f"{where}: intact, but not a verdict as this version writes it ({error}).", fix=fix
                ) from None


def read_set(of_set: Path) -> VerdictSet:
    """One set of verdicts, finished or not.

    Raises:
        StoreError: A file of it is damaged.
    """
    judge = read_judge(of_set)
    verdicts = [placed.stored.verdict for placed in _finished(read_placed(of_set))]
    return VerdictSet(
        name=of_set.name,
        rubric=rubric_of(judge).name,
        judge=judge.judge,
        format=judge.format,
        num_planned=judge.num_planned,
        verdicts=tuple(verdicts),
    )


def read_verdict_sets(folder: Path) -> tuple[VerdictSet, ...]:
    """All sets of verdicts on a run, by name.

    Args:
        folder: Of the run.

    Raises:
        StoreError: A file of one is damaged; with file and line.
    """
    return tuple(read_set(of_set) for of_set in set_folders(folder))


def files_of_finished(folder: Path) -> list[Path]:
    """The files of all finished sets of a run that its completion mark is to hold."""
    finished = [of_set for of_set in set_folders(folder) if read_set(of_set).is_finished]
    return [path for of_set in finished for path in (judge_path(of_set), journal_of(of_set))]


def _finished(placed: Mapping[VerdictKey, Placed]) -> Sequence[Placed]:
    """Without open ones; in the order of respondent, item, wording, question, repeat."""
    return [placed[key] for key in sorted(placed) if not placed[key].stored.is_open]
