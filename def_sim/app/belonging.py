"""Which stored answers can be of a run: its questions, respondents it may have, prompts it sends.

Prompts are rebuilt from the answers before them, as `stage=verify` does, and the calls of a strategy that
makes several are given to it once more. An answer after a missing one is judged by what it says it
remembered; if that includes what is missing, the interview judges it once the gap is filled.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import chain
from pathlib import Path

from def_sim.answers.storage.calls import CallEntry, Calls, call_journals_of
from def_sim.answers.storage.completion import is_complete, vouches_for
from def_sim.answers.storage.journal import Entry
from def_sim.answers.storage.shards import AnswerKey, journals_of
from def_sim.answers.storage.store import Foreign
from def_sim.answers.storage.stored_answers import read_together
from def_sim.app.run import Run, draw_respondents
from def_sim.errors import StoreError
from def_sim.questionnaire import (
    Moment,
    capacity_of,
    chains_of,
    question_as_asked,
    remember,
    replay_to_the_end,
)
from def_sim.randomness import Address
from def_sim.records import Answer, AnswerStatus, Exchange, Question, Respondent, respondent_index
from def_sim.respondents.memory import Memory
from def_sim.strategies.contract import OpenConversation
from def_sim.strategies.replaying import MisfitError, check_calls, check_opening, opening_prompt


def foreign_lines(run: Run, entries: Mapping[AnswerKey, Entry], calls: Calls) -> Iterator[Foreign]:
    """The answers and calls that the run cannot have got, whatever the size of its panel was.

    Of a respondent with memory it is the first whose prompt is not the run's; what came after it was
    asked with a memory that nobody can rebuild.

    Args:
        run: Of which the answers should be.
        entries: All answers that are stored.
        calls: All calls that are stored.
    """
    put = {(question.item_id, question.wording) for question in run.survey.questions}
    of_respondent: dict[int, list[AnswerKey]] = defaultdict(
        list
    )  # entries are read in their respondent's turn
    for key in entries:
        name, item_id, wording = key
        index = respondent_index(name)
        if index is None:
            yield Foreign(entries[key], f"no panel has a respondent {name!r}")
        elif (item_id, wording) not in put:
            yield Foreign(entries[key], f"its question {item_id}#{wording} is not asked in it")
        else:
            of_respondent[index].append(key)
    for key, made in calls.items():
        index = respondent_index(key[0])
        if index is None or key[1:] not in put:
            yield from (Foreign(call, "the run asks no such question") for call in made.values())
        else:
            of_respondent.setdefault(index, [])
    for respondent in draw_respondents(run, of_respondent):
        found = read_together(entries, of_respondent[respondent.index])
        own = {f"{key[1]}#{key[2]}": entry for key, entry in found.items()}
        yield from _other_prompts(run, respondent, own, calls)


def foreign_since_completion(
    run: Run, folder: Path, entries: Mapping[AnswerKey, Entry], calls: Calls
) -> Iterator[Foreign]:
    """The same, without a look at answers that the run's completion mark vouches for.

    Rebuilding a prompt takes longer than reading its answer.
    """
    if not are_vouched(folder):
        yield from foreign_lines(run, entries, calls)


def are_vouched(folder: Path) -> bool:
    """Whether a run's completion mark vouches for all of its journals, of answers and of calls."""
    with suppress(StoreError):  # of a damaged mark, which vouches for nothing
        journals = [*journals_of(folder), *call_journals_of(folder)]
        return is_complete(folder) and vouches_for(folder, journals)
    return False


