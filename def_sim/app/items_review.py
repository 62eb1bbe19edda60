"""Review of the items themselves: a sheet for experts, and a survey without what they say no to.

`stage=plan show=items` writes the sheet beside the codebook; `stage=rephrase review=FILE` reads it back and
writes a survey of its own into the home, so that the one that was reviewed, and its runs, stay as they are.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from def_sim.answers.storage.disk import disk_errors, write_whole
from def_sim.app.publishing import publish, staged
from def_sim.app.rephrasing_work import load_items, required_home
from def_sim.app.review_sheets import Row, Said, agreement_lines, read_rows, said_in, table_text
from def_sim.app.run import Run, resolve_path
from def_sim.app.schema import RunConfig
from def_sim.csv_files import guarded
from def_sim.errors import ConfigError
from def_sim.records import DIMENSION_TITLES, NO_DIMENSION_TITLE, NoDimension, Question
from def_sim.resources import conf_folder, data_folder, look_up
from def_sim.surveys.importers.documents import yaml_text
from def_sim.surveys.item_bank import Item, read_items
from def_sim.surveys.survey import LoadedSurvey, SurveyFile
from def_sim.yaml_files import read_validated

COLUMNS: Final = ("item", "question", "options", "topic group", "valid", "reviewer", "note")
_NEEDED: Final = ("item", "question", "valid", "reviewer", "note")


def write_items_sheet(run: Run, path: Path) -> str:
    """Writes the sheet for those who review items; one that somebody has filled in stays as it is.

    Args:
        run: Whose items.
        path: Of the sheet.

    Returns:
        What was done, as a line.

    Raises:
        StoreError: The folder cannot be written.
        SurveyFormatError: What lies there is no such sheet.
    """
    if path.exists() and any(row.cells["valid"] or row.cells["note"] for row in _read([str(path)])):
        return f"review   {path} (somebody has filled it in, so it stays as it is)"
    wanted, survey = run.config.items, run.survey
    items = [item for item in run.loaded.items.values() if wanted is None or item.id in wanted]
    questions = [
        item.question(wording=0, language=survey.language, population=survey.population) for item in items
    ]
    text = table_text(COLUMNS, ([*_cells(question), "", "", ""] for question in questions))
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, text.encode())
    return f"review   {path} (fill in valid, reviewer and note; then stage=rephrase review=...)"


def _cells(question: Question) -> list[str]:
    options = "; ".join(f"{option.code} {option.label}" for option in question.options)
    group = question.dimension
    title = NO_DIMENSION_TITLE if isinstance(group, NoDimension) else DIMENSION_TITLES[group]
    return [question.item_id, question.text, options, title]


def _read(files: Sequence[str]) -> list[Row]:
    return [row for name in files for row in read_rows(Path(name).expanduser(), COLUMNS, _NEEDED)]


def leave_out_items(config: RunConfig, files: Sequence[str]) -> list[str]:
    """Writes a survey without the items that a reviewer says no to; gives what was done, in lines.

    Args:
        config: Of the command: its survey was reviewed; `name` is what the new one is called.
        files: Sheets that people filled in.

    Raises:
        DefSimError: A sheet is none, an item is not of the survey, reviewers' rows contradict each other, or
            a survey of that name is there; nothing is written then.
    """
    home, loaded = required_home(), load_items(config)
    rows = _read(files)
    for row in rows:
        _check_row(row, loaded)
    said = said_in(
        rows, key={place: row.cells["item"].strip() for place, row in enumerate(rows)}, column="valid"
    )
    if not said:
        raise ConfigError(
            f"review={', '.join(files)}: no row says whether its item is valid.",
            fix="Write yes or no into the column valid, and who says so into reviewer.",
        )
    refused = dict.fromkeys(one.key for one in said if not one.is_yes)
    name = config.name or f"{config.survey.name}_reviewed"
    survey, followers = _without(config, loaded, home, refused, name)
    _put(home, survey, _table(said))
    return [
        *agreement_lines(said, config.seed),
        *(f"left out      {item_id}: {_why(said, item_id)}" for item_id in refused),
        *(f"left out      {item_id}, since it follows one that is" for item_id in followers),
        f"survey        {name}: {len(survey.items or ()):,} items, in {home}",
        f"next          def-sim survey={name} home={home} stage=plan",
    ]


def _check_row(row: Row, loaded: LoadedSurvey) -> None:
    item = loaded.items.get(row.cells["item"].strip())
    if item is None:
        raise row.wrong(
            f"survey {loaded.survey.name} has no item {row.cells['item']!r:.80}",
            "Name the survey that the sheet is of: survey=..., population=... if it has another one.",
        )
    question = item.wordings[loaded.survey.language][0]
    if guarded(row.cells["question"]) != guarded(question):
        raise row.wrong(
            f"question is not the base wording of {item.id} in {loaded.survey.language!r}",
            "Name the language of the sheet: language=...; an item that was reworded is reviewed anew.",
        )


def _without(
    config: RunConfig, loaded: LoadedSurvey, home: Path, refused: Mapping[str, None], name: str
) -> tuple[SurveyFile, list[str]]:
    """The survey without those items and what follows them; and the ids of these."""
    file = read_validated(resolve_path(config.survey.file), SurveyFile)
    items = _all_items(file, home)
    listed = file.items or [item.id for item in items.values() if not item.is_factual]
    followers: list[str] = []
    for item_id in listed:
        first = items[item_id].follow_up_of
        if (first in refused or first in followers) and item_id not in refused:
            followers.append(item_id)
    kept = [item_id for item_id in listed if item_id not in refused and item_id not in followers]
    if not any(item_id in loaded.items for item_id in kept):
        raise ConfigError(
            "Reviewers say no to every item.", fix="Correct the sheets: a survey needs an item."
        )
    title = f"{file.title}, reviewed"
    return file.model_copy(update={"name": name, "title": title, "items": kept, "short_of": None}), followers


def _all_items(file: SurveyFile, home: Path) -> dict[str, Item]:
    """The items of all sources of a survey, whoever was asked them."""
    paths = [look_up(f"items/{source}.yaml", data_folder(), home) for source in file.sources]
    return {item.id: item for path in paths for item in read_items(path).items}


def _why(said: Sequence[Said], item_id: str) -> str:
    noes = [one for one in said if one.key == item_id and not one.is_yes]
    return "; ".join(f"{one.reviewer} says no" + (f" ({one.note})" if one.note else "") for one in noes)


def _table(said: Sequence[Said]) -> str:
    """Who said what of which item, kept beside the survey."""
    rows = [
        {**one.row.cells, "valid": "yes" if one.is_yes else "no", "reviewer": one.reviewer} for one in said
    ]
    return table_text(COLUMNS, ([row[column] for column in COLUMNS] for row in rows))


def _put(home: Path, survey: SurveyFile, table: str) -> None:
    content = survey.model_dump(mode="json", exclude_none=True)
    choice = {"name": survey.name, "file": f"package://surveys/{survey.name}.yaml"}
    texts = {
        f"surveys/{survey.name}.yaml": yaml_text(content),
        f"surveys/{survey.name}.review.csv": table,
        f"conf/survey/{survey.name}.yaml": f"# {survey.title}.\n" + yaml_text(choice),
    }
    contents = {name: text.encode() for name, text in texts.items()}
    for name, text in contents.items():
        shipped = _shipped(name)
        if shipped.is_file() or ((home / name).is_file() and (home / name).read_bytes() != text):
            raise ConfigError(
                f"{home / name}: a survey {survey.name!r} is there already.",
                fix="Give the new one another name: name=...; or take the old one's files away.",
            )
    with staged(home, contents) as folder:
        read_validated(folder / f"surveys/{survey.name}.yaml", SurveyFile)
        publish(home, folder)


def _shipped(name: str) -> Path:
    return conf_folder() / name.removeprefix("conf/") if name.startswith("conf/") else data_folder() / name
