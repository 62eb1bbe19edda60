"""The notebook's page has the cells of the notebook, and shows what it drew without loading anything."""

import base64
from pathlib import Path

import jupytext
import pytest
from markdown_it import MarkdownIt
from scripts_loaded import script

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "tutorials" / "notebook.md").read_text(encoding="utf-8")
CELLS = jupytext.read(DOCS / "tutorials" / "notebook.py").cells
BUILDER = script("build_notebook")


def test_the_page_has_the_code_of_each_cell_in_its_order() -> None:
    blocks = [token.content for token in MarkdownIt().parse(PAGE) if token.info == "python"]
    code = [cell.source for cell in CELLS if cell.cell_type == "code"]
    assert [block.rstrip("\n") for block in blocks] == code, "python scripts/build_notebook.py"


def test_the_page_has_the_words_of_each_cell() -> None:
    missing = [cell.source for cell in CELLS if cell.cell_type == "markdown" and cell.source not in PAGE]
    assert not missing, "python scripts/build_notebook.py"


def test_each_picture_is_a_small_file_that_loads_nothing() -> None:
    linked = [part.split(")")[0] for part in PAGE.split("](../images/")[1:]]
    assert sorted(linked) == sorted(path.name for path in (DOCS / "images").glob("notebook_*"))
    for name in linked:
        svg = (DOCS / "images" / name).read_text(encoding="utf-8").replace("url(#", "")  # of its own parts
        assert len(svg) < 40_000
        assert not any(word in svg for word in ("<script", "href", "url(", "@import"))


def cell(source: str, *outputs: dict[str, object]) -> dict[str, object]:
    return {"cell_type": "code", "source": source, "outputs": list(outputs)}


def result(**data: str) -> dict[str, object]:
    return {
        "output_type": "execute_result",
        "data": {name.replace("_", "/"): text for name, text in data.items()},
    }


def test_a_cell_shows_what_it_prints_then_its_table_then_its_picture() -> None:
    svg = "<svg><title>Two bars</title></svg>"
    html = f'<p>x</p><img src="data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}">'
    printed = {"output_type": "stream", "text": "1 of 2\n\n2 of 2\n"}
    page = BUILDER.page_of([cell("run", printed, result(text_plain="a  b  \n1  2", text_html=html))])
    assert page.text.split("```python", 1)[1] == (
        "\nrun\n```\n\n```text\n1 of 2\n2 of 2\n```\n\n```text\na  b\n1  2\n```\n\n"
        "![Two bars](../images/notebook_1.svg)\n"
    )
    assert page.pictures == {"notebook_1.svg": svg + "\n"}


@pytest.mark.parametrize("html", ["<script>alert(1)</script>", "<style>p {}</style><table></table>"])
def test_of_an_output_without_a_picture_only_the_text_stands_on_the_page(html: str) -> None:
    page = BUILDER.page_of([cell("x", result(text_plain="1", text_html=html))])
    assert page.text.endswith("```text\n1\n```\n")
    assert html not in page.text
