"""Tables as files: whose they are comes first, and no cell runs anything."""

import io
from dataclasses import replace

import pandas as pd
import pytest

from def_sim.evaluation.run_tables import csv_bytes, of_run, run_csv, without_run
from def_sim.records import RUN_COLUMNS, RunIdentity

IDENTITY = RunIdentity("0123456789ab", "mistral7b", "us", "USA", "single", "paper", 7, 20)
SCORES = pd.DataFrame({"metric": ["js_divergence", "kl_paper"], "value": [0.25, -1.5]})


def test_a_table_begins_with_its_run_and_goes_on_as_it_was() -> None:
    lines = run_csv(SCORES, IDENTITY).decode().splitlines()
    assert lines[0] == "run,model,survey,population,strategy,protocol,seed,num_respondents,metric,value"
    assert lines[2] == "0123456789ab,mistral7b,us,USA,single,paper,7,20,kl_paper,-1.5"
    assert len(lines) == 3


def test_what_was_put_in_front_is_taken_off_again_and_nothing_else() -> None:
    stored = pd.read_csv(io.BytesIO(run_csv(SCORES, IDENTITY)))
    pd.testing.assert_frame_equal(without_run(stored), SCORES)
    pd.testing.assert_frame_equal(without_run(SCORES), SCORES)  # of an older version
    turned = stored[[*RUN_COLUMNS[::-1], "metric", "value"]]
    assert list(without_run(turned)) == list(turned)


def test_a_table_without_rows_has_all_columns_nevertheless() -> None:
    assert list(of_run(SCORES.iloc[:0], IDENTITY)) == [*RUN_COLUMNS, "metric", "value"]


def test_a_table_cannot_have_two_columns_of_one_name() -> None:
    with pytest.raises(ValueError, match=r"\['seed'\] are the run's"):
        of_run(SCORES.assign(seed=1), IDENTITY)


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1+1", "-A1", "@SUM(A1)", "＝1", "\t=1"])
def test_a_text_that_begins_like_a_formula_has_an_apostrophe_in_front(text: str) -> None:
    frame = pd.DataFrame({"label": [text, "a = b"], "value": [-0.5, 0.5]})
    [_, first, second] = csv_bytes(frame).decode().splitlines()
    assert first == "'" + text.replace("\t", "\\x09") + ",-0.5"  # numbers stay numbers
    assert second == "a = b,0.5"


def test_a_number_in_a_column_of_words_stays_one() -> None:
    assert csv_bytes(pd.DataFrame({"code": ["-1", "+2.5", "mean"]})) == b"code\n-1\n+2.5\nmean\n"


def test_a_model_with_the_name_of_a_formula_is_text_in_all_its_tables() -> None:
    content = run_csv(SCORES, replace(IDENTITY, model="=1+1")).decode()
    assert content.splitlines()[1].split(",")[1] == "'=1+1"


def test_control_characters_are_written_out() -> None:
    assert csv_bytes(pd.DataFrame({"label": ["a\x00b\x1b[2J\u202e"]})) == b"label\na\\x00b\\x1b[2J\\u202e\n"
