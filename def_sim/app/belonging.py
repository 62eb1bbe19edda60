"""Which stored answers can be of a run: its questions, respondents it may have, prompts it sends.

Prompts are rebuilt from the answers before them, as `stage=verify` does. An answer after a
missing one is judged by what it says it remembered; if that includes what is missing, the
interview judges it once the gap is filled.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import chain
from pathlib import Path

from def_sim.answers.storage.completion import is_complete, vouches_for
from def_sim.answers.storage.journal import Entry
from def_sim.answers.storage.shards import AnswerKey, journals_of
from def_sim.answers.storage.store import Foreign
from def_sim.app.run import Run, draw_respondents
from def_sim.errors import StoreError
from def_sim.questionnaire import capacity_of, chains_of, question_as_asked, remember, replay
from def_sim.randomness import Address
from def_sim.records import Answer, AnswerStatus, Exchange, Question, Respondent
from def_sim.respondents.memory import Memory
from def_sim.strategies.asking import prompts_are_known, rebuilt_prompt, shown_order


def foreign_answers(run: Run, entries: Mapping[AnswerKey, Entry]) -> Iterator[Foreign]:
    """The answers that the run cannot have got, whatever the size of its panel was.

    Of a respondent with memory it is the first whose prompt is not the run's; what came after it was
    asked with a memory that nobody can rebuild.

    Args:
        run: Of which the answers should be.
        entries: All that is stored.
    """
    put = {(question.item_id, question.wording) for question in run.survey.questions}
    of_respondent: dict[int, dict[str, Entry]] = defaultdict(dict)
    for entry in entries.values():
        answer = entry.answer
        index = _index(answer.respondent_id)
        if index is None:
            yield Foreign(entry, f"no panel has a respondent {answer.respondent_id!r}")
        elif (answer.item_id, answer.wording) not in put:
            yield Foreign(entry, f"its question {answer.question_id} is not asked in it")
        else:
            of_respondent[index][answer.question_id] = entry
    if prompts_are_known(run.strategy):
        for respondent in draw_respondents(run, of_respondent):
            yield from _other_prompts(run, respondent, of_respondent[respondent.index])


def foreign_since_completion(run: Run, folder: Path, entries: Mapping[AnswerKey, Entry]) -> Iterator[Foreign]:
    """The same, without a look at answers that the run's completion mark vouches for.

    Rebuilding a prompt takes longer than reading its answer.
    """
    with suppress(StoreError):  # of a damaged mark, which vouches for nothing
        if is_complete(folder) and vouches_for(folder, journals_of(folder)):
            return
    yield from foreign_answers(run, entries)


def _index(respondent_id: str) -> int | None:
    """The number of a respondent whom a panel can have."""
    found = re.fullmatch(r"r([0-9]{5,18})", respondent_id)
    index = int(found.group(1)) if found else -1
    return index if respondent_id == f"r{index:05d}" else None


def _other_prompts(run: Run, respondent: Respondent, entries: Mapping[str, Entry]) -> Iterator[Foreign]:
    answers = {question_id: entry.answer for question_id, entry in entries.items()}
    has_memory = capacity_of(respondent, run.rules) > 0
    judged: set[str] = set()
    others: set[str] = set()
    for moment in replay(respondent, run.survey, run.presentation, run.rules, answers):
        question = moment.question
        judged.add(question.id)
        follows_other = f"{question.follow_up_of}#{question.wording}" in others
        if follows_other or _is_ours(run, respondent, question, moment.memory, moment.answer):
            continue
        others.add(question.id)
        later = _later(run, respondent, entries, question.id) if has_memory else ()
        yield Foreign(entries[question.id], "its prompt is not the one that the run sends", later)
        if has_memory:
            return
    if has_memory:
        yield from _others_after_a_gap(run, respondent, entries, judged)


def _is_ours(run: Run, respondent: Respondent, question: Question, memory: Memory, answer: Answer) -> bool:
    address = Address(run.config.seed, respondent.id, question.item_id, question.wording)
    prompt = rebuilt_prompt(question, respondent, memory, address, run.presentation)
    return prompt == (answer.prompt_hash, answer.shown_codes)


def _others_after_a_gap(
    run: Run, respondent: Respondent, entries: Mapping[str, Entry], judged: set[str]
) -> Iterator[Foreign]:
    """Answers after a missing one, as far as their own record of what was remembered lets them be judged."""
    answers = {question_id: entry.answer for question_id, entry in entries.items()}
    [questions] = chains_of(run.survey, respondent, run.rules)  # with memory there is one
    asked: dict[str, Question] = {}
    for question in questions:
        as_asked = question_as_asked(question, answers, run.rules)
        if as_asked is None or question.id not in answers:
            continue
        asked[question.id] = as_asked
        answer = answers[question.id]
        if question.id in judged or answer.status is AnswerStatus.NOT_ASKED:
            continue
        address = Address(run.config.seed, respondent.id, question.item_id, question.wording)
        shown = shown_order(as_asked, respondent, address, run.presentation.option_order)
        is_ours = shown == answer.shown_codes and len(answer.memory) <= respondent.memory_capacity
        if is_ours and not run.rules.memory.erodes and all(one in asked for one in answer.memory):
            exchanges = [_exchange(run, respondent, asked[one], answers[one]) for one in answer.memory]
            memory = Memory(
                respondent.memory_capacity, run.rules.memory, tuple(chain.from_iterable(exchanges))
            )
            is_ours = _is_ours(run, respondent, as_asked, memory, answer)
        if not is_ours:
            del asked[question.id]  # so that it speaks against nobody who remembered the right one
            yield Foreign(entries[question.id], "its prompt is not one that the run can send")


def _exchange(run: Run, respondent: Respondent, question: Question, answer: Answer) -> tuple[Exchange, ...]:
    """A question and its answer as they are remembered at first; nothing if it could not be read."""
    address = Address(run.config.seed, respondent.id, question.item_id, question.wording)
    return remember(Memory(1, run.rules.memory), question, answer, address, run.presentation).exchanges


def _later(
    run: Run, respondent: Respondent, entries: Mapping[str, Entry], question_id: str
) -> tuple[Entry, ...]:
    [questions] = chains_of(run.survey, respondent, run.rules)
    order = [question.id for question in questions]
    return tuple(entries[one] for one in order[order.index(question_id) + 1 :] if one in entries)
