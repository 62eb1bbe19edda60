"""Takes the pictures of the documentation: the first screen of a real model's report.

    def-sim stage=fetch model=smollm2
    def-sim model=smollm2 survey=us_short respondents=5 decoding.max_num_beams=1 decoding.max_new_tokens=80
    python scripts/make_screenshots.py outputs/smollm2/us_short/NAME

Needs Chromium, which opens the page without a window; the page loads nothing. Knows no score: it takes what
the report shows.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

PICTURE: Final = Path(__file__).parents[1] / "docs" / "images" / "report.png"
WIDTH: Final = 1280
HEIGHT: Final = 720
MOST_BYTES: Final = 200_000  # a README is read over slow lines, too
NAMES: Final = ("chromium", "chromium-browser", "google-chrome")


def find_chromium() -> str:
    """The program.

    Raises:
        SystemExit: There is none.
    """
    for name in NAMES:
        if found := shutil.which(name):
            return found
    raise SystemExit(f"Chromium is needed for pictures; none of {', '.join(NAMES)} was found.")


def take(page: Path, picture: Path) -> None:
    """Writes the first screen of a page as a PNG.

    Raises:
        SystemExit: There is no page, no Chromium, or the picture is too large.
    """
    if not page.is_file():
        raise SystemExit(f"{page} is missing: name the folder of a finished run.")
    with tempfile.TemporaryDirectory() as folder:
        taken = Path(folder) / "taken.png"
        subprocess.run(
            [
                find_chromium(), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                "--force-color-profile=srgb", f"--user-data-dir={folder}/profile",
                f"--window-size={WIDTH},{HEIGHT}", f"--screenshot={taken}", page.resolve().as_uri(),
            ],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        if (size := taken.stat().st_size) >= MOST_BYTES:
            raise SystemExit(f"The picture has {size:,} bytes; at most {MOST_BYTES:,}.")
        picture.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(taken, picture)


def main() -> int:
    """Takes the picture of the run that is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("run_folder", type=Path, help="of a finished run")
    take(parser.parse_args().run_folder / "report.html", PICTURE)
    print(PICTURE.relative_to(Path.cwd()) if PICTURE.is_relative_to(Path.cwd()) else PICTURE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
