"""Figure files as a real browser sets them with the shipped fonts: no word on another, none cut off."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from chromium import CHROMIUM, FLAGS, NEEDS_CHROMIUM
from some_figures import all_figures
from waiting import HANG_S

from def_sim.reports.theme import LEAST_PT, WIDTHS_MM
from def_sim.resources import data_folder

pytestmark = NEEDS_CHROMIUM
# What --dump-dom then shows. Boxes of text are as high as a line of the font, which letters do not fill.
MEASURE = """
const found = {overlaps: [], outside: [], small: [], words: 0};
for (const svg of document.querySelectorAll('body > svg')) {
  const frame = svg.getBoundingClientRect();
  const words = [...svg.querySelectorAll('text')].map(t => [t, t.getBoundingClientRect()]);
  found.words += words.length;
  words.forEach(([text, box], i) => {
    const inner = text.ownerSVGElement.getScreenCTM().a;
    const points = parseFloat(getComputedStyle(text).fontSize) * inner * .75;
    if (points < LEAST - .01) found.small.push(text.textContent);
    if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.bottom > frame.bottom + 1)
      found.outside.push(text.textContent);
    for (const [other, next] of words.slice(i + 1)) {
      const across = Math.min(box.right, next.right) - Math.max(box.left, next.left);
      const down = Math.min(box.bottom, next.bottom) - Math.max(box.top, next.top);
      if (across > 1 && down > 3) found.overlaps.push([text.textContent, other.textContent]);
    }
  });
}
document.title = JSON.stringify(found);
"""


@pytest.mark.parametrize("width", list(WIDTHS_MM))
def test_in_a_file_no_word_lies_on_another_none_is_cut_and_none_is_small(width: str, tmp_path: Path) -> None:
    drawings = "".join(figure.svg(width=width).decode("utf-8") for figure in all_figures(width))
    page = tmp_path / "page.html"
    script = MEASURE.replace("LEAST", str(LEAST_PT))
    page.write_text(
        f"<!doctype html><meta charset=utf-8>{drawings}<script>{script}</script>", encoding="utf-8"
    )
    fonts = tmp_path / "fonts.conf"
    fonts.write_text(f"<fontconfig><dir>{data_folder() / 'fonts'}</dir></fontconfig>", encoding="utf-8")
    command = [str(CHROMIUM), *FLAGS, "--window-size=1200,900", f"--user-data-dir={tmp_path / 'profile'}"]
    done = subprocess.run(
        [*command, "--dump-dom", page.as_uri()],
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=True,
        env={**os.environ, "FONTCONFIG_FILE": str(fonts)},
    )
    found = re.search(r"<title>(\{.*?\})</title>", done.stdout)
    assert found is not None
    measured = json.loads(found.group(1))
    assert measured.pop("words") > 100
    assert measured == {"overlaps": [], "outside": [], "small": []}
