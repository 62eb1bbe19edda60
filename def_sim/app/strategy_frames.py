"""The open frames of a strategy: named on the command line, found in the home or among the shipped ones.

A strategy whose constructor has the parameter `frames` is given the content of the file that its YAML, or
`strategy.frames=NAME`, names.
"""

from inspect import signature
from pathlib import Path
from typing import Final

from def_sim.app.choices import StrategyChoice
from def_sim.app.home import home_folder
from def_sim.app.schema import RunConfig
from def_sim.app.suggestions import nearest
from def_sim.app.targets import resolve_target
from def_sim.errors import ConfigError
from def_sim.records import Survey
from def_sim.resources import data_folder, look_up
from def_sim.strategies.frames import FramesFile
from def_sim.yaml_files import read_validated

FRAMES: Final = "frames"  # the folder, and the parameter of a strategy


def takes_frames(choice: StrategyChoice) -> bool:
    """Whether a strategy puts questions in open frames."""
    return FRAMES in signature(resolve_target(choice.target)).parameters


def read_frames(config: RunConfig, survey: Survey) -> FramesFile | None:
    """The frames of a run; None for a strategy that takes none.

    Raises:
        ConfigError: There is no file of that name, or it has no texts in the language of the frame.
        SurveyFormatError: It breaks the format; with file and line.
    """
    if not takes_frames(config.strategy):
        return None
    path = _path_of(str(config.strategy.arguments[FRAMES]))
    frames = read_validated(path, FramesFile)
    if survey.frame_language not in frames.languages:
        raise ConfigError(
            f"{path}: the frames have no texts in {survey.frame_language!r}, only in "
            f"{', '.join(sorted(frames.languages))}.",
            fix="Choose another frame_language, or write them there for every frame.",
        )
    return frames


def _path_of(name: str) -> Path:
    path = look_up(f"{FRAMES}/{name}.yaml", data_folder(), home_folder())
    if not path.is_file():
        known, chosen = _known(), f"strategy.{FRAMES}="
        raise ConfigError(
            f"{chosen}{name}: there are no such frames. Known: {', '.join(known)}.",
            fix=nearest(name, known, chosen)
            or f"Choose some of these, or write {FRAMES}/{name}.yaml into your home folder.",
        )
    return path


def _known() -> list[str]:
    folders = [data_folder(), *([home] if (home := home_folder()) is not None else [])]
    return sorted({path.stem for folder in folders for path in (folder / FRAMES).glob("*.yaml")})
