"""Which stored answers can be of a run: its questions, respondents it may have, prompts it sends.

Prompts are rebuilt from the answers before them, as `stage=verify` does. An answer after a
missing one cannot be judged so; the interview does it once the gap is filled.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from def_sim.answers.completion import is_complete, vouches_for
from def_sim.answers.journal import Entry
from def_sim.answers.shards import AnswerKey, journals_of
from def_sim.answers.store import Foreign
from def_sim.app.run import Run, draw_respondents
from def_sim.errors import StoreError
from def_sim.questionnaire import Moment, capacity_of, chains_of, replay
from def_sim.randomness import Address
from def_sim.records import Respondent
from def_sim.strategies.asking import prompts_are_known, rebuilt_prompt


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
    others: set[str] = set()
    for moment in replay(respondent, run.survey, run.presentation, run.rules, answers):
        question = moment.question
        if f"{question.follow_up_of}#{question.wording}" in others or _is_ours(run, respondent, moment):
            continue
        others.add(question.id)
        has_memory = capacity_of(respondent, run.rules) > 0
        later = _later(run, respondent, entries, question.id) if has_memory else ()
        yield Foreign(entries[question.id], "its prompt is not the one that the run sends", later)
        if has_memory:
            return


def _is_ours(run: Run, respondent: Respondent, moment: Moment) -> bool:
    question, answer = moment.question, moment.answer
    address = Address(run.config.seed, respondent.id, question.item_id, question.wording)
    prompt = rebuilt_prompt(question, respondent, moment.memory, address, run.presentation)
    return prompt == (answer.prompt_hash, answer.shown_codes)


def _later(
    run: Run, respondent: Respondent, entries: Mapping[str, Entry], question_id: str
) -> tuple[Entry, ...]:
    [chain] = chains_of(run.survey, respondent, run.rules)  # with memory there is one
    order = [question.id for question in chain]
    return tuple(entries[one] for one in order[order.index(question_id) + 1 :] if one in entries)
