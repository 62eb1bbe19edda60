"""The words around a cultural map: what its marks, its axes and its numbers mean.

On a page they are set by the browser and not drawn, so that long and Chinese names wrap and never
collide; in a file that stands alone they are lines below the drawing.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from markupsafe import Markup

from def_sim.evaluation.map_points import MapAxis, PanelPoint
from def_sim.reports.charts.svg import element
from def_sim.reports.charts.text_fit import fit_lines
from def_sim.reports.theme import MARKS

SURVEY_SHAPES: Final = ("panel", "uniform", "mode", "others")  # of theme.MARKS, by the survey's place
_LINE: Final = 18.0  # pixels
_WORDS_FROM: Final = 26.0  # pixels from the left


def _swatch(kind: str, css: str) -> Markup:
    path = element("path", d=MARKS[kind], transform="translate(9 10)", class_=f"dot {css}")
    return element("svg", path, class_="swatch", width=18, height=20, aria_hidden="true")


def mark_legend(
    surveys: Sequence[str], panels: Sequence[PanelPoint], *, has_cells: bool, has_random: bool
) -> Markup:
    """What each shape stands for."""
    people = "People of a country; dots: its groups by sex and age" if has_cells else "People of a country"
    entries = [(_swatch("people", "country"), people)]
    for index, survey in enumerate(surveys):
        place = index % len(SURVEY_SHAPES)
        entries.append((_swatch(SURVEY_SHAPES[place], f"survey-{place}"), f"Models, {survey}"))
    if any(panel.ellipse is not None for panel in panels):
        ring = element("ellipse", cx=11, cy=10, rx=10, ry=6, class_="ellipse survey-0")
        swatch = element("svg", ring, class_="swatch", width=22, height=20, aria_hidden="true")
        entries.append((swatch, "Where the model would be with other respondents (95 %)"))
    if has_random:
        entries.append((_swatch("planted", "random"), "Random answers"))
    return element("ul", *(element("li", mark, words) for mark, words in entries), class_="legend")


def axis_words(axes: tuple[MapAxis, MapAxis]) -> Markup:
    """The answers at the four ends; nothing for axes without names."""
    parts = []
    for axis, low, high in zip(axes, ("left", "down"), ("right", "up"), strict=True):
        for end, rows in ((high, axis.high), (low, axis.low)):
            if rows:
                parts += [element("dt", f"Further {end}"), element("dd", "; ".join(rows))]
    return element("dl", *parts, class_="axis-words") if parts else Markup("")


def keys_of(
    panels: Sequence[PanelPoint], letters: Mapping[tuple[str, str], str] | None
) -> dict[tuple[str, str], str]:
    """(Model, survey) -> what stands beside its mark: the letter of its run, or else the model's number."""
    numbers = {
        model: str(index) for index, model in enumerate(dict.fromkeys(p.model for p in panels), start=1)
    }
    names = [(one.model, one.survey) for one in panels]
    return {name: (letters or {}).get(name, numbers[name[0]]) for name in names}


def _by_model(keys: Mapping[tuple[str, str], str]) -> dict[str, str]:
    """Model -> its keys in words, each once."""
    found: dict[str, list[str]] = {}
    for (model, _), key in keys.items():
        found.setdefault(model, []).append(key)
    return {model: ", ".join(dict.fromkeys(names)) for model, names in found.items()}


def model_list(
    models: Sequence[str], panels: Sequence[PanelPoint], letters: Mapping[tuple[str, str], str] | None = None
) -> Markup:
    """Models by their numbers, or by the letters of their runs; one without a point with its reason."""
    keys = _by_model(keys_of(panels, letters))
    entries = []
    for model in models:
        absent = [one for one in panels if one.model == model and not one.is_placed]
        why = "; ".join(f"{one.survey}: no point, {one.why or 'no answers'}" for one in absent)
        name = [] if letters is None else [element("b", f"{keys[model]} ")]
        words = name + (
            [element("bdi", model), element("span", f" ({why})", class_="faint")]
            if why
            else [element("bdi", model)]
        )
        entries.append(element("li", *words))
    if not entries:
        return Markup("")
    return element("ol" if letters is None else "ul", *entries, class_="model-keys")


def legend_height(num_lines: int) -> float:
    """Pixels that so many lines of a drawn legend take."""
    return _LINE * num_lines


def drawn_legend(
    surveys: Sequence[str],
    keys: Mapping[tuple[str, str], str],
    axes: tuple[MapAxis, MapAxis],
    top: float,
    *,
    width: float,
    has_random: bool,
) -> list[Markup]:
    """The legend as lines below a drawing, one element each, from `top` downwards.

    Args:
        surveys: In the order of their shapes.
        keys: From `keys_of`.
        axes: Whose ends have names, or have not.
        top: Pixels.
        width: Of the drawing, in pixels.
        has_random: Whether random answers are on the map.
    """
    lines = [("people", "country", "People of a country")]
    for index, survey in enumerate(surveys):
        place = index % len(SURVEY_SHAPES)
        lines.append((SURVEY_SHAPES[place], f"survey-{place}", f"Models, {survey}"))
    words = [("", "", f"{names}  {model}") for model, names in _by_model(keys).items()]
    for axis, low, high in zip(axes, ("left", "down"), ("right", "up"), strict=True):
        words += [
            ("", "", f"Further {end}: {'; '.join(answers)}")
            for end, answers in ((high, axis.high), (low, axis.low))
            if answers
        ]
    if has_random:
        lines.append(("planted", "random", "Random answers"))
    words = [("", "", line) for _, _, text in words for line in fit_lines(text, width - _WORDS_FROM, most=4)]
    return [
        _drawn_line(kind, css, text, top + _LINE * index)
        for index, (kind, css, text) in enumerate(lines + words)
    ]


def _drawn_line(kind: str, css: str, text: str, top: float) -> Markup:
    place = f"translate(12 {top + 4:g})"
    mark = element("path", d=MARKS[kind], transform=place, class_=f"dot {css}") if kind else Markup()
    return element("g", mark, element("text", text, x=_WORDS_FROM, y=top + 8))