def _other_prompts(
    run: Run, respondent: Respondent, entries: Mapping[str, Entry], all_calls: Calls
) -> Iterator[Foreign]:
    answers = {question_id: entry.answer for question_id, entry in entries.items()}
    has_memory = capacity_of(respondent, run.rules) > 0
    judged: set[str] = set()
    others: set[str] = set()
    for moment in replay_to_the_end(respondent, run.survey, run.presentation, run.rules, answers):
        question = moment.question
        calls = all_calls.get((respondent.id, question.item_id, question.wording), {})
        answer = moment.answer if isinstance(moment, Moment) else None
        if answer is not None:
            judged.add(question.id)
        if f"{question.follow_up_of}#{question.wording}" in others:
            continue
        misfit = _misfit(run, respondent, question, moment.memory, answer, calls)
        if misfit is None:
            continue
        if misfit.call is not None:
            yield from (Foreign(calls[n], str(misfit)) for n in sorted(calls) if n >= misfit.call)
        if has_memory and not misfit.is_of_a_missing_call:
            yield from _later_calls(run, respondent, question.id, all_calls)
        if answer is not None:
            others.add(question.id)
            later = _later(run, respondent, entries, question.id) if has_memory else ()
            yield Foreign(entries[question.id], str(misfit), later)
        if has_memory:
            return
    if has_memory:
        yield from _others_after_a_gap(run, respondent, entries, judged, all_calls)


def _misfit(
    run: Run,
    respondent: Respondent,
    question: Question,
    memory: Memory,
    answer: Answer | None,
    calls: Mapping[int, CallEntry],
) -> MisfitError | None:
    """Why an answer, or the calls for a question without one, cannot be of the run; None if they can."""
    if answer is None and not calls:
        return None
    address = Address(run.config.seed, respondent.id, question.item_id, question.wording)
    conversation = OpenConversation(run.strategy, question, respondent, memory, address)
    try:
        if conversation.has_one_call and calls:
            raise MisfitError("its strategy makes one call, which is kept with the answer", min(calls))
        if answer is None:
            check_calls(conversation, calls)
        else:
            check_opening(conversation, answer, calls)
    except MisfitError as misfit:
        return misfit
    return None


def _others_after_a_gap(
    run: Run, respondent: Respondent, entries: Mapping[str, Entry], judged: set[str], all_calls: Calls
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
        is_ours = (
            _shown(run, respondent, as_asked) in ((), answer.shown_codes)
            and len(answer.memory) <= respondent.memory_capacity
        )
        if is_ours and not run.rules.memory.erodes and all(one in asked for one in answer.memory):
            exchanges = [_exchange(run, respondent, asked[one], answers[one]) for one in answer.memory]
            memory = Memory(
                respondent.memory_capacity, run.rules.memory, tuple(chain.from_iterable(exchanges))
            )
            calls = all_calls.get((respondent.id, question.item_id, question.wording), {})
            is_ours = _misfit(run, respondent, as_asked, memory, answer, calls) is None
        if not is_ours:
            del asked[question.id]  # so that it speaks against nobody who remembered the right one
            yield Foreign(entries[question.id], "its prompt is not one that the run can send")


def _shown(run: Run, respondent: Respondent, question: Question) -> tuple[int, ...]:
    """The option order of a question, whatever is remembered; empty for strategies of several calls."""
    address = Address(run.config.seed, respondent.id, question.item_id, question.wording)
    memory = Memory(respondent.memory_capacity, run.rules.memory)
    return opening_prompt(OpenConversation(run.strategy, question, respondent, memory, address))[1]


def _exchange(run: Run, respondent: Respondent, question: Question, answer: Answer) -> tuple[Exchange, ...]:
    """A question and its answer as they are remembered at first; nothing if it could not be read."""
    address = Address(run.config.seed, respondent.id, question.item_id, question.wording)
    return remember(Memory(1, run.rules.memory), question, answer, address, run.presentation).exchanges


def _later(
    run: Run, respondent: Respondent, entries: Mapping[str, Entry], question_id: str
) -> tuple[Entry, ...]:
    later = _asked_after(run, respondent, question_id)
    return tuple(entries[question.id] for question in later if question.id in entries)


def _later_calls(run: Run, respondent: Respondent, question_id: str, all_calls: Calls) -> Iterator[Foreign]:
    for question in _asked_after(run, respondent, question_id):
        for call in all_calls.get((respondent.id, question.item_id, question.wording), {}).values():
            yield Foreign(call, f"it was made with a memory of {question_id}, whose calls are of another run")


def _asked_after(run: Run, respondent: Respondent, question_id: str) -> tuple[Question, ...]:
    """What a respondent with memory is asked after a question."""
    [questions] = chains_of(run.survey, respondent, run.rules)
    place = [question.id for question in questions].index(question_id)
    return questions[place + 1 :]
