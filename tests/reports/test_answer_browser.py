"""Packing single answers: nothing is lost, nothing is stored twice, and the sample is whole."""

import json

import pytest

from def_sim.reports.answer_browser import pack_answers, safe_json, sample_respondents
from def_sim.reports.facts import AnswerView


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


def test_a_sample_keeps_whole_respondents_in_their_order():
    answers = [view(f"r{r}", f"q{q}#0") for q in range(3) for r in range(10)]
    kept = sample_respondents(answers, limit=10, seed=1)
    respondents = {answer.respondent_id for answer in kept}
    assert len(respondents) == 3  # 3 x 3 = 9 answers fit, 12 would not
    assert kept == [answer for answer in answers if answer.respondent_id in respondents]


def test_the_seed_chooses_the_sample():
    answers = [view(f"r{r:02d}", "q#0") for r in range(50)]
    first, again, other = (sample_respondents(answers, limit=5, seed=seed) for seed in (1, 1, 2))
    assert first == again != other


def test_nothing_is_left_out_where_all_answers_fit():
    answers = [view("r1", "q#0"), view("r0", "q#0")]
    assert sample_respondents(answers, limit=2, seed=1) == answers


@pytest.mark.parametrize("limit", [1, 2])
def test_one_respondent_with_too_many_answers_is_cut(limit):
    answers = [view("r0", f"q{q}#0") for q in range(3)]
    assert sample_respondents(answers, limit=limit, seed=1) == answers[:limit]
