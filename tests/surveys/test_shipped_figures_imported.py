"""People with the counts that shipped figures come from are imported as those figures.

Only counts of single variables are known, so each variable's answers stand in the file in any order. Of
countries whose people all weigh the same; the tables of counts are not part of the checkout.
"""

import csv
import gzip
import io
from collections import defaultdict
from pathlib import Path

import pytest
from library import FIGURES
from people_files import People, write_people

from def_sim.resources import data_folder
from def_sim.surveys.importers.documents import reference_text
from def_sim.surveys.importers.wvs7 import WorldValuesSurvey

pytestmark = pytest.mark.skipif(not FIGURES.is_dir(), reason="the tables are not beside the checkout")
SAME = ("n", "n_effective", "volunteered_share", "quality", "dont_know_share", "refused_share")


def people_of(country: str) -> People:
    answers: dict[str, list[int]] = defaultdict(list)
    table = gzip.decompress((FIGURES / "wvs7_aggregates_more.csv.gz").read_bytes()).decode()
    for row in csv.DictReader(io.StringIO(table)):
        if (row["country"], row["group_type"]) == (country, "overall"):
            answers[row["variable"]] += [int(row["option"])] * int(row["n"])
    size = len(answers["Q1"])
    of_all = {"B_COUNTRY_ALPHA": country, "A_YEAR": 2018, "W_WEIGHT": 1, "Q260": 1, "Q262": 40}
    who = {"D_INTERVIEW": range(size)}  # answers that stand in order make rows alike
    return People({**answers, **{name: [value] * size for name, value in of_all.items()}, **who})


def everyone(text: str) -> dict[tuple[str, str], dict[str, str]]:
    rows = csv.DictReader(io.StringIO(text))
    return {(row["item_id"], row["code"]): row for row in rows if row["group"] == "all"}


# Egypt: eight of nine groups on the list of neighbours, volunteered codes of the scales of democracy.
@pytest.mark.parametrize("country", ["EGY", "JPN"])
def test_an_import_gives_the_shipped_figures_of_everyone(country: str, tmp_path: Path) -> None:
    path = write_people(tmp_path / "wave7.csv", people_of(country))
    [found] = WorldValuesSurvey(str(path)).read().populations
    imported = everyone(reference_text(found.figures))
    shipped = everyone((data_folder() / "references" / country / "wvs7.csv").read_text(encoding="utf-8"))
    assert imported.keys() == shipped.keys()
    for key, row in shipped.items():
        assert {name: imported[key][name] for name in SAME} == {name: row[name] for name in SAME}, key
        # The tables' shares have six decimals, of which volunteered ones were taken off.
        assert float(imported[key]["share"]) == pytest.approx(float(row["share"]), abs=3e-6), key
