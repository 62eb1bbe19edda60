"""The generated pages of docs/ are those that the code, conf/ and data/ give today."""

from pathlib import Path

import pytest
from scripts_loaded import script

from def_sim.resources import conf_folder

DOCS = Path(__file__).parents[1] / "docs"
REFERENCE = script("build_reference")
PARAMETERS = script("reference_parameters")


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


def test_a_comment_belongs_to_the_key_it_stands_beside_and_goes_on_below_it() -> None:
    text = "a: 1   # the first\n         # and more\nb:\n  c: x  # inner\n  d: y\n"
    assert PARAMETERS.comments_of(text) == {"a": "the first and more", "b": "", "b.c": "inner", "b.d": ""}


def test_ranges_are_those_that_the_schema_checks() -> None:
    values = {one.name: one.values for one in PARAMETERS.parameters()}
    assert values["respondents"] == "whole number from 1 to 1,000,000"
    assert values["wanted.chance"] == "number above 0.5 below 1"
    assert values["wordings"] == "`base`, `all`, `official`, whole number from 1 to 999"
    assert values["decoding.stop_after"] == "`end`, `first_sentence`"


def test_a_cell_cannot_end_its_row_or_begin_a_tag() -> None:
    assert REFERENCE.table(("a",), [("x|y <b> `<c>`",)]).splitlines()[-1] == "| x\\|y &lt;b> `<c>` |"


def test_links_of_a_copied_page_lead_to_pages_and_others_become_names() -> None:
    page = REFERENCE.copied_page("data/README.md", "reference/data_formats.md")
    assert "](../how_to/add_a_survey.md)" in page
    assert "(../docs/" not in page
    assert "](LICENSE.md)" not in page
