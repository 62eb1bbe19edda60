"""stage=rephrase: a model drafts wordings of a survey's items, and people say which of them are asked.

Without `accept=` and `review=` drafts are made, or with `check=true` those that there are checked by another
model. `stage=plan show=rephrasing` says what that would cost.
"""

import time
from collections.abc import Sequence
from functools import partial

from def_sim.answers.storage.disk import disk_errors, write_whole
from def_sim.app.holding import close, watched
from def_sim.app.progress import print_note
from def_sim.app.rephrasing import Rephrasing
from def_sim.app.rephrasing_calls import CallStore
from def_sim.app.rephrasing_plan import calls_of, plan_lines_of
from def_sim.app.rephrasing_sheet import sheet_text, with_drafts
from def_sim.app.rephrasing_work import Numbers, RephrasingWork, drafts_to_check, named, prepare_works
from def_sim.app.run import create_engine
from def_sim.app.schema import RunConfig
from def_sim.app.signals import Interrupted, run_coroutine
from def_sim.app.terminal import say
from def_sim.app.waiting import wait_of, when_free
from def_sim.engines.hosted.cost import HasLedger
from def_sim.engines.local.shared_worker import keep_loaded
from def_sim.engines.shared.notices import HasNotices
from def_sim.errors import ModelError
from def_sim.interviews import Engine
from def_sim.surveys.rephrase import Draft, Drafts, check_drafts, rephrase

_SECONDS_BETWEEN_LINES = 10.0
_SPENDING = "calls"  # names the accounts of a hosted model
_MOST_NAMED = 20  # items without a draft


def rephrase_stage(config: RunConfig) -> int:
    """What `stage=rephrase` does: accepts wordings, leaves items out, or asks a model."""
    if config.accept is not None:
        from def_sim.app.rephrasing_accept import accept_wordings

        lines = accept_wordings(config, config.accept)
    elif config.review is not None:
        from def_sim.app.items_review import leave_out_items

        lines = leave_out_items(config, config.review)
    else:
        return _ask(config)
    for line in lines:
        say(line)
    return 0


def plan_rephrasing(config: RunConfig) -> int:
    """Says how many calls rephrasing takes, and what they may cost. Nothing is sent and nothing written."""
    engine = create_engine(config)
    for line in plan_lines_of(prepare_works(config, engine)):
        say(line)
    try:
        engine.check()
    except ModelError as error:
        # A plan is made before the weights are fetched: what is missing is news, not an error.
        say(f"not ready     {error.message}")
        say(f"  do:         {error.fix}")
    return 0


def _ask(config: RunConfig) -> int:
    engine = create_engine(config)
    works = prepare_works(config, engine)  # all are looked at before the first call
    engine.check()
    with keep_loaded():
        for work in works:
            ask_about(work, create_engine(config))
    return 0


def ask_about(work: RephrasingWork, engine: Engine) -> None:
    """Has the items of one source drafted, or their drafts checked, and brings the sheet up to date.

    Args:
        work: What is asked.
        engine: The model, not started; it is closed in the end.

    Raises:
        DefSimError: The model or the store gave up; what came back is safe.
    """
    is_check = work.config.check
    what = "drafts are checked" if is_check else f"{work.settings.num_drafts} wordings each"
    of_items = "" if is_check else f"{len(work.items):,} items, "
    say(f"{work.source}.{work.language}  {of_items}{what}, by {work.config.model.label}")
    for note in work.notes:
        print_note(note)
    open_store = partial(
        CallStore, work.of_asker, work.asker, work.defines, take_over=work.config.lease.take_over
    )
    with when_free(open_store, wait_s=wait_of(work.config.lease), tell=say) as store:
        numbers = Numbers(work)
        progress = _Progress()
        try:
            drafts = run_coroutine(_hold(work, engine, store, numbers, progress))
        except Interrupted as stop:
            raise Interrupted(stop.number, f"{progress.num:,} calls came back and are safe") from None
        _write_sheet(work, numbers, drafts)
    if not is_check and work.sheet.is_file():
        then = f"def-sim stage=rephrase {named(work.config, work.home)} accept={work.sheet}"
        say(f"next          fill in reviewer, verdict (yes or no) and note in {work.sheet}")
        say(f"              then: {then}")


