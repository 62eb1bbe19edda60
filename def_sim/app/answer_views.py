"""Single answers as a report shows them, with what the respondent met, and of whom a page shows them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from def_sim.app.run import Run
from def_sim.app.run_facts import describe_decoding
from def_sim.evaluation.shown_answers import drawn_respondents
from def_sim.questionnaire import Moment, replay
from def_sim.randomness import Address
from def_sim.records import Answer, Request, Respondent
from def_sim.reports.pages.answer_browser import with_room
from def_sim.reports.pages.facts import AnswerView
from def_sim.strategies.contract import OpenConversation

MOST_BYTES: Final = 400_000  # of single answers on a page


def answer_views(
    run: Run, answers: Iterable[Answer], readings: Iterable[Answer], respondents: Iterable[Respondent]
) -> list[AnswerView]:
    """Each answer with the question and the memory as the respondent met them, rebuilt by replay.

    Args:
        run: Of the answers.
        answers: As stored: what a judge read later had no part in the interview.
        readings: The same as they are scored.
        respondents: Whose they are, or more.
    """
    by_respondent, read = _by_respondent(answers), _by_respondent(readings)
    return [
        view
        for respondent in respondents
        if respondent.id in by_respondent
        for view in _views_of(run, respondent, by_respondent[respondent.id], read[respondent.id])
    ]


def shown_views(
    run: Run,
    answers: Iterable[Answer],
    readings: Iterable[Answer],
    respondents: Iterable[Respondent],
    *,
    limit_bytes: int = MOST_BYTES,
) -> list[AnswerView]:
    """The answers of as many respondents as a page has room for, drawn by the run's seed; see `answer_views`.

    Whole respondents are kept, so that what one remembers can be read where it was said, in the order of the
    panel. Of one who alone exceeds the limit, the first answers.
    """
    people = {respondent.id: respondent for respondent in respondents}
    given, read = _by_respondent(answers), _by_respondent(readings)
    drawn = drawn_respondents([name for name in people if name in given], seed=run.config.seed)
    views = (_views_of(run, people[name], given[name], read[name]) for name in drawn)
    kept = with_room(views, limit_bytes=limit_bytes)
    places = {name: place for place, name in enumerate(people)}
    return sorted(kept, key=lambda view: places[view.respondent_id])


def _by_respondent(answers: Iterable[Answer]) -> dict[str, dict[str, Answer]]:
    found: dict[str, dict[str, Answer]] = defaultdict(dict)
    for answer in answers:
        found[answer.respondent_id][answer.question_id] = answer
    return found


def _views_of(
    run: Run, respondent: Respondent, answers: Mapping[str, Answer], readings: Mapping[str, Answer]
) -> list[AnswerView]:
    views = []
    for moment in replay(respondent, run.survey, run.presentation, run.rules, answers):
        question = moment.question
        answer = readings[question.id]
        request = _opening_request(run, respondent, moment)
        views.append(
            AnswerView(
                respondent_id=respondent.id,
                question_id=question.id,
                topic=question.topic,
                decoding=describe_decoding(request.decoding),
                place=respondent.persona.place,
                memory=tuple((exchange.request, exchange.answer) for exchange in moment.memory.exchanges),
                prompt=request.messages[-1].content,
                text=answer.text,
                status=answer.status.value,
                choices=answer.choices,
                choice_labels=tuple(question.label_of(code) for code in answer.choices),
                method=answer.method.value,
            )
        )
    return views


def _opening_request(run: Run, respondent: Respondent, moment: Moment) -> Request:
    """What the strategy put the question with; of several calls the first."""
    question = moment.question
    address = Address(run.rules.seed, respondent.id, question.item_id, question.wording)
    conversation = OpenConversation(run.strategy, question, respondent, moment.memory, address)
    request = conversation.requests[0]
    conversation.close()
    return request
