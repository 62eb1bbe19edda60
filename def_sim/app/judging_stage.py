"""stage=judge: a model judges the answers of stored runs; and the plan of it."""

import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from def_sim.answers.storage.completion import is_complete, read_completion, unmark_complete
from def_sim.app.found_runs import find_runs
from def_sim.app.holding import close, watched
from def_sim.app.judge_checks import check_format, relation_notes
from def_sim.app.judging import Judging
from def_sim.app.judging_plan import plan_lines_of
from def_sim.app.judging_work import JudgingWork, check_stored, judge_content, prepare_work
from def_sim.app.progress import print_note
from def_sim.app.run import create_engine
from def_sim.app.schema import RunConfig
from def_sim.app.signals import Interrupted, run_coroutine
from def_sim.app.terminal import say
from def_sim.app.unreadable_runs import UNREADABLE
from def_sim.app.waiting import wait_of, when_free
from def_sim.engines.hosted.cost import CostCapError, HasLedger
from def_sim.engines.local.shared_worker import keep_loaded
from def_sim.engines.shared.notices import HasNotices
from def_sim.engines.shared.optional import Expects, GoesOn
from def_sim.errors import ConfigError, ModelError
from def_sim.interviews import Engine
from def_sim.judging.verdict_journal import SHARD, journal_of, judge_path, read_judge, write_judge
from def_sim.judging.verdict_store import VerdictStore
from def_sim.judging.verdicts import Source, Verdict

_SECONDS_BETWEEN_LINES = 10.0


def judge(config: RunConfig) -> int:
    """Has everything judged that is not judged yet; several runs one after another, the judge loaded once."""
    engine = create_engine(config)
    engine.check()
    works = _works(config, engine)  # all are looked at before the first is judged
    with keep_loaded():
        for work in works:
            judge_run(work, create_engine(config))
    return 0


def plan_verdicts(config: RunConfig) -> int:
    """Says how many calls judging takes, and what they may cost. Nothing is sent and nothing written."""
    engine = create_engine(config)
    works = _works(config, engine)
    for line in plan_lines_of(works):
        say(line)
    try:
        engine.check()
    except ModelError as error:
        # A plan is made before the weights are fetched: what is missing is news, not an error.
        say(f"not ready     {error.message}")
        say(f"  do:         {error.fix}")
    return 0


def _works(config: RunConfig, engine: Engine) -> list[JudgingWork]:
    """One for each run; among several those are left out that the rubric is not for, damage, and copies.

    A copy of a run, such as a backup, would be judged, and paid for, a second time.
    """
    if config.run_folder is not None:
        folders: Sequence[Path] = [Path(config.run_folder).expanduser()]
    else:
        assert config.runs is not None  # the schema has looked
        folders = find_runs(config.runs)
    works: list[JudgingWork] = []
    errors = []
    for folder in folders:
        try:
            work = prepare_work(config, folder, engine)
        except UNREADABLE as error:
            if config.run_folder is not None:
                raise
            errors.append(error)
            say(f"left out      {folder}: {error.message}")
            continue
        if isinstance(work, JudgingWork):
            works.append(work)
        elif config.run_folder is not None:
            raise ConfigError(f"{folder}: {work.why}.", fix=work.fix)
        else:
            say(f"left out      {folder}: {work.why}")
    if errors and not works:
        raise errors[0]
    return list(_without_copies(works))


def _without_copies(works: Sequence[JudgingWork]) -> Iterator[JudgingWork]:
    """Each run once: the folder in which this judge has begun, else the first."""
    kept: dict[tuple[str, int], JudgingWork] = {}
    for work in sorted(works, key=lambda work: not work.of_set.is_dir()):
        kept.setdefault(_identity(work), work)
    for work in works:
        first = kept[_identity(work)]
        if first is work:
            yield work
        else:
            say(f"left out      {work.folder}: the same run as {first.folder}, a copy say")


def _identity(work: JudgingWork) -> tuple[str, int]:
    return work.manifest["run_hash"], work.run.num_planned


