"""Arms: runs of one model, seed, panel size and set of items that differ in named settings.

Says which runs are arms of one comparison, how each is titled, and which is the baseline. Reads no files and
computes no score: `arm_scores.py` does.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from def_sim.errors import ConfigError
from def_sim.evaluation.compared_runs import MODIFICATIONS, SWITCHES, ComparedRun

# What all arms of one comparison share, besides model, seed and items.
_SHARED: Final = (
    "survey.name",
    "survey.population",
    "survey.short_of",
    "respondents",
    "scored_with.reference",
)
# Never said: they follow from languages, places and strategies, which are.
_FOLLOWING: Final = (
    *("survey.questions", "survey.country", "survey.persona_country_name", "prompts", "places"),
)
_PERSONA: Final = "survey.persona_country"
_HASH: Final = re.compile(r"[0-9a-f]{12,}")
_LANGUAGES: Final = {"en": "English", "zh": "Chinese"}
_NAMES: Final = {
    "strategy": "strategy",
    "protocol": "protocol",
    **MODIFICATIONS,
    "survey.language": "questions in",
    "survey.frame_language": "instruction in",
    "survey.wordings": "wording",
    _PERSONA: "citizens of",
    "scored_with.pool_wordings": "wordings averaged",
}


@dataclass(frozen=True)
class Arm:
    """One run of a comparison of arms, and what tells it from the others, in words."""

    title: str
    run: ComparedRun
    settings: Mapping[str, str]  # name -> value, of all named settings in which the arms differ

    def num_differing(self, other: "Arm") -> int:
        """In how many settings two arms differ."""
        return sum(value != other.settings[name] for name, value in self.settings.items())

    def in_words_beside(self, other: "Arm") -> str:
        """The settings in which two arms differ, this one's value first: "memory: off (on)"."""
        return "; ".join(
            f"{_NAMES.get(name, name)}: {_said(name, value)} ({_said(name, other.settings[name])})"
            for name, value in self.settings.items()
            if value != other.settings[name]
        )


@dataclass(frozen=True)
class ArmGroup:
    """Arms that are compared with one of them, sorted by title."""

    number: int
    arms: tuple[Arm, ...]
    baseline: Arm

    @property
    def title(self) -> str:
        """What the arms share."""
        run = self.baseline.run
        return f"{run.model_label}, survey {run.survey}, {run.country_in_words}, seed {run.seed}"


@dataclass(frozen=True)
class ComparedExperiment:
    """The question that a comparison answers, and the arms that it is answered by."""

    name: str
    question: str
    baselines: tuple[str, ...]  # folders
    missing: Mapping[str, str]  # arm -> why it is not there


def group_arms(
    runs: Sequence[ComparedRun], *, baseline: str | None = None, baselines: Collection[str] = ()
) -> tuple[list[ArmGroup], list[str]]:
    """Comparisons of at least two arms; the largest comes first.

    Args:
        runs: In any order; copies of one run count once.
        baseline: Title of an arm, or name of its folder; None, and for comparisons without such an arm, the
            one that most others differ from by exactly one setting (of several, the first by title).
        baselines: Folders; an arm that is one of them is the baseline of its comparison.

    Returns:
        The comparisons; and in words why others have none, since two of their arms would have one title, and
        which have another baseline than the one that was asked for.

    Raises:
        ConfigError: No arm is called as the baseline.
    """
    members: dict[tuple[object, ...], dict[str, ComparedRun]] = {}
    for run in sorted(runs, key=lambda run: (run.model, run.seed, run.run_hash, run.folder)):
        members.setdefault(_shared(run), {}).setdefault(run.run_hash, run)
    several = sorted((list(one.values()) for one in members.values() if len(one) > 1), key=_largest_first)
    titled, problems = [], []
    for one in several:
        try:
            titled.append(name_arms(one))
        except ConfigError as error:
            problems.append(f"{error.message} {error.fix}")
    _check_baseline(baseline, titled)
    problems += _without_baseline(baseline, baselines, titled)
    groups = [
        ArmGroup(number, arms, _named_baseline(arms, baselines) or choose_baseline(arms, baseline))
        for number, arms in enumerate(titled, start=1)
    ]
    return groups, problems


def _shared(run: ComparedRun) -> tuple[object, ...]:
    model = tuple(sorted(run.model_settings.items()))
    asks_all = run.settings.get("survey.wordings") == "all"  # of which an item's scores are several
    return (run.model, model, run.seed, run.items, asks_all, *(run.settings.get(name) for name in _SHARED))


def _largest_first(runs: Sequence[ComparedRun]) -> tuple[int, str, int]:
    return -len(runs), runs[0].model, runs[0].seed


