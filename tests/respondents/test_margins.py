"""Margins: joined with who the respondents are, or refused with their line."""

from pathlib import Path

import pytest

from def_sim.errors import SurveyFormatError
from def_sim.respondents.margins import MarginTable, read_margins

RESPONDENTS = {"sex": ("male", "female", "female"), "region": ("Ohio", "Texas", "Iowa")}


def read(folder: Path, *rows: str, header: str = "variable,category,share") -> list[MarginTable]:
    path = folder / "margins.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return read_margins(path, RESPONDENTS)


def test_each_respondent_is_placed_in_its_category(tmp_path: Path) -> None:
    [sex] = read(tmp_path, "sex,female,0.52", "sex,male,0.48")
    assert sex == MarginTable("sex", ("female", "male"), (0.52, 0.48), (1, 0, 0))


def test_other_takes_all_that_are_not_listed(tmp_path: Path) -> None:
    [region] = read(tmp_path, "region,Ohio,0.1", "region,other,0.9")
    assert region.members == (0, 1, 1)


def test_shares_that_were_rounded_are_brought_to_1(tmp_path: Path) -> None:
    [sex] = read(tmp_path, "sex,female,0.52003", "sex,male,0.48")
    assert sum(sex.shares) == pytest.approx(1, abs=1e-15)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (["sex,female,0.5", "sex,male,0.4"], ["line 2", "shares of sex sum to 0.9, expected 1"]),
        (["sex,female,0.5", "income,high,0.5"], ["line 3", "no variable 'income'", "known: sex, region"]),
        (["sex,female,0.5", "sex,male,half"], ["line 3", "share must be a number"]),
        (["sex,female,1.5", "sex,male,-0.5"], ["line 2", "share must lie in [0, 1]"]),
        (["sex,female,nan", "sex,male,0.5"], ["line 2", "share must lie in [0, 1]"]),
        (["sex,female,0.5", "sex,female,0.5"], ["line 3", "stands there twice"]),
        (["sex,female,1"], ["line 2", "sex lacks the category 'male', which 1 respondents have"]),
        (
            ["sex,female,0.5", "sex,male,0.3", "sex,divers,0.2"],
            ["line 4", "no respondent has sex='divers'"],
        ),
        ([], ["line 1", "no margin"]),
    ],
)
def test_what_is_wrong_is_named_with_its_line(rows: list[str], expected: list[str], tmp_path: Path) -> None:
    with pytest.raises(SurveyFormatError) as found:
        read(tmp_path, *rows)
    for part in ["margins.csv", *expected]:
        assert part in str(found.value)
    assert found.value.fix


def test_another_header_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SurveyFormatError, match="line 1: expected the columns variable, category, share"):
        read(tmp_path, "sex,male,1", header="variable,value,share")
