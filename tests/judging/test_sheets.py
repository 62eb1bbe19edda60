"""Sheets for people: blind, safe to open, and read back strictly whatever a spreadsheet made of them."""

import csv
import io

import pandas as pd
import pytest
from judged_examples import a_judged, a_rubric
from survey_examples import a_question

from def_sim.errors import DefSimError
from def_sim.judging.sheets import COLUMNS, MARK, SheetRow, read_sheet, sheet_row, write_sheet
from def_sim.records import Option, QuestionType

DEFECTS = [SheetRow(row, "Is it?", "1. Yes", f"text {row}", None) for row in (1, 2, 3)]
OPTIONS = [SheetRow(row, "Which?", "1. No\n2. Yes", "text", (0, 5)) for row in (1, 2)]
SEVERAL = [SheetRow(1, "Which?", "...", "text", (7, 8, 9), most=2)]


def cells(text):
    return list(csv.DictReader(io.StringIO(text.removeprefix(MARK), newline="")))


def coded(rows, *codings, delimiter=",", mark=MARK, columns=COLUMNS):
    """A sheet as a coder gives it back, lines in reverse."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, columns, delimiter=delimiter, extrasaction="ignore")
    writer.writeheader()
    for row, coding in reversed(list(zip(rows, codings, strict=True))):
        line = {"row": row.row, "asked": row.asked, "options": row.options, "text": row.text}
        writer.writerow(dict.fromkeys(columns, "") | line | {"coding": coding})
    return mark + out.getvalue()


def test_a_sheet_has_no_verdict_and_an_empty_column_for_the_coding():
    [line] = cells(write_sheet([sheet_row(4, a_judged(), a_rubric(), "RP")]))
    assert tuple(line) == COLUMNS
    assert (line["row"], line["coding"], line["note"]) == ("4", "", "")
    assert line["text"] == a_judged().answer.text
    assert "How important is work" in line["asked"]
    assert "1. Very important" in line["options"]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1"])
def test_a_text_that_a_spreadsheet_would_run_gets_an_apostrophe(text):
    [line] = cells(write_sheet([sheet_row(1, a_judged(text), a_rubric(), "RP")]))
    assert line["text"] == f"'{text}"


def test_a_sheet_begins_with_the_mark_of_its_encoding():
    assert write_sheet(DEFECTS).encode().startswith(b"\xef\xbb\xbfrow,asked,options,text,coding,note\r\n")


@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("mark", [MARK, ""])
@pytest.mark.parametrize("columns", [COLUMNS, COLUMNS[::-1], (*COLUMNS, "mine")])
def test_codes_come_back_in_any_order_with_commas_or_semicolons(delimiter, mark, columns):
    text = coded(DEFECTS, "1", " 0 ", "", delimiter=delimiter, mark=mark, columns=columns)
    assert read_sheet(text, "audit_1.csv", DEFECTS) == {1: True, 2: False, 3: None}


def test_numbers_of_options_come_back_as_their_codes():
    assert read_sheet(coded(OPTIONS, "1", "2"), "a.csv", OPTIONS) == {1: (0,), 2: (5,)}
    assert read_sheet(coded(OPTIONS, "0", ""), "a.csv", OPTIONS) == {1: (), 2: None}


@pytest.mark.parametrize("written", ["1 3", "1, 3", "1;3", "1、3"])
def test_several_options_may_be_named_where_several_are_allowed(written):
    assert read_sheet(coded(SEVERAL, written), "a.csv", SEVERAL) == {1: (7, 9)}


def test_what_was_written_is_what_is_read_back():
    rows = [sheet_row(1, a_judged('=1;"2",\r\n,3\n'), a_rubric(), "RP"), *DEFECTS[1:]]
    assert read_sheet(write_sheet(rows), "a.csv", rows) == {1: None, 2: None, 3: None}


@pytest.mark.parametrize("separator", [",", ";"])
def test_a_sheet_goes_through_pandas_and_comes_back_as_it_was_coded(separator):
    texts = ("=1;2", "line\nline, and “marks”", '"quoted"; 工作', "")
    rows = [sheet_row(number, a_judged(text), a_rubric(), "RP") for number, text in enumerate(texts, start=1)]
    written = io.BytesIO(write_sheet(rows).encode())
    table = pd.read_csv(written, encoding="utf-8-sig", dtype=str, keep_default_na=False)
    assert list(table["text"]) == [f"'{texts[0]}", *texts[1:]]
    table["coding"] = ["1", "0", "", "1"]
    shuffled = table.iloc[[2, 0, 3, 1]].to_csv(sep=separator, index=False)
    assert read_sheet(shuffled, "a.csv", rows) == {1: True, 2: False, 3: None, 4: True}


@pytest.mark.parametrize("coding", ["2", "yes", "-1", "1.0", "0 1", "x", "true"])
def test_another_coding_is_an_error_that_names_row_found_and_allowed(coding):
    with pytest.raises(DefSimError) as error:
        read_sheet(coded(DEFECTS, "1", coding, "0"), "audit_2.csv", DEFECTS)
    assert "audit_2.csv, row 2: expected 1 (a defect), 0 (none) or nothing" in error.value.message
    assert repr(coding) in error.value.message


@pytest.mark.parametrize("coding", ["4", "0 1", "1 1", "1 2 3"])
def test_options_that_cannot_be_are_an_error(coding):
    with pytest.raises(DefSimError, match="a number from 1 to 3, up to 2 of them with blanks between"):
        read_sheet(coded(SEVERAL, coding), "a.csv", SEVERAL)


PROBLEMS = {
    "missing": (DEFECTS[:2], "row '3' is missing"),
    "doubled": ([*DEFECTS, DEFECTS[0]], "row '1' stands twice"),
    "foreign": ([*DEFECTS, SheetRow(9, "", "", "", None)], "row '9' is none of those exported"),
}


@pytest.mark.parametrize("problem", PROBLEMS)
def test_rows_that_are_not_those_exported_are_an_error(problem):
    rows, message = PROBLEMS[problem]
    with pytest.raises(DefSimError, match=f"audit_1.csv: {message}"):
        read_sheet(coded(rows, *["1"] * len(rows)), "audit_1.csv", DEFECTS)


@pytest.mark.parametrize("column", ["row", "coding"])
def test_a_missing_column_is_an_error(column):
    columns = tuple(name for name in COLUMNS if name != column)
    out = ",".join(columns) + "\r\n"
    with pytest.raises(DefSimError, match=f"{column} is missing"):
        read_sheet(out, "a.csv", DEFECTS)


@pytest.mark.parametrize("text", ["", 'row,coding\r\n"1,0', "\x00"])
def test_a_file_that_is_no_sheet_is_an_error(text):
    with pytest.raises(DefSimError, match=r"a\.csv"):
        read_sheet(text, "a.csv", DEFECTS)


def test_a_row_about_options_knows_what_may_be_written():
    question = a_question(
        options=tuple(Option(code, f"Q{code}") for code in (7, 8, 9)),
        type=QuestionType.MULTIPLE,
        max_choices=2,
    )
    row = sheet_row(1, a_judged(question=question), a_rubric("unread"), "unread")
    assert (row.codes, row.most) == ((7, 8, 9), 2)
    assert row.options.startswith("1. Q7 (shown to the writer as 7)")