async def _hold(
    work: RephrasingWork, engine: Engine, store: CallStore, numbers: Numbers, progress: "_Progress"
) -> list[Draft]:
    rephrasing = Rephrasing(
        engine,
        store,
        max_in_flight=work.config.max_in_flight,
        max_engine_errors=work.config.max_engine_errors,
        on_call=progress.advance,
    )
    to_check = drafts_to_check(work, numbers) if work.config.check else []
    try:
        if calls_of(work, numbers):
            if isinstance(engine, HasLedger):
                engine.keep_in(store.folder, _SPENDING)
            if isinstance(engine, HasNotices):
                engine.notices.tell_to(print_note)
            await engine.start()
        found: list[Draft] = []

        async def talk() -> None:
            if work.config.check:
                checks = [
                    check_drafts(drafts, work.labels_of(item), work.texts, work.settings)
                    for item, drafts in to_check
                ]
                found.extend(one for drafts in await rephrasing.conduct(checks) for one in drafts)
            else:
                items = [work.rephrased(item, numbers) for item in work.items]
                talks = [rephrase(item, work.texts, work.settings) for item in items]
                results = await rephrasing.conduct(talks)
                _tell(work, results)
                found.extend(one for result in results for one in result.drafts)

        await watched(talk(), store.check)
        if failures := rephrasing.calls.failures:
            say(f"failed        {len(failures):,} calls; the first: {failures[0].message}", to_errors=True)
            say("              the same command asks for them again", to_errors=True)
        if isinstance(engine, HasLedger):
            say(f"spent         {engine.ledger.line()}")
        return found
    finally:
        await close(engine)


def _tell(work: RephrasingWork, results: Sequence[Drafts]) -> None:
    """Names items of which no wording came, or fewer than were asked for."""
    problems = [
        f"{item.id}: {found.problem}"
        for item, found in zip(work.items, results, strict=True)
        if found.problem
    ]
    for problem in problems[:_MOST_NAMED]:
        say(f"not drafted   {problem}")
    if len(problems) > _MOST_NAMED:
        say(f"not drafted   {len(problems) - _MOST_NAMED:,} more")
    if problems:
        say("              another seed= asks for these again: with items=[...] for them alone")


def _write_sheet(work: RephrasingWork, numbers: Numbers, drafts: Sequence[Draft]) -> None:
    rows = with_drafts(numbers.rows, drafts, work.asker.name)
    content = sheet_text(rows).encode()
    faulty = sum(bool(draft.faults) for draft in drafts)
    same = sum(draft.check is not None and draft.check.is_same for draft in drafts)
    other = len(drafts) - faulty - same
    asked = f"{same:,} ask the same as their base, {other:,} do not, says the model"
    say(f"drafts        {len(drafts):,}: {asked};")
    say(f"              {faulty:,} have faults that rules found, and no model was asked about them")
    if not rows:
        return
    with disk_errors(work.sheet):
        if not (work.sheet.is_file() and work.sheet.read_bytes() == content):
            work.sheet.parent.mkdir(parents=True, exist_ok=True)
            write_whole(work.sheet, content)
    say(f"sheet         {work.sheet}")


class _Progress:
    """Counts calls as they come back, and says so every few seconds."""

    def __init__(self) -> None:
        self.num = 0
        self._last_line = time.monotonic()

    def advance(self) -> None:
        """One more call is safe."""
        self.num += 1
        if time.monotonic() - self._last_line >= _SECONDS_BETWEEN_LINES:
            self._last_line = time.monotonic()
            say(f"calls         {self.num:,} came back", to_errors=True)
