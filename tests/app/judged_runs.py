"""Stored runs judged by scripted judges, without a model."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

from def_sim.app.composing import compose_config
from def_sim.app.judging_stage import judge_run
from def_sim.app.judging_work import JudgingWork, prepare_work
from def_sim.app.schema import RunConfig, validate_config
from def_sim.engines.scripted import ScriptedEngine
from def_sim.interviews import Engine
from def_sim.judging.verdict_journal import read_verdict_sets
from def_sim.judging.verdict_sets import VerdictSet
from def_sim.records import AnswerMode, Capabilities, Completion, Request


def says_no(request: Request) -> str:
    """A judge who finds no defect."""
    return '{"defect": false, "why": "none seen"}'


def depends_on_all(request: Request) -> str:
    """A verdict that depends on every character of the request; some replies cannot be used."""
    number = int(hashlib.sha256(request.messages[0].content.encode()).hexdigest(), 16)
    if number % 7 == 0:
        return "I think so."
    return f'{{"defect": {"true" if number % 3 == 0 else "false"}, "why": "number {number % 97}"}}'


def a_judge(reply: Callable[[Request], str] = says_no) -> ScriptedEngine:
    """A judge who replies as told."""
    return ScriptedEngine(reply=reply)


class CodeJudge(ScriptedEngine):
    """A judge who can be held to a code; takes the one that the request's number names."""

    @property
    def capabilities(self) -> Capabilities:
        """As of a local model."""
        return replace(super().capabilities, probabilities=True)

    async def submit(self, request: Request) -> Completion:
        """The largest code with a probability of .75."""
        assert request.mode is AnswerMode.PROBABILITIES
        self.num_asked[request.key] += 1
        *others, largest = request.option_codes
        shares = dict.fromkeys(others, 0.25 / len(others)) | {largest: 0.75}
        return Completion(f"Verdict: {largest}", option_probabilities=shares)


def configured(folder: Path, *words: str, model: str = "gpt4o") -> RunConfig:
    """The configuration of a command that has a run judged."""
    named = [f"run_folder={folder}", f"model={model}"]
    if not any(word.startswith("rubric=") for word in words):
        named.append("rubric=insensitivity")
    return validate_config(compose_config(["stage=judge", *named, *words]))


def work_of(folder: Path, engine: ScriptedEngine, *words: str) -> JudgingWork:
    """What that judge finds of the run."""
    work = prepare_work(configured(folder, *words), folder, cast(Engine, engine))
    assert isinstance(work, JudgingWork)
    return work


def judge(folder: Path, engine: ScriptedEngine, *words: str) -> VerdictSet:
    """Has the run judged; its one set of verdicts."""
    judge_run(work_of(folder, engine, *words), cast(Engine, engine))
    [found] = read_verdict_sets(folder)
    return found


def digests(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file of a run outside `verdicts/`."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if "verdicts" not in path.relative_to(folder).parts
    }
