"""A table of people: what it may hold, and what is refused with its line."""

from pathlib import Path

import pytest
from survey_examples import a_question

from def_sim.errors import SurveyFormatError
from def_sim.records import QuestionType
from def_sim.surveys.human_sample import HumanSample, read_sample

WORK = a_question("toy.work")
TRAITS = a_question("toy.traits", type=QuestionType.MULTIPLE, max_choices=2)


def read(folder: Path, header: str, *rows: str, fewest: int = 1) -> HumanSample:
    path = folder / "people.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return read_sample(path, [WORK, TRAITS], ["sex", "age"], fewest=fewest)


def test_codes_become_choices_and_an_empty_field_is_no_answer(tmp_path: Path) -> None:
    sample = read(tmp_path, "toy.work,toy.traits", "2,1 3", ",4", "1,")
    assert sample.chosen["toy.work"].tolist() == [
        [False, True, False, False],
        [False] * 4,
        [True, *[False] * 3],
    ]
    assert sample.chosen["toy.traits"].tolist() == [
        [True, False, True, False],
        [*[False] * 3, True],
        [False] * 4,
    ]
    assert sample.weights.tolist() == [1, 1, 1]


def test_weights_and_what_people_are_stand_beside_their_answers(tmp_path: Path) -> None:
    sample = read(tmp_path, "sex,toy.work,weight", "male,1,0.5", "female,2,2")
    assert sample.weights.tolist() == [0.5, 2]
    assert sample.variables == {"sex": ("male", "female")}


@pytest.mark.parametrize(
    ("header", "rows", "expected"),
    [
        ("toy.work,toy.moon", ["1,1"], ["line 1", "'toy.moon'", "neither an item of this run"]),
        ("toy.work,toy.work", ["1,1"], ["line 1", "stands there twice"]),
        ("sex,weight", ["male,1"], ["line 1", "no column is an item"]),
        ("toy.work", ["1", "5"], ["line 3", "toy.work has no code '5'", "1, 2, 3, 4"]),
        ("toy.work", ["1 2"], ["line 2", "takes one code"]),
        ("toy.traits", ["1 2 3"], ["line 2", "up to 2"]),
        ("toy.traits", ["1 1"], ["line 2", "different codes"]),
        ("toy.work,weight", ["1,1", "2,-0.1"], ["line 3", "weight must be at least 0", "'-0.1'"]),
        ("toy.work,weight", ["1,nan"], ["line 2", "weight must be at least 0"]),
        ("toy.work,weight", ["1,much"], ["line 2", "weight must be a number"]),
        ("toy.work,weight", ["1,0"], ["line 2", "every weight is 0"]),
        ("toy.work,weight", ["1"], ["line 2", "expected 2 fields"]),
        ("", [], ["line 1"]),
    ],
)
def test_what_is_wrong_is_named_with_its_line(
    header: str, rows: list[str], expected: list[str], tmp_path: Path
) -> None:
    with pytest.raises(SurveyFormatError) as found:
        read(tmp_path, header, *rows)
    for part in ["people.csv", *expected]:
        assert part in str(found.value)
    assert found.value.fix


def test_too_few_people_are_refused_where_the_table_ends(tmp_path: Path) -> None:
    with pytest.raises(SurveyFormatError, match=r"line 30: the table ends after 29 people; at least 30"):
        read(tmp_path, "toy.work", *["1"] * 29, fewest=30)
