"""Pages of the documentation for every reader, as mkdocs builds them and a server sends them."""

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
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its address."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(folder)],
        cwd=CHECKOUT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=HANG_S,
    )
    assert done.returncode == 0, done.stderr
    with serving(partial(Quiet, directory=str(folder))) as address:  # type: ignore[arg-type]  # called, no more
        yield address


# The home page on every screen, and pages of each kind that needs care: code with links and numbers, and
# tables that are wider than a telephone or many columns wide.
SEEN = [
    *(("index", width, theme) for width, theme in SCREENS),
    ("reference/api", 1280, "dark"),
    ("tutorials/notebook", 390, "dark"),
    ("concepts/intervals", 390, "light"),
    ("about/performance", 390, "dark"),
    ("about/real_models", 1280, "light"),
]


@pytest.mark.parametrize(("page", "width", "theme"), SEEN)
def test_axe_finds_nothing_serious_and_nothing_is_wider_than_the_screen(
    browser: Any, site: str, page: str, width: int, theme: str
) -> None:
    with opened(browser, f"{site}/{page}.html", width=width, theme=theme) as view:
        assert view.locator("h1").text_content()
        assert view.evaluate("document.documentElement.scrollWidth") == width
        besides = frozenset({"landmark-unique", "empty-table-header", "aria-dialog-name"})
        assert serious(view, besides=besides) == []
