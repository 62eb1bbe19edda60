"""What a file of a survey program holds: its questions as rows of options, and where their answers stand.

Knows no program: `qsf` and `xlsform` read such files, `person_answers` reads the answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from def_sim.surveys.importers.tidy_rows import TidyTable


@dataclass(frozen=True)
class AnswerColumns:
    """Where a table with a row a person has the answers to one item."""

    names: tuple[str, ...]  # what its column may be called; the first that is there counts
    codes: Mapping[str, int]  # what a field holds for a code, as the program writes codes -> our code
    of_options: Mapping[str, int] = field(default_factory=dict)  # a column an option: its name -> our code


@dataclass(frozen=True)
class SurveyForm:
    """The questions that can be asked."""

    table: TidyTable  # without figures
    left_out: tuple[str, ...]  # a line for all that is left out, with the reason
    columns: Mapping[str, AnswerColumns]  # item -> where its answers are
