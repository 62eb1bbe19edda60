"""`python -m def_sim`: from the words on the command line to a stage.

Hydra joins the YAML files. Its errors, and ours, become one message with what to do and
exit code 2; a traceback is a bug of ours.
"""

import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra import main as hydra_main
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.core.plugins import Plugins
from hydra.errors import HydraException
from hydra.plugins.search_path_plugin import SearchPathPlugin
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from def_sim.app.experiment_judging import judges_of
from def_sim.app.experiment_stages import ArmWatch, hold_experiment, plan_experiment, report_experiment
from def_sim.app.experiments import GROUP, Experiment, named_experiment, read_experiment
from def_sim.app.home import at_home, home_folder
from def_sim.app.home_checks import config_groups
from def_sim.app.key_guard import guard_keys
from def_sim.app.known_choices import help_text, known_names, names_in_words
from def_sim.app.launchers import launcher_of
from def_sim.app.schema import RunConfig, validate_config
from def_sim.app.signals import Interrupted, heeding_signals
from def_sim.app.suggestions import nearest
from def_sim.app.targets import resolve_target
from def_sim.app.terminal import say_error, say_text, visible_streams
from def_sim.app.thinking import with_room_for_thought
from def_sim.engines.local.shared_worker import keep_loaded
from def_sim.errors import ConfigError, DefSimError, StoreError
from def_sim.resources import conf_folder

EXIT_USER_ERROR = 2
_HOME = "home"
_MULTIRUN = ("-m", "--multirun")


def main(arguments: Sequence[str] | None = None, *, tell: Callable[[DefSimError], object] = say_error) -> int:
    """Runs the command line.

    Args:
        arguments: Its words; None: those of this process.
        tell: Receives an error that a user can mend, to show it.

    Returns:
        0, or 2 after a message about something the user can mend, or after a signal (`app/signals.py`).
    """
    guard_keys()
    with visible_streams():
        return _run(list(sys.argv[1:] if arguments is None else arguments), tell)


def _run(words: Sequence[str], tell: Callable[[DefSimError], object]) -> int:
    def told(error: DefSimError) -> int:
        tell(error)
        return EXIT_USER_ERROR

    try:
        with heeding_signals(), at_home(*_given_home(words)):
            if any(word in ("--help", "-h") for word in words):
                say_text(help_text())
                return 0
            if launcher_of(words) is not None:
                return _sweep(words)
            if (name := _experiment_in(words)) is not None:
                return _run_experiment(name, words)
            if any(word.startswith("-") and not _is_override(word) for word in words):
                return _through_hydra(words)
            return run_stage(configured(words))
    except DefSimError as error:
        return told(error)
    except OSError as error:
        what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        return told(StoreError(f"{what}.", fix="Choose another output folder, or free space, and run again."))
    except Interrupted as stop:
        told(stop.as_error)
        return stop.exit_code


def _experiment_in(words: Sequence[str]) -> str | None:
    """The experiment of a command; None also where Hydra alone is asked (--cfg)."""
    overrides = [word for word in words if _is_override(word)]
    if any(word.startswith("-") and word not in _MULTIRUN for word in words):
        return None
    return named_experiment(parse_words(overrides))


def _run_experiment(name: str, words: Sequence[str]) -> int:
    """The stage of an experiment: interviews unless another is named, then the page."""
    overrides = [word for word in words if _is_override(word)]
    parsed = parse_words(overrides)
    composed = composed_experiment(name, overrides)
    experiment = _read_experiment(name, composed, parsed)
    stages = [str(one.value()) for one in parsed if one.key_or_group == "stage"]
    stage = stages[-1] if stages else "interview"
    if stage == "plan":
        return plan_experiment(experiment)
    if stage == "report":
        return report_experiment(experiment)
    if stage not in ("all", "interview"):
        raise ConfigError(
            f"stage={stage} belongs to single runs, found experiment={name}.",
            fix="With experiment= the stages are interview (the default), plan and report.",
        )
    kept = [word for word in overrides if not word.startswith("stage=")]
    return hold_experiment(
        experiment,
        lambda of_arms, watch: _through_hydra([*kept, f"stage={of_arms}"], watch),
        judges_of(experiment, configured),
        is_here=str(composed["launcher"]).endswith(".BasicLauncher"),
    )


def compose_experiment(words: Sequence[str]) -> Experiment:
    """The arms of the experiment that the overrides name.

    Raises:
        ConfigError: They name none, or its arms cannot be held or compared.
    """
    parsed = parse_words(words)
    name = named_experiment(parsed)
    if name is None:
        raise ConfigError("No experiment is named.", fix=f"Choose one: {names_in_words(GROUP)}.")
    return _read_experiment(name, composed_experiment(name, words), parsed)


def _read_experiment(name: str, composed: Mapping[str, Any], parsed: Sequence[Override]) -> Experiment:
    for override in parsed:
        check_sweep_choice(override)
    return read_experiment(name, composed, parsed, lambda of_arm: _configured(compose_config(of_arm), of_arm))


def composed_experiment(name: str, words: Sequence[str]) -> dict[str, Any]:
    """What the experiment's YAML and the command say of it: its block, what is varied, and who launches."""
    _check_known(GROUP, name)
    kept = [word for word in words if word.lstrip("+").startswith((f"{GROUP}=", f"{GROUP}.", "hydra"))]
    GlobalHydra.instance().clear()
    _know_homes()
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
        raise _explained(error) from None


def _tell(error: DefSimError) -> int:
    say_error(error)
    return EXIT_USER_ERROR


def configured(words: Sequence[str]) -> RunConfig:
    """The typed configuration of a command.

    Raises:
        ConfigError: A word names something unknown, or a value is not valid.
    """
    return _configured(compose_config(words), words)


