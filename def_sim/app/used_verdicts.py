"""The set of verdicts that all scores of a run rest on, and its record beside a report: `readings.json`.

A run's folder may come from anywhere: the record is data, held against a form before anything is made of it.
"""

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from def_sim.answers.storage.sealed_json import read_sealed, write_sealed
from def_sim.errors import StoreError
from def_sim.names import check_name

READINGS: Final = "readings.json"
RULES: Final = "rules"  # in place of a set, where rules read the answers


Caveat = Literal["", "self", "family", "demonstration"]
_CAVEATS: Final = {
    "": "",
    "self": ", which judges its own answers",
    "family": ", of the same family as the judged model",
    "demonstration": ", a demonstration whose verdicts mean nothing",
}


class UsedSet(BaseModel):
    """Who read the texts of a run.

    Attributes:
        set: Name of the set.
        judge: As reports call it.
        caveat: What speaks against the judge; "": nothing that is known.
        num_texts: Answers that waited for the judge.
        num_read: Of these, answers with a verdict: an option, or that they take none.
    """

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    set: Annotated[str, AfterValidator(check_name)]
    judge: Annotated[str, Field(max_length=100)]
    caveat: Caveat = ""
    num_texts: Annotated[int, Field(ge=0)]
    num_read: Annotated[int, Field(ge=0)]

    @property
    def share_done(self) -> float:
        """Texts with a verdict over texts, in [0, 1]; 1 where there was no text."""
        return self.num_read / self.num_texts if self.num_texts else 1.0

    @property
    def _percent(self) -> int:
        """The share in per cent; 100 is all of them and nothing less."""
        return 100 if self.num_read == self.num_texts else min(99, round(100 * self.share_done))

    @property
    def name(self) -> str:
        """Judge and set: runs that share it were read alike."""
        return f"{self.judge} ({self.set})"

    @property
    def in_short(self) -> str:
        """The same with the share done, for a column; a demonstration is named as such."""
        warning = "; its verdicts mean nothing" if self.caveat == "demonstration" else ""
        return f"{self.judge} ({self.set}, {self._percent} %{warning})"

    @property
    def in_words(self) -> str:
        """For the first screen of a report."""
        missing = self.num_texts - self.num_read
        rest = f"; {missing:,} without a verdict" if missing else ""
        return (
            f"{self.judge}{_CAVEATS[self.caveat]}: {self.num_read:,} of {self.num_texts:,} texts "
            f"({self._percent} %), set {self.set}{rest}"
        )


def write_readings(folder: Path, used: UsedSet | None) -> None:
    """Writes the record of a report whose answers a judge read, or takes an older one away.

    Raises:
        StoreError: The disk is full or not writable.
    """
    path = folder / READINGS
    if used is None:
        path.unlink(missing_ok=True)
    else:
        write_sealed(path, used.model_dump())


def read_readings(folder: Path) -> UsedSet | None:
    """The record of a run's last report; None: rules read its answers, or there is no report.

    Raises:
        StoreError: It is damaged, or no such record.
    """
    path = folder / READINGS
    if not path.is_file():
        return None
    fix = f"Write it anew: `def-sim stage=report run_folder={folder}`."
    content = read_sealed(path, fix=fix)
    try:
        return UsedSet.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise StoreError(f"{path}, {name}: {first['msg']}.", fix=fix) from None
