"""Items that a mapping makes: the question is the user's wording, the options are the file's value labels.

Letters: K options.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from def_sim.records import QuestionType
from def_sim.surveys.importers.labelled_mapping import ItemEntry, wrong
from def_sim.surveys.importers.variables import Value, Variable
from def_sim.surveys.item_bank import NO_DIMENSION, Item
from def_sim.visible import visible

_MENTIONED: Final = 1.0


def new_item(
    path: Path,
    item_id: str,
    entry: ItemEntry,
    variables: Mapping[str, Variable],
    is_answer: Callable[[Variable, Value], bool],
) -> Item:
    """The item of an entry with `wording`.

    Args:
        path: The mapping, for errors.
        item_id: Its id.
        entry: Names one variable, or of a battery one an option.
        variables: Of the file, by the names in the entry.
        is_answer: Whether a value of a variable is an answer.

    Raises:
        SurveyFormatError: An option without a label in a language of the wording, or what items forbid.
    """
    labels = _labels(entry, variables, is_answer)
    is_battery = bool(entry.variables)
    content: dict[str, Any] = {
        "id": item_id,
        "variable": entry.variable or next(iter(entry.variables.values())),
        "topic": entry.topic or next(iter(entry.wording.values())),
        "dimension": NO_DIMENSION,
        "direction": 0,
        "type": (QuestionType.MULTIPLE if is_battery else QuestionType.SINGLE).value,
        "max_choices": len(labels) if is_battery else 1,
        "level": entry.level.value,
        "wordings": {language: [text] for language, text in entry.wording.items()},
        "options": [
            {
                "code": code,
                "labels": _in_languages(path, item_id, entry, code, label),
                **({"variable": entry.variables[code]} if is_battery else {}),
            }
            for code, label in sorted(labels.items())
        ],
    }
    try:
        return Item.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        what = first["msg"].removeprefix("Value error, ").rstrip(".")
        raise wrong(path, item_id, f"{'.'.join(map(str, first['loc'])) or 'item'}: {what}") from None


def _labels(
    entry: ItemEntry, variables: Mapping[str, Variable], is_answer: Callable[[Variable, Value], bool]
) -> dict[int, str]:
    """Our code -> what the file says of it."""
    if entry.variables:
        return {
            code: variables[name].value_labels.get(_MENTIONED) or variables[name].label
            for code, name in entry.variables.items()
        }
    assert entry.variable is not None  # the mapping has seen to it
    variable = variables[entry.variable]
    of_file = {
        int(value): label
        for value, label in variable.value_labels.items()
        if isinstance(value, float) and value.is_integer() and is_answer(variable, value)
    }
    if entry.codes:
        return {ours: of_file.get(theirs, "") for theirs, ours in entry.codes.items()}
    return of_file | {code: "" for code in entry.labels if code not in of_file}


def _in_languages(path: Path, item_id: str, entry: ItemEntry, code: int, label: str) -> dict[str, str]:
    """The label in every language of the wording: the user's, else in the only one the file's."""
    given = entry.labels.get(code, {})
    if not given and label and len(entry.wording) == 1:
        return {next(iter(entry.wording)): visible(" ".join(label.split()))}
    if missing := sorted(set(entry.wording) - set(given)):
        raise wrong(path, item_id, f"option {code} needs a label in {', '.join(missing)} under `labels`")
    return given
