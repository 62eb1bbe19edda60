"""`def-sim`: from the words on the command line to a stage.

Hydra joins the YAML files. Its errors, and ours, become one message with what to do and
exit code 2; a traceback is a bug of ours.
"""

import gc
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from hydra import main as hydra_main
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from def_sim.app.composing import (
    HOME,
    as_plain,
    check_sweep_choice,
    composed_experiment,
    configured,
    experiment_of,
    explained,
    is_override,
    know_homes,
    parse_words,
    typed_config,
)
from def_sim.app.event_log import WORD, events_as_json, write_event
from def_sim.app.experiment_judging import judges_of
from def_sim.app.experiment_stages import ArmWatch, hold_experiment, plan_experiment, report_experiment
from def_sim.app.experiments import named_experiment
from def_sim.app.help_page import help_text
from def_sim.app.launchers import launcher_of
from def_sim.app.provenance import software_versions
from def_sim.app.schema import RunConfig
from def_sim.app.sentences import with_sentences
from def_sim.app.signals import Interrupted
from def_sim.app.surroundings import surroundings
from def_sim.app.targets import resolve_target
from def_sim.app.terminal import say, say_error, say_text, visible_streams
from def_sim.app.words import mend_first_mistakes
from def_sim.engines.local.shared_worker import keep_loaded
from def_sim.errors import ConfigError, DefSimError
from def_sim.resources import conf_folder

EXIT_USER_ERROR = 2
_MULTIRUN = ("-m", "--multirun")
_HELP = ("--help", "-h")
# Objects between two looks for garbage; Python's own 700 spend a tenth of a small command on looking.
_OBJECTS_BETWEEN_LOOKS = 50_000


def main(arguments: Sequence[str] | None = None, *, tell: Callable[[DefSimError], object] = say_error) -> int:
    """Runs the command line.

    Args:
        arguments: Its words; None: those of this process.
        tell: Receives an error that a user can mend, to show it.

    Returns:
        0, or 2 after a message about something the user can mend, or after a signal (`app/signals.py`).
    """
    words = with_sentences(sys.argv[1:] if arguments is None else arguments)
    gc.set_threshold(_OBJECTS_BETWEEN_LOOKS)
    with visible_streams(), events_as_json(WORD in words):
        return _run(words, tell)


def _run(words: Sequence[str], tell: Callable[[DefSimError], object]) -> int:
    def told(error: DefSimError) -> int:
        tell(error)
        return EXIT_USER_ERROR

    try:
        with surroundings(words):
            if any(word in _HELP for word in words):
                say_text(_help_on([word for word in words if not word.startswith("-")]))
                return 0
            if "--version" in words:
                say_text("\n".join(f"{name:<14} {found}" for name, found in software_versions().items()))
                return 0
            mend_first_mistakes(words)
            if launcher_of(words) is not None:
                return _sweep(words)
            if (name := _experiment_in(words)) is not None:
                return _run_experiment(name, words)
            if any(word.startswith("-") and not is_override(word) for word in words):
                return _through_hydra(words)
            return run_stage(configured(words))
    except DefSimError as error:
        return told(error)
    except Interrupted as stop:
        write_event("signal", level="warning", number=stop.number, standing=stop.standing)
        told(stop.as_error)
        return stop.exit_code


def _help_on(words: Sequence[str]) -> str:
    """The page, or what the words name: `def-sim --help top_k ccsv`, `def-sim survey=cn --help`."""
    names = [word for word in words if not word.lstrip("+").startswith(f"{HOME}=")]
    if not names:
        return help_text()
    from def_sim.app.name_help import explained_name  # reads every YAML and docstring

    return "\n\n".join(explained_name(name) for name in names)


def _experiment_in(words: Sequence[str]) -> str | None:
    """The experiment of a command; None also where Hydra alone is asked (--cfg)."""
    overrides = [word for word in words if is_override(word)]
    if any(word.startswith("-") and word not in _MULTIRUN for word in words):
        return None
    return named_experiment(parse_words(overrides))


def _run_experiment(name: str, words: Sequence[str]) -> int:
    """The stage of an experiment: interviews unless another is named, then the page."""
    overrides = [word for word in words if is_override(word)]
    parsed = parse_words(overrides)
    composed = composed_experiment(name, overrides)
    experiment = experiment_of(name, composed, parsed)
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


def _tell(error: DefSimError) -> int:
    say_error(error)
    return EXIT_USER_ERROR


def _sweep(words: Sequence[str]) -> int:
    from def_sim.app.sweep import submit_sweep  # submitit, which is an extra

    return submit_sweep(words)


def run_stage(config: RunConfig) -> int:
    """Runs the stage that the configuration chose."""
    stage = resolve_target(config.stage.target)
    result: int = stage(config)
    return result


def _through_hydra(words: Sequence[str], watch: ArmWatch | None = None) -> int:
    """Sweeps (-m), experiments and Hydra's own questions (--cfg, --info) go the whole way through Hydra."""
    overrides = [word for word in words if is_override(word)]
    parsed = parse_words(overrides)
    for override in parsed:
        check_sweep_choice(override)
    swept = {str(one.key_or_group) for one in parsed if one.is_sweep_override()}
    know_homes()
    # Hydra prints its own traceback for errors it does not know; ours never reach it.
    os.environ.setdefault("HYDRA_FULL_ERROR", "1")
    codes: list[int] = []

    @hydra_main(config_path=str(conf_folder()), config_name="config", version_base="1.3")
    def job(composed: DictConfig) -> None:
        task = HydraConfig.get().overrides.task
        if watch is not None:
            watch.begin()
        if arm := [word for word in task if word.partition("=")[0] in swept]:
            say(f"arm         {' '.join(arm)}")
        try:
            codes.append(run_stage(typed_config(as_plain(composed), task)))
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
        raise explained(error) from None
    except SystemExit as stop:  # argparse has already said what is wrong
        return stop.code if isinstance(stop.code, int) else EXIT_USER_ERROR
    finally:
        sys.argv = before
    return max(codes, default=0)