def name_arms(runs: Sequence[ComparedRun]) -> tuple[Arm, ...]:
    """Arms with titles of all settings in which they differ, sorted by title.

    What a protocol or a strategy sets alike wherever it is used is said by its name alone. Hashes are never
    said: what they stand for follows from a language, a place list or a strategy that is.

    Raises:
        ConfigError: Two runs differ in nothing that has a name.
    """
    known = [_named(run) for run in runs]
    names = sorted({name for one in known for name in one})
    values = {name: [one.get(name, "none") for one in known] for name in names}
    varying = {name: found for name, found in values.items() if len(set(found)) > 1}
    said = {name: found for name, found in varying.items() if not _follows(name, varying)}
    titles = [
        ", ".join(_words(name, found[i], said) for name, found in said.items()) for i in range(len(runs))
    ]
    _check_titles(titles, runs)
    arms = (
        Arm(title, run, {name: found[i] for name, found in said.items()})
        for i, (title, run) in enumerate(zip(titles, runs, strict=True))
    )
    return tuple(sorted(arms, key=lambda arm: arm.title))


def _named(run: ComparedRun) -> dict[str, str]:
    """Settings with readable values; strategy and protocol by their names."""
    readable = {
        name: value
        for name, value in run.settings.items()
        if name not in ("strategy.target", *_SHARED, *_FOLLOWING) and not _HASH.fullmatch(value)
    }
    persona = {_PERSONA: run.population}  # whose citizens a run asks for that says nothing of it
    return {"protocol": run.protocol, "strategy": run.strategy, **persona, **readable}


def _follows(name: str, varying: Mapping[str, Sequence[str]]) -> bool:
    """Whether the name of a protocol or strategy in which the runs differ says this value as well."""
    leaders = [one for one in ("protocol", "strategy") if one in varying and one != name]
    if name in ("protocol", "strategy") or not leaders:
        return False
    leading = list(zip(*(varying[one] for one in leaders), strict=True))
    return len(set(zip(leading, varying[name], strict=True))) == len(set(leading))


def _words(name: str, value: str, said: Mapping[str, object]) -> str:
    """One setting as a reader says it: "memory off", "questions in Chinese", "temperature 0.7"."""
    last = name.rpartition(".")[2]
    is_alone = sum(other.rpartition(".")[2] == last for other in said) == 1
    words = _NAMES.get(name, last if is_alone else name.removeprefix("protocol.").replace(".", " "))
    return f"{words} {_said(name, value)}".replace("_", " ")


def _said(name: str, value: str) -> str:
    if name.endswith("language"):
        return _LANGUAGES.get(value, value)
    return "no country" if name == _PERSONA and value == "none" else SWITCHES.get(value, value)


def _check_titles(titles: Sequence[str], runs: Sequence[ComparedRun]) -> None:
    for title, run in zip(titles, runs, strict=True):
        first = runs[titles.index(title)]
        if run is not first:
            what = f"have the one title {title!r}" if title else "differ in no setting that has a name"
            raise ConfigError(
                f"Arms: {first.folder} and {run.folder} {what}; texts or data were changed between them.",
                fix="Leave one of the two out of runs=.",
            )


def choose_baseline(arms: Sequence[Arm], wanted: str | None = None) -> Arm:
    """The arm that is called so; else the one that most others differ from by exactly one setting.

    Of several that is the one from which all others together differ in the fewest settings.

    Args:
        arms: Sorted by title, which settles what is left of ties.
        wanted: Title of an arm, or name of its folder.
    """
    for arm in arms:
        if wanted is not None and wanted in _called(arm):
            return arm
    return max(arms, key=lambda arm: _centrality([arm.num_differing(other) for other in arms]))


def _named_baseline(arms: Sequence[Arm], folders: Collection[str]) -> Arm | None:
    return next((arm for arm in arms if arm.run.folder in folders), None)


def _centrality(differing: Sequence[int]) -> tuple[int, int]:
    return differing.count(1), -sum(differing)


def _called(arm: Arm) -> tuple[str, str, str]:
    return arm.title, arm.run.folder, PurePath(arm.run.folder).name


def _check_baseline(wanted: str | None, groups: Sequence[Sequence[Arm]]) -> None:
    arms = [arm for group in groups for arm in group]
    if wanted is None or any(wanted in _called(arm) for arm in arms):
        return
    known = "; ".join(sorted({arm.title for arm in arms})) or "none: no two runs are arms of one comparison"
    raise ConfigError(
        f"baseline={wanted}: no arm has this title or folder. Arms found: {known}.",
        fix="Give one of these titles in quotes, or the name of a run's folder.",
    )


def _without_baseline(
    wanted: str | None, folders: Collection[str], groups: Sequence[Sequence[Arm]]
) -> list[str]:
    """Comparisons none of whose arms is called so, each with the baseline that it has instead."""
    return [
        f"baseline={wanted}: no arm of {arms[0].run.model_label}, survey {arms[0].run.survey}, "
        f"{arms[0].run.country_in_words}, seed {arms[0].run.seed} is called so; they are compared with "
        f"{choose_baseline(arms).title!r}. Its arms: {'; '.join(arm.title for arm in arms)}."
        for arms in groups
        if wanted is not None
        and _named_baseline(arms, folders) is None
        and not any(wanted in _called(arm) for arm in arms)
    ]
