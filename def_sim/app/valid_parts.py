"""Whether a shard of a large run has ended: its part and its counts were made from what is stored today.

Light: no answer is read.
"""

from pathlib import Path

from def_sim.answers.storage.calls import call_journals_of
from def_sim.answers.storage.disk import disk_errors
from def_sim.answers.storage.division import Division
from def_sim.answers.storage.fingerprints import is_as_it_was
from def_sim.answers.storage.parts import part_path
from def_sim.answers.storage.shards import answers_folder, journals_of
from def_sim.app.part_counts import counts_path, read_made_from
from def_sim.app.run import Run
from def_sim.errors import VerificationError


def is_valid(run: Run, folder: Path, division: Division) -> bool:
    """Whether a shard's part and counts are there and were made from what is stored today, by all sizes.

    `has_same_journals` looks closer, and reads journals for that.
    """
    try:
        made_from = read_made_from(counts_path(folder, division))
        part_bytes = part_path(folder, division).stat().st_size
    except (VerificationError, OSError):
        return False
    return (
        made_from.seed == run.config.seed
        and made_from.num_respondents == len(run.panel)
        and {name: read.bytes for name, read in made_from.journals.items()}
        == {path.name: path.stat().st_size for path in journals_of_shard(folder, division)}
        and made_from.part_bytes == part_bytes
    )


def has_same_journals(folder: Path, division: Division) -> bool:
    """Whether the journals of a valid shard are those that its part was made from, not of their size alone.

    A report vouches for journals, and looks at their answers only where no part stands for them.
    """
    path = counts_path(folder, division)
    read = read_made_from(path).journals
    with disk_errors(answers_folder(folder)):
        written_ns = path.stat().st_mtime_ns
        return all(
            is_as_it_was(answers_folder(folder) / name, journal.model_dump(), written_ns)
            for name, journal in read.items()
        )


def journals_of_shard(folder: Path, division: Division) -> list[Path]:
    """Journals that can hold answers or calls of a shard's respondents."""
    return [path for path in (*journals_of(folder), *call_journals_of(folder)) if division.may_be_in(path)]


def num_counted(run: Run, folder: Path) -> int:
    """Answers of those shards of this division that have ended, as their counts say."""
    num_shards = run.config.num_shards
    return sum(num_of_ended(run, folder, Division(shard, num_shards)) or 0 for shard in range(num_shards))


def num_of_ended(run: Run, folder: Path, division: Division) -> int | None:
    """Answers of a shard as its counts say; None where it has not ended, or its journals have grown since."""
    if not is_valid(run, folder, division):
        return None
    return read_made_from(counts_path(folder, division)).num_answers
