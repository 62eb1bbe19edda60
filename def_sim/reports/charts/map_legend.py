"""The words around a cultural map: what its marks, its axes and its numbers mean.

On a page they are set by the browser and not drawn, so that long and Chinese names wrap and never
collide; in a file that stands alone they are lines below the drawing.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from markupsafe import Markup

from def_sim.evaluation.map_points import MapAxis, PanelPoint
from def_sim.reports.charts.map_labels import PanelNames
from def_sim.reports.charts.svg import element
from def_sim.reports.charts.text_fit import fit_lines
from def_sim.reports.theme import MARKS

SURVEY_SHAPES: Final = ("panel", "uniform", "mode", "others")  # of theme.MARKS, by the survey's place
_LINE: Final = 18.0  # pixels
_ABOVE: Final = 6.0  # pixels between an axis's name and the first line
_WORDS_FROM: Final = 26.0  # pixels from the left
_ELLIPSE: Final = "Where the model would be with other respondents (95 %)"
_ELLIPSE_WORDS: Final = "Ellipse: where a model would be with other respondents (95 %)"


def _swatch(kind: str, css: str) -> Markup:
    path = element("path", d=MARKS[kind], transform="translate(9 10)", class_=f"dot {css}")
    return element("svg", path, class_="swatch", width=18, height=20, aria_hidden="true")


def mark_legend(
    surveys: Sequence[str], panels: Sequence[PanelPoint], *, has_cells: bool, has_random: bool
) -> Markup:
    """What each shape stands for."""
    marks = _marks(surveys, panels, has_cells=has_cells, has_random=has_random)
    entries = [(_swatch(kind, css), words) for kind, css, words in marks]
    if any(panel.ellipse is not None for panel in panels):
        ring = element("ellipse", cx=11, cy=10, rx=10, ry=6, class_="ellipse survey-0")
        swatch = element("svg", ring, class_="swatch", width=22, height=20, aria_hidden="true")
        entries.append((swatch, _ELLIPSE))
    return element("ul", *(element("li", mark, words) for mark, words in entries), class_="legend")


def _marks(
    surveys: Sequence[str], panels: Sequence[PanelPoint], *, has_cells: bool, has_random: bool
) -> list[tuple[str, str, str]]:
    """Shape, class and words of each kind of mark."""
    people = "People of a country; dots: its groups by sex and age" if has_cells else "People of a country"
    found = [("people", "country", people)]
    for index, survey in enumerate(surveys):
        num_drawn = sum(panel.survey == survey and panel.is_placed for panel in panels)
        if not num_drawn:
            continue
        place = index % len(SURVEY_SHAPES)
        words = f"{'Models' if num_drawn > 1 else 'Model'}, {survey}"
        found.append((SURVEY_SHAPES[place], f"survey-{place}", words))
    return [*found, ("planted", "random", "Random answers")] if has_random else found


def axis_words(axes: tuple[MapAxis, MapAxis]) -> Markup:
    """The answers at the four ends; nothing for axes without names."""
    parts = []
    for axis, low, high in zip(axes, ("left", "down"), ("right", "up"), strict=True):
        for end, rows in ((high, axis.high), (low, axis.low)):
            if rows:
                parts += [element("dt", f"Further {end}"), element("dd", "; ".join(rows))]
    return element("dl", *parts, class_="axis-words") if parts else Markup("")


def _by_model(keys: Mapping[tuple[str, str], str]) -> dict[str, str]:
    """Model -> its keys in words, each once."""
    found: dict[str, list[str]] = {}
    for (model, _), key in keys.items():
        found.setdefault(model, []).append(key)
    return {model: ", ".join(dict.fromkeys(names)) for model, names in found.items()}


def model_list(panels: Sequence[PanelPoint], names: PanelNames) -> Markup:
    """Models by their numbers, or by the letters of their runs; one without a point with its reason."""
    keys, is_numbered = _by_model(names.keys(panels)), names.letters is None
    entries = []
    for model in dict.fromkeys(panel.model for panel in panels):
        absent = [one for one in panels if one.model == model and not one.is_placed]
        why = "; ".join(f"{one.survey}: no point, {one.why or 'no answers'}" for one in absent)
        words = [] if is_numbered else [element("b", f"{keys[model]} ")]
        words.append(element("bdi", model))
        entries.append(
            element("li", *words, *([element("span", f" ({why})", class_="faint")] if why else []))
        )
    if not entries:
        return Markup("")
    return element("ol" if is_numbered else "ul", *entries, class_="model-keys")


def legend_height(num_lines: int) -> float:
    """Pixels that so many lines of a drawn legend take."""
    return _ABOVE + _LINE * num_lines if num_lines else 0.0


def drawn_legend(
    surveys: Sequence[str],
    panels: Sequence[PanelPoint],
    axes: tuple[MapAxis, MapAxis],
    top: float,
    *,
    width: float,
    has_cells: bool,
    has_random: bool,
    names: PanelNames | None,
) -> list[Markup]:
    """The legend as lines below a drawing, one element each, from `top` downwards.

    Args:
        surveys: In the order of their shapes.
        panels: All of them.
        axes: Whose ends have names, or have not.
        top: Pixels.
        width: Of the drawing, in pixels.
        has_cells: Whether groups of people are on the map.
        has_random: Whether random answers are.
        names: Whose list is needed, since the map bears letters or numbers; None: it bears names.
    """
    room = width - _WORDS_FROM
    lines = [
        (kind if not index else "", css, line)
        for kind, css, words in _marks(surveys, panels, has_cells=has_cells, has_random=has_random)
        for index, line in enumerate(fit_lines(words, room, most=2))
    ]
    words = [_ELLIPSE_WORDS] if any(panel.ellipse is not None for panel in panels) else []
    if names is not None:
        drawn = {panel.model for panel in panels if panel.is_placed}
        words += [
            f"{keys}  {model}{'' if model in drawn else ' (has no point)'}"
            for model, keys in _by_model(names.keys(panels)).items()
        ]
    for axis, low, high in zip(axes, ("left", "down"), ("right", "up"), strict=True):
        words += [
            f"Further {end}: {'; '.join(answers)}"
            for end, answers in ((high, axis.high), (low, axis.low))
            if answers
        ]
    lines += [("", "", line) for text in words for line in fit_lines(text, room, most=4)]
    return [
        _drawn_line(kind, css, text, top + _ABOVE + _LINE * index)
        for index, (kind, css, text) in enumerate(lines)
    ]


def _drawn_line(kind: str, css: str, text: str, top: float) -> Markup:
    place = f"translate(12 {top + 4:g})"
    mark = element("path", d=MARKS[kind], transform=place, class_=f"dot {css}") if kind else Markup()
    return element("g", mark, element("text", text, x=_WORDS_FROM, y=top + 8))
