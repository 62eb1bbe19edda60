"""`def-sim --help`: the commands that are used most, the names of every group, and how to ask about one."""

from collections.abc import Sequence
from typing import Final

from def_sim.app.home import home_folder, home_lines
from def_sim.app.home_checks import config_groups
from def_sim.app.known_choices import names_in_words

# Heading -> command and what it does. FOLDER, FILE and NAME are the reader's own; the others run as they are.
COMMANDS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "Interviews": (
        ("def-sim", "demo respondent, US survey: interview and report"),
        ("def-sim survey=cn", "the same in Chinese"),
        ("def-sim stage=fetch model=mistral7b", "downloads a model's weights, once"),
        ("def-sim model=mistral7b survey=cn", "a model of the study, given its weights"),
        ("def-sim model=claude", "a hosted model, given its key in the environment"),
        ("def-sim stage=plan model=mixtral_8x7b", "answers, tokens, time, memory; nothing is loaded"),
        ("def-sim respondents=200", "a larger panel; asks only the new respondents"),
        ("def-sim -m model=mistral7b,llama3_8b survey=us,cn", "several runs, one after another"),
        ("def-sim experiment=diversity_ablation", "the runs that answer a question, then their comparison"),
    ),
    "Runs that there are": (
        ("def-sim stage=report runs='outputs/**'", "compare runs: scores, ranks, pairs, maps"),
        ("def-sim stage=status runs='outputs/**'", "how far runs are; watch=30 looks until all is done"),
        ("def-sim stage=verify", "recompute every number from the raw answers"),
        ("def-sim stage=repair run_folder=FOLDER", "set damaged and foreign lines of a journal aside"),
        ("def-sim stage=judge rubric=insensitivity run_folder=FOLDER", "have model= judge a run's answers"),
        ("def-sim stage=audit run_folder=FOLDER export=NAME", "a judge's verdicts as sheets for people"),
        ("def-sim stage=export run_folder=FOLDER 'formats=[sav,xlsx]'", "files of SPSS, Stata, Excel, LaTeX"),
        ("def-sim stage=calibrate run_folder=FOLDER sample=FILE", "rectify shares with a sample of people"),
    ),
    "Surveys of your own": (
        ("def-sim stage=import importer=table name=NAME source=FILE home=FOLDER", "one from a table"),
        ("def-sim stage=rephrase survey=NAME model=claude home=FOLDER", "drafts of other wordings"),
    ),
}  # fmt: skip

_PAGE: Final = """\
def_sim measures how well language models stand in for people in social surveys.

{commands}

Choices
{choices}

Often changed
  respondents=20  seed=1  wordings=base|all|1|official  population=CHN  frame_language=zh  output=outputs
  home=FOLDER (surveys, models, strategies and countries of your own)
  modifications.prompt=false  modifications.configuration=false  modifications.memory=false

`def-sim --help NAME` explains a parameter, a group or a choice: respondents, decoding, strategy, ccsv.
`def-sim --cfg job` prints every parameter with its value. Documentation: docs/.
"""


def help_text() -> str:
    """What `--help` prints."""
    commands = "\n\n".join("\n".join([heading, *_aligned(rows)]) for heading, rows in COMMANDS.items())
    return _PAGE.format(commands=commands, choices="\n".join(_choices())).rstrip()


def _aligned(rows: Sequence[tuple[str, str]]) -> list[str]:
    width = max(len(command) for command, _ in rows)
    return [f"  {command:<{width}}  {does}" for command, does in rows]


def _choices() -> list[str]:
    lines = [f"  {group:<10} {names_in_words(group)}" for group in config_groups()]
    home = home_folder()
    return [*lines, *(["", *home_lines(home)] if home is not None else [])]
