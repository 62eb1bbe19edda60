"""A raster of rectangles, lines and words, written as SVG and as PNG without a plotting library.

For figures of many small equal parts: a plotting library lays out and sets each tick by itself,
which costs a minute for the items of a questionnaire. Positions are points (1/72 inch) from the
upper left corner. The same shapes give the same bytes. Knows nothing of surveys or scores.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from def_sim.reports.charts.svg import number

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

PIXELS_PER_POINT: Final = 2  # 144 dots an inch
_FAMILY: Final = "DejaVu Sans, Verdana, sans-serif"
_ANCHORS: Final = {"start": "l", "middle": "m", "end": "r"}
_HATCH_STEP: Final = 5  # points from one hatch line to the next


@dataclass(frozen=True, slots=True)
class Box:
    """A filled rectangle; hatched ones are white with an outline and diagonal lines."""

    left: float
    top: float
    width: float
    height: float
    colour: str
    is_hatched: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """One line of text whose baseline is at `top`; `anchor` says which part of it is at `left`."""

    text: str
    left: float
    top: float
    size: int = 8
    anchor: str = "start"
    colour: str = "#16191C"


@dataclass(frozen=True, slots=True)
class Raster:
    """What is drawn, in the order drawn. Sizes in points."""

    width: int
    height: int
    shapes: tuple[Box | Words, ...]


def as_svg(raster: Raster) -> bytes:
    """The raster as a file of its own; its words are set by whoever opens it."""
    size = f'width="{raster.width}pt" height="{raster.height}pt" viewBox="0 0 {raster.width} {raster.height}"'
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{_FAMILY}">',
        _svg_hatches(raster.shapes),
        f'<rect width="{raster.width}" height="{raster.height}" fill="white"/>',
        *(_svg_box(shape) if isinstance(shape, Box) else _svg_words(shape) for shape in raster.shapes),
        "</svg>\n",
    ]
    return "\n".join(parts).encode("utf-8", errors="xmlcharrefreplace")


def _svg_hatches(shapes: Sequence[Box | Words]) -> str:
    """One pattern for each colour that is hatched."""
    colours = sorted({shape.colour for shape in shapes if isinstance(shape, Box) and shape.is_hatched})
    patterns = "".join(
        f'<pattern id="hatch-{colour[1:]}" width="{_HATCH_STEP}" height="{_HATCH_STEP}" '
        f'patternUnits="userSpaceOnUse"><rect width="{_HATCH_STEP}" height="{_HATCH_STEP}" fill="white"/>'
        f'<path d="M-1 1l2 -2M0 {_HATCH_STEP}l{_HATCH_STEP} -{_HATCH_STEP}'
        f'M{_HATCH_STEP - 1} {_HATCH_STEP + 1}l2 -2" stroke="{colour}" stroke-width="1"/></pattern>'
        for colour in colours
    )
    return f"<defs>{patterns}</defs>"


def _svg_box(box: Box) -> str:
    fill = f'fill="{box.colour}"'
    if box.is_hatched:
        fill = f'fill="url(#hatch-{box.colour[1:]})" stroke="{box.colour}"'
    left, top, width, height = map(number, (box.left, box.top, box.width, box.height))
    return f'<rect x="{left}" y="{top}" width="{width}" height="{height}" {fill}/>'


def _svg_words(words: Words) -> str:
    anchor = "" if words.anchor == "start" else f' text-anchor="{words.anchor}"'
    place = f'x="{number(words.left)}" y="{number(words.top)}" font-size="{words.size}"'
    return f'<text {place} fill="{words.colour}"{anchor}>{escape(words.text)}</text>'


def as_png(raster: Raster) -> bytes:
    """The raster as pixels. Glyphs are those of DejaVu Sans: no Chinese."""
    from PIL import Image, ImageDraw

    scale = PIXELS_PER_POINT
    image = Image.new("RGB", (raster.width * scale, raster.height * scale), "white")
    pen = ImageDraw.Draw(image)
    for shape in raster.shapes:
        if isinstance(shape, Words):
            place = (shape.left * scale, shape.top * scale)
            anchor = f"{_ANCHORS[shape.anchor]}s"
            pen.text(place, shape.text, fill=shape.colour, font=_font(shape.size * scale), anchor=anchor)
        else:
            _paint_box(image, pen, shape)
    data = BytesIO()
    dots = 72 * scale
    # Few colours: a palette is a third of the bytes and of the time.
    image.quantize(64, method=Image.Quantize.FASTOCTREE).save(data, "PNG", dpi=(dots, dots))
    return data.getvalue()


def _paint_box(image: "Image", pen: "ImageDraw", box: Box) -> None:
    left, top = round(box.left * PIXELS_PER_POINT), round(box.top * PIXELS_PER_POINT)
    right = round((box.left + box.width) * PIXELS_PER_POINT)
    bottom = round((box.top + box.height) * PIXELS_PER_POINT)
    if right <= left or bottom <= top:
        return
    if not box.is_hatched:
        pen.rectangle((left, top, right - 1, bottom - 1), fill=box.colour)
        return
    image.paste(_hatch(box.colour, right - left, bottom - top), (left, top))
    pen.rectangle((left, top, right - 1, bottom - 1), outline=box.colour, width=PIXELS_PER_POINT)


@cache
def _hatch(colour: str, width: int, height: int) -> "Image":
    """A piece of diagonal lines."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(image)
    for start in range(0, width + height, _HATCH_STEP * PIXELS_PER_POINT):
        pen.line((start, 0, start - height, height), fill=colour, width=PIXELS_PER_POINT)
    return image


@cache
def _font(size: int) -> "FreeTypeFont":
    """The font that matplotlib brings along: the same glyphs on every machine."""
    import matplotlib
    from PIL import ImageFont

    path = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)
