"""The interviews of a run, from its configuration to the stored answers."""

import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from def_sim.answers.storage.manifest import manifest_path, read_manifest
from def_sim.answers.storage.shards import shard_name
from def_sim.answers.storage.store import AnswerStore
from def_sim.app.belonging import foreign_since_completion
from def_sim.app.capabilities import check_capabilities
from def_sim.app.definition import folder_of, what_defines
from def_sim.app.event_log import is_json, name_run, write_event
from def_sim.app.holding import close, conduct, num_planned_of, stored_of
from def_sim.app.opened_runs import check_same
from def_sim.app.plan_warnings import language_warnings, persona_warnings
from def_sim.app.progress import InterviewProgress, print_note
from def_sim.app.progress_pulse import ProgressPulse
from def_sim.app.provenance import record_run
from def_sim.app.received import check_places
from def_sim.app.run import Run, create_engine, prepare_run
from def_sim.app.schema import RunConfig
from def_sim.app.signals import Interrupted, run_coroutine
from def_sim.app.streamed_runs import is_streamed
from def_sim.app.terminal import say, say_event
from def_sim.app.waiting import wait_of, when_free
from def_sim.engines.hosted.cost import HasLedger
from def_sim.engines.shared.notices import HasNotices
from def_sim.engines.shared.optional import Expects, GoesOn
from def_sim.errors import EngineError, StoreError
from def_sim.interviews import Engine, HasWork, Interviews
from def_sim.records import Answer


def hold_interviews(config: RunConfig) -> tuple[Run, Path]:
    """Asks what is not answered yet, and says how it goes.

    Returns:
        The run, and its folder.
    """
    run, engine = prepare_run(config), create_engine(config)
    check_capabilities(run, engine.capabilities)
    engine.check()
    defines = definition_of(run, engine)
    folder = folder_of(run, defines)
    check_places(folder)
    if manifest_path(folder).is_file():
        check_same(folder, defines)
        _go_on_as_before(engine, folder)
    elif folder.is_dir() and any(folder.iterdir()) and config.run_folder is not None:
        _refuse_foreign_folder(folder)
    name_run(folder.name, config.shard)
    say_event(
        "run_started",
        f"{config.model.label}, {run.survey.title}: {run.num_planned:,} answers planned",
        model=config.model.name,
        survey=run.survey.name,
        planned=run.num_planned,
        num_shards=config.num_shards,
        folder=folder,
    )
    for warning in (*language_warnings(run), *persona_warnings(run)):
        say(f"warning  {warning}")
    say(f"folder {folder}")
    open_store = partial(
        AnswerStore,
        folder,
        shard=config.shard,
        num_shards=config.num_shards,
        keeps_calls=run.most_calls > 1,
        find_foreign=partial(foreign_since_completion, run, folder),
        take_over=config.lease.take_over,
    )
    store = when_free(open_store, wait_s=wait_of(config.lease), tell=partial(say_event, "lease_waited"))
    try:
        with store, _pulse_of(run, engine, store) as pulse:
            run_coroutine(_ask(run, engine, store, defines, pulse))
            _end(run, store)
    except Interrupted as stop:
        done = sum(1 for _ in stored_of(run, store.stored))
        standing = f"{done:,} of {num_planned_of(run):,} answered"
        raise Interrupted(stop.number, standing) from None
    write_event("shard_done", done=sum(1 for _ in stored_of(run, store.stored)))
    return run, folder


def _end(run: Run, store: AnswerStore) -> None:
    """Of a run that is reported part by part a shard leaves its part, once all its answers are there."""
    done = sum(1 for _ in stored_of(run, store.stored))
    if is_streamed(run) and done == num_planned_of(run):
        from def_sim.app.streaming import end_shard  # tables, which other interviews have no use for

        end_shard(run, store.folder, store.stored)


def _pulse_of(run: Run, engine: Engine, store: AnswerStore) -> ProgressPulse:
    config = run.config

    def usd() -> float | None:
        if not isinstance(engine, HasLedger) or engine.ledger.price is None:
            return None
        return engine.ledger.totals.usd

    return ProgressPulse(
        store.folder,
        config.shard,
        config.num_shards,
        planned=num_planned_of(run),
        stored=stored_of(run, store.stored),
        usd=usd,
    )


def _loaded_lines(facts: Mapping[str, Any]) -> list[str]:
    """What was loaded, and where it lies; nothing for a model that others hold."""
    if "loaded_bytes" not in facts:
        return []
    packed = f" ({facts['packed_share']:.0%} packed)" if facts["packed_share"] else ""
    where = ", ".join(sorted(set(facts["device_map"].values())))
    size = f"{facts['parameters']:,} parameters, {facts['loaded_bytes'] / 1e6:,.1f} MB{packed}"
    kind = facts["dtype"] if facts["quantization"] == "none" else facts["quantization"]
    note = [f"note   {facts['dtype_note']}"] if "dtype_note" in facts else []
    loop = str(facts["loop"])
    batches = [f"loop   {loop}"] if loop.startswith("generate") else []
    return [f"model  {size}, {kind}, on {where}", *note, *batches]


