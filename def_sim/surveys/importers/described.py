"""A variable of a file as the check table shows it: its own words beside ours."""

from def_sim.surveys.importers.contract import FileVariable
from def_sim.surveys.importers.option_kinds import OptionKind, option_kind
from def_sim.surveys.importers.variables import Variable


def described(variable: Variable) -> FileVariable:
    """The variable's label and those of its answers, by codes; what means missing is left out.

    Args:
        variable: Its codes are those of the item.
    """
    values = {
        int(value): label
        for value, label in variable.value_labels.items()
        if isinstance(value, float)
        and value.is_integer()
        and value >= 0
        and not variable.missing(value)
        and option_kind(label) is not OptionKind.MISSING
    }
    return FileVariable(variable.name, variable.label, dict(sorted(values.items())))
