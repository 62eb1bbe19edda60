"""Interviews from Python: the way of the command line, from the words to the report."""

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

from def_sim.api.calls import as_command
from def_sim.api.command_words import words_of
from def_sim.api.stored_run import StoredRun, read_run
from def_sim.app.interviewing import hold_interviews
from def_sim.app.stages import report_held


def interview(
    model: str = "demo",
    survey: str = "us",
    respondents: int = 20,
    items: Sequence[str] | str | None = None,
    output: str | PathLike[str] = "outputs",
    settings: Mapping[str, Any] | None = None,
    progress: bool = True,
) -> StoredRun:
    """Interviews respondents and writes the report, as `def-sim` does; asks only what is not answered yet.

    Interrupted, it keeps every answer and gives the run free; the same call goes on.

    Args:
        model: Name of a model's configuration: "demo", "smollm2", ...; `def-sim --help` lists them.
        survey: Name of a survey.
        respondents: How many; more of them later ask only the new ones.
        items: Ids of the items to ask, such as ["wvs7.Q1"]; None: all of the survey.
        output: Folder of all runs.
        settings: Any other parameter by its dotted name, as in {"decoding.max_num_beams": 1}.
        progress: Whether lines say how far it is.

    Returns:
        The run. Where texts wait for a judge, or other shards are not done, it has no report yet.

    Raises:
        DefSimError: Whatever the command line would say, with what to do; nothing half-written is left.
        KeyboardInterrupt: It was interrupted; the message says where the run stands.
    """
    words = words_of(
        model=model, survey=survey, respondents=respondents, items=items, output=output, settings=settings
    )
    with as_command(words, progress=progress) as config:
        run, folder = hold_interviews(config)
        report_held(config, run, folder, is_shown=False)
    return read_run(folder)
