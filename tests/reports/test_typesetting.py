"""PDF and PNG as typst sets them: vectors, embedded fonts, words that can be copied, Chinese too."""

import math
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import pytest
from some_figures import all_figures, scores, shares

from def_sim.reports.figures import typesetting
from def_sim.reports.figures.figure import Figure
from def_sim.reports.figures.typesetting import as_pdf, as_png, can_set
from def_sim.reports.pages import item_figures as item_pages
from def_sim.reports.pages.item_figures import item_figures
from def_sim.reports.theme import WIDTHS_MM

pypdf = pytest.importorskip("pypdf")
pytestmark = pytest.mark.slow


def gray_rows(png: bytes) -> list[list[int]]:
    """The red of each pixel of a PNG with four channels, row by row; the filters are those of RFC 2083."""
    place, packed, width = 8, b"", 0
    while place < len(png):
        [length] = struct.unpack(">I", png[place : place + 4])
        kind, chunk = png[place + 4 : place + 8], png[place + 8 : place + 8 + length]
        width = struct.unpack(">I", chunk[:4])[0] if kind == b"IHDR" else width
        packed += chunk if kind == b"IDAT" else b""
        place += 12 + length
    raw, size = zlib.decompress(packed), 4 * width
    above, rows = [0] * size, []
    for start in range(0, len(raw), size + 1):
        line: list[int] = []
        for index, byte in enumerate(raw[start + 1 : start + 1 + size]):
            left, corner = (line[index - 4], above[index - 4]) if index >= 4 else (0, 0)
            nearest = min(
                (left, above[index], corner), key=lambda one: abs(left + above[index] - corner - one)
            )
            added = (0, left, above[index], (left + above[index]) // 2, nearest)[raw[start]]
            line.append((byte + added) % 256)
        rows.append(line[::4])
        above = line
    return rows


def read_pdf(figure: Figure, width: str = "double") -> Any:
    return pypdf.PdfReader(BytesIO(as_pdf(figure.svg(width=width), title=figure.title, alt=figure.alt)))


def page_of(figure: Figure, width: str = "double") -> Any:
    [page] = read_pdf(figure, width).pages
    return page


def fonts_of(page: Any) -> list[Any]:
    return [font.get_object() for font in page["/Resources"]["/Font"].values()]


def is_embedded(font: Any) -> bool:
    descendant = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
    descriptor = descendant["/FontDescriptor"]
    return any(f"/FontFile{kind}" in descriptor for kind in ("", "2", "3"))


@pytest.mark.parametrize("width", list(WIDTHS_MM))
def test_a_page_has_the_width_of_its_column_embedded_fonts_and_no_picture(width: str) -> None:
    for figure in all_figures(width):
        page = page_of(figure, width)
        assert float(page.mediabox.width) == pytest.approx(figure.width_mm(width) * 72 / 25.4, abs=0.1)
        assert len(page.images) == 0, figure.name
        assert fonts_of(page), figure.name
        assert all(map(is_embedded, fonts_of(page))), figure.name


@pytest.mark.parametrize("height", [100.0, 200.2, 200.5, 200.9])
def test_no_row_of_pixels_is_lost_in_a_png(height: float) -> None:
    # Bars as high as 3 pixels at 300 dpi with 3 between them: as many rows of each must come out.
    pixel = 25.4 / 300  # mm
    bars = "".join(f'<rect y="{6 * k}" width="9" height="3"/>' for k in range(int(height) // 6))
    size = f'viewBox="0 0 90.4 {height}" width="{90.4 * pixel}mm" height="{height * pixel}mm"'
    png = as_png(f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{bars}</svg>'.encode())
    rows = gray_rows(png)
    assert len(rows) == math.ceil(height)
    is_dark = [row[0] < 128 for row in rows]
    num_bars = int(height) // 6
    assert is_dark[: 6 * num_bars] == ([True] * 3 + [False] * 3) * num_bars


def test_option_words_can_be_copied_chinese_too() -> None:
    [figure] = item_figures(scores(), shares(1, words=("非常重要", "Not at all important", "−1.5 or less")))
    text = page_of(figure).extract_text()
    assert "非常重要" in text
    assert "Not at all important" in text
    assert "−1.5 or less" in text
    families = {str(font["/BaseFont"]).split("+")[1].split("-")[0] for font in fonts_of(page_of(figure))}
    assert families == {"NotoSans", "NotoSansCJKsc"}


def test_a_document_has_its_title_and_no_date() -> None:
    [figure] = item_figures(scores(), shares(1))
    found = read_pdf(figure).metadata
    assert found.title == "Answers to 1 item"
    assert found.creation_date is None


def test_a_picture_has_three_hundred_dots_an_inch() -> None:
    [figure] = item_figures(scores(), shares(1), width="single")
    png = as_png(figure.svg(width="single"))
    width, _ = struct.unpack(">II", png[16:24])  # of the header
    assert width == pytest.approx(84 / 25.4 * 300, abs=1)


def test_two_threads_set_at_the_same_time_what_one_sets() -> None:
    drawings = [
        figure.svg() for name in "abcdef" for figure in item_figures(scores(), shares(1, words=(name, "No")))
    ]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(as_png, drawings)) == [as_png(one) for one in drawings]


def test_what_our_fonts_have_can_be_set_anywhere() -> None:
    assert can_set("Very important − 非常重要, 20 %")


def test_what_no_font_has_cannot_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = typesetting._compiler(has_system_fonts=False)
    monkeypatch.setattr(typesetting, "_compiler", lambda *, has_system_fonts: ours)
    typesetting._has_fonts.cache_clear()
    assert not can_set("עץ")
    typesetting._has_fonts.cache_clear()  # this machine may have a font after all


def test_options_are_named_by_codes_where_no_font_has_their_characters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(item_pages, "can_set", lambda text: "ע" not in text)
    [figure] = item_figures(scores(), shares(1, words=("עץ", "tree")))
    text = page_of(figure).extract_text()
    assert "tree" not in text  # one item has words or codes
    assert "by their codes" in figure.caption
    assert figure.data["label"].tolist() == ["עץ", "tree"]
