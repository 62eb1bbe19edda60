"""Chinese is set in the font that we ship where no other is installed: no character is an empty box."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import CHROMIUM, NEEDS_CHROMIUM
from made_pages import BROWSER_FLAGS

from def_sim.resources import data_folder

pytestmark = NEEDS_CHROMIUM
OURS = "Noto Sans CJK SC"
FEWEST = {"report_zh": 40, "comparison": 0, "codebook_zh": 50}  # elements with a Chinese text
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{folder}</dir><cachedir>{cache}</cachedir></fontconfig>
"""
# Elements with a Chinese text of their own that is shown.
MARK = r"""
const isText = (node) => node.nodeType === Node.TEXT_NODE;
const own = (one) => [...one.childNodes].filter(isText).map((node) => node.data).join("");
const isChinese = (one) => /\p{Script=Han}/u.test(own(one)) && one.checkVisibility();
const marked = [...document.body.querySelectorAll(":not(option, script)")].filter(isChinese);
marked.forEach((one) => one.setAttribute("data-chinese", ""));
return marked.length;
"""


@pytest.fixture(scope="module")
def browser_with_our_fonts_alone(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("fonts")
    config = folder / "fonts.conf"
    config.write_text(FONTS.format(folder=data_folder() / "fonts", cache=folder / "cache"), encoding="utf-8")
    environment: dict[str, Any] = {**os.environ, "FONTCONFIG_FILE": str(config)}
    opened = chromium.launch(executable_path=CHROMIUM, args=list(BROWSER_FLAGS), env=environment)
    yield opened
    opened.close()


@pytest.mark.parametrize("name", ["report_zh", "comparison", "codebook_zh"])
def test_every_chinese_text_is_set_in_our_font(
    browser_with_our_fonts_alone: Any, pages: dict[str, Path], name: str
) -> None:
    view = browser_with_our_fonts_alone.new_page()
    view.goto(pages[name].as_uri())
    num_marked = view.evaluate(f"(() => {{{MARK}}})()")
    protocol = view.context.new_cdp_session(view)
    protocol.send("DOM.enable")
    protocol.send("CSS.enable")
    root = protocol.send("DOM.getDocument")["root"]["nodeId"]
    query = {"nodeId": root, "selector": "[data-chinese]"}
    nodes = protocol.send("DOM.querySelectorAll", query)["nodeIds"]
    used = [protocol.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"] for node in nodes]
    fonts = [{font["familyName"] for font in of_node} for of_node in used]
    assert num_marked == len(nodes)
    assert num_marked >= FEWEST[name]
    assert [found for found in fonts if OURS not in found] == []
    assert set().union(*fonts) <= {OURS, "Noto Sans"}
