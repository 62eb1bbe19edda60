"""Groups of people beyond sex and age, such as regions: which one each person of a file is of, by a mapping.

They come by codes that the mapping names, else by the file's own value labels. Reports read groups by sex and
age alone; these are for whoever reads the references.

Letters: N people.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from def_sim.records import AGES, SEXES
from def_sim.surveys.importers.coding import kind_by_words
from def_sim.surveys.importers.contract import GroupFigures
from def_sim.surveys.importers.labelled_mapping import FileMapping, GroupVariable, wrong
from def_sim.surveys.importers.labels import Labels
from def_sim.surveys.importers.option_kinds import OptionKind, option_kind
from def_sim.surveys.importers.variables import Value, Variable, is_nothing, is_tag, value_of
from def_sim.visible import visible

MOST_GROUPS: Final = 100  # of one type
_MOST_NAMED: Final = 12
_LONGEST: Final = 80
_OWN_TYPES: Final = ("overall", "sex", "age", "sex_x_age", "other")
_OWN: Final = frozenset({"all", *SEXES, *AGES})  # what references call groups already


def further_groups(
    path: Path, mapping: FileMapping, labels: Labels, variables: Mapping[str, Variable]
) -> dict[str, NDArray[np.str_]]:
    """Type of group -> the group of each of the file's people, "" where it is none, shape (N,).

    Args:
        path: Of the mapping, for errors.
        mapping: Whose `groups` are read.
        labels: What labels of the file mean.
        variables: Of all people of the file.

    Raises:
        SurveyFormatError: A code that the file has not, a variable without labels, too many groups, a name
            that no group may have or that another one has.
    """
    taken = {*_OWN, *(mapping.age.bands.values() if mapping.age is not None else ())}
    found = {}
    for kind, entry in mapping.groups.items():
        variable, where = variables[entry.variable], f"groups.{kind}"
        if kind in _OWN_TYPES:
            raise wrong(path, where, "references have groups of this type already; call it otherwise")
        if entry.codes:
            each = _by_codes(path, where, entry, labels, variable)
        else:
            each = [_by_label(mapping, labels, variable, value) for value in variable.distinct]
        names = sorted({name for name in each if name})
        if not names:
            what = f"{variable.name} has no labels of groups; give `codes: {{1: ..., 2: ...}}`"
            raise wrong(path, where, what)
        if len(names) > MOST_GROUPS:
            raise wrong(path, where, f"{variable.name} has {len(names):,} groups; the most is {MOST_GROUPS}")
        for name in names:
            if (problem := _problem(name, taken)) is not None:
                raise wrong(path, where, f"{name!r:.80} {problem}; name it in `codes`")
        taken.update(names)
        found[kind] = np.array(each, dtype=np.str_)[variable.places]
    return found


def lines_of_groups(mapping: FileMapping, figures: Iterable[GroupFigures]) -> Iterator[str]:
    """The groups of each type that have figures, a line each."""
    named = {kind: dict[str, None]() for kind in mapping.groups}
    for one in figures:
        if one.group_type in named:
            named[one.group_type][one.group] = None
    for kind, groups in named.items():
        more = ", ..." if len(groups) > _MOST_NAMED else ""
        names = ", ".join([*groups][:_MOST_NAMED]) or "no group of ten people"
        yield f"{'':<14}{kind}: {names}{more}"


def _by_codes(path: Path, where: str, entry: GroupVariable, labels: Labels, variable: Variable) -> list[str]:
    """The group of each distinct value; "" of values that the mapping leaves out."""
    codes = [labels.code_of(variable, value) for value in variable.distinct]
    groups = {value_of(code): name for code, name in entry.codes.items()}
    if unknown := [code for code in groups if code not in {*codes, *variable.value_labels}]:
        shown = f"{unknown[0]:g}" if isinstance(unknown[0], float) else repr(unknown[0])
        raise wrong(path, where, f"nobody has {shown:.40} at {variable.name}, and it has no label there")
    return [groups.get(code, "") for code in codes]


def _by_label(mapping: FileMapping, labels: Labels, variable: Variable, value: Value) -> str:
    """What the file calls the group; "" where it calls it missing, or nothing at all."""
    code = labels.code_of(variable, value)
    is_missing = is_nothing(code) or is_tag(code) or variable.missing(value)
    if is_missing or (isinstance(code, float) and mapping.missing.kind_of(code) is not None):
        return ""
    label = variable.value_labels.get(value, value if isinstance(value, str) else "").strip()
    says_none = kind_by_words(label) is not None or option_kind(label) is OptionKind.MISSING
    return "" if says_none else label


def _problem(name: str, taken: set[str]) -> str | None:
    """Why a group may not have this name; None: it may."""
    if name in taken:
        return "is what another group is called"
    if "|" in name or visible(name) != name or len(name) > _LONGEST:
        return f"is no name of a group: expected at most {_LONGEST} characters that are seen, without |"
    if not name[0].isalnum():  # a spreadsheet could take it for a formula
        return "is no name of a group: expected a letter or digit first"
    return None