def _warning_lines(facts: Mapping[str, Any]) -> list[str]:
    """What of the loaded model may spoil answers."""
    if "why_no_turn_end" not in facts:
        return []
    stops = ", ".join(facts["stop_tokens"]) or "no token"
    line = (
        f"warning  no token ends a turn: {facts['why_no_turn_end']}; without {stops} answers run to the limit"
    )
    return [line]


def _work_lines(work: Mapping[str, int]) -> list[str]:
    """What of the prompts was still there from the respondent's question before."""
    total, reused = work.get("num_prompt_tokens", 0), work.get("num_reused_tokens", 0)
    return [f"prompts  {total:,} tokens, {reused / total:.0%} of them not read again"] if total else []


def _say_loaded(facts: Mapping[str, Any]) -> None:
    if is_json():
        told = ("load_s", "parameters", "loaded_bytes", "dtype", "quantization")
        write_event("model_loaded", **{name: facts[name] for name in told if name in facts})
        return
    for line in (*_loaded_lines(facts), *_warning_lines(facts)):
        say(line)


def _say_failures(failures: Sequence[EngineError]) -> None:
    """Why answers are missing: the first cause, which most others share."""
    if not failures:
        return
    first = failures[0]
    calls = "1 call" if len(failures) == 1 else f"{len(failures):,} calls"
    if is_json():  # a server's words may repeat what it was asked
        write_event("call_failed", level="warning", num_calls=len(failures), cause=type(first).__name__)
        return
    say(f"failed  {calls}; the first: {first.message}", to_errors=True)
    if first.fix:
        say(f"  do:  {first.fix}", to_errors=True)


def _go_on_as_before(engine: Engine, folder: Path) -> None:
    """What `dtype: auto` chose for the first answer holds for all: it is not tried again."""
    stored = read_manifest(folder).get("engine", {}).get("dtype")
    if isinstance(engine, GoesOn) and isinstance(stored, str):
        engine.go_on_in(stored)


def _refuse_foreign_folder(folder: Path) -> None:
    """A folder that was named by hand and holds something else is left alone."""
    if not (folder / "answers").is_dir():
        raise StoreError(
            f"{folder} is not empty and holds no run.", fix="Give an empty or new folder: `run_folder=...`."
        )


async def _ask(
    run: Run, engine: Engine, store: AnswerStore, defines: Mapping[str, Any], pulse: ProgressPulse
) -> None:
    planned, done = num_planned_of(run), sum(1 for _ in stored_of(run, store.stored))
    if isinstance(engine, HasLedger):
        names = [shard_name(shard, run.config.num_shards) for shard in range(run.config.num_shards)]
        engine.keep_in(store.folder, names[run.config.shard], names)
    if isinstance(engine, HasNotices):
        engine.notices.tell_to(print_note)
    try:
        if done < planned:  # a finished run needs no model
            begin = time.monotonic()
            if isinstance(engine, Expects):
                engine.expect(planned - done)
            await engine.start()
            load_s = round(time.monotonic() - begin, 1)
            check_capabilities(run, engine.capabilities)  # a server's are known once it was asked
            facts = {**engine.describe(), "load_s": load_s}
            record_run(run, store.folder, defines, facts)
            _say_loaded(facts)
        else:
            record_run(run, store.folder, defines, engine_facts=None)
        note = engine.ledger.line if isinstance(engine, HasLedger) else None
        pulse.asking()
        with InterviewProgress(total=planned, done=done, note=note) as progress:
            if isinstance(engine, HasNotices):
                engine.notices.tell_to(progress.tell)

            def on_answer(answer: Answer) -> None:
                progress.advance(answer)
                pulse.advance(answer)

            interviews = Interviews(
                run.survey,
                run.strategy,
                engine,
                store,
                run.presentation,
                run.rules,
                on_answer=on_answer,
            )
            await conduct(interviews, run.shard_panel, store)
        _say_failures(interviews.failures)
        if isinstance(engine, HasWork):
            for line in _work_lines(engine.work):
                say(line)
    finally:
        await close(engine)


def definition_of(run: Run, engine: Engine) -> dict[str, Any]:
    """What names the run: all that its answers depend on, its model's identity included."""
    identity = engine.describe()["identity"]
    assert isinstance(identity, Mapping)
    return what_defines(run, identity)