def judge_run(work: JudgingWork, engine: Engine) -> None:
    """Has one run judged.

    Args:
        work: What is judged.
        engine: The judge, not started; it is closed in the end.

    Raises:
        DefSimError: The judge or the set gave up; what was found is safe.
    """
    say(f"judged  {work.folder}")
    say(f"judge   {work.in_words}")
    for note in relation_notes(work.config, work.run, is_same=work.is_self):
        print_note(note)
    if not work.tasks:
        say(f"nothing to judge: rubric {work.rubric.name} is about no answer of this run")
        return
    say(f"folder  {work.of_set}")
    lease = work.config.lease
    open_store = partial(VerdictStore, work.of_set, take_over=lease.take_over)
    with when_free(open_store, wait_s=wait_of(lease), tell=say) as store:
        check_stored(work, store.stored())
        progress = _Progress(work, len(work.tasks) - len(work.left(store.stored())))
        try:
            run_coroutine(_hold(work, engine, store, progress))
        except Interrupted as stop:
            raise Interrupted(stop.number, progress.standing) from None
        except CostCapError as error:
            raise CostCapError(f"{error.message} Of the run, {progress.standing}.", fix=error.fix) from None


async def _hold(work: JudgingWork, engine: Engine, store: VerdictStore, progress: "_Progress") -> None:
    left = work.left(store.stored())
    is_asking = any(not task.rule for task in left)
    try:
        if is_asking:
            await _start(work, engine, num_asked=sum(not task.rule for task in left))
        if left:
            _unmark_if_vouched(work)
        write_judge(work.of_set, judge_content(work, engine, has_started=is_asking))
        judging = Judging(
            work.rubric,
            work.settings,
            engine,
            store,
            max_in_flight=work.config.max_in_flight,
            max_engine_errors=work.config.max_engine_errors,
            on_verdict=progress.advance,
        )
        progress.print_line()
        await watched(judging.conduct(left), store.check)
        progress.print_line()
        failures = judging.calls.failures
        if failures:
            say(f"failed  {len(failures):,} calls; the first: {failures[0].message}", to_errors=True)
        if isinstance(engine, HasLedger):
            say(f"spent   {engine.ledger.line()}")
    finally:
        await close(engine)


async def _start(work: JudgingWork, engine: Engine, num_asked: int) -> None:
    """Loads the judge, which keeps its accounts in the set and its type of number as before."""
    if isinstance(engine, HasLedger):
        engine.keep_in(work.of_set, SHARD)
    if isinstance(engine, HasNotices):
        engine.notices.tell_to(print_note)
    if judge_path(work.of_set).is_file():
        stored = read_judge(work.of_set).judge.get("dtype")
        if isinstance(engine, GoesOn) and isinstance(stored, str):
            engine.go_on_in(stored)
    if isinstance(engine, Expects):
        engine.expect(num_asked)
    await engine.start()
    check_format(work.config, engine.capabilities)  # a server's are known once it was asked


def _unmark_if_vouched(work: JudgingWork) -> None:
    """A completion mark that holds this very set would be wrong once it grows; any other stays."""
    if is_complete(work.folder):
        name = journal_of(work.of_set).relative_to(work.folder).as_posix()
        if name in read_completion(work.folder)["files"]:
            unmark_complete(work.folder)


class _Progress:
    """Counts verdicts as they come, and says so every few seconds."""

    def __init__(self, work: JudgingWork, num_done: int) -> None:
        self._num_planned, self._num_done = len(work.tasks), num_done
        self._num_by_rule = self._num_missing = 0
        self._last_line = time.monotonic()

    @property
    def standing(self) -> str:
        """Where the set stands, as a part of a sentence."""
        done, planned = self._num_done, self._num_planned
        return f"{done:,} of {planned:,} verdicts are there, {planned - done:,} are left to judge"

    def advance(self, verdict: Verdict) -> None:
        """One more verdict is safe."""
        self._num_done += 1
        self._num_by_rule += verdict.source is Source.RULE
        self._num_missing += verdict.missing is not None
        if time.monotonic() - self._last_line >= _SECONDS_BETWEEN_LINES:
            self.print_line()

    def print_line(self) -> None:
        self._last_line = time.monotonic()
        new = f"{self._num_by_rule:,} by rules, {self._num_missing:,} missing among those of this command"
        say(f"verdicts  {self._num_done:,} of {self._num_planned:,}  ({new})", to_errors=True)
