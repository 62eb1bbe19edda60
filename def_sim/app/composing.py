"""From the words of a command to a typed configuration: Hydra joins the YAML files that they name.

What Hydra and OmegaConf say of a word that does not fit becomes one message of ours.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from hydra import compose, initialize_config_dir
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.core.plugins import Plugins
from hydra.errors import HydraException
from hydra.plugins.search_path_plugin import SearchPathPlugin
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from def_sim.app.experiments import GROUP, Experiment, named_experiment, read_experiment
from def_sim.app.home import home_folder
from def_sim.app.home_checks import config_groups
from def_sim.app.known_choices import known_names, names_in_words
from def_sim.app.schema import RunConfig, validate_config
from def_sim.app.slurm_tasks import as_task
from def_sim.app.suggestions import nearest
from def_sim.app.thinking import with_room_for_thought
from def_sim.errors import ConfigError
from def_sim.resources import conf_folder

HOME: Final = "home"


def configured(words: Sequence[str]) -> RunConfig:
    """The typed configuration of a command.

    Raises:
        ConfigError: A word names something unknown, or a value is not valid.
    """
    return typed_config(compose_config(words), words)


def typed_config(content: Mapping[str, Any], words: Sequence[str]) -> RunConfig:
    """The typed configuration; where a model thinks and no limit is given, with room for its thoughts."""
    given = {override.key_or_group for override in parse_words(words)}
    return with_room_for_thought(validate_config(as_task(content, given=given)), given=given)


def compose_config(words: Sequence[str]) -> dict[str, Any]:
    """The configuration that the overrides give, as plain mappings and lists.

    `home` and `experiment` are not among it: which folder it was, and what a run is compared with, is no part
    of a run.

    Raises:
        ConfigError: An override names something unknown, or is malformed.
    """
    for override in parse_words(words):
        _check_choice(override)
    GlobalHydra.instance().clear()
    know_homes()
    try:
        with initialize_config_dir(config_dir=str(conf_folder()), version_base="1.3", job_name="def_sim"):
            composed = compose("config", overrides=list(words))
        return as_plain(composed)
    except (HydraException, OmegaConfBaseException) as error:
        raise explained(error) from None


def as_plain(composed: DictConfig) -> dict[str, Any]:
    """A composed configuration as plain mappings and lists, without what is no part of a run."""
    try:
        content = OmegaConf.to_container(composed, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        # A value that others are made of is named in the message; its full name may be in the error.
        named = re.search(r"Missing mandatory value: (\S+)", str(error))
        full = getattr(error, "full_key", "") or ""
        name = named.group(1) if named else ""
        key = full if full.endswith(name) else name
        raise ConfigError(f"`{key}` needs a value and has none.", fix=f"Give it one: `{key}=...`.") from None
    assert isinstance(content, dict)
    _check_home_as_given(content.get(HOME))
    return {str(key): value for key, value in content.items() if key not in ("hydra", GROUP, HOME)}


def _check_home_as_given(composed: object) -> None:
    if composed is not None and Path(str(composed)).expanduser().absolute() != home_folder():
        raise ConfigError(
            f"A configuration sets `{HOME}: {composed}`; only a command or its environment may.",
            fix=f"Take it out of the YAML and give `{HOME}=...` on the command line.",
        )


class _HomeBesideShipped(SearchPathPlugin):
    """Has Hydra look for configurations in the user's home, too; what is in both was checked before."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Puts the home's conf/ before the shipped one, if there is a home."""
        home = home_folder()
        if home is not None and (home / "conf").is_dir():
            search_path.prepend("home", f"file://{home / 'conf'}", anchor="main")


@cache
def know_homes() -> None:
    """Has Hydra look into the user's home from now on, in this process."""
    Plugins.instance().register(_HomeBesideShipped)


def compose_experiment(words: Sequence[str]) -> Experiment:
    """The arms of the experiment that the overrides name.

    Raises:
        ConfigError: They name none, or its arms cannot be held or compared.
    """
    parsed = parse_words(words)
    name = named_experiment(parsed)
    if name is None:
        raise ConfigError("No experiment is named.", fix=f"Choose one: {names_in_words(GROUP)}.")
    return experiment_of(name, composed_experiment(name, words), parsed)


def experiment_of(name: str, composed: Mapping[str, Any], parsed: Sequence[Override]) -> Experiment:
    """The arms that an experiment's YAML and the overrides of a command make."""
    for override in parsed:
        check_sweep_choice(override)
    return read_experiment(name, composed, parsed, configured)


