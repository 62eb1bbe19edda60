"""What two small language models wrote when they were interviewed, read as a person read it.

The texts are of SmolLM2-135M-Instruct and Qwen2.5-Coder-0.5B-Instruct, to the prompts of the American and the
Chinese questionnaire, cut at 80 tokens; each line holds its own question.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from def_sim.answers.reading.parse import ReadingRules, read_answer
from def_sim.records import Dimension, FinishReason, MeasurementLevel, Option, Question, QuestionType

CASES = [
    json.loads(line)
    for line in Path(__file__).with_name("real_completions.jsonl").read_text("utf-8").splitlines()
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_real_completion_is_read_as_a_person_judged_it(case: dict[str, Any]) -> None:
    question = Question(
        item_id="test.real",
        wording=0,
        language=case["language"],
        topic="real",
        text=case["question"],
        type=QuestionType(case["type"]),
        level=MeasurementLevel.ORDINAL,
        dimension=Dimension.TDI,
        direction=1,
        options=tuple(Option(code, label) for code, label in case["options"]),
        max_choices=case["max_choices"],
    )
    reading = read_answer(
        case["text"],
        question,
        rules=ReadingRules(),
        finish_reason=FinishReason(case["finish"]),
        shown=tuple(case["shown"]),
    )
    assert (reading.status, list(reading.choices)) == (case["status"], case["choices"])