def _sweep(words: Sequence[str]) -> int:
    from def_sim.app.sweep import submit_sweep  # submitit, which is an extra

    return submit_sweep(words)


def run_stage(config: RunConfig) -> int:
    """Runs the stage that the configuration chose."""
    stage = resolve_target(config.stage.target)
    result: int = stage(config)
    return result


def _configured(content: Mapping[str, Any], words: Sequence[str]) -> RunConfig:
    """The typed configuration; where a model thinks and no limit is given, with room for its thoughts."""
    given = {override.key_or_group for override in parse_words(words)}
    return with_room_for_thought(validate_config(content), given=given)


def _given_home(words: Sequence[str]) -> list[str | None]:
    """What `home=` says, if it stands on the command line; it must be known before conf/ is read."""
    given = [word for word in words if word.lstrip("+").startswith(f"{_HOME}=")]
    values = [None if one.is_sweep_override() else one.value() for one in parse_words(given)]
    if len(values) > 1 or any(one.is_sweep_override() for one in parse_words(given)):
        raise ConfigError(
            f"{_HOME} takes one folder, found several.", fix="Gather what you need in one home folder."
        )
    return [None if value is None else str(value) for value in values]


class _HomeBesideShipped(SearchPathPlugin):
    """Has Hydra look for configurations in the user's home, too; what is in both was checked before."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Puts the home's conf/ before the shipped one, if there is a home."""
        home = home_folder()
        if home is not None and (home / "conf").is_dir():
            search_path.prepend("home", f"file://{home / 'conf'}", anchor="main")


@cache
def _know_homes() -> None:
    Plugins.instance().register(_HomeBesideShipped)


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
    _know_homes()
    try:
        with initialize_config_dir(config_dir=str(conf_folder()), version_base="1.3", job_name="def_sim"):
            composed = compose("config", overrides=list(words))
        return _plain(composed)
    except (HydraException, OmegaConfBaseException) as error:
        raise _explained(error) from None


def _plain(composed: DictConfig) -> dict[str, Any]:
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
    _check_home_as_given(content.get(_HOME))
    return {str(key): value for key, value in content.items() if key not in ("hydra", GROUP, _HOME)}


def _check_home_as_given(composed: object) -> None:
    if composed is not None and Path(str(composed)).expanduser().absolute() != home_folder():
        raise ConfigError(
            f"A configuration sets `{_HOME}: {composed}`; only a command or its environment may.",
            fix=f"Take it out of the YAML and give `{_HOME}=...` on the command line.",
        )


def _is_override(word: str) -> bool:
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


def _check_known(group: str, value: str) -> None:
    known = known_names(group)
    if value not in known:
        raise ConfigError(
            f"{group}={value}: there is no such {group}. Known: {names_in_words(group)}.",
            fix=nearest(value, known, f"{group}=") or "Choose one of these.",
        )


def _several(name: str) -> ConfigError:
    return ConfigError(
        f"{name} takes one value, found several.",
        fix=f"For one run after another put -m first: `python -m def_sim -m {name}=a,b`.",
    )


def _explained(error: Exception) -> ConfigError:
    """Hydra's own words, shortened to what the user needs."""
    text = str(error)
    unknown = re.match(r"Could not override '([^']+)'", text)
    if unknown:
        name = unknown.group(1)
        return ConfigError(
            f"There is no parameter {name!r}.",
            fix=nearest(name, _parameter_names()) or "`python -m def_sim --cfg job` prints them all.",
        )
    return ConfigError(
        text.strip().splitlines()[0], fix="`python -m def_sim --help` shows how a command looks."
    )


def _parameter_names() -> list[str]:
    """All dotted names of the default configuration."""
    with initialize_config_dir(config_dir=str(conf_folder()), version_base="1.3"):
        return sorted([*_dotted(_plain(compose("config"))), _HOME])


def _dotted(section: dict[str, Any], prefix: str = "") -> list[str]:
    names = []
    for key, value in section.items():
        names.append(f"{prefix}{key}")
        if isinstance(value, dict):
            names += _dotted(value, f"{prefix}{key}.")
    return names


def _through_hydra(words: Sequence[str], watch: ArmWatch | None = None) -> int:
    """Sweeps (-m), experiments and Hydra's own questions (--cfg, --info) go the whole way through Hydra."""
    overrides = [word for word in words if _is_override(word)]
    for override in parse_words(overrides):
        check_sweep_choice(override)
    _know_homes()
    # Hydra prints its own traceback for errors it does not know; ours never reach it.
    os.environ.setdefault("HYDRA_FULL_ERROR", "1")
    codes: list[int] = []

    @hydra_main(config_path=str(conf_folder()), config_name="config", version_base="1.3")
    def job(composed: DictConfig) -> None:
        if watch is not None:
            watch.begin()
        try:
            codes.append(run_stage(_configured(_plain(composed), HydraConfig.get().overrides.task)))
        except DefSimError as error:
            codes.append(_tell(error))
            if watch is not None:
                watch.fail(error)

    before = sys.argv
    sys.argv = [str(Path(before[0])), *words]
    try:
        with keep_loaded():  # runs of one model after another load it once
            job()
    except (HydraException, OmegaConfBaseException) as error:
        raise _explained(error) from None
    except SystemExit as stop:  # argparse has already said what is wrong
        return stop.code if isinstance(stop.code, int) else EXIT_USER_ERROR
    finally:
        sys.argv = before
    return max(codes, default=0)


def check_sweep_choice(override: Override) -> None:
    """Makes sure that all values of a group are known, of one run or of a sweep."""
    group = override.key_or_group
    if group not in config_groups():
        return
    values = override.sweep_string_iterator() if override.is_sweep_override() else [str(override.value())]
    for value in values:
        _check_known(group, value)
