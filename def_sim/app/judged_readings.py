"""Which set of verdicts a report reads failed answers by, and the answers as that judge read them.

This is about answers that rules read: what a judge made of the rest is one more treatment of failed answers,
and enters no score. Texts that need a judge in the first place are `panel_readings`' business.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from def_sim.errors import ConfigError
from def_sim.judging.readings import read_by_verdicts
from def_sim.judging.verdict_journal import read_verdict_sets
from def_sim.judging.verdict_sets import VerdictSet
from def_sim.records import Answer
from def_sim.visible import visible

NO_VERDICTS: Final = "none"
_RUBRIC: Final = "unread"


@dataclass(frozen=True)
class JudgedReadings:
    """Answers as a judge read those that rules could not, and who that was, in words."""

    answers: list[Answer]
    words: str


def judged_readings(folder: Path, wanted: str | None, answers: Sequence[Answer]) -> JudgedReadings | None:
    """The readings by the set that is wanted; None without one.

    Args:
        folder: Of the run.
        wanted: Name of a set; "none"; None: the finished set of the rubric `unread`.
        answers: Of the run, as stored.

    Raises:
        ConfigError: There is no such set, or there are several to choose from.
    """
    if wanted == NO_VERDICTS:
        return None
    found = _chosen([one for one in read_verdict_sets(folder) if one.rubric == _RUBRIC], wanted, folder)
    if found is None:
        return None
    return JudgedReadings(read_by_verdicts(answers, found.verdicts), _words(found))


def _chosen(sets: Sequence[VerdictSet], wanted: str | None, folder: Path) -> VerdictSet | None:
    names = ", ".join(one.name for one in sets)
    if wanted is not None:
        named = [one for one in sets if one.name == wanted]
        if not named:
            raise ConfigError(
                f"verdicts={wanted}: {folder} has no such set of the rubric {_RUBRIC}; "
                f"it has {names or 'none'}.",
                fix=f"Name one of these, or give verdicts={NO_VERDICTS}.",
            )
        return named[0]
    finished = [one for one in sets if one.is_finished]
    if len(finished) > 1:
        raise ConfigError(
            f"{folder} has several sets of verdicts on unread answers: {names}.",
            fix=f"Name one of them, `verdicts=...`, or give verdicts={NO_VERDICTS}.",
        )
    return finished[0] if finished else None


def _words(found: VerdictSet) -> str:
    share = len(found.verdicts) / found.num_planned if found.num_planned else 1.0
    return f"{judge_label(found)} (set {found.name}, {share:.0%} of its verdicts there)"


def judge_label(found: VerdictSet) -> str:
    """What a judge is called; a set may come from anywhere, so it is bounded and harmless."""
    return visible(str(found.judge.get("label", "")))[:100]
