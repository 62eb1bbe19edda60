"""A small sample of people who answered some items of a survey: read from a table, checked, kept in memory.

One row a person, one column an item with the option codes; several choices are separated by spaces, and an
empty field is no answer. `weight` is optional. Further columns say what the person is (sex, age, ...), by
variables that the caller knows. Single people's answers go into no file.

Letters: K options, P people.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from def_sim.csv_files import read_rows
from def_sim.errors import SurveyFormatError
from def_sim.records import Question, QuestionType

WEIGHT: Final = "weight"
_FORMAT: Final = "docs/concepts/calibration.md, Rectification with a small human sample"


@dataclass(frozen=True)
class HumanSample:
    """Who was asked, and what they answered.

    `chosen` maps an item to which options each person chose, shape (P, K), in the order of the codes; none
    for a person without an answer. `weights`, shape (P,). `variables` maps a variable to each person's
    category, "" where it is not known.
    """

    chosen: Mapping[str, NDArray[np.bool_]]
    weights: NDArray[np.float64]
    variables: Mapping[str, tuple[str, ...]]

    @property
    def num_people(self) -> int:
        """P."""
        return self.weights.size


def read_sample(
    path: Path, questions: Sequence[Question], variables: Collection[str], *, fewest: int
) -> HumanSample:
    """The sample of a table.

    Args:
        path: CSV.
        questions: One for each item that may be in it.
        variables: Names of the variables that may be in it.
        fewest: People below whom no item could be estimated.

    Raises:
        SurveyFormatError: A column that is no item, variable or weight; a code that the item does not have;
            a weight below 0 or none at all; too few people. With file and line.
    """
    asked = {question.item_id: question for question in questions}
    rows = read_rows(path, fix=f"Correct {path} there (format: {_FORMAT}).")
    line, header = next(rows, (1, []))
    _check_header(path, line, header, asked, variables)
    table = list(rows)
    if len(table) < fewest:
        last = table[-1][0] if table else line
        raise _wrong(path, last, f"the table ends after {len(table)} people; at least {fewest} are needed")
    columns = {name: [(at, row[place].strip()) for at, row in table] for place, name in enumerate(header)}
    weights = [_weight(path, at, text) for at, text in columns.get(WEIGHT, [(at, "1") for at, _ in table])]
    if sum(weights) == 0:
        raise _wrong(path, table[-1][0], "every weight is 0")
    return HumanSample(
        chosen={name: _chosen(path, asked[name], columns[name]) for name in header if name in asked},
        weights=np.array(weights),
        variables={
            name: tuple(text for _, text in columns[name])
            for name in header
            if name in variables and name not in asked
        },
    )


def _check_header(
    path: Path, line: int, header: Sequence[str], asked: Mapping[str, Question], variables: Collection[str]
) -> None:
    for name in header:
        if header.count(name) > 1:
            raise _wrong(path, line, f"the column {name!r:.80} stands there twice")
        if name not in asked and name not in variables and name != WEIGHT:
            known = ", ".join([WEIGHT, *variables])
            raise _wrong(path, line, f"{name!r:.80} is neither an item of this run nor one of {known}")
    if not any(name in asked for name in header):
        raise _wrong(path, line, "no column is an item of this run")


def _chosen(path: Path, question: Question, fields: Sequence[tuple[int, str]]) -> NDArray[np.bool_]:
    places = {str(code): place for place, code in enumerate(question.codes)}
    most = question.max_choices if question.type is QuestionType.MULTIPLE else 1
    chosen = np.zeros((len(fields), len(places)), dtype=np.bool_)
    for person, (line, text) in enumerate(fields):
        codes = text.split()
        if foreign := [code for code in codes if code not in places]:
            raise _wrong(
                path,
                line,
                f"{question.item_id} has no code {foreign[0]!r:.80}; its codes are {', '.join(places)}, "
                "and no answer is an empty field",
            )
        if len(codes) > most or len(set(codes)) < len(codes):
            expected = "one code" if most == 1 else f"up to {most} different codes"
            raise _wrong(path, line, f"{question.item_id} takes {expected}, found {text!r:.80}")
        chosen[person, [places[code] for code in codes]] = True
    return chosen


def _weight(path: Path, line: int, text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        raise _wrong(path, line, f"{WEIGHT} must be a number, found {text!r:.80}") from None
    if not 0 <= weight < 1e9:  # also catches nan
        raise _wrong(path, line, f"{WEIGHT} must be at least 0 and below a billion, found {text!r:.80}")
    return weight


def _wrong(path: Path, line: int, what: str) -> SurveyFormatError:
    return SurveyFormatError(f"{path}, line {line}: {what}.", fix=f"Correct it there (format: {_FORMAT}).")
