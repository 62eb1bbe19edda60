"""What the values of a file say of each person: an answer with its code, why there is none, sex, age, weight.

Letters: N people.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from def_sim.errors import ConfigError, SurveyFormatError
from def_sim.surveys.importers.headers import Header
from def_sim.surveys.importers.labels import plain
from def_sim.surveys.importers.people import Replies, Reply
from def_sim.surveys.importers.variables import NOTHING, Value, Variable

UNWEIGHTED: Final = "none"  # weight=none
_OLDEST: Final = 120
_MOST_CODE: Final = 1e9
_FIRST_BIRTH, _LAST_BIRTH = 1850, 2100
# What institutes call it, without spaces and punctuation. Only of values that the file declares missing.
_WORDS: Final[Mapping[Reply, frozenset[str]]] = {
    Reply.DONT_KNOW: frozenset(
        {"dontknow", "donotknow", "dk", "cantchoose", "cannotchoose", "dkcantchoose", "dontknowcantchoose"}
        | {"donotknowcannotchoose", "不知道", "不清楚", "说不清"}
    ),
    Reply.NO_ANSWER: frozenset(
        {"noanswer", "na", "refused", "refusal", "refusedtoanswer", "skippedonweb", "skipped", "notstated"}
        | {"拒绝回答", "无回答", "未回答"}
    ),
    Reply.NOT_ASKED: frozenset(
        {"inapplicable", "iap", "notapplicable", "nap", "notasked", "notavailable", "notavailableinthisyear"}
        | {"notavailableinthisrelease", "notaskedinsurvey", "不适用"}
    ),
}
_NUMBERED: Final = re.compile(r"^\s*-?\d+\s*[.:)]?\s*")  # ISSP: "-8. Can't choose"
_MEN: Final = frozenset({"male", "man", "men", "m", "男", "男性"})
_WOMEN: Final = frozenset({"female", "woman", "women", "f", "女", "女性"})
_NEITHER: Final = frozenset(
    {"", "other", "diverse", "divers", "nonbinary", "prefernottosay", "notstated", "其他", "其它", "拒绝回答"}
)
_LIKE_WEIGHTS: Final = ("wt", "wgt")  # how their names begin


def is_code(number: float) -> bool:
    """Whether a number may stand for an answer: whole, and of a size that institutes have."""
    return number.is_integer() and abs(number) < _MOST_CODE


class Meaning(NamedTuple):
    """What one value of a variable says."""

    kind: Reply
    code: int = -1  # of an answer


def replies_of(variable: Variable, meaning_of: Callable[[Value], Meaning]) -> Replies:
    """The answers of a variable, by what each of its values means."""
    meanings = [meaning_of(value) for value in variable.distinct]
    codes = np.array([one.code for one in meanings], dtype=np.int64)
    kinds = np.array([one.kind for one in meanings], dtype=np.int8)
    return Replies(codes[variable.places], kinds[variable.places])


def kind_by_words(label: str) -> Reply | None:
    """Why there is no answer, by the words that a file has for it; None: they say nothing known."""
    words = plain(_NUMBERED.sub("", label))
    return next((kind for kind, known in _WORDS.items() if words in known), None)


def answer(path: Path, item_id: str, variable: Variable, value: Value, known: str) -> Meaning:
    """A value that is an answer, as its code.

    Raises:
        SurveyFormatError: It is a label that no labels are known for, or no whole number.
    """
    if isinstance(value, float) and is_code(value):
        return Meaning(Reply.ANSWER, int(value))
    people = f"{variable.counts.get(value, 0):,} people"
    raise SurveyFormatError(
        f"{path.name}: {item_id}: variable {variable.name} holds {value!r:.60} ({people}); expected {known}.",
        fix="Give the codes of its labels, as in labels=SURVEY.sav, or a CSV with variable, code, label.",
    )


def weights_of(path: Path, variable: Variable, *, may_lack: bool = False) -> NDArray[np.float64]:
    """Each person's weight, shape (N,); nan where there is none.

    Args:
        path: The file, for errors.
        variable: Holds weights.
        may_lack: Whether people without one are no error.

    Raises:
        SurveyFormatError: A negative weight, one that is no number, or none.
    """
    weights = variable.numbers()
    problems = {
        "negative": weights < 0,
        "no number": variable.mapped(lambda value: isinstance(value, str) and value != NOTHING) > 0,
        "missing": np.isnan(weights) & (not may_lack),
    }
    for what, is_wrong in problems.items():
        if is_wrong.any() and not (what == "no number" and may_lack):
            first = int(is_wrong.argmax()) + 1
            raise SurveyFormatError(
                f"{path.name}: the weight {variable.name} is {what} for {int(is_wrong.sum()):,} people, "
                f"first for person {first:,}; expected a number of at least 0.",
                fix="Give another variable by weight=, or take these people out of the file.",
            )
    return weights


def no_weight(path: Path, name: str, headers: tuple[Header, ...]) -> ConfigError:
    """The error of a file that lacks its weight; names what could be one."""
    like = [one.name for one in headers if "weight" in f"{one.name} {one.label}".casefold()]
    like += [one.name for one in headers if one.name not in like and is_like_weight(one.name)]
    found = f"it has {', '.join(like[:6])}" if like else "none of its variables is called a weight"
    return ConfigError(
        f"{path.name}: there is no weight {name}; {found}.",
        fix="Name it by weight=VARIABLE; weight=none gives figures that are marked unweighted.",
    )


def is_like_weight(name: str) -> bool:
    """Whether a variable of this name may hold weights."""
    lower = name.casefold()
    return "weight" in lower or lower.startswith(_LIKE_WEIGHTS) or "权重" in lower or "加权" in lower


def sexes_of(
    variable: Variable, code_of: Callable[[Value], Value], codes: Mapping[Any, str]
) -> NDArray[np.str_]:
    """Each person's sex, shape (N,): "male", "female", or "" where it is neither or not known.

    Args:
        variable: Holds it.
        code_of: The code behind a value (`Labels.code_of`).
        codes: Code, or word as `plain` leaves it -> sex; words that are known need not be among them.
    """

    def of_value(raw: Value) -> str:
        value = code_of(raw)
        if isinstance(value, float):
            return codes.get(value, "")
        return codes.get(plain(value)) or sex_in_words(value) or ""

    each = np.array([of_value(value) for value in variable.distinct], dtype=np.str_)
    return each[variable.places]


def sex_in_words(text: str) -> str | None:
    """One of SEXES; "" where the words say neither, or nothing; None: they are not known."""
    words = plain(text)
    kinds = {"male": _MEN, "female": _WOMEN, "": _NEITHER}
    return next((sex for sex, known in kinds.items() if words in known), None)


def ages_of(
    path: Path, variable: Variable, code_of: Callable[[Value], Value], *, born_in: int | None = None
) -> NDArray[np.float64]:
    """Each person's age in years, shape (N,); nan where it is not known.

    Args:
        path: The file, for errors.
        variable: Holds ages, or years of birth.
        code_of: The code behind a value (`Labels.code_of`); a label such as "89 or older" has one.
        born_in: The year of the survey, if the variable holds years of birth; None: it holds ages.

    Raises:
        SurveyFormatError: Years of birth where ages are expected, or the other way round.
    """

    def of_value(raw: Value) -> float:
        value = code_of(raw)
        if not isinstance(value, float) or value < 0 or variable.missing(raw):
            return np.nan
        return value if born_in is None or value > _LAST_BIRTH else born_in - value

    ages = variable.mapped(of_value)
    numbers = variable.numbers()
    known = numbers[np.isfinite(ages)]
    is_birth = (known >= _FIRST_BIRTH) & (known <= _LAST_BIRTH)
    if len(known) and (is_birth.mean() > 0.5) != (born_in is not None):
        expected = "ages in years" if born_in is None else "years of birth"
        raise SurveyFormatError(
            f"{path.name}: {variable.name} holds {known.min():g} to {known.max():g}; expected {expected}.",
            fix="Name the variable of the age; in a mapping, `born: true` says that it is the year of birth.",
        )
    return np.where((ages >= 0) & (ages <= _OLDEST), ages, np.nan)
