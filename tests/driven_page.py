"""A page of ours in headless Chromium, driven by a script of the test while the page's own policy holds."""

import base64
import hashlib
import json
import re
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

from chromium import CHROMIUM, FLAGS
from waiting import HANG_S

# Input as people give it, and waiting for what the browser tells later (a changed address).
_HANDS = """
const byId = (id) => document.getElementById(id);
const cards = () => [...byId("item-list").children].map((card) => card.id);
async function until(holds) {
  while (!holds()) await new Promise((done) => setTimeout(done, 20));
}
function enter(id, value) {
  byId(id).value = value;
  byId(id).dispatchEvent(new Event(byId(id).matches("select") ? "change" : "input", {bubbles: true}));
}
"""


def drive(html: str, script: str, folder: Path, *, address: str = "", width: int = 1280) -> Any:
    """What the script returns, of JSON; it runs behind the page's own and may await.

    The page's policy is left as it is, but that it allows this script too, by its hash. Whatever the browser
    complains of, in that policy's name or any other, fails.

    Args:
        html: The page.
        script: The body of an async function.
        folder: To write to.
        address: What stands behind `#`.
        width: Pixels of the window.
    """
    driver = f"(async () => {{{_HANDS}\nreturn await (async () => {{{script}}})();\n}})()"
    driver += '.then((found) => { document.title = "found " + JSON.stringify(found); });'
    digest = base64.b64encode(hashlib.sha256(driver.encode()).digest()).decode()
    assert html.count("script-src &#39;") == 1
    driven = html.replace("script-src &#39;", f"script-src 'sha256-{digest}' &#39;")
    driven = driven.replace("</body>", f"<script>{driver}</script></body>")
    page = folder / "page.html"
    page.write_text(driven, encoding="utf-8")
    command = [
        *(str(CHROMIUM), *FLAGS, f"--window-size={width},900", f"--user-data-dir={folder / 'profile'}"),
        # Its time jumps from one timer to the next, so what a test waits for may take long and costs nothing.
        *("--virtual-time-budget=600000", "--enable-logging=stderr", "--dump-dom"),
        page.as_uri() + (f"#{address}" if address else ""),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=HANG_S, check=True)
    complaints = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    assert complaints == [], complaints
    found = re.search(r"<title>found (.*?)</title>", done.stdout, re.DOTALL)
    assert found is not None, done.stdout[:2000]
    return json.loads(unescape(found.group(1)))
