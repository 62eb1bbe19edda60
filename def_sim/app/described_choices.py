"""What each choice of a group is, in the words at the top of its YAML, shipped or of the user's home.

The comment that begins a file is its description, apart from Hydra's directive and, of an experiment, the
command that holds it. Runs nothing that a file names.
"""

import re
from pathlib import Path
from typing import Final

import yaml

from def_sim.app.home import home_folder
from def_sim.app.known_choices import known_names
from def_sim.resources import conf_folder

LAUNCHERS: Final = "hydra/launcher"
# Of the extra `slurm`, without a file of ours.
_OF_LIBRARIES: Final = {
    "basic": "One run after another in this process.",
    "submitit_local": "Each job is a process of this machine, to try a sweep; needs the extra slurm.",
    "submitit_slurm": "Jobs of Slurm with submitit's own values, not ours; needs the extra slurm.",
}
_NO_WORDS: Final = re.compile(r"@package |def-sim ")
_SENTENCE: Final = re.compile(r"(?<=[a-z0-9)\]][.?]) (?=[A-Z(])")


def names_of(group: str) -> list[str]:
    """The names that a group or `hydra/launcher` takes, sorted."""
    return sorted({*known_names(group), *(_OF_LIBRARIES if group == LAUNCHERS else ())})


def described_choice(group: str, name: str) -> str:
    """What a choice is, in one or several sentences; "": its file does not say."""
    if group == LAUNCHERS and name in _OF_LIBRARIES:
        return _OF_LIBRARIES[name]
    path = _file_of(group, name)
    if path is None:
        return ""
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    return " ".join(_leading_comment(text)) or _own_description(text)


def in_short(description: str) -> str:
    """The first sentence of a description, without the stop at its end."""
    return _SENTENCE.split(description, maxsplit=1)[0].removesuffix(".")


def _file_of(group: str, name: str) -> Path | None:
    home = home_folder()
    folders = [*([home / "conf"] if home is not None else []), conf_folder()]
    return next((path for folder in folders if (path := folder / group / f"{name}.yaml").is_file()), None)


def _leading_comment(text: str) -> list[str]:
    lines: list[str] = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        words = line.removeprefix("#").strip()
        if not _NO_WORDS.match(words):
            lines.append(words)
    return lines


def _own_description(text: str) -> str:
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError:
        return ""
    return str(content.get("description", "")) if isinstance(content, dict) else ""
