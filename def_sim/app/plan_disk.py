"""What a run will take of a disk: the lines of its journals, estimated by a line of mean length."""

from typing import Final

from def_sim.answers.storage.answer_lines import encode_line
from def_sim.app.plan_counts import Plan
from def_sim.app.run import Run
from def_sim.records import Answer, AnswerStatus, FinishReason, Question, ReadingMethod

_BYTES_PER_TOKEN: Final = 4.2  # of text in UTF-8, in Chinese much the same: three bytes a character
_TABLE_SHARE: Final = (
    0.2  # of the journals: a table of chat models' answers, compressed (docs/about/performance.md)
)


def disk_bytes(run: Run, plan: Plan) -> float:
    """Bytes of the journals of all answers; calls of strategies that make several come on top."""
    questions = run.survey.questions
    longest = max(questions, key=lambda question: len(question.id))
    text = "x" * round(_BYTES_PER_TOKEN * plan.tokens_out / plan.num_calls)
    return len(encode_line(_answer(run, longest, text))) * plan.num_answers


def _answer(run: Run, question: Question, text: str) -> Answer:
    capacities = [respondent.memory_capacity for respondent in run.looked_at if run.strategy.uses_memory]
    num_remembered = round(sum(capacities) / len(capacities)) if capacities else 0
    return Answer(
        respondent_id=run.panel[-1].id,
        item_id=question.item_id,
        wording=question.wording,
        call=0,
        status=AnswerStatus.ANSWERED,
        choices=question.codes[:1],
        method=ReadingMethod.NUMBER,
        text=text,
        shown_codes=question.codes,
        memory=(question.id,) * min(num_remembered, len(run.survey.questions) - 1),
        prompt_hash="0" * 16,
        finish_reason=FinishReason.STOP,
        num_prompt_tokens=1000,
        num_generated_tokens=100,
        seconds=10.123456789,
    )


def disk_line(run: Run, plan: Plan) -> str:
    """The line of a plan."""
    journals = disk_bytes(run, plan)
    return f"disk          about {_size(journals)} of journals, {_size(_TABLE_SHARE * journals)} of tables"


def _size(count: float) -> str:
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{max(count / 1e3, 1):.0f} kB"
