"""What a command can choose: the names of every group, shipped or of the user's home, and `--help`."""

from pathlib import Path
from typing import Final

from def_sim.app.home import home_folder, home_lines
from def_sim.app.home_checks import config_groups
from def_sim.resources import conf_folder

_FROM_HOME: Final = " (home)"  # said behind a name that the user's home adds

_HELP: Final = """\
def_sim measures how well language models stand in for people in social surveys.

  def-sim                                 demo respondent, US survey: interview and report
  def-sim survey=cn                       the same in Chinese
  def-sim stage=fetch model=mistral7b     downloads a model's weights, once
  def-sim model=mistral7b survey=cn       a model of the study, given its weights
  def-sim model=claude                    a hosted model, given its key in the environment
  def-sim stage=plan model=mixtral_8x7b   answers, tokens, time, memory; nothing is loaded
  def-sim respondents=200                 a larger panel; asks only the new respondents
  def-sim stage=report runs='outputs/**'  compare runs: scores, ranks, pairs, maps
  def-sim stage=status runs='outputs/**'  how far runs are; watch=30 looks again until all is done
  def-sim stage=verify                    recompute every number from the raw answers
  def-sim stage=repair run_folder=FOLDER  set damaged and foreign lines of a journal aside
  def-sim stage=audit run_folder=FOLDER export=NAME   a judge's verdicts as sheets for people
  def-sim stage=export run_folder=FOLDER 'formats=[sav,dta,xlsx,tex,bib]'   SPSS, Stata, Excel, LaTeX
  def-sim stage=calibrate run_folder=FOLDER sample=FILE   rectify shares with a sample of people
  def-sim stage=judge rubric=insensitivity run_folder=FOLDER model=gpt4o   judge a run's answers
  def-sim stage=import importer=globalopinionqa source=FILE home=FOLDER   an institute's file
  def-sim stage=rephrase survey=town model=claude home=FOLDER   other wordings, for people to review
  def-sim -m model=a,b survey=us,cn       several runs, one after another
  def-sim experiment=diversity_ablation   the runs that answer a question, then their comparison

Choices
{choices}

Often changed
  respondents=20  seed=1  wordings=base|all|1|official  population=CHN  frame_language=zh  output=outputs
  home=FOLDER (surveys, models, strategies and countries of your own: docs/how_to/add_a_survey.md)
  modifications.prompt=false  modifications.configuration=false  modifications.memory=false

`def-sim --cfg job` prints every parameter with its value. Documentation: docs/.
"""


def help_text() -> str:
    """What `--help` prints."""
    return _HELP.format(choices=_choices_text()).rstrip()


def _choices_text() -> str:
    lines = [f"  {group:<10} {names_in_words(group)}" for group in config_groups()]
    home = home_folder()
    return "\n".join([*lines, *(["", *home_lines(home)] if home is not None else [])])


def known_names(group: str) -> list[str]:
    """The names of a group, sorted."""
    return sorted(_stems(conf_folder() / group) | _of_home(group))


def _of_home(group: str) -> set[str]:
    home = home_folder()
    return _stems(home / "conf" / group) if home is not None else set()


def _stems(folder: Path) -> set[str]:
    return {path.stem for path in folder.glob("*.yaml")}


def names_in_words(group: str) -> str:
    """The names of a group; behind those of the user's home stands that they are."""
    own = _of_home(group)
    return ", ".join(name + _FROM_HOME * (name in own) for name in known_names(group))
