"""Packing single answers: nothing is lost, and nothing is stored twice."""

import json

from def_sim.reports.pages.answer_browser import pack_answers, safe_json
from def_sim.reports.pages.facts import AnswerView


def view(respondent: str, question: str, text: str = "Answer: 1") -> AnswerView:
    return AnswerView(
        respondent_id=respondent,
        question_id=question,
        topic="a topic",
        decoding="1 beam",
        place="",
        memory=(("Earlier?\n1. yes\n2. no", "Answer: 2"),),
        prompt="Now?\n1. yes\n2. no",
        text=text,
        status="answered",
        choices=(1, 4),
        choice_labels=("yes", "4"),
        method="number",
    )


def test_a_packed_answer_comes_back_unchanged():
    text = 'Answer: 1\n</script> & "quotes" \u2028 \ud83d שלום'
    packed = json.loads(safe_json(pack_answers([view("r0", "a#0", text)])))
    written = ["\n".join(packed["lines"][line] for line in lines) for lines in packed["texts"]]
    *texts, memory = packed["answers"][0]
    asked = ["r0", "a#0", "a topic", "1 beam", "", "Now?\n1. yes\n2. no"]
    read = ["Answered", "the number", "1  yes\n4"]  # a scale's point has no label but its code
    assert [written[index] for index in texts] == [*asked, text, *read]
    exchange = [written[index] for index in packed["exchanges"][memory[0]]]
    assert exchange == ["Earlier?\n1. yes\n2. no", "Answer: 2"]


def test_a_line_that_many_answers_share_is_stored_once():
    one = safe_json(pack_answers([view("r0", "a#0")]))
    hundred = safe_json(pack_answers([view("r0", f"a{index}#0") for index in range(100)]))
    assert hundred.count("1. yes") == one.count("1. yes") == 1


def test_packed_json_holds_nothing_that_ends_a_script():
    text = safe_json(["</script>", "<!--", "]]>", "&amp;", "\u2028\u2029", "\ud800"])
    assert not set(text) & set("<>&\u2028\u2029\ud800")
