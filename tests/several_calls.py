"""Strategies of several calls, for tests: three in a row, and sixteen in groups.

`python several_calls.py FOLDER LOG` holds interviews with the second one, and is killed by kill -9 when it
asks for the second call that is not stored yet. LOG gets a line for each call that is asked for.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from survey_examples import a_presentation, a_question, a_respondent, a_survey

from def_sim.answers.storage.store import AnswerStore
from def_sim.engines.scripted import ScriptedEngine
from def_sim.interviews import Engine, Interviews
from def_sim.prompts import hash_messages
from def_sim.questionnaire import InterviewRules
from def_sim.randomness import Address
from def_sim.records import Answer, Completion, Message, Question, Request, Respondent, Role
from def_sim.respondents.memory import Memory
from def_sim.strategies.asking import Presentation, ask_request, read_as_answer
from def_sim.strategies.contract import Conversation, DecodedAsDrawn
from def_sim.strategies.texts import StrategyTexts

TEXTS = StrategyTexts(
    language="en", texts={"criticise": "What is wrong with: {draft}", "revise": "Heed this: {critique}"}
)


class DraftAndRevise(DecodedAsDrawn):
    """A draft, a critique of it, and the answer that heeds both."""

    uses_memory = True

    def __init__(self, presentation: Presentation, texts: StrategyTexts = TEXTS) -> None:
        texts.check({"criticise": {"draft"}, "revise": {"critique", "draft"}})
        self._presentation, self._texts = presentation, texts

    def num_calls(self, question: Question) -> int:
        return 3

    def mean_tokens(self, question: Question) -> float | None:
        return 20.0

    def ask(
        self, question: Question, respondent: Respondent, memory: Memory, address: Address
    ) -> Conversation[Answer]:
        first = ask_request(question, respondent, memory, address, self._presentation)
        [draft] = yield [first]
        [critique] = yield [_after(first, draft, self._texts.fill("criticise", draft=draft.text), 1)]
        last = _after(first, draft, self._texts.fill("revise", critique=critique.text, draft=draft.text), 2)
        [revised] = yield [last]
        return read_as_answer(revised, last, question, memory, self._presentation)


class Sixteen(DecodedAsDrawn):
    """One draft, and three times five calls side by side, each of which has read all those before it."""

    uses_memory = True

    def __init__(self, presentation: Presentation) -> None:
        self._presentation = presentation

    def num_calls(self, question: Question) -> int:
        return 16

    def mean_tokens(self, question: Question) -> float | None:
        return None

    def ask(
        self, question: Question, respondent: Respondent, memory: Memory, address: Address
    ) -> Conversation[Answer]:
        first = ask_request(question, respondent, memory, address, self._presentation)
        said: Sequence[Completion] = yield [first]
        requests = [first]
        for group in range(3):
            words = " | ".join(completion.text for completion in said)
            requests = [_after(first, said[0], words, 1 + 5 * group + place) for place in range(5)]
            said = yield requests
        return read_as_answer(said[-1], requests[-1], question, memory, self._presentation)


class NoStrategy:
    """Lacks what says how many calls it makes."""

    uses_memory = False

    def __init__(self, presentation: Presentation) -> None:
        pass


def _after(first: Request, draft: Completion, words: str, call: int) -> Request:
    more = (Message(Role.ASSISTANT, draft.text), Message(Role.USER, words))
    return replace(first, messages=first.messages + more, key=replace(first.key, call=call))


def a_reply_to_every_word(request: Request) -> str:
    """An option that depends on the whole chat, so that another completion anywhere before it shows."""
    number = int(hash_messages(request.messages), 16) + request.key.call
    return f"Answer: {request.option_codes[number % len(request.option_codes)]}\nExplanation: {number % 997}."


PRESENTATION = a_presentation(option_order="shuffled")
SURVEY = a_survey(a_question("toy.work"), a_question("toy.play", text="How important is play?"))
RULES = InterviewRules(seed=5, max_in_flight=1)


def interview(folder: Path, engine: ScriptedEngine, strategy: Any, **changes: Any) -> None:
    """Holds the interviews of one respondent with memory that the folder lacks."""
    with AnswerStore(folder, keeps_calls=True) as store:
        rules = replace(RULES, **changes)
        interviews = Interviews(SURVEY, strategy, cast(Engine, engine), store, PRESENTATION, rules)
        asyncio.run(interviews.conduct([a_respondent(3, capacity=2)]))


class Killing(ScriptedEngine):
    """Notes each call before it answers it; the second one kills the process."""

    def __init__(self, log: Path) -> None:
        super().__init__(reply=a_reply_to_every_word)
        self._log = log

    async def submit(self, request: Request) -> Completion:
        if self.num_asked:
            os.kill(os.getpid(), signal.SIGKILL)
        with self._log.open("a") as log:
            log.write(f"{request.key}\n")
        return await super().submit(request)


if __name__ == "__main__":
    interview(Path(sys.argv[1]), Killing(Path(sys.argv[2])), Sixteen(PRESENTATION))
