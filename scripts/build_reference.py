"""Writes the generated pages of docs/: what the code, `conf/` and `data/` say already, as pages to look up.

python scripts/build_reference.py            # names the pages that are not up to date; exit code 1 if any
python scripts/build_reference.py --write    # writes them

Commands, models and surveys come from `conf/` and the survey files, parameters from what `def-sim --help`
reads, measures from `evaluation/measures.py`, columns from `data/columns.csv`
and its siblings; data formats, contributing and
security are the files of those names at the root of the project, with their links mended. Pages that are
written by hand are not touched.
"""

import argparse
import csv
import posixpath
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import yaml
from reference_texts import about, column_cells, default_cell, linked, plain, table

from def_sim.app.parameter_help import shipped_parameters
from def_sim.evaluation.described_columns import (
    COLUMNS_FILE,
    COMPARISON_COLUMNS_FILE,
    HOME_COLUMNS_FILE,
    SHEET_COLUMNS_FILE,
)
from def_sim.evaluation.measures import MEASURES, STATUS_TITLES
from def_sim.resources import conf_folder, data_folder
from def_sim.surveys.survey import LoadedSurvey, load_survey

ROOT: Final = Path(__file__).parents[1]
# Files at the root that are pages of the site, too.
COPIES: Final = {
    "data/README.md": "reference/data_formats.md",
    "CONTRIBUTING.md": "about/contributing.md",
    "SECURITY.md": "about/security.md",
}
_KINDS: Final = {
    "LocalEngine": "here",
    "AnthropicEngine": "Anthropic's API",
    "OpenAIServerEngine": "an OpenAI-compatible server",
}
_LINK: Final = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
_MADE: Final = "<!-- Written by scripts/build_reference.py; do not change it by hand. -->\n\n"


# Their tables take the place of the list of contents.
_WIDE: Final = (
    "reference/parameters.md",
    "reference/measures.md",
    "reference/models.md",
    "reference/surveys.md",
)
_ROOM: Final = "---\nhide: [toc]\n---\n\n"


def commands_page() -> str:
    """Stages, experiments and the other groups, each choice with its first comment."""
    text = "# Commands\n\n`def-sim NAME=VALUE ...` runs one stage. `def-sim -m` takes several values of a "
    text += (
        "parameter, separated by commas, and makes a run of each combination. `def-sim --help` prints the "
    )
    text += "choices, `def-sim --cfg job` every parameter with its value. Commands by what you want to do: "
    text += "[commands by task](../how_to/commands.md).\n"
    titles = {
        "stage": "Stages: what a command does",
        "strategy": "Strategies: how a question is put",
        "protocol": "Protocols: values that go together",
        "experiment": "Experiments: the runs that answer a question, and their comparison",
        "importer": "Importers: files that `stage=import` reads",
        "rubric": "Rubrics: what `stage=judge` asks of answers",
    }
    for group, title in titles.items():
        rows = [(f"`{group}={path.stem}`", _told(path)) for path in _choices(group)]
        text += f"\n## {title}\n\n" + table((group, "what"), rows)
    return text


def _told(path: Path) -> str:
    """What a choice is; an experiment's comment begins with its command."""
    text = re.sub(rf"^(def-sim experiment={path.stem}(?: \w+=[\w/]+)*) (?=[A-Z])", r"`\1` ", about(path))
    return linked(text)


def parameters_page() -> str:
    """Every parameter, as `def-sim --help NAME` tells it."""
    rows = [
        (
            f"`{one.name}`",
            default_cell(one.default),
            ", ".join(part for part in (one.takes, one.unit) if part),
            "yes" if one.defines_run else "",
            plain(linked(one.meaning)) + (f" Of {', '.join(one.choices)}." if one.choices else ""),
        )
        for one in shipped_parameters()
    ]
    text = (
        "# Parameters\n\nWritten `name=value` behind `def-sim`; `def-sim --help NAME` says the same of one. "
        "Defaults are those of `protocol=paper`; what other protocols set stands in "
        "[protocols](../concepts/protocols.md). *New run*: another value of it defines another run, "
        "in a folder of its own.\n\n"
    )
    return text + table(("parameter", "default", "takes", "new run", "meaning"), rows)


def models_page() -> str:
    """What `model=` can be."""
    rows = []
    for path in _choices("model"):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        rows.append((f"`{path.stem}`", *_model_cells(content), linked(about(path))))
    text = "# Models\n\n`model=NAME`. Weights are downloaded by `stage=fetch` and by nothing else.\n\n"
    return text + table(("model", "parameters", "asked", "packed to", "context", "what"), rows)


def _model_cells(content: Mapping[str, Any]) -> tuple[str, str, str, str]:
    number = content.get("num_parameters")
    engine, planning = content.get("engine") or {}, content.get("planning") or {}
    size = "" if not number else f"{number / 1e9:.1f} B" if number >= 1e9 else f"{number / 1e6:.0f} M"
    kind = _KINDS[engine["_target_"].rsplit(".", 1)[-1]]
    packed = {"nf4": "4 bit", "auto": "4 bit above 10 B"}.get(engine.get("quantization", ""), "")
    length = planning.get("context_length")
    return size, kind, packed, f"{length:,}" if length else ""


