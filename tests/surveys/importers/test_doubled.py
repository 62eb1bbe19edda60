"""Persons who stand in a file twice are told by identifiers, else by rows that are the same."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from def_sim.errors import SurveyFormatError
from def_sim.surveys.importers.doubled import FEWEST_PEOPLE, FEWEST_VARIABLES, check_doubled
from def_sim.surveys.importers.variables import Variable, variable

PATH = Path("made.sav")


def columns(num_people: int, num_variables: int) -> dict[str, list[object]]:
    """People who all differ, up to 101 of them, in variables that all vary."""
    return {
        f"Q{place}": [number * (place + 1) % 101 for number in range(num_people)]
        for place in range(num_variables)
    }


def read(held: dict[str, list[object]], times: int = 1) -> dict[str, Variable]:
    """The variables of a file that was appended to itself."""
    return {name: variable(name, values * times) for name, values in held.items()}


def check(
    variables: dict[str, Variable], identifier: str | None = None, members: Sequence[bool] | None = None
) -> None:
    num_people = len(next(iter(variables.values())).places)
    belongs = np.ones(num_people, np.bool_) if members is None else np.array(members)
    check_doubled(PATH, variables, identifier, belongs, "USA")


def refusal(variables: dict[str, Variable], identifier: str | None = None) -> str:
    with pytest.raises(SurveyFormatError) as raised:
        check(variables, identifier)
    assert raised.value.fix
    return raised.value.message


def test_a_file_that_was_appended_to_itself_is_refused_by_its_identifier() -> None:
    file = read({"ID": [7, 8, 9], "Q1": [1, 2, 1]}, times=2)
    message = refusal(file, "ID")
    assert "made.sav: of 6 rows of USA, 3 have the identifier ID of an earlier one" in message
    assert "first 7 in rows 1 and 4" in message
    assert "alike in all 2 variables" in message


def test_an_identifier_of_two_different_people_is_said_to_be_that() -> None:
    message = refusal(read({"ID": ["a", "b", "b"], "Q1": [1, 1, 2], "Q2": [1, 1, 1]}), "ID")
    assert "1 have the identifier ID of an earlier one, first 'b' in rows 2 and 3" in message
    assert "differ in 1 of the 3 variables" in message


def test_people_of_another_population_may_have_the_same_identifiers() -> None:
    check(read({"ID": [1, 2, 1, 2]}), "ID", members=[True, True, False, False])


@pytest.mark.parametrize("nobody", [None, "", ".d", "NA", -9])
def test_people_whose_identifier_is_missing_are_not_one_person(nobody: object) -> None:
    check(read({"ID": [1, nobody, nobody, 2]}), "ID")


def test_identifiers_beyond_what_a_number_holds_tell_nobody_apart() -> None:
    check(read({"ID": [2**60, 2**60 + 1]}), "ID")  # one number, once they are floats


def test_without_identifiers_a_file_that_was_appended_to_itself_is_refused() -> None:
    held = columns(FEWEST_PEOPLE // 2, FEWEST_VARIABLES)
    message = refusal(read(held, times=2))
    assert "of 100 rows of USA, 50 are the same as an earlier one in all 20 variables" in message
    assert "first rows 1 and 51" in message


def test_without_identifiers_half_of_the_people_may_answer_alike() -> None:
    held = columns(FEWEST_PEOPLE * 3 // 4, FEWEST_VARIABLES)
    check(read({name: [*values, *values[:25]] for name, values in held.items()}))  # 50 of 100 have a twin
    with pytest.raises(SurveyFormatError, match="26 are the same"):
        check(read({name: [*values, *values[:26]] for name, values in held.items()}))  # 52 of 101


def test_people_who_answer_alike_are_taken_where_an_identifier_tells_them_apart() -> None:
    held = columns(FEWEST_PEOPLE // 2, FEWEST_VARIABLES)
    check(read(held, times=2) | read({"ID": list(range(FEWEST_PEOPLE))}), "ID")


def test_few_people_or_few_variables_say_nothing_without_identifiers() -> None:
    check(read(columns(FEWEST_PEOPLE // 2 - 1, FEWEST_VARIABLES), times=2))
    check(read(columns(FEWEST_PEOPLE, FEWEST_VARIABLES - 1), times=2))


def test_variables_that_are_the_same_for_everyone_do_not_count() -> None:
    held = columns(FEWEST_PEOPLE, FEWEST_VARIABLES - 1)
    check(read(held | {"year": [2022] * FEWEST_PEOPLE}, times=2))


def test_a_population_without_people_has_nobody_twice() -> None:
    check(read({"ID": [1, 1]}), "ID", members=[False, False])
