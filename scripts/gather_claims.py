"""Gathers what the experiments of an output folder say about the studies' claims into one claims.csv.

Each experiment's page has verdicts on the claims that its runs bear on, and "not run" on the others. Here
every claim has a row for each experiment with a verdict, and one row "not run" if none has one.

    python scripts/gather_claims.py outputs
"""

import argparse
import csv
import sys
from collections import Counter
from pathlib import Path

from def_sim.evaluation.claims import COLUMNS, ClaimVerdict, claims_table
from def_sim.resources import data_folder
from def_sim.surveys.published_claims import read_claims

EMPTY = (ClaimVerdict.NOT_RUN, ClaimVerdict.NOT_CHECKABLE)
Row = dict[str, str]


def gather(output: Path) -> list[Row]:
    """Verdicts in the order of the claims, each with the folder of its experiment.

    Args:
        output: Folder whose `experiments/*/claims.csv` are read.
    """
    found = [row for path in sorted(output.glob("experiments/*/claims.csv")) for row in _rows(path)]
    without_runs = claims_table(read_claims(data_folder()), {})
    gathered: list[Row] = []
    for plain in without_runs.to_dict("records"):
        told = [row for row in found if row["claim"] == plain["claim"] and row["verdict"] not in EMPTY]
        in_words = {name: str(plain[name]) for name in ("claim", "statistic", "verdict", "reason")}
        gathered += told or [{**dict.fromkeys(COLUMNS, ""), **in_words, "experiment": ""}]
    return gathered


def _rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return [{**row, "experiment": path.parent.name} for row in csv.DictReader(file)]


def main() -> None:
    """Writes claims.csv, and says what is in it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("output", type=Path, help="the folder of runs and experiments")
    output = parser.parse_args().output
    if not (output / "experiments").is_dir():
        print(f"error: {output} holds no experiment.", file=sys.stderr)
        print("  do:  Hold one: def-sim experiment=baselines model=...", file=sys.stderr)
        sys.exit(2)
    rows = gather(output)
    with (output / "claims.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*COLUMNS, "experiment"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    for row in rows:
        print(f"{row['claim']:4} {row['verdict']:14} {row['statistic']}".rstrip())
    print(", ".join(f"{count} {verdict}" for verdict, count in Counter(r["verdict"] for r in rows).items()))
    print(f"claims  {output / 'claims.csv'}")


if __name__ == "__main__":
    main()
