"""A plan from Python: what a run will ask, cost and need, before anything is loaded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Any

from def_sim.api.calls import as_command
from def_sim.api.command_words import words_of
from def_sim.app.plan_counts import Plan
from def_sim.app.run import prepare_run
from def_sim.app.stages import plan_of
from def_sim.reports.charts.svg import element
from def_sim.visible import visible


@dataclass(frozen=True)
class PlannedRun:
    """What a run will ask, cost and need.

    Attributes:
        counts: Respondents, questions, answers, calls, tokens; counts are exact, tokens estimates.
        lines: The same and more in words, as `def-sim stage=plan` prints it.
    """

    counts: Plan
    lines: tuple[str, ...]

    def __repr__(self) -> str:
        return "\n".join(self.lines)

    def _repr_html_(self) -> str:
        return str(element("pre", repr(self)))


def plan(
    model: str = "demo",
    survey: str = "us",
    respondents: int = 20,
    items: Sequence[str] | str | None = None,
    output: str | PathLike[str] = "outputs",
    settings: Mapping[str, Any] | None = None,
) -> PlannedRun:
    """Plans what `interview` with the same arguments would do. Loads no model, writes nothing.

    Raises:
        DefSimError: Whatever the command line would say, with what to do.
    """
    words = words_of(
        model=model, survey=survey, respondents=respondents, items=items, output=output, settings=settings
    )
    with as_command(words, progress=False) as config:
        counts, lines = plan_of(prepare_run(config))
    return PlannedRun(counts, tuple(visible(line) for line in lines))