def surveys_page() -> str:
    """What `survey=` can be, with the items that are asked and scored."""
    rows = []
    for path in _choices("survey"):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        rows.append((f"`{path.stem}`", *_survey_cells(_loaded(content["file"])), linked(about(path))))
    text = "# Surveys\n\n`survey=NAME`. An item is scored where shipped figures say how people answered it. "
    text += "Formats of the files: [data formats](data_formats.md).\n\n"
    head = ("survey", "population", "language", "items", "scored", "prompts, `wordings=all`", "what")
    return text + table(head, rows)


def _loaded(file: str) -> LoadedSurvey:
    return load_survey(data_folder() / file.removeprefix("package://"), data_folder(), wordings="all")


def _survey_cells(loaded: LoadedSurvey) -> tuple[str, str, str, str, str]:
    survey = loaded.survey
    asked = {question.item_id for question in survey.questions}
    scored = {item for item in asked if (item, "all") in loaded.reference.items}
    return survey.population, survey.language, str(len(asked)), str(len(scored)), str(len(survey.questions))


def measures_page() -> str:
    """Every score and every status, in the words of the report."""
    scores = [
        (f"`{one.metric}`", one.title, one.definition, one.best, one.shows, one.hides)
        for one in MEASURES.values()
    ]
    statuses = [(f"`{status}`", title) for status, title in STATUS_TITLES.items()]
    text = (
        "# Measures\n\nFormulas and sources: [divergences](../concepts/divergences.md). What a score stands "
    )
    text += "beside: [floor and ceiling](../concepts/floor_and_ceiling.md).\n\n## Scores\n\n"
    text += table(("column", "name", "what it is", "best", "shows", "does not show"), scores)
    return text + "\n## How an answer can end\n\n" + table(("status", "in the report"), statuses)


def columns_page() -> str:
    """Every column of every table that the program writes for people."""
    text = (
        "# Columns\n\nThe same stands in `columns.csv` of each run and of each comparison, and of an import "
        "in `imports/<source>.columns.csv` of your home. Which file is what: [files](files.md).\n"
    )
    text += _described(COLUMNS_FILE, "")
    text += "\n## Tables of a comparison\n\nSome have the names of tables of a run, and other columns.\n"
    text += _described(COMPARISON_COLUMNS_FILE, "comparison/")
    text += "\n## Tables of an import\n\nIn your home: [files](files.md#files-of-an-import).\n"
    text += _described(HOME_COLUMNS_FILE, "")
    text += "\n## Sheets that people fill in\n\nEverything else in them stays as it is.\n"
    return text + _described(SHEET_COLUMNS_FILE, "")


def _described(file: str, folder: str) -> str:
    """A part for each table of a file in data/."""
    with (data_folder() / file).open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    text, head = "", ("column", "type", "unit", "range", "empty", "meaning")
    for name in dict.fromkeys(row["table"] for row in rows):
        title = "Every table" if name == "*" else f"{folder}{name}"
        cells = [column_cells(row) for row in rows if row["table"] == name]
        heading = plain(title).replace("<", "&lt;")  # of a placeholder: no tag
        text += f"\n## {heading}\n\n{table(head, cells)}"
    return text


def copied_page(source: str, page: str) -> str:
    """A file of the root as a page: links into docs/ stay links, those to other files become their names."""

    def mend(match: re.Match[str]) -> str:
        words, link = match.groups()
        if link.startswith(("http", "#")):
            return match[0]
        file, _, anchor = link.partition("#")
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), file))
        inside = COPIES.get(target) or (target.removeprefix("docs/") if target.startswith("docs/") else None)
        if inside is None:
            return (
                words
                if words.startswith("`")
                else f"`{target}`"
                if words == target
                else f"{words} (`{target}`)"
            )
        words = words.removeprefix("docs/").removesuffix(".md").rsplit("/", 1)[-1].replace("_", " ")
        return f"[{words}]({_way(inside, page)}{'#' + anchor if anchor else ''})"

    return _LINK.sub(mend, (ROOT / source).read_text(encoding="utf-8"))


def _way(page: str, start: str) -> str:
    return posixpath.relpath(page, posixpath.dirname(start))


def _choices(group: str) -> list[Path]:
    return sorted(path for path in (conf_folder() / group).glob("*.yaml") if path.stem != "none")


GENERATED: Final[Mapping[str, Callable[[], str]]] = {
    "reference/commands.md": commands_page,
    "reference/parameters.md": parameters_page,
    "reference/models.md": models_page,
    "reference/surveys.md": surveys_page,
    "reference/measures.md": measures_page,
    "reference/columns.md": columns_page,
}


def pages() -> dict[str, str]:
    """The text of each generated page, by its path below docs/."""
    made = {page: make() for page, make in GENERATED.items()}
    made |= {page: copied_page(source, page) for source, page in COPIES.items()}
    return {page: _ROOM * (page in _WIDE) + _MADE + text.rstrip() + "\n" for page, text in made.items()}


def main() -> int:
    """Compares or writes the pages; 1 if one is not up to date."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write the pages")
    is_written, stale = parser.parse_args().write, []
    for page, text in pages().items():
        path = ROOT / "docs" / page
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        if is_written:
            path.write_text(text, encoding="utf-8")
        else:
            stale.append(page)
    if stale:
        print(f"not up to date: {', '.join(stale)}; run python scripts/build_reference.py --write")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
