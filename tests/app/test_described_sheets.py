"""`data/sheet_columns.csv`: the columns of sheets that people fill in.

What stands in written sheets is held against it where they are written: audits, reviews, drafts.
"""

import pytest

from def_sim.app import items_review, rephrasing_sheet
from def_sim.evaluation.described_columns import SHEET_COLUMNS_FILE, read_columns
from def_sim.judging import sheets
from def_sim.resources import data_folder

COLUMNS = {
    "<export>_<coder>.csv": sheets.COLUMNS,
    "codebooks/<survey>-<population>-items_review.csv": items_review.COLUMNS,
    "surveys/<survey>.review.csv": items_review.COLUMNS,
    "wordings/<source>.<language>.draft.csv": rephrasing_sheet.COLUMNS,
}


@pytest.mark.parametrize("sheet", sorted(COLUMNS))
def test_the_columns_are_those_of_the_code_in_their_order(sheet: str) -> None:
    described = read_columns(data_folder() / SHEET_COLUMNS_FILE)
    assert tuple(one.column for one in described if one.table == sheet) == COLUMNS[sheet]


def test_the_shipped_file_says_nothing_of_other_sheets() -> None:
    assert {one.table for one in read_columns(data_folder() / SHEET_COLUMNS_FILE)} == set(COLUMNS)
