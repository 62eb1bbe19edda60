"""Holding interviews so that they stop when they must: at a signal, or when their journal is lost."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from def_sim.answers.storage.division import Division
from def_sim.answers.storage.store import AnswerStore
from def_sim.answers.storage.stored_answers import Glance, StoredAnswers, read_stored
from def_sim.app.run import Run
from def_sim.app.signals import is_stopping
from def_sim.app.streamed_runs import is_streamed
from def_sim.interviews import Engine, Interviews
from def_sim.records import Respondent, respondent_index

_LOOK_EVERY_S: Final = 0.5
_FAREWELL_S: Final = 2.0  # for connections to be closed; a model in the middle of a call is left behind


def num_planned_of(run: Run) -> int:
    """How many answers this process is to see to: its respondents', to all questions."""
    return len(run.shard_indices) * len(run.survey.questions)


def stored_of(run: Run, stored: StoredAnswers) -> Iterator[Glance]:
    """What is known of those of them that are there."""
    put = {(question.item_id, question.wording) for question in run.survey.questions}
    indices = run.shard_indices

    def is_planned(respondent_id: str, item_id: str, wording: int) -> bool:
        return respondent_index(respondent_id) in indices and (item_id, wording) in put

    return stored.glances(is_planned)


def num_done_of(run: Run, folder: Path) -> int:
    """How many of them are there, whoever may be at work; in memory is where they stand, not what they say.

    Raises:
        StoreError: A stored line is damaged.
    """
    division = Division(run.config.shard, run.config.num_shards)
    if is_streamed(run):
        from def_sim.app.valid_parts import num_of_ended  # tables, which other runs have no use for here

        if (of_part := num_of_ended(run, folder, division)) is not None:
            return of_part
    return sum(1 for _ in stored_of(run, read_stored(folder, division)))


async def conduct(interviews: Interviews, panel: Sequence[Respondent], store: AnswerStore) -> None:
    """Asks everyone everything, and stops soon after answers can no longer be kept.

    An answer may take minutes, or money: the next one would notice, but too late.

    Raises:
        DefSimError: As `Interviews.conduct` and `AnswerStore.check`.
    """
    await watched(interviews.conduct(panel), store.check)


async def watched(work: Coroutine[Any, Any, None], check: Callable[[], None]) -> None:
    """Does the work until it is done, or until the check fails, which is made twice a second."""
    asking = asyncio.ensure_future(work)
    try:
        while not asking.done():
            await asyncio.wait([asking], timeout=_LOOK_EVERY_S)
            check()
    except BaseException:
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)  # the first error is the one to tell
        raise
    await asking


async def close(engine: Engine) -> None:
    """Gives back what the engine holds; after a signal as far as that is quick, since the process ends."""
    try:
        async with asyncio.timeout(_FAREWELL_S if is_stopping() else None):
            await engine.close()
    except TimeoutError:
        if not is_stopping():
            raise
