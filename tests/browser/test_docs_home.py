"""The home page of the documentation for every reader, as mkdocs builds it and a server sends it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from chromium import NEEDS_CHROMIUM
from http_on_loopback import serving
from opened_pages import SCREENS, opened, serious
from waiting import HANG_S

THEMES_OWN = 'class="md-search"'  # mkdocs-material's dialog for searching has no name, and no setting for one
CHECKOUT = Path(__file__).parents[2]
pytestmark = [
    *NEEDS_CHROMIUM,
    pytest.mark.skipif(
        None in map(find_spec, ("mkdocs", "material", "mkdocstrings")),
        reason='the documentation is built by pip install -e ".[docs]"',
    ),
]


class Quiet(SimpleHTTPRequestHandler):
    """Files of a folder, without a log."""

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its address."""
    site = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(site)],
        cwd=CHECKOUT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=HANG_S,
    )
    assert done.returncode == 0, done.stderr
    with serving(partial(Quiet, directory=str(site))) as address:  # type: ignore[arg-type]  # called, no more
        yield f"{address}/index.html"


@pytest.mark.parametrize(("width", "theme"), SCREENS)
def test_axe_finds_nothing_serious_and_nothing_is_wider_than_the_screen(
    browser: Any, home: str, width: int, theme: str
) -> None:
    with opened(browser, home, width=width, theme=theme) as view:
        assert view.locator("h1").text_content().startswith("def_sim")
        assert view.evaluate("document.documentElement.scrollWidth") == width
        assert [found for found in serious(view) if THEMES_OWN not in found] == []
