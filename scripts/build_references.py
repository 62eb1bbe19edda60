"""Builds data/references/<population>/<source>.csv from tables of aggregates.

The input is no microdata: shares and counts per variable, option and group, computed once
from the institutes' files (wvs7_*, gss2022_*, pew_atp_*). Only the items in data/items are taken,
with the options each population was shown.

    python scripts/build_references.py --figures FOLDER
"""

import argparse
import csv
import gzip
import io
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from def_sim.records import ReferenceQuality
from def_sim.resources import data_folder
from def_sim.surveys.importers.cells import Cell, Withheld, figures_of_cells, variables_of
from def_sim.surveys.importers.contract import GroupFigures
from def_sim.surveys.importers.documents import reference_text
from def_sim.surveys.item_bank import Item, read_items

# Of the World Values Survey. All else that is negative was not asked of that person, or is not known.
_DONT_KNOW, _NO_ANSWER = -1, -2
# Of the General Social Survey; its other missing codes are of people who were not asked.
_GSS_DONT_KNOW, _GSS_NO_ANSWER = ("NA(d)",), ("NA(n)", "NA(r)", "NA(s)")
_PEW_REFUSED = "Refused"


Key = tuple[str, str, str]  # population, group, variable
Cells = dict[Key, Cell]


def _rows(path: Path) -> Iterator[dict[str, str]]:
    # Plain csv, not pandas: a party is labelled "None".
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8")
    yield from csv.DictReader(io.StringIO(text, newline=""))


