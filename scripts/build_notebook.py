"""Runs docs/tutorials/notebook.py and writes it as a page of the site, with what its cells show.

    python scripts/build_notebook.py    # a minute: writes docs/tutorials/notebook.md and its pictures

Needs the extra `dev` (jupytext, nbclient, a kernel). Interviews go into a folder that is thrown away. Words
that a cell prints, and its tables, stand as text; of what it draws, the SVG becomes a file. Colours, styles
and scripts of an output are left out. Whether the page has today's cells is checked by a test, not here.
"""

import base64
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import jupytext
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

DOCS: Final = Path(__file__).parents[1] / "docs"
NOTEBOOK: Final = DOCS / "tutorials" / "notebook.py"
PAGE: Final = NOTEBOOK.with_suffix(".md")
_MADE: Final = "<!-- Written by scripts/build_notebook.py from notebook.py; do not change it by hand. -->\n\n"
# Not shown: frames as wide as the page, so that no row is torn in two.
_WIDE: Final = "import pandas\npandas.set_option('display.width', 110)"
_SVG: Final = re.compile(r'src="data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)"')
_TITLE: Final = re.compile(r"<title>([^<]*)</title>")
_SECONDS: Final = 600  # of a cell that hangs


@dataclass
class Page:
    """A notebook as Markdown, and the pictures that it links: name -> SVG."""

    text: str = ""
    pictures: dict[str, str] = field(default_factory=dict)


def executed(notebook: NotebookNode, folder: Path) -> NotebookNode:
    """The notebook with the outputs of its cells, run in `folder`."""
    notebook.cells.insert(0, new_code_cell(_WIDE))
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=_SECONDS, kernel_name="python3", resources=resources).execute()
    del notebook.cells[0]
    return notebook


def page_of(cells: Sequence[Mapping[str, Any]]) -> Page:
    """Cells of Markdown as they are, cells of code each with what it shows below."""
    page = Page(_MADE)
    for cell in cells:
        if cell["cell_type"] == "markdown":
            page.text += f"{cell['source']}\n\n"
            continue
        page.text += f"```python\n{cell['source']}\n```\n\n"
        printed = "".join(one["text"] for one in cell["outputs"] if one["output_type"] == "stream")
        page.text += _as_text(line for line in printed.splitlines() if line)
        for one in cell["outputs"]:
            if one["output_type"] == "execute_result":
                _show(one["data"], page)
    page.text = page.text.rstrip() + "\n"
    return page


def _show(data: Mapping[str, str], page: Page) -> None:
    drawn = [base64.b64decode(one).decode() for one in _SVG.findall(data.get("text/html", ""))]
    # A figure's text says only how it is saved; a run's is its table.
    if not drawn or "\n" in data["text/plain"]:
        page.text += _as_text(data["text/plain"].splitlines())
    for svg in drawn:
        name = f"notebook_{len(page.pictures) + 1}.svg"
        page.pictures[name] = svg.rstrip() + "\n"
        title = _TITLE.search(svg)
        page.text += f"![{title[1] if title else ''}](../images/{name})\n\n"


def _as_text(lines: Sequence[str] | Iterator[str]) -> str:
    text = "\n".join(line.rstrip() for line in lines)
    return f"```text\n{text}\n```\n\n" if text else ""


def main() -> int:
    """Writes the page and its pictures; older pictures of it go."""
    with tempfile.TemporaryDirectory() as folder:
        page = page_of(executed(jupytext.read(NOTEBOOK), Path(folder)).cells)
    images = DOCS / "images"
    for old in images.glob("notebook_*.svg"):
        old.unlink()
    for name, svg in page.pictures.items():
        (images / name).write_text(svg, encoding="utf-8")
    PAGE.write_text(page.text, encoding="utf-8")
    print(f"{PAGE.relative_to(DOCS.parent)}, {len(page.pictures)} pictures")
    return 0


if __name__ == "__main__":
    sys.exit(main())
