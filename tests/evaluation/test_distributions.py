"""Answers become counts, counts become shares, shares stand beside the people's."""

import numpy as np
import pytest

from def_sim.errors import StoreError, SurveyFormatError
from def_sim.evaluation.distributions import (
    POOLED,
    align_with_reference,
    count_answers,
    distributions_frame,
    pool_wordings,
)
from def_sim.records import (
    Answer,
    AnswerStatus,
    Dimension,
    ItemReference,
    MeasurementLevel,
    Option,
    Question,
    QuestionType,
    ReadingMethod,
)


def question(item_id="a.Q1", *, wording=0, codes=(1, 2, 3), kind=QuestionType.SINGLE, max_choices=1):
    return Question(
        item_id=item_id,
        wording=wording,
        language="en",
        topic="a topic",
        text="?",
        type=kind,
        level=MeasurementLevel.ORDINAL,
        dimension=Dimension.IDV,
        direction=1,
        options=tuple(Option(code, f"option {code}") for code in codes),
        max_choices=max_choices,
    )


def answer(respondent, asked, *choices, status=AnswerStatus.ANSWERED):
    return Answer(
        respondent_id=f"r{respondent:05d}",
        item_id=asked.item_id,
        wording=asked.wording,
        call=0,
        status=status,
        choices=choices,
        method=ReadingMethod.NUMBER if choices else ReadingMethod.NONE,
        text="",
    )


def reference(item_id="a.Q1", *, codes=(1, 2, 3), shares=(0.5, 0.3, 0.2), n_effective=800.0):
    return ItemReference(item_id, "all", codes, shares, n=1000, n_effective=n_effective)


def test_choices_are_counted_in_the_order_of_the_codes_whatever_the_order_of_answers():
    asked = question(codes=(0, 1, 5))
    answers = [answer(i, asked, code) for i, code in enumerate([5, 0, 5, 1, 5])]
    [forwards], [backwards] = count_answers(answers, [asked]), count_answers(answers[::-1], [asked])
    assert forwards.counts.tolist() == backwards.counts.tolist() == [1, 1, 3]
    assert forwards.shares == pytest.approx([0.2, 0.2, 0.6])


def test_statuses_add_up_to_the_answers_and_not_asked_is_no_failure():
    asked = question()
    answers = [
        answer(0, asked, 1),
        answer(1, asked, status=AnswerStatus.REFUSED),
        answer(2, asked, status=AnswerStatus.ENGINE_ERROR),
        answer(3, asked, status=AnswerStatus.NOT_ASKED),
    ]
    [counted] = count_answers(answers, [asked])
    assert sum(counted.status_counts.values()) == 4
    assert (counted.num_asked, counted.num_answered, counted.num_failed, counted.num_not_asked) == (
        3,
        1,
        2,
        1,
    )
    assert counted.shares.tolist() == [1, 0, 0]  # of those who answered


def test_a_text_that_waits_for_a_judge_is_asked_and_neither_answered_nor_failed():
    asked = question()
    answers = [
        answer(0, asked, 1),
        answer(1, asked, status=AnswerStatus.NO_ANSWER),
        answer(2, asked, status=AnswerStatus.UNJUDGED),
        answer(3, asked, status=AnswerStatus.UNJUDGED),
    ]
    [counted] = count_answers(answers, [asked])
    assert (counted.num_asked, counted.num_answered, counted.num_failed, counted.num_unread) == (4, 1, 1, 2)


def test_a_question_without_answers_is_counted_and_its_shares_are_undefined():
    [counted] = count_answers([], [question()])
    assert counted.num_asked == 0
    assert np.isnan(counted.shares).all()


def test_several_choices_are_mentions_of_one_respondent():
    asked = question(kind=QuestionType.MULTIPLE, max_choices=2)
    [counted] = count_answers([answer(0, asked, 1, 3), answer(1, asked, 1)], [asked])
    assert counted.num_answered == 2
    assert counted.shares.tolist() == [1.0, 0.0, 0.5]


@pytest.mark.parametrize(
    ("choices", "status", "message"),
    [
        ((7,), AnswerStatus.ANSWERED, "options are"),
        ((), AnswerStatus.ANSWERED, "1 to 1"),
        ((1, 2), AnswerStatus.ANSWERED, "1 to 1"),
        ((1,), AnswerStatus.REFUSED, "refused with choices"),
    ],
)
def test_choices_that_the_question_does_not_allow_are_no_data(choices, status, message):
    asked = question()
    with pytest.raises(StoreError, match=message):
        count_answers([answer(0, asked, *choices, status=status)], [asked])


def test_ticking_the_same_box_twice_is_no_data():
    asked = question(kind=QuestionType.MULTIPLE, max_choices=2)
    with pytest.raises(StoreError, match="different ones"):
        count_answers([answer(0, asked, 1, 1)], [asked])


def test_a_respondent_cannot_be_counted_twice():
    asked = question()
    with pytest.raises(StoreError, match=r"r00000 to a\.Q1#0: this respondent has answered it before"):
        count_answers([answer(0, asked, 1), answer(0, asked, 2)], [asked])


def test_answers_to_another_questionnaire_are_refused():
    with pytest.raises(StoreError, match=r"a\.Q2#0"):
        count_answers([answer(0, question("a.Q2"), 1)], [question("a.Q1")])


