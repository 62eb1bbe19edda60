"""What a report weighs and how soon a browser lets a reader use it.

    python scripts/benchmark_report.py outputs/.../report.html [more.html ...]

Prints bytes, elements at load, and milliseconds of headless Chromium until the page's own script has run
("interactive") and until something was to be seen ("seen"; 0: not before that), the median of a few loads.
Chromium is bound to two cores where the system can do that. Exit code 1 if a page takes more than 2 s.
"""

import argparse
import base64
import hashlib
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

LONGEST_MS: Final = 2000.0
_FLAGS: Final = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
# Runs behind the page's own script, allowed by its hash.
_CLOCK: Final = (
    "const seen = performance.getEntriesByName('first-contentful-paint').map((one) => one.startTime);"
    "document.title = `took ${performance.now()} ${seen[0] ?? 0}`;"
)


def main() -> None:
    """Prints a line a page; fails if one is slow."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("pages", nargs="+", type=Path)
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        sys.exit("No Chromium here. Install one, e.g. apt install chromium.")
    print(f"{'bytes':>10} {'elements':>9} {'interactive':>12} {'seen':>9}  page")
    slowest = max(print_page(page, browser, given.repeats) for page in given.pages)
    sys.exit(slowest > LONGEST_MS)


def print_page(page: Path, browser: str, repeats: int) -> float:
    """One line; gives the milliseconds until the script had run."""
    html = page.read_text(encoding="utf-8")
    ran, seen = zip(*(load_ms(html, browser) for _ in range(repeats)), strict=True)
    interactive = statistics.median(ran)
    size = len(html.encode("utf-8"))
    took = f"{interactive:9.0f} ms {statistics.median(seen):6.0f} ms"
    print(f"{size:>10,} {num_elements(html):>9,} {took}  {page}", flush=True)
    return interactive


def num_elements(html: str) -> int:
    """Elements that the file holds, those of templates included."""
    counter = _Counter()
    counter.feed(html)
    return counter.num


class _Counter(HTMLParser):
    num = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Counts."""
        self.num += 1


def load_ms(html: str, browser: str) -> tuple[float, float]:
    """Milliseconds of a load until the script had run, and until something was to be seen."""
    digest = base64.b64encode(hashlib.sha256(_CLOCK.encode()).digest()).decode()
    timed = html.replace("script-src &#39;", f"script-src 'sha256-{digest}' &#39;")
    timed = timed.replace("</body>", f"<script>{_CLOCK}</script></body>")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.html"
        path.write_text(timed, encoding="utf-8")
        command = [browser, *_FLAGS, f"--user-data-dir={folder}/profile", "--window-size=1280,900"]
        done = subprocess.run(
            [*_on_two_cores(), *command, "--dump-dom", path.as_uri()],
            capture_output=True, text=True, check=True, timeout=300,
        )  # fmt: skip
    found = re.search(r"<title>took ([\d.]+) ([\d.]+)</title>", done.stdout)
    if found is None:
        sys.exit("The page did not load.")
    return float(found[1]), float(found[2])


def _on_two_cores() -> list[str]:
    taskset = shutil.which("taskset")
    return [taskset, "-c", "0,1"] if taskset and (os.cpu_count() or 1) > 2 else []


if __name__ == "__main__":
    main()
