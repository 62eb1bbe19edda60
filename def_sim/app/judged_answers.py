"""What a rubric makes of a stored run: the answers that are judged, and who says what of them.

Rules come first: where one fires the judge is not asked. Everything is rebuilt from the stored answers, so
that a judge and a later check see the same. Asks nobody.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from def_sim.answers.storage.shards import AnswerKey, answer_key
from def_sim.app.run import Run
from def_sim.judging.exhibits import JudgedAnswer
from def_sim.judging.rubric import Rubric, RubricQuestion, is_about
from def_sim.judging.rules import RuleContext, find_defects
from def_sim.judging.sample import in_sampling_order, sampled
from def_sim.judging.verdict_lines import VerdictKey
from def_sim.prompts import render_request
from def_sim.questionnaire import Moment, replay
from def_sim.randomness import Address
from def_sim.records import Answer, AnswerMode, InsensitivityDimension, Respondent
from def_sim.strategies.contract import OpenConversation


@dataclass(frozen=True, slots=True)
class Task:
    """One verdict that is to be had. `rule`: in the words of the rule that gives it; empty: ask the judge."""

    judged: JudgedAnswer
    question: RubricQuestion
    repeat: int = 0
    rule: str = ""

    @property
    def key(self) -> VerdictKey:
        """That of the verdict."""
        answer = self.judged.answer
        return answer.respondent_id, answer.item_id, answer.wording, self.question.name, self.repeat


@dataclass(frozen=True, slots=True)
class _Met:
    """An answer as the respondent met its question."""

    respondent: Respondent
    moment: Moment
    first: Answer | None  # to the question that this one follows


def meaningless_dimensions(run: Run) -> frozenset[InsensitivityDimension]:
    """Defects that mean nothing of a run's answers: all where only codes could be given."""
    if run.presentation.mode is not AnswerMode.FREE:
        return frozenset(InsensitivityDimension)
    return frozenset(getattr(run.strategy, "meaningless_dimensions", ()))


def questions_for(rubric: Rubric, run: Run) -> list[RubricQuestion]:
    """What a rubric asks of a run: its questions but for those that mean nothing there."""
    if rubric.verdict == "option":
        return rubric.questions
    return [one for one in rubric.questions if one.name not in meaningless_dimensions(run)]


def num_stored(run: Run, answers: Iterable[Answer]) -> int:
    """How many of the answers that the run plans are among these."""
    planned = {(r.id, q.item_id, q.wording) for r in run.panel for q in run.survey.questions}
    return len(planned & {answer_key(answer) for answer in answers})


def tasks_of(
    run: Run, answers: Iterable[Answer], rubric: Rubric, *, sample: int | None, num_repeats: int
) -> list[Task]:
    """Every verdict of a set, those of rules among them, in a fixed order.

    Args:
        run: The judged one.
        answers: Its stored ones.
        rubric: What is asked.
        sample: Answers that are judged; None: all.
        num_repeats: How often the judge is asked the same. What a rule found it finds once.
    """
    met = _as_met(run, answers)
    about = [one.moment.answer for one in met.values() if is_about(rubric, one.moment.answer)]
    order = in_sampling_order(about, {q.id: q for q in run.survey.questions}, run.config.seed)
    tasks = []
    for answer in sampled(order, sample):
        tasks += _tasks_of_answer(run, met[answer_key(answer)], rubric, num_repeats)
    return tasks


def _as_met(run: Run, answers: Iterable[Answer]) -> dict[AnswerKey, _Met]:
    by_respondent: dict[str, dict[str, Answer]] = {respondent.id: {} for respondent in run.panel}
    for answer in answers:
        by_respondent.get(answer.respondent_id, {})[answer.question_id] = answer
    met: dict[AnswerKey, _Met] = {}
    for respondent in run.panel:
        stored = by_respondent[respondent.id]
        for moment in replay(respondent, run.survey, run.presentation, run.rules, stored):
            follows = moment.question.follow_up_of
            first = None if follows is None else stored.get(f"{follows}#{moment.question.wording}")
            met[answer_key(moment.answer)] = _Met(respondent, moment, first)
    return met


def _tasks_of_answer(run: Run, met: _Met, rubric: Rubric, num_repeats: int) -> list[Task]:
    question, answer = met.moment.question, met.moment.answer
    judged = JudgedAnswer(question, answer, _frame(run, met))
    found: Mapping[InsensitivityDimension, str] = {}
    if rubric.verdict == "defect":
        found = find_defects(question, answer, rule_context(run), first=met.first)
    by_name = {dimension.value: words for dimension, words in found.items()}
    tasks: list[Task] = []
    for asked in questions_for(rubric, run):
        if rule := by_name.get(asked.name, ""):
            tasks.append(Task(judged, asked, rule=rule))
        else:
            tasks += [Task(judged, asked, repeat) for repeat in range(num_repeats)]
    return tasks


def rule_context(run: Run) -> RuleContext:
    """What the rules must know of a run."""
    engine = run.config.model.engine
    # A prompt that is plain text ends in the anchor of the answer.
    is_base_model = engine is not None and engine.arguments.get("prompt_style") == "text"
    return RuleContext(run.presentation.pack, is_base_model, meaningless_dimensions(run))


def _frame(run: Run, met: _Met) -> str:
    """What stood around the question: the newest turn of the first request, without question and options."""
    question, answer = met.moment.question, met.moment.answer
    address = Address(run.config.seed, met.respondent.id, question.item_id, question.wording)
    conversation = OpenConversation(run.strategy, question, met.respondent, met.moment.memory, address)
    newest = conversation.requests[0].messages[-1].content
    conversation.close()
    return newest.removesuffix(render_request(question, answer.shown_codes, run.presentation.pack)).strip()
