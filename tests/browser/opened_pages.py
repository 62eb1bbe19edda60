"""A page as a reader has it, on a screen of a width, light or dark; and what axe finds wrong with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest

SCREENS: Final = ((1280, "light"), (1280, "dark"), (390, "light"), (390, "dark"))


@contextmanager
def opened(browser: Any, address: str, *, width: int = 1280, theme: str = "light") -> Iterator[Any]:
    """A page, and a failure for whatever the browser complains of meanwhile."""
    context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=theme)
    view = context.new_page()
    complaints: list[str] = []
    view.on("console", lambda message: complaints.append(message.text))
    view.on("pageerror", lambda error: complaints.append(str(error)))
    view.goto(address)
    yield view
    context.close()
    assert complaints == []


def serious(view: Any, *, besides: frozenset[str] = frozenset()) -> list[str]:
    """What axe finds serious or critical, or of these rules besides, with the beginning of each element."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    return [
        f"{one['id']}: {node['html'][:200]}"
        for one in axe.run(view).response["violations"]
        if one["impact"] in ("serious", "critical") or one["id"] in besides
        for node in one["nodes"][:3]
    ]
