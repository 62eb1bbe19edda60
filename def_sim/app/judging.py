"""The loop that joins what is to be judged, an engine and a store of verdicts, as `interviews.py` does."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from def_sim.app.judged_answers import Task
from def_sim.interviews import Engine, EngineCalls, first_cause
from def_sim.judging.conversation import JudgeConversation, JudgeSettings, judge_answer
from def_sim.judging.rubric import Rubric
from def_sim.judging.verdict_lines import StoredVerdict
from def_sim.judging.verdict_store import VerdictStore
from def_sim.judging.verdicts import Missing, Source, Verdict, found_by_rule, hash_answer
from def_sim.prompts import hash_messages
from def_sim.records import Completion, InsensitivityDimension, Request


def rule_verdict(task: Task) -> Verdict:
    """The verdict of the rule that fired."""
    return found_by_rule(task.judged.answer, InsensitivityDimension(task.question.name), task.rule)


class Judging:
    """All verdicts of one set.

    Args:
        rubric: What is asked.
        settings: How the judge is asked.
        engine: The judge.
        store: Where verdicts go, and what is already there.
        max_in_flight: Most requests under way at once.
        max_engine_errors: Requests that may fail for good, over all commands of the set.
        on_verdict: Called after each new verdict is safe.
    """

    def __init__(
        self,
        rubric: Rubric,
        settings: JudgeSettings,
        engine: Engine,
        store: VerdictStore,
        *,
        max_in_flight: int,
        max_engine_errors: int,
        on_verdict: Callable[[Verdict], None] = lambda verdict: None,
    ) -> None:
        self._rubric, self._settings, self._store = rubric, settings, store
        self._on_verdict = on_verdict
        earlier = [placed.stored for placed in store.stored().values()]
        by_judge = [stored.verdict.missing for stored in earlier if stored.completions]
        self.calls = EngineCalls(
            engine,
            max_in_flight=max_in_flight,
            max_engine_errors=max_engine_errors,
            num_engine_errors=by_judge.count(Missing.ENGINE_ERROR),
        )
        self._under_way = asyncio.Semaphore(max_in_flight)  # conversations: few are left half done
        self._has_replied = any(missing is not Missing.ENGINE_ERROR for missing in by_judge)
        self._held_back: list[StoredVerdict] = []

    async def conduct(self, tasks: Iterable[Task]) -> None:
        """Has everything judged that the store does not hold yet.

        Raises:
            DefSimError: The engine or the store gave up, or not a single call succeeded; what was found is
                safe.
        """
        try:
            async with asyncio.TaskGroup() as group:
                for task in tasks:
                    placed = self._store.stored().get(task.key)
                    if placed is None or placed.stored.is_open:
                        group.create_task(self._judge(task, placed.stored.completions if placed else ()))
        except BaseExceptionGroup as errors:
            raise first_cause(errors) from errors
        if self.calls.failures and not self._has_replied:
            raise self.calls.all_failed()

    async def _judge(self, task: Task, given: Sequence[Completion]) -> None:
        if task.rule:
            self._append(StoredVerdict(rule_verdict(task)))
            return
        async with self._under_way:
            talk = judge_answer(task.judged, self._rubric, task.question, self._settings, repeat=task.repeat)
            self._keep(await self._hold(task, talk, list(given)))

    async def _hold(self, task: Task, talk: JudgeConversation, given: list[Completion]) -> StoredVerdict:
        """Carries requests to the judge and replies back until there is a verdict.

        Args:
            task: What is judged.
            talk: The conversation, not begun.
            given: Replies that came in an earlier command; they are not asked for again.
        """
        made: list[Completion] = []
        first_hash = ""
        try:
            requests = next(talk)
            while True:
                [request] = requests
                first_hash = first_hash or hash_messages(request.messages)
                made.append(await self._completion(task, request, made, given, first_hash))
                requests = talk.send(made[-1:])
        except StopIteration as end:
            return StoredVerdict(end.value, tuple(made))

    async def _completion(
        self,
        task: Task,
        request: Request,
        made: Sequence[Completion],
        given: Sequence[Completion],
        first_hash: str,
    ) -> Completion:
        if len(made) < len(given):
            return given[len(made)]
        if len(made) > len(given):  # a reply that could not be used: kept before the judge is asked again
            self._has_replied = True
            self._append(StoredVerdict(_open_verdict(task, made, first_hash), tuple(made)))
        return await self.calls.complete(request)

    def _keep(self, stored: StoredVerdict) -> None:
        """Stores a verdict; failed ones once it is known that the engine works, as failed answers."""
        if not stored.completions:
            self._append(stored)
            return
        self._held_back.append(stored)
        self._has_replied = self._has_replied or stored.verdict.missing is not Missing.ENGINE_ERROR
        while self._has_replied and self._held_back:
            self._append(self._held_back.pop(0))

    def _append(self, stored: StoredVerdict) -> None:
        self._store.append(stored)
        if not stored.is_open:
            self._on_verdict(stored.verdict)


def _open_verdict(task: Task, made: Sequence[Completion], first_hash: str) -> Verdict:
    """What is known of a conversation that is not at its end."""
    answer = task.judged.answer
    empty = Verdict(
        answer.respondent_id, answer.item_id, answer.wording, task.question.name, None, Source.JUDGE
    )
    return replace(
        empty,
        replies=tuple(completion.text for completion in made),
        prompt_hash=first_hash,
        answer_hash=hash_answer(answer),
        repeat=task.repeat,
    )
