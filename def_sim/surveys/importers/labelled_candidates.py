"""Candidates for a mapping: variables of a file whose names or labels are like those of items.

They are for people to look at: every one is written unconfirmed, and an import takes none of them.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from def_sim.surveys.importers.documents import yaml_text
from def_sim.surveys.importers.headers import Header
from def_sim.surveys.importers.labels import plain
from def_sim.surveys.importers.variables import Value
from def_sim.surveys.item_bank import Item
from def_sim.visible import visible

_MOST_VARIABLES: Final = 3
_MOST: Final = 6  # labels
_LONGEST: Final = 40  # of a label
_WORD: Final = re.compile(r"[a-z]{4,}|[\u4e00-\u9fff]{2}")
_COMMON: Final = 0.25  # least share of an item's words that a label has
_OF_PEOPLE: Final = {
    "weight": ("weight", "权重"),
    "sex": ("sex", "gender", "性别"),
    "age": ("age", "年龄"),
}
_HEAD: Final = """\
# Candidates found by name and by label; none is taken before you have compared question, codes and their
# direction with the codebook and written `confirmed: true`. `codes` (file: ours) where they differ,
# `missing` for codes that are no answer. Then: mapping=THIS_FILE (docs/how_to/importing.md).
"""


def candidates_text(
    items: Sequence[Item],
    headers: Sequence[Header],
    value_labels: Mapping[str, Mapping[Value, str]],
    name: str,
    shared: Collection[str] = (),
) -> str:
    """The YAML of a mapping without a confirmed entry.

    Args:
        items: Of the survey; none: every variable with labels becomes a candidate for an item of its own.
        headers: The file's variables with their labels.
        value_labels: Variable -> value -> label, as far as the file has them.
        name: Of the survey, which begins the ids of new items.
        shared: Keys of a mapping that are known already; what is written here would take their place.
    """
    entries = (
        {item.id: _entry(item, headers) for item in items} if items else _new(headers, value_labels, name)
    )
    content: dict[str, Any] = {}
    for key, words in _OF_PEOPLE.items():
        if key not in shared and (found := _like(headers, words)):
            content[key] = found if key == "weight" else {"variable": found}
    return _HEAD + yaml_text(content | {"items": entries})


def _entry(item: Item, headers: Sequence[Header]) -> dict[str, Any]:
    named = [one for one in headers if one.name.casefold() == item.variable.casefold()]
    sought = set(_words(text for texts in item.wordings.values() for text in texts))
    scored = [(len(sought & set(_words([one.label]))), one) for one in headers if one.label]
    least = max(2, _COMMON * len(set(_words(text[0] for text in item.wordings.values()))) / 2)
    alike = [
        one for score, one in sorted(scored, key=lambda pair: -pair[0])[:_MOST_VARIABLES] if score >= least
    ]
    found = list(dict.fromkeys([*named, *alike]))[:_MOST_VARIABLES]
    return {
        "variable": found[0].name if found else None,
        "candidates": [f"{one.name}: {visible(one.label)}"[:120] for one in found],
        "confirmed": False,
    }


def _new(
    headers: Sequence[Header], value_labels: Mapping[str, Mapping[Value, str]], name: str
) -> dict[str, Any]:
    """Items to be, of variables with two labels at least."""
    return {
        f"{name}.{re.sub('[^A-Za-z0-9_]', '_', one.name)}": {
            "variable": one.name,
            "wording": {"en": visible(one.label) or one.name},
            "candidates": [
                f"{_written(value)}: {visible(label)}"[:40] for value, label in list(labels.items())[:6]
            ],
            "confirmed": False,
        }
        for one in headers
        if len(labels := value_labels.get(one.name, {})) > 1
    }


def _written(value: Value) -> str:
    return f"{value:g}" if isinstance(value, float) else value


def _like(headers: Sequence[Header], words: Sequence[str]) -> str | None:
    """The first variable whose name, or whose label, is one of the words."""
    return next((one.name for one in headers if {plain(one.name), plain(one.label)} & {*words}), None)


def _words(texts: Iterable[str]) -> Iterable[str]:
    return (word for text in texts for word in _WORD.findall(text.casefold()))