def test_a_reference_with_other_options_is_refused_by_name():
    counted = count_answers([], [question()])
    with pytest.raises(SurveyFormatError, match=r"a\.Q1.*\[1, 2, 3\].*\[1, 2\]"):
        align_with_reference(counted, {"a.Q1": reference(codes=(1, 2), shares=(0.5, 0.5))})


def test_a_missing_reference_leaves_the_question_counted():
    asked = question()
    [aligned] = align_with_reference(count_answers([answer(0, asked, 1)], [asked]), {})
    frame = distributions_frame([aligned])
    assert frame["simulated_count"].tolist() == [1, 0, 0]
    assert frame["human_share"].isna().all()
    assert frame["human_n"].isna().all()


def test_wordings_are_averaged_as_shares_and_are_not_new_respondents():
    base, paraphrase = question(), question(wording=1)
    answers = [answer(0, base, 1), answer(1, base, 1), answer(2, base, 1), answer(3, base, 2)]
    answers += [answer(0, paraphrase, 3), answer(1, paraphrase, 1)]
    answers += [answer(i, paraphrase, status=AnswerStatus.NO_ANSWER) for i in (2, 3)]
    counted = align_with_reference(count_answers(answers, [base, paraphrase]), {"a.Q1": reference()})
    [pooled] = pool_wordings(counted)
    # (.75, .25, 0) and (.5, 0, .5), each wording with the same weight
    assert pooled.shares == pytest.approx([0.625, 0.125, 0.25])
    assert (pooled.num_asked, pooled.num_answered, pooled.num_failed) == (4, 3, 1)  # means over wordings
    assert pooled.wording == POOLED
    assert pooled.reference == reference()


def test_a_wording_that_nobody_answered_does_not_enter_the_shares():
    base, paraphrase = question(), question(wording=1)
    answers = [answer(0, base, 2), answer(0, paraphrase, status=AnswerStatus.REFUSED)]
    [pooled] = pool_wordings(count_answers(answers, [base, paraphrase]))
    assert pooled.shares.tolist() == [0, 1, 0]


def test_pooling_leaves_a_single_wording_as_it_is():
    asked = question()
    [counted] = count_answers([answer(0, asked, 2), answer(1, asked, 3)], [asked])
    [pooled] = pool_wordings([counted])
    assert pooled.counts.tolist() == counted.counts.tolist()
    assert pooled.status_counts == counted.status_counts


def test_the_frame_has_a_row_for_each_option_with_the_base_of_the_question():
    asked = question(codes=(0, 1, 5))
    counted = count_answers([answer(0, asked, 5), answer(1, asked, status=AnswerStatus.REFUSED)], [asked])
    frame = distributions_frame(align_with_reference(counted, {"a.Q1": reference(codes=(0, 1, 5))}))
    assert frame["code"].tolist() == [0, 1, 5]
    assert frame["position"].tolist() == [1, 2, 3]
    assert frame["simulated_share"].tolist() == [0, 0, 1]
    assert frame["human_share"].tolist() == [0.5, 0.3, 0.2]
    assert frame["label"].tolist() == ["option 0", "option 1", "option 5"]
    first = frame.iloc[0]
    assert (first["human_n"], first["human_n_effective"]) == (1000, 800)
    assert (first["num_asked"], first["num_answered"], first["num_failed"]) == (2, 1, 1)
    assert (first["wording"], first["dimension"], first["type"], first["level"]) == (
        0,
        "IDV",
        "single",
        "ordinal",
    )


def test_an_unknown_effective_number_of_people_stays_unknown():
    aligned = align_with_reference(count_answers([], [question()]), {"a.Q1": reference(n_effective=None)})
    assert distributions_frame(aligned)["human_n_effective"].isna().all()


def test_a_survey_without_questions_is_an_empty_frame_with_all_columns():
    frame = distributions_frame([])
    assert len(frame) == 0
    assert {"item_id", "simulated_share", "human_share", "num_not_asked"} <= set(frame.columns)


def test_weighted_counts_add_up_to_what_the_answers_are_worth():
    asked = question()
    answers = [answer(0, asked, 1), answer(1, asked, 2), answer(2, asked, status=AnswerStatus.REFUSED)]
    [found] = count_answers(answers, [asked], weights={"r00000": 3.0, "r00001": 1.0, "r00002": 2.0})
    # (3 + 1)^2 / (9 + 1) = 1.6: every weight counts .4.
    assert found.num_answered == pytest.approx(1.6)
    assert found.shares == pytest.approx([0.75, 0.25, 0])
    assert found.num_failed == pytest.approx(0.8)


def test_weights_of_one_change_no_count():
    asked = question()
    answers = [answer(0, asked, 1), answer(1, asked, 2), answer(2, asked, 2)]
    [plain] = count_answers(answers, [asked])
    [weighted] = count_answers(answers, [asked], weights=dict.fromkeys(("r00000", "r00001", "r00002"), 1.0))
    assert weighted.counts.tolist() == plain.counts.tolist()
    assert weighted.status_counts == plain.status_counts


def test_a_question_that_only_respondents_without_weight_answered_has_no_shares():
    asked = question()
    [found] = count_answers([answer(0, asked, 1)], [asked], weights={"r00000": 0.0})
    assert found.num_answered == 0
    assert np.isnan(found.shares).all()