def composed_experiment(name: str, words: Sequence[str]) -> dict[str, Any]:
    """What the experiment's YAML and the command say of it: its block, what is varied, and who launches."""
    _check_known(GROUP, name)
    kept = [word for word in words if word.lstrip("+").startswith((f"{GROUP}=", f"{GROUP}.", "hydra"))]
    GlobalHydra.instance().clear()
    know_homes()
    try:
        with initialize_config_dir(config_dir=str(conf_folder()), version_base="1.3", job_name="def_sim"):
            composed = compose("config", overrides=kept, return_hydra_config=True)
        names = {"experiment": GROUP, "params": "hydra.sweeper.params", "launcher": "hydra.launcher._target_"}
        found = {name: OmegaConf.select(composed, path) for name, path in names.items()}
        return {
            name: OmegaConf.to_container(one, resolve=True) if OmegaConf.is_config(one) else one
            for name, one in found.items()
        }
    except (HydraException, OmegaConfBaseException) as error:
        raise explained(error) from None


def is_override(word: str) -> bool:
    """Whether a word sets a parameter, and is no option."""
    return "=" in word and not word.startswith("-")


def parse_words(words: Sequence[str]) -> list[Override]:
    """The words of a command as Hydra reads them.

    Raises:
        ConfigError: A word is malformed.
    """
    parser = OverridesParser.create()
    parsed = []
    for word in words:
        try:
            parsed += parser.parse_overrides([word])
        except (HydraException, OmegaConfBaseException):
            raise ConfigError(
                f"`{word}` is not understood; expected name=value.",
                fix="Write it as in `respondents=40`; quote values with spaces or commas: 'name=\"a, b\"'.",
            ) from None
    return parsed


def _check_choice(override: Override) -> None:
    """One known name for a group; several names belong to a sweep."""
    group = override.key_or_group
    if group not in config_groups():
        if override.is_sweep_override():
            raise _several(group)
        return
    if override.is_sweep_override() or isinstance(override.value(), list):
        raise _several(group)
    if group == GROUP and override.value() is None:
        return
    _check_known(group, str(override.value()))


def check_sweep_choice(override: Override) -> None:
    """Makes sure that all values of a group are known, of one run or of a sweep."""
    group = override.key_or_group
    if group not in config_groups():
        return
    values = override.sweep_string_iterator() if override.is_sweep_override() else [str(override.value())]
    for value in values:
        _check_known(group, value)


def _check_known(group: str, value: str) -> None:
    known = known_names(group)
    if value not in known:
        raise ConfigError(
            f"{group}={value}: there is no such {group}. Known: {names_in_words(group)}.",
            fix=nearest(value, known, f"{group}=") or _choose_one(group),
        )


def _choose_one(group: str) -> str:
    if group == "model":
        return "Choose one of these; a model of your own is `model=hf model.engine.path=FOLDER`."
    if group == "survey" and home_folder() is None:
        return "Choose one of these; a survey of your own needs its folder: `home=FOLDER`."
    return "Choose one of these."


def _several(name: str) -> ConfigError:
    return ConfigError(
        f"{name} takes one value, found several.",
        fix=f"For one run after another put -m first: `def-sim -m {name}=a,b`.",
    )


def explained(error: Exception) -> ConfigError:
    """Hydra's own words, shortened to what the user needs."""
    text = str(error)
    unknown = re.match(r"Could not override '([^']+)'", text)
    if unknown:
        name = unknown.group(1)
        return ConfigError(
            f"There is no parameter {name!r}.",
            fix=nearest(name, parameter_names()) or "`def-sim --cfg job` prints all with their values.",
        )
    first = next(iter(text.strip().splitlines()), type(error).__name__)
    return ConfigError(first, fix="`def-sim --help` shows how a command looks.")


def parameter_names() -> list[str]:
    """All dotted names of the default configuration."""
    return sorted([*default_values(), HOME])


def default_values() -> dict[str, Any]:
    """What the default configuration gives, by dotted name; a section's value is the section."""
    GlobalHydra.instance().clear()
    with initialize_config_dir(config_dir=str(conf_folder()), version_base="1.3"):
        return dict(_dotted(as_plain(compose("config"))))


def _dotted(section: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in section.items():
        yield f"{prefix}{key}", value
        if isinstance(value, dict):
            yield from _dotted(value, f"{prefix}{key}.")
