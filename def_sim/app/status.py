"""`stage=status`: how far runs are, once or until all is done."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from rich.live import Live
from rich.text import Text

from def_sim.app.found_runs import find_runs
from def_sim.app.run_status import RunStatus, State, is_run, look_at
from def_sim.app.schema import RunConfig
from def_sim.app.terminal import console, draws, say, visible_streams
from def_sim.engines.shared.secrets import redacted
from def_sim.visible import visible

_HEADINGS: Final = (
    *("run", "shards", *(state.value for state in State)),
    *("answers", "%", "answers/h", "left", "unread", "dollars", "last sign"),
)
_UNKNOWN: Final = "–"


def status(config: RunConfig) -> int:
    """Says how far runs are. Loads nothing and changes nothing.

    Raises:
        ConfigError: There are no runs.
        StoreError: No manifest can be read; where some can, the others are rows of the table.
    """
    patterns = config.runs or [config.run_folder or f"{config.output}/**"]
    is_drawn = config.watch is not None and config.format == "text" and draws(console())
    if config.watch is not None and is_drawn:
        _draw(patterns, config.watch)
        return 0
    while True:
        runs = _looked_at(patterns)
        for line in [json_line(runs)] if config.format == "json" else text_lines(runs):
            say(line)
        if config.watch is None or _all_done(runs):
            return 0
        time.sleep(config.watch)


def _looked_at(patterns: Sequence[str]) -> list[RunStatus]:
    """Each time anew: runs may have been begun meanwhile."""
    return look_at(find_runs([str(Path(pattern).expanduser()) for pattern in patterns], is_run))


def _all_done(runs: Sequence[RunStatus]) -> bool:
    return all((run.is_done and not run.is_reporting) or run.damage for run in runs)


def _draw(patterns: Sequence[str], every_s: float) -> None:
    """The table in its place on a terminal, until all is done."""
    with Live(console=console(), auto_refresh=False) as live, visible_streams():
        while True:
            runs = _looked_at(patterns)
            lines = [visible(redacted(line)) for line in text_lines(runs)]
            live.update(Text("\n".join(lines), overflow="fold"), refresh=True)
            if _all_done(runs):
                return
            time.sleep(every_s)


def text_lines(runs: Sequence[RunStatus]) -> list[str]:
    """A table with a row a run, why shards are not at work, and a sentence."""
    above = _above(runs)
    rows = [_HEADINGS, *(_cells(run, above) for run in runs)]
    widths = [max(len(visible(row[column])) for row in rows) for column in range(len(_HEADINGS))]
    table = [
        "  ".join([visible(row[0]).ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows
    ]
    where = [] if above is None or above == Path() else [f"all below {above}"]
    return [*table, *where, *_reasons(runs), _sentence(runs)]


def _above(runs: Sequence[RunStatus]) -> Path | None:
    """The folder that several runs lie below, which no row has to repeat; None for one run, or without."""
    parents = [set(run.folder.parents) for run in runs]
    shared = set.intersection(*parents) if len(runs) > 1 else set()
    return max(shared, key=lambda path: len(path.parts), default=None)


def _cells(run: RunStatus, above: Path | None) -> tuple[str, ...]:
    rate, unread = run.answers_per_hour, run.unread_share
    name = str(run.folder if above is None else run.folder.relative_to(above))
    if run.damage is not None:
        return (name, "damaged", *[_UNKNOWN] * (len(_HEADINGS) - 2))
    return (
        name,
        str(len(run.shards)),
        *(str(run.num(state)) for state in State),
        f"{run.done:,} of {run.planned:,}",
        f"{run.done / run.planned:.0%}" if run.planned else _UNKNOWN,
        _UNKNOWN if rate is None else f"{rate:,.0f}",
        _UNKNOWN if run.left_s is None else _span(run.left_s),
        _UNKNOWN if unread is None else f"{unread:.1%}",
        _UNKNOWN if run.usd is None else f"{run.usd:,.2f}",
        _UNKNOWN if run.silence_s is None else f"{_span(run.silence_s)} ago",
    )


def _span(seconds: float) -> str:
    """In the largest unit that leaves at least two of it."""
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} s"


def _reasons(runs: Sequence[RunStatus]) -> list[str]:
    lines = [f"reporting  {run.folder}: its report is being written" for run in runs if run.is_reporting]
    for run in runs:
        if run.damage is not None:
            lines += [f"damaged  {run.folder}: {run.damage.message}", f"  do:  {run.damage.fix}"]
        for shard in run.shards:
            if shard.error:
                lines.append(f"{shard.state}  {run.folder}, {shard.name}: {shard.error}")
    return lines


def _sentence(runs: Sequence[RunStatus]) -> str:
    done = f"{sum(run.is_done for run in runs)} of {len(runs)} runs are done"
    if num_damaged := sum(run.damage is not None for run in runs):
        done += f", {num_damaged} cannot be read"
    left = [run for run in runs if not (run.is_done or run.damage) and run.num(State.RUNNING) == 0]
    if left:
        return f"{done}; at {len(left)} nobody is at work: the same command as before goes on"
    return done


def json_line(runs: Sequence[RunStatus]) -> str:
    """One object: when, and each run with its shards. Unknown is null."""
    return json.dumps({"at": time.time(), "runs": [_as_json(run) for run in runs]}, allow_nan=False)


def _as_json(run: RunStatus) -> dict[str, Any]:
    return {
        "folder": str(run.folder),
        "is_done": run.is_done,
        "is_reporting": run.is_reporting,
        "damage": None if run.damage is None else run.damage.message,
        "shards": {state.value: run.num(state) for state in State},
        "done": run.done,
        "planned": run.planned,
        "answers_per_hour": run.answers_per_hour,
        "left_s": run.left_s,
        "unread_share": run.unread_share,
        "usd": run.usd,
        "silence_s": run.silence_s,
        "each": [
            {
                "name": shard.name,
                "state": shard.state.value,
                "phase": shard.phase,
                "done": shard.done,
                "planned": shard.planned,
                "statuses": dict(shard.statuses),
                "answers_per_hour": shard.answers_per_hour,
                "error": shard.error,
            }
            for shard in run.shards
        ],
    }
