"""What a comparison says about the claims of the two studies: claims.csv beside its page."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd

from def_sim.answers.storage.completion import is_complete
from def_sim.app.csv_tables import FINDINGS
from def_sim.app.vouched_tables import how_to_rewrite, vouched_bytes
from def_sim.errors import StoreError
from def_sim.evaluation.claims import ClaimVerdict, ToldClaim, claims_table, told_claims
from def_sim.evaluation.compared_runs import ComparedRun
from def_sim.resources import data_folder
from def_sim.surveys.published_claims import read_claims

CLAIMS: Final = "claims.csv"
_READ: Final = ("measure", "group", "value", "low", "high")


@dataclass(frozen=True)
class JudgedClaims:
    """What a comparison says about every claim."""

    table: pd.DataFrame  # what claims.csv holds, see `claims_table`
    told: list[ToldClaim]  # the same with the claims' words


def judge_claims(tables: Mapping[str, pd.DataFrame], runs: Sequence[ComparedRun]) -> JudgedClaims:
    """A verdict on each claim, from the comparison's tables and the reports of its runs.

    Args:
        tables: File name -> table of the comparison.
        runs: That are compared.

    Raises:
        StoreError: A table of a run is damaged.
    """
    claims = read_claims(data_folder())
    table = claims_table(claims, {**tables, FINDINGS: _findings(runs)})
    return JudgedClaims(table, told_claims(claims, table))


def claims_in_words(table: pd.DataFrame) -> str:
    """How many claims have which verdict: "1 supported, 22 not run"; "" if no run bears on any."""
    counts = table["verdict"].value_counts()
    told = [ClaimVerdict.SUPPORTED, ClaimVerdict.CONTRADICTED, ClaimVerdict.UNDECIDED]
    found = [f"{counts[verdict]} {verdict}" for verdict in told if verdict in counts.index]
    return ", ".join(found)


def _findings(runs: Sequence[ComparedRun]) -> pd.DataFrame:
    """measures.csv of the runs that have a report, one below the other, with their folders."""
    folders = [Path(run.folder) for run in runs if is_complete(Path(run.folder))]
    found = [table for folder in folders if (table := _findings_in(folder)) is not None]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()


def _findings_in(folder: Path) -> pd.DataFrame | None:
    content = vouched_bytes(folder, FINDINGS)
    if content is None:
        return None
    numbers = dict.fromkeys(_READ[2:], "float64")
    try:
        table = pd.read_csv(io.BytesIO(content), keep_default_na=False, na_values=[""])[list(_READ)]
        return table.astype(numbers).assign(folder=str(folder))
    except (KeyError, ValueError, TypeError, OverflowError, pd.errors.ParserError) as error:
        raise StoreError(
            f"{folder / FINDINGS} is no table of measures: {str(error)[:200]}.", fix=how_to_rewrite(folder)
        ) from None