def _grouped(rows: Iterable[dict[str, str]], group: str = "group") -> dict[Key, list[dict[str, str]]]:
    grouped: dict[Key, list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        name = {"overall": "all"}.get(row[group], row[group])
        grouped[row["country"], name, row["variable"]].append(row)
    return grouped


def read_wvs7(figures: Path) -> Cells:
    """World Values Survey: weighted, seven countries, by sex, age and both, with Kish's n."""
    effective = {
        (row["country"], row["group"], row["variable"]): float(row["n_effective"])
        for row in _rows(figures / "wvs7_effective_n.csv")
    }
    tables = ("wvs7_aggregates.csv", "wvs7_aggregates_more.csv.gz")
    every = _grouped(row for table in tables for row in _rows(figures / table))
    valid = {key: [row for row in rows if row["is_missing"] == "0"] for key, rows in every.items()}
    return {
        key: Cell(
            rows[0]["group_type"],
            {int(row["option"]): int(row["n"]) for row in rows},
            {int(row["option"]): float(row["weighted_share"] or 0) for row in rows},
            int(rows[0]["n_valid"]),
            effective[key],
            ReferenceQuality.WEIGHTED,
            _withheld(every[key]),
        )
        for key, rows in valid.items()
        if rows and key in effective
    }


def _withheld(rows: list[dict[str, str]]) -> Withheld:
    """Weighted shares of those asked who do not know, and who give no answer; a code not there is 0."""
    weights: dict[int, float] = defaultdict(float)
    for row in rows:
        weights[int(row["option"])] += float(row["weighted_n"] or 0)
    asked = sum(weight for code, weight in weights.items() if code >= _NO_ANSWER)
    return Withheld(weights[_DONT_KNOW] / asked, weights[_NO_ANSWER] / asked)


def read_gss2022(figures: Path) -> Cells:
    """General Social Survey: exact unweighted totals; for 45 variables approximate weighted groups.

    The resample has nobody who withheld an answer: what is known of them stands with everyone, unweighted.
    """
    table = _grouped(_rows(figures / "gss2022_aggregates_unweighted.csv"))
    cells = {key: _unweighted(rows) for key, rows in table.items()}
    approximate = _grouped(_rows(figures / "gss2022_weighted_approx_resample.csv"))
    resampled = {key: _resampled(rows) for key, rows in approximate.items() if _has_codes(rows)}
    return cells | {
        key: replace(cell, withheld=cells[key].withheld) if key in cells else cell
        for key, cell in resampled.items()
    }


def _unweighted(rows: list[dict[str, str]]) -> Cell:
    # A point of a scale without a label has its number in the column of labels.
    valid = [row for row in rows if row["is_missing"] == "0" and _is_code(row)]
    counts = {int(row["code"] or row["option"]): int(row["n"]) for row in valid}
    n_valid = sum(counts.values())
    shares = {code: n / n_valid for code, n in counts.items()} if n_valid else {}
    others = {row["code"]: int(row["n"]) for row in rows if row["is_missing"] == "1"}
    unsure, silent = (
        sum(others.get(code, 0) for code in codes) for codes in (_GSS_DONT_KNOW, _GSS_NO_ANSWER)
    )
    asked = n_valid + unsure + silent
    withheld = Withheld(unsure / asked, silent / asked) if asked else None
    return Cell("overall", counts, shares, n_valid, None, ReferenceQuality.UNWEIGHTED, withheld)


def _is_code(row: Mapping[str, str]) -> bool:
    return (row["code"] or row["option"]).isdigit()


def _has_codes(rows: list[dict[str, str]]) -> bool:
    return all(row["code"].isdigit() for row in rows)


def _resampled(rows: list[dict[str, str]]) -> Cell:
    """From a weighted bootstrap resample: n is the number of different people in it."""
    counts = {int(row["code"]): int(row["n_unique_respondents"]) for row in rows}
    shares = {int(row["code"]): float(row["approx_weighted_share"]) for row in rows}
    total = sum(shares.values())
    return Cell(
        rows[0]["group_type"],
        counts,
        {code: share / total for code, share in shares.items()},
        sum(counts.values()),
        None,
        ReferenceQuality.APPROXIMATE,
    )


def read_pew_atp(figures: Path) -> Cells:
    """Pew American Trends Panel: weighted, by sex and four age bands, with Kish's n."""
    effective = {
        (row["country"], {"overall": "all"}.get(row["group"], row["group"]), row["variable"]): float(
            row["n_effective"]
        )
        for row in _rows(figures / "pew_atp_effective_n.csv")
        if row["n_effective"]  # empty where nobody gave a valid answer
    }
    every = _grouped(_rows(figures / "pew_atp_aggregates.csv"))
    valid = {key: [row for row in rows if row["is_missing"] == "0"] for key, rows in every.items()}
    return {
        key: Cell(
            rows[0]["group_type"],
            {int(float(row["code"])): int(row["n"]) for row in rows},
            {int(float(row["code"])): float(row["weighted_share"]) for row in rows},
            int(rows[0]["n_valid"]),
            effective.get(key),
            ReferenceQuality.WEIGHTED,
            _refused(every[key]),
        )
        for key, rows in valid.items()
        if rows
    }


def _refused(rows: list[dict[str, str]]) -> Withheld:
    """Weighted share that refused. A panel on the web is not asked whether people know: that is not known."""
    shares = (row["weighted_share_incl_refused"] for row in rows if row["option_label"] == _PEW_REFUSED)
    return Withheld(None, sum(float(share or 0) for share in shares))


READERS: dict[str, Callable[[Path], Cells]] = {
    "wvs7": read_wvs7,
    "gss2022": read_gss2022,
    "pew_atp": read_pew_atp,
}


def figures_of(item: Item, population: str, cells: Cells) -> Iterator[GroupFigures]:
    """The figures of one item for every group in which it was asked."""
    names = variables_of(item, population)
    first = item.options[0].variable or item.variable
    for place, group, variable in cells:
        if place == population and variable == first:
            yield figures_of_cells(item, place, group, {name: cells[place, group, name] for name in names})


def build(source: str, cells: Cells, references: Path, items: Path) -> list[Path]:
    """Writes the CSV of a source for every population whose provenance stands ready."""
    written = []
    of_source = read_items(items / f"{source}.yaml").items
    for provenance in sorted(references.glob(f"*/{source}.yaml")):
        path, population = provenance.with_suffix(".csv"), provenance.parent.name
        figures = (one for item in of_source for one in figures_of(item, population, cells))
        path.write_text(reference_text(figures), encoding="utf-8", newline="")
        written.append(path)
    return written


def main() -> None:
    """Builds every source that has items here."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--figures", type=Path, required=True, help="folder of the aggregate tables")
    figures, data = parser.parse_args().figures, data_folder()
    for source, read in READERS.items():
        if (data / "items" / f"{source}.yaml").is_file():
            for path in build(source, read(figures), data / "references", data / "items"):
                print(f"wrote {path.relative_to(data.parent)}")


if __name__ == "__main__":
    main()
