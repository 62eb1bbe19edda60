"""Keys that stand for an institute's labels: they find codes, and nothing can be read in them."""

import re
from pathlib import Path

import pytest

from def_sim.errors import SurveyFormatError
from def_sim.resources import data_folder
from def_sim.surveys.importers.label_keys import code_by_key, read_keys
from def_sim.surveys.importers.labels import label_key

SHIPPED = data_folder() / "importers" / "wvs7_labels.csv"


def test_what_is_shipped_are_variables_codes_and_twelve_hex_digits() -> None:
    lines = SHIPPED.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "variable,code,key"
    assert len(lines) > 500
    assert all(re.fullmatch(r"(\*|[A-Z][A-Z0-9_]+),-?\d{1,2},[0-9a-f]{12}", line) for line in lines[1:])


@pytest.mark.parametrize(
    ("variable", "label", "code"),
    [("Q260", "Male", 1), ("q260", " FEMALE.", 2), ("Q1", "Don´t know", -1), ("Q1", "No answer", -2)],
)
def test_labels_are_found_whatever_their_case_spaces_and_punctuation(
    variable: str, label: str, code: int
) -> None:
    assert code_by_key(read_keys(SHIPPED), variable, label) == code


def test_a_label_of_another_variable_stands_for_nothing() -> None:
    assert code_by_key(read_keys(SHIPPED), "Q1", "Female") is None


def test_a_code_that_is_none_is_an_error_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "keys.csv"
    path.write_text(f"variable,code,key\nQ1,one,{label_key('One')}\n")
    with pytest.raises(SurveyFormatError, match=r"line 2: code must be a whole number, found 'one'"):
        read_keys(path)
    path.write_text("variable,code\nQ1,1\n")
    with pytest.raises(SurveyFormatError, match=r"line 1: expected the columns variable, code, key"):
        read_keys(path)
