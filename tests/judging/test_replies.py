"""Replies of judges, read strictly: what is usable, and why the others are not."""

from itertools import product

import pytest
from reply_examples import (
    BAD,
    CLASSIFICATIONS,
    CUT_OR_FAILED,
    DEFECTS,
    FENCES,
    LISTS,
    WRONG_LISTS,
)

from def_sim.judging.replies import read_classification, read_code, read_defect
from def_sim.judging.verdicts import Missing
from def_sim.records import Completion, FinishReason

ENDS = {"refused": FinishReason.REFUSAL, "truncated": FinishReason.LENGTH, "engine_error": FinishReason.ERROR}


def fenced(examples):
    return [(fence.replace("{}", text), value) for fence, (text, value) in product(FENCES, examples.items())]


@pytest.mark.parametrize(("text", "value"), fenced(DEFECTS))
def test_one_object_alone_or_in_a_fence_says_whether_there_is_a_defect(text, value):
    reply = read_defect(Completion(text))
    assert (reply.value, reply.missing) == (value, None)


@pytest.mark.parametrize(("text", "value"), fenced(CLASSIFICATIONS))
def test_one_object_alone_or_in_a_fence_names_one_option(text, value):
    reply = read_classification(Completion(text), 4)
    assert (reply.value, reply.missing) == (value, None)


@pytest.mark.parametrize(("text", "value"), fenced(LISTS))
def test_a_list_names_several_options_where_several_may_be_taken(text, value):
    assert read_classification(Completion(text), 4, most=3).value == value


@pytest.mark.parametrize(("missing", "text"), [(kind, text) for kind, texts in BAD.items() for text in texts])
def test_anything_else_is_missing_with_its_reason(missing, text):
    # What has a defect's key is read as a defect's reply, the rest as a classification of four options.
    read = read_defect if "defect" in text.casefold() else lambda done: read_classification(done, 4)
    reply = read(Completion(text))
    assert (reply.value, reply.missing) == (None, missing)
    assert reply.problem


@pytest.mark.parametrize("missing", ENDS)
@pytest.mark.parametrize("text", CUT_OR_FAILED)
def test_what_was_cut_filtered_or_failed_is_missing_whatever_it_says(missing, text):
    completion = Completion(text, ENDS[missing], error="down" if missing == "engine_error" else None)
    assert read_defect(completion).missing == missing
    assert read_classification(completion, 4).missing == missing


@pytest.mark.parametrize(
    ("missing", "value"), [(kind, value) for kind, values in WRONG_LISTS.items() for value in values]
)
def test_a_list_that_names_no_options_is_missing_with_its_reason(missing, value):
    reply = read_classification(Completion(f'{{"classification": {value}}}'), 4, most=3)
    assert (reply.value, reply.missing) == (None, missing)


def test_there_are_fifty_replies_of_each_kind():
    good = {"defect": fenced(DEFECTS), "option": fenced(CLASSIFICATIONS) + fenced(LISTS)}
    sizes = {kind: len(examples) for kind, examples in (good | BAD | {"cut": CUT_OR_FAILED}).items()}
    assert min(sizes.values()) >= 50, sizes


def test_the_reason_is_kept_and_made_fit_to_be_stored_and_shown():
    assert read_defect(Completion('{"defect": true, "why": "two of them"}')).why == "two of them"
    assert read_defect(Completion('{"defect": true, "why": "\\ud800\\u202e"}')).why == "\\ud800\\u202e"
    assert read_defect(Completion('{"defect": true, "why": 7}')).why == ""


def test_nothing_of_a_reply_is_in_what_the_judge_is_told_of_it():
    for texts in BAD.values():
        for text in texts:
            problem = read_defect(Completion(text)).problem
            assert len(problem) < 80
            assert "x" * 10 not in problem


@pytest.mark.parametrize("text", ["1", " 1 ", "Verdict: 1", "Verdict:1\n"])
@pytest.mark.parametrize("end", [FinishReason.STOP, FinishReason.LENGTH])
def test_a_code_is_read_with_its_probability(text, end):
    completion = Completion(text, end, option_probabilities={0: 0.2, 1: 0.8})
    reply = read_code(completion, "Verdict:")
    assert (reply.value, reply.probability) == (True, 0.8)
    assert read_code(completion, "Verdict:", 4).value == (1,)


def test_a_code_of_0_is_no_defect_and_no_option():
    assert read_code(Completion("0"), "Verdict:").value is False
    assert read_code(Completion("0"), "Verdict:", 10).value == (0,)
    assert read_code(Completion("10"), "Verdict:", 10).value == (10,)


@pytest.mark.parametrize(
    "text", ["2", "no", "1.", "-1", "1 0", '{"defect": true}', "１", "Answer: 1", "00000"]
)
def test_what_is_no_code_is_missing(text):
    assert read_code(Completion(text), "Verdict:").missing is Missing.WRONG_VALUE


def test_a_failed_or_empty_completion_is_no_code():
    assert read_code(Completion(""), "Verdict:").missing is Missing.EMPTY
    assert read_code(Completion("1", FinishReason.REFUSAL), "Verdict:").missing is Missing.REFUSED
    assert read_code(Completion("1", FinishReason.ERROR), "Verdict:").missing is Missing.ENGINE_ERROR
