"""What was measured stands in docs/benchmarks with its date, machine and command; performance.md names it."""

import csv
from datetime import date
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
TABLES = sorted((DOCS / "benchmarks").glob("*.csv"))


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_each_measured_row_says_when_where_and_by_which_command(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, strict=True))
    assert rows
    for row in rows:
        assert None not in row, "more fields than columns"
        assert None not in row.values(), "fewer fields than columns"
        assert date.fromisoformat(row["date"]).year >= 2026
        assert row["machine"]
        assert row["command"].startswith(("def-sim", "python scripts/"))


def test_performance_names_each_table_and_no_other() -> None:
    page = (DOCS / "about" / "performance.md").read_text(encoding="utf-8")
    named = {part.split(")")[0] for part in page.split("](../benchmarks/")[1:]}
    assert named == {path.name for path in TABLES}
