"""One line of a journal of verdicts: a verdict with all that the judge replied, sealed as answers are.

A line without value and without a reason why it is missing is an open one: a reply that could not be used,
stored before the judge is asked again. Knows bytes and verdicts, no files.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from def_sim.answers.storage.answer_lines import check_names, record_of, sealed
from def_sim.answers.storage.call_lines import completion_of_record, completion_record
from def_sim.judging.verdicts import Missing, Source, Value, Verdict
from def_sim.records import Completion

VerdictKey = tuple[str, str, int, str, int]  # respondent, item, wording, question of the rubric, repeat

_KINDS: Final[Mapping[str, tuple[type, ...]]] = {
    "respondent_id": (str,),
    "item_id": (str,),
    "wording": (int,),
    "question": (str,),
    "repeat": (int,),
    "value": (bool, list, type(None)),
    "source": (str,),
    "missing": (str, type(None)),
    "why": (str,),
    "probability": (int, float, type(None)),
    "replies": (list,),
    "prompt_hash": (str,),
    "answer_hash": (str,),
    "checksum": (str,),
}
_AS_THEY_ARE: Final = (
    *("respondent_id", "item_id", "wording", "question", "repeat"),
    *("why", "probability", "prompt_hash", "answer_hash"),
)
_NAMES: Final = ("respondent_id", "item_id", "question", "prompt_hash", "answer_hash")
_MOST: Final = 2**31  # of any number
_MOST_SHARE: Final = 1.001  # sums of floats end a little beside 1


@dataclass(frozen=True, slots=True)
class StoredVerdict:
    """A verdict and the completions that it was read from; of an open one those that came so far."""

    verdict: Verdict
    completions: tuple[Completion, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether the judge was to be asked again when this was stored."""
        return self.verdict.value is None and self.verdict.missing is None

    @property
    def key(self) -> VerdictKey:
        """What is found once in a set."""
        return verdict_key(self.verdict)


def verdict_key(verdict: Verdict) -> VerdictKey:
    """What is found once in a set: of which answer, under which question, for which time."""
    return verdict.respondent_id, verdict.item_id, verdict.wording, verdict.question, verdict.repeat


def encode_verdict(stored: StoredVerdict) -> bytes:
    """The line of a verdict, newline included."""
    verdict = stored.verdict
    record = {name: getattr(verdict, name) for name in _AS_THEY_ARE}
    is_several = isinstance(verdict.value, tuple)
    record["value"] = list(verdict.value) if is_several else verdict.value  # type: ignore[arg-type]
    record |= {"source": verdict.source, "missing": verdict.missing}
    record["replies"] = [completion_record(completion) for completion in stored.completions]
    return sealed(record)


def decode_verdict(line: bytes) -> StoredVerdict:
    """The verdict of an intact line.

    Raises:
        KeyError, TypeError, ValueError: The fields are not those of this version.
    """
    record = record_of(line)
    _check(record)
    completions = tuple(map(_completion, record["replies"]))
    missing = record["missing"]
    verdict = Verdict(
        **{name: record[name] for name in _AS_THEY_ARE},
        value=_value(record["value"]),
        source=Source(record["source"]),
        missing=None if missing is None else Missing(missing),
        replies=tuple(completion.text for completion in completions),
    )
    if verdict.value is not None and verdict.missing is not None:
        raise ValueError("a verdict cannot be missing and have a value")
    return StoredVerdict(verdict, completions)


def _check(record: Mapping[str, Any]) -> None:
    """Makes sure that every field holds what a verdict has there: a journal may come from anywhere."""
    for name, value in record.items():
        if name not in _KINDS:
            raise TypeError(f"unknown field {name!r}")
        if type(value) not in _KINDS[name]:
            raise TypeError(f"{name} is of type {type(value).__name__}")
    if not all(0 <= record[name] < _MOST for name in ("wording", "repeat")):
        raise ValueError("a number is negative or too large")
    check_names(*(record[name] for name in _NAMES))
    share = record["probability"]
    if share is not None and not 0 <= share <= _MOST_SHARE:
        raise ValueError("probability is no share")


def _completion(record: object) -> Completion:
    if not isinstance(record, dict):
        raise TypeError("a reply is no object")
    return completion_of_record(record)


def _value(value: bool | Sequence[Any] | None) -> Value | None:
    if value is None or isinstance(value, bool):
        return value
    if not all(type(code) is int and abs(code) < _MOST for code in value):
        raise TypeError("a code is no whole number of this world")
    return tuple(value)
