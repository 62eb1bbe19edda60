"""`def-sim --help NAME`: a parameter, a group of choices or one choice, explained.

Renders what `parameter_help` and `described_choices` know. A last part of a name suffices (`top_k`), and a
name that stands for several things gets all of them. What a parameter is called elsewhere (`n`, `country`) is
answered by it, as on the command line.
"""

from collections.abc import Iterable

from def_sim.app.described_choices import LAUNCHERS, described_choice, in_short, names_of
from def_sim.app.home_checks import config_groups
from def_sim.app.parameter_help import ParameterHelp, shipped_parameters
from def_sim.app.suggestions import nearest
from def_sim.app.vocabulary import ALIASES
from def_sim.errors import ConfigError

_DEFINES = "defines it: another value makes another run, in a folder of its own"
_DEFINES_NOT = "does not define it: with another value the same run goes on, in its folder"
_ELSEWHERE = ALIASES | dict.fromkeys(("gpu", "cuda"), "model.engine.device")
_MOST_CHOICES = 3  # that are named behind a parameter which only some have
_LABEL = 9  # width of the words before what a parameter takes, is, defines


def explained_name(name: str) -> str:
    """What `--help NAME` prints.

    Args:
        name: Of a parameter (`decoding.top_k`, or its last part), a section, a group, or a choice; also
            `group=choice`, as on the command line.

    Raises:
        ConfigError: There is no such name; says the nearest one.
    """
    wanted = name.strip().lstrip("+-").removesuffix("=")
    group, _, choice = wanted.partition("=")
    texts = [_choice(group, choice)] if choice in _choices().get(group, ()) else []
    if not texts:
        texts = [
            *(_parameter(one) for one in _parameters(group)),
            *(_choice(group, wanted) for group, names in _choices().items() if wanted in names),
        ]
    if not texts and group in _ELSEWHERE:
        texts = [_parameter(one) for one in _parameters(_ELSEWHERE[group])]
    if not texts:
        known = [*all_names(), *(one.name.rpartition(".")[2] for one in shipped_parameters())]
        raise ConfigError(
            f"{wanted}: there is no parameter, group or choice of that name.",
            fix=nearest(wanted, known, "def-sim --help ") or "`def-sim --help` shows what there is.",
        )
    return "\n\n".join(texts)


def all_names() -> list[str]:
    """Every name that `--help` explains, sorted."""
    names = {one.name for one in shipped_parameters()}
    return sorted(names.union(*_choices().values()))


def _choices() -> dict[str, list[str]]:
    return {group: names_of(group) for group in (*config_groups(), LAUNCHERS)}


def _parameters(wanted: str) -> list[ParameterHelp]:
    """Those of that name; else those whose last part it is, with an underscore for each hyphen."""
    wanted = wanted.replace("-", "_")
    known = shipped_parameters()
    return [one for one in known if one.name == wanted] or [
        one for one in known if one.name.rpartition(".")[2] == wanted
    ]


def _parameter(one: ParameterHelp) -> str:
    is_group = one.name in _choices()
    lines = [f"{one.name}={'NAME' * is_group}" if one.takes or is_group else one.name, f"  {one.meaning}"]
    if one.choices:
        lines.append(_line("of", _few(one)))
    if one.takes:
        lines.append(_line("takes", one.takes + (f" ({one.unit})" if one.unit else "")))
    if one.default or one.takes:
        lines.append(_line("default", one.default or "none: it must be given"))
    lines.append(_line("run", _DEFINES if one.defines_run else _DEFINES_NOT))
    if is_group:
        return "\n".join([*lines, "", *_listed(one.name)])
    parts = [other for other in shipped_parameters() if other.name.startswith(f"{one.name}.")]
    return "\n".join([*lines, *([""] if parts else []), *_aligned((p.name, p.meaning) for p in parts)])


def _few(one: ParameterHelp) -> str:
    group = "hydra/launcher" if one.name.startswith("hydra.") else one.name.partition(".")[0]
    named = ", ".join(f"{group}={name}" for name in one.choices[:_MOST_CHOICES])
    more = len(one.choices) - _MOST_CHOICES
    return named + (f" and {more} more" if more > 0 else "")


def _choice(group: str, name: str) -> str:
    described = described_choice(group, name) or "Its file says nothing of it."
    return f"{group}={name}\n  {described}"


def _listed(group: str) -> list[str]:
    names = names_of(group)
    return _aligned((f"{group}={name}", in_short(described_choice(group, name))) for name in names)


def _line(label: str, text: str) -> str:
    return f"  {label:<{_LABEL}}{text}"


def _aligned(rows: Iterable[tuple[str, str]]) -> list[str]:
    """Two columns, the first as wide as its longest word; no blanks at an end."""
    rows = list(dict.fromkeys(rows))
    width = max((len(name) for name, _ in rows), default=0)
    return [f"  {name:<{width}}  {meaning}".rstrip() for name, meaning in rows]
