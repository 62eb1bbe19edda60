"""What the report prints of readings that people checked."""

from def_sim.evaluation.audited_readings import audited_readings
from def_sim.judging.audit import CodedAudit, draw_stances
from def_sim.judging.verdict_sets import VerdictSet
from def_sim.judging.verdicts import Source, Verdict
from def_sim.reports.sections.audited_readings import audited_section

VERDICTS = tuple(
    Verdict(f"r{i:05d}", "toy.work", 0, "stance", (1 if i < 75 else 2,), Source.JUDGE) for i in range(100)
)
SET = VerdictSet("stance-1", "stance", {"label": "<b>Judge</b>"}, "json", 100, VERDICTS)


def section(*coders):
    rows = draw_stances(VERDICTS, seed=1)
    codes = tuple({row.row: says(row) for row in rows} for says in coders)
    return audited_section(audited_readings([SET], {SET.name: CodedAudit(SET.name, rows, codes)}, seed=1))


def test_accuracy_stands_with_its_interval_the_coders_agreement_and_each_option():
    # Both find option 1 right in all 25 rows; the second finds option 2 wrong in all.
    body = section(lambda row: row.verdict.value, lambda row: (1,)).body
    assert "<td>88 %</td>" in body  # mean of 100 and 75 %
    assert "Krippendorff" in body
    assert "coder 1 and coder 2" in body
    line = '<th scope="row">option 2</th><td>25</td><td>25 of 25 rows</td><td>0 of 25 rows</td>'
    assert line in body


def test_a_label_stays_text_and_the_section_says_what_it_does_not_show():
    drawn = section(lambda row: row.verdict.value)
    assert "&lt;b&gt;Judge" in drawn.body
    assert "<b>Judge" not in drawn.body
    assert drawn.hides.endswith(".")
    assert drawn.key == "audited_readings"
