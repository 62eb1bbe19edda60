"""What a value in a file of the World Values Survey means: an answer's code, or why there is none.

Negative codes are missing values, 0 is an answer where an item has it. Values are codes or labels.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from def_sim.errors import SurveyFormatError
from def_sim.surveys.importers.coding import Meaning, is_code
from def_sim.surveys.importers.label_keys import Keys, code_by_key
from def_sim.surveys.importers.labels import Labels
from def_sim.surveys.importers.people import Reply
from def_sim.surveys.importers.variables import NOTHING, Value, Variable

_KINDS: Final = {
    -1: Reply.DONT_KNOW,
    -2: Reply.NO_ANSWER,
    -3: Reply.NOT_ASKED,
    -4: Reply.NOT_ASKED,
}


class WvsCodes:
    """Finds codes behind labels.

    Args:
        labels: Of the file itself, and of a file that the user gives.
        keys: Shipped keys of labels; they count last.
    """

    def __init__(self, labels: Labels, keys: Keys) -> None:
        self.labels, self.keys = labels, keys

    def code_of(self, name: str, variable: Variable) -> Callable[[Value], Value]:
        """From a value of a variable to its code; a label that nobody knows stays what it is.

        Args:
            name: Of the variable, as the institute has it; files write it in several ways.
            variable: As it was read.
        """

        def of_value(raw: Value) -> Value:
            found = self.labels.code_of(variable, raw)
            if isinstance(found, float) or found == NOTHING:
                return found
            code = code_by_key(self.keys, name, found)
            return found if code is None else float(code)

        return of_value

    def meaning_of(self, path: Path, name: str, variable: Variable) -> Callable[[Value], Meaning]:
        """From a value of an item's variable to what it means; `path` is for errors."""
        code_of, counts = self.code_of(name, variable), variable.counts

        def of_value(raw: Value) -> Meaning:
            code = code_of(raw)
            if code == NOTHING or raw not in counts:
                return Meaning(Reply.MISSING)
            if isinstance(code, float) and is_code(code):
                return of_code(int(code))
            raise SurveyFormatError(
                f"{path.name}: variable {name} holds {raw!r:.60} ({counts[raw]:,} people), which stands for "
                "no code.",
                fix="Give the labels of the release: labels=FILE, a CSV of variable, code, label or its .sav "
                "or .dta; or export the file with codes.",
            )

        return of_value


def of_code(code: int) -> Meaning:
    """What a code means: an answer from 0 on, else a kind of missing."""
    if code >= 0:
        return Meaning(Reply.ANSWER, code)
    return Meaning(_KINDS.get(code, Reply.MISSING))
