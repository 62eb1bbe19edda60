"""A few answers of each kind of defect, drawn in keyed order: what a rate is made of."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from def_sim.judging.verdict_sets import VerdictSet
from def_sim.judging.verdicts import Source, Verdict
from def_sim.randomness import noise_key
from def_sim.records import Answer, InsensitivityDimension, RequestKey

PER_DIMENSION: Final = 3
_MOST_CHARACTERS: Final = 600  # of a text that is shown

_Address = tuple[str, str, int]


@dataclass(frozen=True, slots=True)
class DefectExample:
    """An answer in which a defect was found. `text` ends in an ellipsis where more was written."""

    dimension: str
    respondent_id: str
    question_id: str
    text: str
    found_by: str  # "rule", or the label of a judge
    why: str


def defect_examples(
    by_rules: Iterable[Verdict], sets: Sequence[VerdictSet], answers: Iterable[Answer], *, seed: int
) -> tuple[DefectExample, ...]:
    """Up to three answers of each dimension; what rules and judges found has the same chance.

    Args:
        by_rules: Defects that rules found.
        sets: Of verdicts.
        answers: That were judged.
        seed: Of the draw.
    """
    texts = {_address_of(answer): answer.text for answer in answers}
    by_judges = [(v, str(one.judge.get("label", ""))) for one in sets for v in one.verdicts]
    found = [*((verdict, "") for verdict in by_rules), *by_judges]
    return tuple(example for kind in InsensitivityDimension for example in _of(kind, found, texts, seed))


def _of(
    kind: InsensitivityDimension,
    found: Iterable[tuple[Verdict, str]],
    texts: Mapping[_Address, str],
    seed: int,
) -> list[DefectExample]:
    defects: dict[_Address, tuple[Verdict, str]] = {}
    for verdict, judge in found:
        if verdict.question == kind and verdict.value is True and _address_of(verdict) in texts:
            defects.setdefault(_address_of(verdict), (verdict, judge))
    chosen = sorted(defects, key=lambda address: _draw(address, kind, seed))[:PER_DIMENSION]
    return [_example(*defects[address], texts[address]) for address in chosen]


def _example(verdict: Verdict, judge: str, text: str) -> DefectExample:
    found_by = "rule" if verdict.source is Source.RULE else judge
    shown = text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}…"
    return DefectExample(
        verdict.question, verdict.respondent_id, verdict.question_id, shown, found_by, verdict.why
    )


def _address_of(one: Verdict | Answer) -> _Address:
    return one.respondent_id, one.item_id, one.wording


def _draw(address: _Address, kind: InsensitivityDimension, seed: int) -> tuple[int, str]:
    respondent, item, wording = address
    key = RequestKey(seed, f"{respondent}/example of {kind}", item, wording)
    return noise_key(key), str(key)
