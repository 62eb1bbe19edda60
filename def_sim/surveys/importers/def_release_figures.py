"""People's shares and topic groups in the files of Liu et al. 2025, as their published code reads them.

`preferences/*_ref_score_all.csv` has a row a question, named by its number (0 is empty), and a column a code;
an empty field is 0. `Question_type.xlsx` names topic groups in the columns `id` and `value type`.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from def_sim.records import Dimension
from def_sim.surveys.importers.def_release_questions import ReleasedQuestion, wrong
from def_sim.surveys.importers.delimited import read_delimited
from def_sim.surveys.importers.workbooks import read_workbook

_FIX: Final = "Take the file as it was released."
_ROUNDED: Final = 0.02  # shares with two decimals may add up to this much more or less than 1
_VOLUNTEERED: Final = 0  # of a scale: what interviewers noted without offering it (against democracy)
_WHOLES: Final = (1.0, 100.0)  # what shares and percents add up to


class ReleasedShares(NamedTuple):
    """People's answers to one question."""

    shares: tuple[float, ...]  # in the order of its options, adding up to 1
    volunteered: float  # share of valid answers that are no option


def read_shares(
    path: Path, questions: Sequence[ReleasedQuestion], several: frozenset[int]
) -> dict[int, ReleasedShares]:
    """Shares of people by the number of a question.

    Args:
        path: The table.
        questions: Say which codes there are.
        several: Numbers of questions where people chose several options: sums of their rows mean nothing.

    Returns:
        Questions of which nobody's answers are known are left out.

    Raises:
        SurveyFormatError: A question without a row or with two, a number that is none, a share of a code that
            the question lacks, or shares that add up to neither 1 nor 100 nor whole people. With the line.
    """
    rows = list(read_delimited(path, fix=_FIX))
    line, header = rows[0] if rows else (1, [])
    codes = [_code(path, line, name) for name in header[1:]]
    by_number: dict[int, tuple[int, list[float]]] = {}
    for at, fields in rows[1:]:
        number = _code(path, at, fields[0])
        if number in by_number:
            raise wrong(path, at, f"question {number} stands in line {by_number[number][0]}, too")
        by_number[number] = at, [_share(path, at, field) for field in fields[1:]]
    extra = by_number.keys() - {0, *(question.number for question in questions)}
    if extra:
        raise wrong(
            path, by_number[min(extra)][0], f"there is no question {min(extra)}; {len(questions)} were read"
        )
    found = {}
    for question in questions:
        if question.number not in by_number:
            raise wrong(path, line, f"question {question.number} has no row")
        at, values = by_number[question.number]
        shares = _of_question(path, at, question, dict(zip(codes, values, strict=True)))
        if shares is not None and question.number not in several:
            found[question.number] = shares
    return found


def _of_question(
    path: Path, at: int, question: ReleasedQuestion, by_code: Mapping[int, float]
) -> ReleasedShares | None:
    total = sum(by_code.values())
    if total == 0:
        return None
    own = [code for code, _ in question.options]
    known = [*own, _VOLUNTEERED] if question.is_scale else own
    if odd := [code for code, share in by_code.items() if share > 0 and code not in known]:
        raise wrong(path, at, f"question {question.number}: people chose {odd[0]}, which is no code of it")
    is_whole = all(value.is_integer() for value in by_code.values())
    if not is_whole and not any(abs(total - whole) <= _ROUNDED * whole for whole in _WHOLES):
        raise wrong(path, at, f"question {question.number}: adds up to {total:g}, expected 1 or 100")
    kept = sum(by_code.get(code, 0.0) for code in own)
    if kept == 0:
        return None
    return ReleasedShares(tuple(by_code.get(code, 0.0) / kept for code in own), 1 - kept / total)


def read_topic_groups(path: Path, num_questions: int) -> dict[int, Dimension]:
    """Topic groups by the number of a question.

    Raises:
        SurveyFormatError: No such columns, a question that is none or there twice, an unknown group. With the
            row.
        ConfigError: The extra `importers` is not installed.
    """
    rows = list(read_workbook(path, fix=_FIX))
    line, header = rows[0]
    names = [" ".join(name.split()).casefold() for name in header]
    if missing := [name for name in ("id", "value type") if name not in names]:
        raise wrong(path, line, f"expected the columns id and value type; missing: {missing[0]}")
    number_at, group_at = names.index("id"), names.index("value type")
    found: dict[int, Dimension] = {}
    for at, fields in rows[1:]:
        number, group = _code(path, at, fields[number_at]), fields[group_at].strip().upper()
        if not 1 <= number <= num_questions or number in found:
            what = "stands there twice" if number in found else f"is none of the {num_questions} questions"
            raise wrong(path, at, f"id {number} {what}")
        if group not in Dimension.__members__:
            raise wrong(path, at, f"value type {group!r:.40} is none of {', '.join(Dimension)}")
        found[number] = Dimension[group]
    return found


def _code(path: Path, at: int, field: str) -> int:
    value = _number(field)
    if not 0 <= value < 10_000 or not value.is_integer():
        raise wrong(path, at, f"expected a number of a question or a code, found {field!r:.40}")
    return int(value)


def _share(path: Path, at: int, field: str) -> float:
    value = _number(field) if field.strip() else 0.0
    if not 0 <= value < 1e9:
        raise wrong(path, at, f"expected a share, found {field!r:.40}")
    return value


def _number(field: str) -> float:
    try:
        return float(field)
    except ValueError:
        return math.nan
