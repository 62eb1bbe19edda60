"""What every page of ours stands on: its template, its inlined files and the policy that binds it.

A page loads nothing and calls nobody. Its template escapes, and a content security policy
allows its one style sheet and its one script, by their hashes, and nothing else. Knows no
surveys and no scores.
"""

import base64
import hashlib
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from def_sim.reports.charts.standalone import chart_rules
from def_sim.reports.theme import css_variables
from def_sim.visible import visible

_FOLDER: Final = Path(__file__).parent


def template(name: str) -> Template:
    """A template of this folder; it escapes whatever it is given, and an unknown name is an error.

    A text of strangers stands in an element of its own that isolates its direction of reading (`bdi`,
    `dir="auto"`, or a block); where there can be no element, `visible` writes the signs of direction out.
    """
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["visible"] = visible
    return environment.get_template(name)


def asset(name: str) -> Markup:
    """A file of ours that is inlined as it is; nothing a model wrote goes this way."""
    return Markup((_FOLDER / name).read_text(encoding="utf-8"))


def page_style(*more: str) -> Markup:
    """The style sheet of a page: the colours, what all have in common, that of drawings, and its own."""
    common = (Markup(css_variables()), asset("report.css"), asset("frame.css"), Markup(chart_rules()))
    return Markup("\n").join([*common, *map(asset, ("culture.css", *more))])


def page_script(*more: str) -> Markup:
    """The one script of a page: what all have in common, then its own files in this order."""
    return Markup("\n").join(map(asset, ("frame.js", *more)))


def security_policy(style: str, script: str) -> str:
    """Forbids every load; allows the one inline style sheet and the one inline script by hash."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def language_tag(language: str) -> str:
    """The language as a browser wants it named, so that Chinese is set in simplified characters."""
    return {"zh": "zh-Hans"}.get(language, language)
