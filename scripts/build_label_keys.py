"""Builds data/importers/wvs7_labels.csv: keys of the labels that files of wave 7 write for codes.

The labels themselves are the institute's and are not shipped; what is written cannot be read back.

    python scripts/build_label_keys.py --figures FOLDER
"""

import argparse
import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from def_sim.resources import data_folder
from def_sim.surveys.importers.documents import csv_text
from def_sim.surveys.importers.label_keys import ANY, COLUMNS
from def_sim.surveys.importers.labels import label_key
from def_sim.surveys.item_bank import read_items

LABELS = ("option_label", "official_label_usa", "official_label_chn")
SEX = "Q260"


def wanted_variables() -> set[str]:
    """Those of items, and people's sex."""
    items = read_items(data_folder() / "items" / "wvs7.yaml").items
    options = {option.variable for item in items for option in item.options if option.variable}
    return {item.variable for item in items} | options | {SEX}


def rows_of(codebook: Path) -> Iterator[tuple[str, int, str]]:
    """Variable, code and key; kinds of missing once for all variables."""
    wanted = wanted_variables()
    with codebook.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            code = int(row["code"])
            for label in (row[name] for name in LABELS):
                # A label that is a number is a code; one that says nothing stands for none.
                if label and not label.strip().isdigit() and (code < 0 or row["variable"] in wanted):
                    yield (ANY if code < 0 else row["variable"]), code, label_key(label)


def text_of(codebook: Path) -> str:
    """The table. A key that stands for two codes of a variable tells nothing and is left out; of kinds of
    missing the code that most variables have it for is taken.
    """
    codes: dict[tuple[str, str], Counter[int]] = {}
    for variable, code, key in rows_of(codebook):
        codes.setdefault((variable, key), Counter())[code] += 1
    rows = [
        (variable, str(found.most_common(1)[0][0]), key)
        for (variable, key), found in codes.items()
        if len(found) == 1 or variable == ANY
    ]
    return csv_text(COLUMNS, rows)


def main() -> None:
    """Writes the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--figures", type=Path, required=True, help="folder of the codebook")
    path = data_folder() / "importers" / "wvs7_labels.csv"
    text = text_of(parser.parse_args().figures / "wvs7_codebook.csv")
    path.write_text(text, encoding="utf-8", newline="")
    print(f"wrote {path.relative_to(path.parents[2])}, {len(text.splitlines()) - 1} keys")


if __name__ == "__main__":
    main()
