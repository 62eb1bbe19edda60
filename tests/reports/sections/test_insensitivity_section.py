"""What the section on insensitivity prints of rates, examples and people's codes."""

from def_sim.evaluation.defect_examples import DefectExample
from def_sim.evaluation.insensitivity import Insensitivity, JudgedModel, RuleFindings, insensitivity
from def_sim.judging.audit import CodedAudit, draw_defects
from def_sim.judging.verdict_sets import VerdictSet
from def_sim.judging.verdicts import Missing, Source, Verdict
from def_sim.reports.sections.insensitivity import insensitivity_section

MODEL = JudgedModel({"weights": "abc"}, "llama")


def a_verdict(number, value, source=Source.JUDGE, question="RP"):
    missing = Missing.PROSE if value is None else None
    return Verdict(f"r{number:05d}", "toy.work", 0, question, value, source, missing)


RULED = tuple(a_verdict(i, True, Source.RULE, "IR") for i in range(3))
VERDICTS = (*(a_verdict(i, i < 10) for i in range(40)), a_verdict(40, None))
ITSELF = {"label": "<b>Me</b>", "identity": {"weights": "abc"}}
SET = VerdictSet("insensitivity-1", "insensitivity", ITSELF, "json", 41, VERDICTS)


def section(*sets, audits=None, examples=()):
    rates = insensitivity(RuleFindings(20, RULED), None, sets, audits or {}, MODEL, seed=1)
    return insensitivity_section(rates, examples)


def test_without_verdicts_the_shares_of_the_rules_are_shown():
    drawn = section()
    assert [figure.name for figure in drawn.figures] == ["insensitivity-rules"]
    for words in ("By rules, all answers", ">output 15 %<", "a rate is at least this", ">unknown<"):
        assert words in drawn.body
    assert "What people say" not in drawn.body


def test_a_set_has_a_radar_of_its_own_and_says_what_to_know_of_its_judge():
    drawn = section(SET)
    assert [figure.name for figure in drawn.figures] == [
        "insensitivity-rules",
        "insensitivity-insensitivity-1",
    ]
    for words in (">25 %<", "41 of 41 verdicts are in", "The judge is the judged model"):
        assert words in drawn.body
    # 10 of 40, and one missing: 10 / 41 to 11 / 41.
    assert "24 % to 27 %" in drawn.body
    assert "<b>Me" not in drawn.body


def test_what_people_coded_is_shown_with_their_agreement():
    rows = draw_defects(VERDICTS, seed=1)
    codes = {row.row: row.verdict.value for row in rows}
    drawn = section(SET, audits={SET.name: CodedAudit(SET.name, rows, (codes, codes))})
    for words in ("What people say of these verdicts", "coder 1 and coder 2", "Krippendorff", "100 %"):
        assert words in drawn.body


def test_an_example_says_where_it_stands_and_nothing_in_it_is_markup():
    example = DefectExample("IR", "r00001", "toy.work#0", "<script>", "rule", "the text was cut")
    drawn = section(examples=[example])
    assert "r00001, toy.work. By rule: the text was cut" in drawn.body
    assert "<script>" not in drawn.body


def test_without_free_text_the_section_is_its_reason():
    drawn = insensitivity_section(Insensitivity((), "answers hold no free text"), [])
    assert drawn.body == "<p>Not known: answers hold no free text.</p>"
    assert drawn.figures == ()
