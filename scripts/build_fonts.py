"""Cuts Noto Sans and Noto Sans CJK SC to the characters that figures are set in, as data/fonts/.

    python scripts/build_fonts.py FOLDER

FOLDER, searched with all below it, holds NotoSans-Regular.ttf, NotoSans-Bold.ttf and
NotoSansCJK-Regular.ttc, as Debian's fonts-noto-core and fonts-noto-cjk install them in
/usr/share/fonts. Latin, Greek and Cyrillic are kept whole. Of Chinese only what items, prompts, places and
surveys are written in is kept: the whole font has 16 MB. The same fonts and files give the same bytes.

widths.json says for each font which characters are how wide, in thousandths of the size of letters: charts
break their lines by it, and it tells which characters the fonts have.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTCollection, TTFont

ROOT: Final = Path(__file__).parents[1]
FONTS: Final = ROOT / "data" / "fonts"
WRITTEN_IN: Final = ("items", "prompts", "places", "surveys", "populations.yaml", "frames")
CHINESE: Final = "Noto Sans CJK SC"
# Blocks of Unicode: Latin with its additions, marks, Greek, Cyrillic, Vietnamese, punctuation, signs, arrows.
ALPHABETS: Final = (
    (0x20, 0x24F),
    (0x300, 0x36F),
    (0x370, 0x52F),
    (0x1E00, 0x1EFF),
    (0x2000, 0x206F),
    (0x20A0, 0x20BF),
    (0x2100, 0x22FF),
    (0x25A0, 0x25FF),
)
# Noto Sans has them in a font of its own for mathematics.
SIGNS: Final = frozenset(map(ord, "−≤≥≈≠∞→←↑↓√∑±×÷"))


def characters() -> set[int]:
    """Every character of our texts that no alphabet above has, and the Chinese punctuation and wide forms."""
    found = {*range(0x3000, 0x3020), *range(0xFF01, 0xFF5F)}
    for path in texts():
        found |= {ord(letter) for letter in path.read_text(encoding="utf-8")}
    return {code for code in found if code >= 0x2000} | SIGNS


def texts() -> Iterator[Path]:
    """The files whose characters Chinese is cut to."""
    for name in WRITTEN_IN:
        path = ROOT / "data" / name
        yield from [path] if path.is_file() else sorted(path.rglob("*.*"))


def cut(font: TTFont, codes: set[int], target: Path) -> None:
    """Writes the font with these characters alone: no hints, and kerning and marks as its only features."""
    options = Options()
    options.layout_features = ["ccmp", "kern", "mark", "mkmk", "locl"]
    options.hinting = False
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]  # whose font it is, and its licence
    options.notdef_outline = True
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=codes)
    subsetter.subset(font)
    font.recalcTimestamp = False
    font.save(target)


def widths_of(font: TTFont) -> dict[str, str]:
    """Width in thousandths of the size of letters -> the characters that have it."""
    found: dict[str, str] = {}
    for code, glyph in sorted(font.getBestCmap().items()):
        width = str(round(1000 * font["hmtx"][glyph][0] / font["head"].unitsPerEm))
        found[width] = found.get(width, "") + chr(code)
    return dict(sorted(found.items(), key=lambda entry: int(entry[0])))


def find(folder: Path, name: str) -> Path:
    """The font of that name, in the folder or below."""
    found = sorted(folder.rglob(name))
    if not found:
        raise SystemExit(f"{folder} has no {name}. Debian has it in fonts-noto-core or fonts-noto-cjk.")
    return found[0]


def chinese_font(path: Path) -> Any:
    """The face for simplified Chinese out of a collection of five languages."""
    collection = TTCollection(path)
    return next(font for font in collection.fonts if font["name"].getDebugName(1) == CHINESE)


def main(folder: Path) -> None:
    """Writes the three fonts and says what they hold."""
    FONTS.mkdir(exist_ok=True)
    alphabets = {code for first, last in ALPHABETS for code in range(first, last + 1)}
    for name in ("NotoSans-Regular", "NotoSans-Bold"):
        cut(TTFont(find(folder, f"{name}.ttf")), alphabets, FONTS / f"{name}.ttf")
    codes = characters()
    cut(chinese_font(find(folder, "NotoSansCJK-Regular.ttc")), codes, FONTS / "NotoSansCJKsc-Regular.otf")
    widths = {path.stem: widths_of(TTFont(path)) for path in sorted(FONTS.glob("*.?tf"))}
    written = json.dumps(widths, indent=0, ensure_ascii=False)
    (FONTS / "widths.json").write_text(f"{written}\n", encoding="utf-8")
    for name, found in widths.items():
        print(f"{name}: {sum(map(len, found.values())):,} characters")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]))
