"""From answers to a corrected rate: a judge that errs as planned, and people who code its verdicts."""

import numpy as np
import pytest
from judged_examples import FRAME, SETTINGS, a_rubric, an_answer, hold
from survey_examples import a_question

from def_sim.judging.audit import coded_strata, coding_table, draw_defects, sheet_order
from def_sim.judging.conversation import judge_answer
from def_sim.judging.exhibits import JudgedAnswer
from def_sim.judging.sheets import MARK, read_sheet, sheet_row, write_sheet
from def_sim.metrics.agreement import cohen_kappa
from def_sim.metrics.insensitivity import defect_rate
from def_sim.metrics.misclassification import Stratum, corrected_rate, judge_quality
from def_sim.records import Completion

NUM_ANSWERS, NUM_DEFECTS = 1000, 250
SENSITIVITY, SPECIFICITY = 0.75, 0.95
QUESTION = a_question()
DEFECTIVE = "Answer: 2\nExplanation: Folks need a job."


def judged_run():
    """1,000 answers, of which every fourth has the defect."""
    texts = [DEFECTIVE if i % 4 == 0 else "Answer: 2\nExplanation: I need a job." for i in range(NUM_ANSWERS)]
    answers = [an_answer(text, QUESTION, respondent_id=f"r{i:05d}") for i, text in enumerate(texts)]
    return {answer.respondent_id: JudgedAnswer(QUESTION, answer, FRAME) for answer in answers}


RUN = judged_run()


def has_defect(respondent_id):
    return RUN[respondent_id].answer.text == DEFECTIVE


def verdicts_of_a_judge(seed):
    """A judge who reads the text it is shown and errs by chance."""
    rng = np.random.default_rng(seed)

    def reply(request):
        is_defect = "| Explanation: Folks" in request.messages[0].content
        says = rng.random() < (SENSITIVITY if is_defect else 1 - SPECIFICITY)
        return Completion(f'{{"defect": {str(says).lower()}, "why": "so it seems"}}')

    rubric = a_rubric()
    talks = (judge_answer(judged, rubric, rubric.question("RP"), SETTINGS) for judged in RUN.values())
    return [hold(talk, reply)[1] for talk in talks]


def coded_by_a_person(rows, seed):
    """A sheet as it is written, coded without a mistake, and read back."""
    ordered = [
        sheet_row(row.row, RUN[row.verdict.respondent_id], a_rubric(), "RP")
        for row in sheet_order(rows, seed, 1)
    ]
    lines = write_sheet(ordered).removeprefix(MARK).split(",,\r\n")
    coded = [f"{line},{int('Folks' in line)},\r\n" for line in lines[:-1]]
    return read_sheet("".join(coded), "audit_1.csv", ordered)


def audited(seed):
    verdicts = verdicts_of_a_judge(seed)
    rows = draw_defects(verdicts, seed)
    codes = coded_by_a_person(rows, seed)
    strata = [
        Stratum(one.size, one.num_audited, one.num_defects, one.is_positive)
        for one in coded_strata(rows, verdicts, codes)
    ]
    return verdicts, rows, codes, strata


@pytest.mark.slow
def test_the_corrected_interval_holds_the_truth_that_the_raw_rate_misses() -> None:
    # .25 x .75 + .75 x .05 = .225, with a standard deviation of .011 by the judge's chance alone.
    raw, held = [], []
    for seed in range(20):
        verdicts, _, _, strata = audited(seed)
        found = defect_rate(sum(verdict.value is True for verdict in verdicts), len(verdicts), 0)
        raw.append(found.rate)
        corrected = corrected_rate(strata, np.random.default_rng(seed))
        held.append(corrected.low <= NUM_DEFECTS / NUM_ANSWERS <= corrected.high)
    assert np.mean(raw) == pytest.approx(0.225, abs=0.01)
    assert sum(held) >= 18


def test_people_say_how_good_the_judge_is() -> None:
    # Precision .1875 / .225 = .833 and recall .75 in the long run; 25 rows a stratum leave them uncertain.
    _, rows, codes, strata = audited(seed=3)
    quality = judge_quality(strata)
    assert quality.precision == pytest.approx(0.833, abs=0.25)
    assert quality.recall == pytest.approx(0.75, abs=0.25)
    right = {row.row: has_defect(row.verdict.respondent_id) for row in rows}
    assert codes == right
    table = coding_table(rows, [codes], "RP")
    by_hand = np.mean([codes[row.row] == row.verdict.value for row in rows])
    assert np.mean(table[0] == table[1]) == pytest.approx(by_hand)
    assert 0 < cohen_kappa(table) < 1
