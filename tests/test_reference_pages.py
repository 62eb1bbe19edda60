"""The generated pages of docs/ are those that the code, conf/ and data/ give today."""

import csv
from pathlib import Path

import pytest
from scripts_loaded import script

from def_sim.resources import conf_folder, data_folder

DOCS = Path(__file__).parents[1] / "docs"
REFERENCE = script("build_reference")


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    made: dict[str, str] = REFERENCE.pages()
    return made


def test_each_generated_page_stands_in_docs_as_it_is_made(pages: dict[str, str]) -> None:
    stale = [page for page, text in pages.items() if (DOCS / page).read_text(encoding="utf-8") != text]
    assert not stale, "python scripts/build_reference.py --write"


@pytest.mark.parametrize(
    "group", ["stage", "strategy", "protocol", "experiment", "importer", "model", "survey"]
)
def test_each_choice_of_a_group_is_on_a_page_with_words_about_it(group: str, pages: dict[str, str]) -> None:
    page = pages[f"reference/{group}s.md" if group in ("model", "survey") else "reference/commands.md"]
    rows = [line.rstrip(" |").split(" | ") for line in page.splitlines() if line.startswith("| `")]
    words = {row[0].strip("| `").removeprefix(f"{group}="): row[-1] for row in rows}
    for path in (conf_folder() / group).glob("*.yaml"):
        assert path.stem == "none" or len(words[path.stem]) > 15, path.stem


def test_a_row_of_a_parameter_says_what_it_takes_and_whether_it_makes_another_run(
    pages: dict[str, str],
) -> None:
    rows = {
        line.split("`")[1]: line for line in pages["reference/parameters.md"].splitlines() if "| `" in line
    }
    assert "| yes |" in rows["seed"]
    assert "| yes |" not in rows["respondents"]
    assert "1,000,000" in rows["respondents"] or "1000000" in rows["respondents"]


def test_each_column_stands_below_its_table_with_what_it_means(pages: dict[str, str]) -> None:
    page = pages["reference/columns.md"]
    below = {part.split("\n", 1)[0]: part for part in page.split("\n## ")[1:]}
    with (data_folder() / "columns.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        title = "Every table" if row["table"] == "*" else row["table"].replace("*", "\\*")
        [line] = [line for line in below[title].splitlines() if line.startswith(f"| `{row['column']}` |")]
        assert f"| {row['meaning'][:12]}" in line


def test_a_heading_shows_the_placeholders_of_a_table_s_name(pages: dict[str, str]) -> None:
    headings = [line for line in pages["reference/columns.md"].splitlines() if line.startswith("## ")]
    assert "## wordings/&lt;source>.&lt;language>.draft.csv" in headings
    assert not any("<" in line for line in headings)  # which would be a tag


def test_a_column_has_the_range_of_its_values(pages: dict[str, str]) -> None:
    page = pages["reference/columns.md"]
    share = next(line for line in page.splitlines() if line.startswith("| `human_share` | number | share |"))
    assert "| 0 to 1 |" in share
    assert "| `seed` | integer |  | from 0 | never |" in page


def test_a_cell_cannot_end_its_row_or_begin_a_tag() -> None:
    assert REFERENCE.table(("a",), [("x|y <b> `<c>`",)]).splitlines()[-1] == "| x\\|y &lt;b> `<c>` |"


def test_links_of_a_copied_page_lead_to_pages_and_others_become_names() -> None:
    page = REFERENCE.copied_page("data/README.md", "reference/data_formats.md")
    assert "](../how_to/add_a_survey.md)" in page
    assert "(../docs/" not in page
    assert "](LICENSE.md)" not in page
