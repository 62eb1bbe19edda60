"""Objects that hold an answer are rewritten with anchors; all else stays as it came."""

import pytest

from def_sim.answers.reading.objects import unwrap_objects


@pytest.mark.parametrize(
    ("text", "answer", "explanation"),
    [
        ('{"answer": 2, "explanation": "We meet."}', "2", "We meet."),
        ('{"Answer": "Agree", "Reason": "It \\"keeps\\" us"}', "Agree", 'It "keeps" us'),
        ("{'answer': '3', 'explanation': 'I don\\'t.'}", "3", "I don't."),
        ('{"答案": 3, "解释": "很少"}', "3", "很少"),
        ("{“答案”：“同意”，“理由”：“好”}", "同意", "好"),
        ('{"choice": [1, 4, 6]}', "1, 4, 6", ""),
        ('{"answer": {"code": 2, "label": "Agree"}}', "2. Agree", ""),
        ('{"result": {"answer": 2, "reason": "Answer: 1 is not me"}}', "2", "Answer  1 is not me"),
        ('{"answer": null}', "", ""),
        ('{"score": 7, "comment": "fine"}', "7", ""),
    ],
)
def test_an_object_with_an_answer_gets_the_anchors(text: str, answer: str, explanation: str) -> None:
    assert unwrap_objects(text) == f"\nAnswer: {answer}\nExplanation: {explanation}\n"


@pytest.mark.parametrize(
    ("text", "answer"),
    [('{"answer": 1', "1"), ('{"answer": "Agr', "Agr"), ('{"answer": [1, 4', "1, 4"), ('{"answer": ', "")],
)
def test_an_answer_that_the_limit_cut_has_nothing_behind_it(text: str, answer: str) -> None:
    assert unwrap_objects(text) == f"\nAnswer: {answer}"


def test_an_answer_that_was_complete_before_the_limit_is_closed() -> None:
    assert unwrap_objects('{"answer": [1, 4], "expl') == "\nAnswer: 1, 4\nExplanation: \n"


@pytest.mark.parametrize("text", ["{2}", "{", '{"1": "Agree", "2": "Disagree"}', "no object", "{a: b"])
def test_what_holds_no_answer_stays_as_it_came(text: str) -> None:
    assert unwrap_objects(text) == text
