"""A variable of a file as the check table shows it: its own words beside ours."""

from collections.abc import Callable, Iterable, Mapping

from def_sim.surveys.importers.contract import FileVariable
from def_sim.surveys.importers.option_kinds import OptionKind, option_kind
from def_sim.surveys.importers.variables import Value, Variable
from def_sim.surveys.item_bank import Item


def described(variable: Variable, code_of: Callable[[Value], int | None] | None = None) -> FileVariable:
    """The variable's label and those of its answers, by our codes; what means missing is left out.

    Args:
        variable: Of the file.
        code_of: Our code of a value that is an answer, None of others; left out: values are our codes.
    """
    read = code_of or _own_code
    values = {
        code: label
        for value, label in variable.value_labels.items()
        if (code := read(value)) is not None
        and not variable.missing(value)
        and option_kind(label) is not OptionKind.MISSING
    }
    return FileVariable(variable.name, variable.label, dict(sorted(values.items())))


def described_items(items: Iterable[Item], variables: Mapping[str, Variable]) -> dict[str, FileVariable]:
    """Item -> its variable, of items that have one whose values are their codes; batteries have several."""
    return {item.id: described(variables[item.variable]) for item in items if item.variable in variables}


def _own_code(value: Value) -> int | None:
    return int(value) if isinstance(value, float) and value.is_integer() and value >= 0 else None
