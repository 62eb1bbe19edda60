"""The strategy that a run names: made, given its own texts, and looked at for what a strategy has."""

from inspect import signature
from pathlib import Path

from def_sim.app.choices import StrategyChoice
from def_sim.app.home import home_folder
from def_sim.app.schema import RunConfig
from def_sim.app.strategy_frames import FRAMES
from def_sim.app.targets import resolve_target
from def_sim.errors import ConfigError
from def_sim.records import Survey
from def_sim.resources import data_folder, look_up
from def_sim.strategies.asking import Presentation
from def_sim.strategies.contract import Strategy
from def_sim.strategies.frames import FramesFile
from def_sim.strategies.texts import StrategyTexts, read_strategy_texts


def make_strategy(
    choice: StrategyChoice,
    presentation: Presentation,
    texts: StrategyTexts | None,
    frames: FramesFile | None = None,
) -> Strategy:
    """The strategy that a YAML names.

    Args:
        choice: Its target and arguments.
        presentation: How questions are shown.
        texts: Its own words, for one that has some.
        frames: What it puts questions in, for one that takes frames.

    Raises:
        ConfigError: What the target makes is no strategy, or its texts do not fit.
    """
    read = {name: content for name, content in (("texts", texts), (FRAMES, frames)) if content is not None}
    strategy = resolve_target(choice.target)(presentation=presentation, **{**choice.arguments, **read})
    for name in (
        "uses_memory",
        "num_calls",
        "mean_tokens",
        "answer_modes",
        "needs_judge",
        "decodings",
        "ask",
    ):
        if not hasattr(strategy, name):
            raise ConfigError(
                f"strategy={choice.name}: {choice.target} has no `{name}`.",
                fix="See def_sim/strategies/contract.py for what a strategy has.",
            )
    made: Strategy = strategy
    return made


def check_answer_mode(config: RunConfig, strategy: Strategy) -> None:
    """Makes sure that the strategy can read answers given in the configured way.

    Raises:
        ConfigError: It cannot; says which it can.
    """
    modes = [mode.value for mode in strategy.answer_modes]
    if config.answer_mode not in modes:
        raise ConfigError(
            f"strategy={config.strategy.name} cannot read answers given by answer_mode={config.answer_mode}.",
            fix=f"Choose answer_mode={' or '.join(modes)}, or another strategy.",
        )


def _texts_path(config: RunConfig, survey: Survey) -> Path:
    name = f"prompts/strategies/{config.strategy.name}/{survey.frame_language}.yaml"
    return look_up(name, data_folder(), home_folder())


def read_texts(config: RunConfig, survey: Survey) -> StrategyTexts | None:
    """A strategy's own texts in the language of the frame; None for one that takes none."""
    target = resolve_target(config.strategy.target)
    if "texts" not in signature(target).parameters:
        return None
    path = _texts_path(config, survey)
    if not path.is_file():
        raise ConfigError(
            f"strategy={config.strategy.name}: it has no texts in {survey.frame_language!r}.",
            fix=f"Choose another frame_language, or write {path}.",
        )
    return read_strategy_texts(path)
