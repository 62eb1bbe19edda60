"""The pages that the product writes, by its own commands: runs of the demo, compared, and their items."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from waiting import HANG_S

PAGES: Final = ("report_en", "report_zh", "comparison", "study_b", "codebook_en", "codebook_zh")
BROWSER_FLAGS: Final = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
)  # fmt: skip
_ITEMS: Final = "items=[wvs7.Q1,wvs7.Q7_17,wvs7.Q46,wvs7.Q48,wvs7.Q57,wvs7.Q152,wvs7.Q153,wvs7.Q164]"
_RUN: Final = ("decoding.max_new_tokens=48", "scoring.draws=20", "respondents=3")


def make_pages(folder: Path) -> dict[str, Path]:
    """Where each of `PAGES` lies; a command that fails is an error with its words."""
    made: dict[str, Path] = {}

    def new_page() -> Path:
        [page] = (page for page in folder.rglob("*.html") if page not in made.values())
        return page

    for language, survey in (("en", "us"), ("zh", "cn")):
        where = (_ITEMS, f"survey={survey}", f"output={folder / language}")
        _command(folder, *_RUN, *where)
        made[f"report_{language}"] = new_page()
        _command(folder, "stage=plan", "show=items", *where)
        made[f"codebook_{language}"] = new_page()
    # A style of asking of its own: arms stand in the comparison, and study B has its page beside it.
    _command(folder, *_RUN, _ITEMS, "strategy=classification", f"output={folder / 'en'}")
    runs = [str(manifest.parent) for manifest in folder.rglob("manifest.json")]
    _command(folder, "stage=report", f"runs=[{','.join(runs)}]", f"output={folder / 'all'}")
    return made | {name: folder / "all" / "comparison" / f"{name}.html" for name in ("comparison", "study_b")}


def _command(folder: Path, *words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "def_sim", *words],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=HANG_S,
    )
    assert done.returncode == 0, done.stderr
