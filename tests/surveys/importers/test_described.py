"""What the check table says of a variable: its answers by our codes, nothing of what is missing."""

from def_sim.surveys.importers.described import described
from def_sim.surveys.importers.variables import Value, Variable, variable

LABELS: dict[Value, str] = {
    1.0: "Agree",
    2.0: "Disagree",
    8.0: "Don't know",
    -2.0: "No answer",
    ".d": "dk",
    3.5: "Half",
}


def a_variable() -> Variable:
    return variable("V7", [1.0, 2.0, 2.0], label="The town is fine", value_labels=LABELS)


def test_answers_are_named_by_their_codes_and_missing_values_left_out() -> None:
    found = described(a_variable())
    assert (found.name, found.label) == ("V7", "The town is fine")
    assert found.values == {1: "Agree", 2: "Disagree"}


def test_codes_of_a_mapping_are_ours() -> None:
    def ours(value: object) -> int | None:
        return {1.0: 5, 2.0: 4}.get(value) if isinstance(value, float) else None

    assert described(a_variable(), ours).values == {4: "Disagree", 5: "Agree"}
