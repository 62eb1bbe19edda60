"""What the two studies claim, and the rule by which runs answer each claim: `data/published/claims.yaml`.

Reads the file and checks its form. Judges nothing: `evaluation/claims.py` does.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from def_sim.yaml_files import read_validated

CLAIMS_FILE: Final = "published/claims.yaml"  # under data/
Text = Annotated[str, Field(min_length=1)]
Values = Annotated[list[str], Field(min_length=1)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Contrast(_Entry):
    """Named values of a column beside others: each reading is a named one minus another.

    In a table of pairs (`first`, `second`) the pairs are taken as they are, turned so that the named one
    comes first. In others, rows that agree in `within` are subtracted; the interval is then the widest that
    both allow, since how they vary together is unknown.
    """

    column: Text
    named: Values
    others: list[str] = []  # empty: all that are not named
    within: list[str] = []


class Rule(_Entry):
    """When a table supports a claim, and when it contradicts it.

    A reading supports the claim if its whole interval lies on `side` of `bound`, and contradicts it if the
    whole interval lies on the other side; with `side: either`, if it excludes `bound`, or lies within
    `negligible` of it.
    """

    file: Text
    statistic: Text  # in words
    value: Text  # columns
    low: str = "low"
    high: str = "high"
    where: Mapping[str, Values] = {}
    unless: Mapping[str, Values] = {}  # rows that are left out
    needs: Mapping[str, Values] = {}  # every combination must have a reading
    of_all_models: bool = False  # every model of the study must have one, too
    contrast: Contrast | None = None
    minus: str | None = None  # a column that is taken off: what the value stands beside
    side: Literal["below", "above", "either"]
    bound: float = 0.0
    negligible: float = 0.0
    margin: float | None = None  # half an interval's width, of a value that its table gives without one
    holds: Literal["all", "most", "each"] = "all"  # all readings; most cases; one reading of each case
    cases: list[str] = []  # columns that tell cases apart


class Claim(_Entry):
    """One claim, in our own words."""

    id: Annotated[str, Field(pattern=r"^[AB][1-9][0-9]?$")]
    words: Text
    section: Text
    command: Text  # of `def-sim`, that makes the runs
    published_code: Text  # what the code that the study published does here
    checkable: Literal["yes", "in kind", "no"]
    why: str = ""  # it cannot be checked, or in kind only
    rules: list[Rule] = []

    @model_validator(mode="after")
    def _has_rules_if_checkable(self) -> Self:
        if bool(self.rules) == (self.checkable == "no"):
            raise ValueError("has rules exactly if it is checkable")
        if not self.why and self.checkable != "yes":
            raise ValueError("says why it cannot be checked as printed")
        return self


class _File(_Entry):
    models: Values
    claims: Annotated[list[Claim], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_each_once(self) -> Self:
        names = [claim.id for claim in self.claims]
        if repeated := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"{repeated[0]} stands there twice")
        return self


def read_claims(data: Path) -> list[Claim]:
    """The claims in the order of the file.

    Args:
        data: The folder of our data.

    Raises:
        SurveyFormatError: An entry is wrong; with file and line.
    """
    found = read_validated(data / CLAIMS_FILE, _File)
    return [_with_models(claim, found.models) for claim in found.claims]


def _with_models(claim: Claim, models: list[str]) -> Claim:
    """The claim, its rules on all models with their names among what they need."""
    rules = [
        rule.model_copy(update={"needs": {**rule.needs, "model": models}}) if rule.of_all_models else rule
        for rule in claim.rules
    ]
    return claim.model_copy(update={"rules": rules})
