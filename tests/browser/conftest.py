"""Pages that are made once, and a browser that opens them.

The browser is the machine's own Chromium, driven by playwright. Scripts of tests run beside the page, so its
security policy stays as it is.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import CHROMIUM
from made_pages import BROWSER_FLAGS, make_pages


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Where each of `PAGES` lies."""
    return make_pages(tmp_path_factory.mktemp("pages"))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """What starts Chromium; of a process there can be one."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        yield started.chromium


@pytest.fixture(scope="session")
def browser(chromium: Any) -> Iterator[Any]:
    """Chromium, started once."""
    opened = chromium.launch(executable_path=CHROMIUM, args=list(BROWSER_FLAGS))
    yield opened
    opened.close()
