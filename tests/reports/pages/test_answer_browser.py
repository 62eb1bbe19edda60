"""Packing single answers: nothing is lost, and nothing is stored twice."""

import json

from def_sim.reports.pages.answer_browser import pack_answers, with_room
from def_sim.reports.pages.facts import AnswerView
from def_sim.reports.pages.report_data import Lines, safe_json


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
    lines = Lines()
    packed = json.loads(safe_json(pack_answers([view("r0", "a#0", text)], lines)))
    table = json.loads(safe_json(lines.table))
    written = ["\n".join(table[number] for number in numbers) for numbers in packed["texts"]]
    *texts, memory = packed["rows"][0]
    asked = ["r0", "a#0", "a topic", "1 beam", "", "Now?\n1. yes\n2. no"]
    read = ["Answered", "the number", "1  yes\n4"]  # a scale's point has no label but its code
    assert [written[index] for index in texts] == [*asked, text, *read]
    exchange = [written[index] for index in packed["exchanges"][memory[0]]]
    assert exchange == ["Earlier?\n1. yes\n2. no", "Answer: 2"]


def test_a_line_that_many_answers_share_is_stored_once():
    lines = Lines()
    pack_answers([view("r0", f"a{index}#0") for index in range(100)], lines)
    assert lines.table.count("1. yes") == 1


def weight(answers: list[AnswerView]) -> int:
    """Bytes of the answers' JSON with all texts that they need, beyond what no answer at all takes."""
    lines, empty = Lines(), pack_answers([], Lines())
    packed = pack_answers(answers, lines)
    return len(safe_json([lines.table, packed]).encode("utf-8")) - len(safe_json([[], empty]))


def asked(respondent: str, num: int = 20) -> list[AnswerView]:
    return [view(respondent, f"a{k}#0", f"Answer: 1 <重要> of {respondent}, {k}") for k in range(num)]


def test_whole_respondents_fill_the_room_that_there_is():
    panel = [asked(f"r{number}") for number in range(30)]
    kept = with_room(panel, limit_bytes=20_000)
    num_respondents = len({one.respondent_id for one in kept})
    assert kept == [one for views in panel[:num_respondents] for one in views]
    assert weight(kept) <= 20_000 < weight([*kept, *panel[num_respondents]])


def test_of_one_respondent_too_large_for_the_room_the_first_answers_are_kept():
    kept = with_room([asked("r0", 500), asked("r1", 1)], limit_bytes=5_000)
    assert 0 < len(kept) < 500
    assert kept == asked("r0", 500)[: len(kept)]
    assert weight(kept) <= 5_000


def test_respondents_beyond_the_room_are_not_looked_at():
    def panel():
        yield asked("r0")
        yield asked("r1", 500)
        raise AssertionError("a view that nobody shows was made")

    assert with_room(panel(), limit_bytes=10_000) == asked("r0")


def test_packed_json_holds_nothing_that_ends_a_script():
    text = safe_json(["</script>", "<!--", "]]>", "&amp;", "\u2028\u2029", "\ud800"])
    assert not set(text) & set("<>&\u2028\u2029\ud800")
