"""The codebook of a survey: its items gathered, counted and written as one page.

Loaded only when asked for (`stage=plan show=items`), so that a plain plan stays light.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from def_sim.answers.storage.disk import disk_errors, write_whole
from def_sim.app.home import home_folder
from def_sim.app.human_figures import country_names
from def_sim.app.items_review import write_items_sheet
from def_sim.app.proposed_wordings import proposed_wordings
from def_sim.app.run import Run
from def_sim.evaluation.topic_groups import topic_group
from def_sim.prompts import ask_messages
from def_sim.records import FIRST_CHOICE_SLOT, Dimension, ItemReference, NoDimension, Persona, Question
from def_sim.reports.pages.codebook import (
    CodebookEntry,
    CodebookFacts,
    CodebookOption,
    CountRow,
    count_items,
    render_codebook,
)
from def_sim.surveys.added_wordings import source_of
from def_sim.surveys.human_structure import structure_of
from def_sim.surveys.item_bank import Item


def show_items(run: Run) -> list[str]:
    """Writes the codebook and a sheet for reviewers; gives counts and paths in words, one line each.

    Raises:
        StoreError: The folder cannot be written.
    """
    entries, path = codebook_entries(run), codebook_path(run)
    html = render_codebook(run.survey.title, entries, _facts(run))
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, html.encode("utf-8"))
    sheet = path.with_name(f"{path.stem}-items_review.csv")
    return [*count_lines(count_items(entries)), write_items_sheet(run, sheet), f"codebook {path}"]


def codebook_path(run: Run) -> Path:
    """`<output>/codebooks/<survey>-<population>.html`."""
    folder = Path(run.config.output).expanduser() / "codebooks"
    return folder / f"{run.config.survey.name}-{run.survey.population}.html"


def codebook_entries(run: Run) -> list[CodebookEntry]:
    """Every item of the survey in its order; with `items=` in the configuration, those only."""
    people, wanted, marked = run.loaded.reference.for_everyone(), run.config.items, _marked_items(run)
    items = run.loaded.items.values()
    languages = dict.fromkeys(language for item in items for language in item.wordings)
    sources = dict.fromkeys(source_of(item.id) for item in items)
    proposed = proposed_wordings(home_folder(), sources, languages)
    return [
        replace(
            _entry(run, item, people.get(item.id)),
            item_rest=marked.get(item.id),
            proposed={language: proposed.get((item.id, language), ()) for language in item.wordings},
        )
        for item in items
        if wanted is None or item.id in wanted
    ]


def _marked_items(run: Run) -> dict[str, float]:
    """Items that do not go with their topic group among people -> their correlation with the rest of it."""
    people = structure_of(run.survey.population, home_folder())
    if people is None:
        return {}
    directions: dict[str, dict[str, int]] = defaultdict(dict)
    for item in run.loaded.items.values():  # whatever `items=` chooses
        if item.dimension is not None:
            directions[str(item.dimension)][item.id] = item.direction
    groups = [topic_group(name, of_group, people) for name, of_group in directions.items()]
    return {item.item_id: item.item_rest for group in groups for item in group.misfits}


def _entry(run: Run, item: Item, human: ItemReference | None) -> CodebookEntry:
    population = run.survey.population
    question = item.question(wording=0, language=run.survey.language, population=population)
    as_asked = _as_asked(run, question)
    return CodebookEntry(
        item_id=item.id,
        source=item.id.partition(".")[0],
        variable=item.variable,
        topic=item.topic,
        dimension=question.dimension,
        direction=item.direction,
        type=item.type,
        level=item.level,
        max_choices=item.max_choices,
        options=_options(item),
        shown_codes=question.codes,
        volunteered=tuple(item.volunteered),
        wordings={language: tuple(texts) for language, texts in item.wordings.items()},
        as_seen=_as_seen(run, as_asked),
        human=human,
        secondary=item.secondary,
        confidence=item.confidence,
        rationale=item.rationale,
        follow_up_of=item.follow_up_of,
        filled_with=question.options[0].label if as_asked.text != question.text else None,
        asked_in=tuple(item.asked_in),
        is_factual=item.is_factual,
        is_variable_verified=item.variable_verified,
    )


def _options(item: Item) -> tuple[CodebookOption, ...]:
    return tuple(
        CodebookOption(option.code, option.labels, option.variable, option.dimension, option.direction)
        for option in item.options
    )


def _as_asked(run: Run, question: Question) -> Question:
    """A follow-up as if its first option had been chosen before; any other question as it is."""
    if run.rules.follow_up == "placeholder":
        return question
    return replace(question, text=question.text.replace(FIRST_CHOICE_SLOT, question.options[0].label))


def _as_seen(run: Run, question: Question) -> str:
    """The one turn of a respondent who remembers nothing and is from the country as a whole."""
    [turn] = ask_messages(
        question, question.codes, _persona(run), (), run.presentation.pack, run.presentation.offer
    )
    return turn.content


def _persona(run: Run) -> Persona:
    return Persona(run.survey.persona_country_name, is_drawn=False)


def _facts(run: Run) -> CodebookFacts:
    return CodebookFacts(
        population=run.survey.population,
        place=_persona(run).place,
        language=run.survey.language,
        frame_language=run.survey.frame_language,
        option_order=run.presentation.option_order,
        protocol=run.config.protocol.name,
        citations=tuple(dict.fromkeys(source.citation for source in run.loaded.reference.sources)),
        effective_n=run.loaded.reference.effective_n,
        country=run.survey.population_label or country_names().get(run.survey.population, ""),
    )


def count_lines(counts: Sequence[CountRow]) -> list[str]:
    """The counts as a table of plain text: a line a source, type and language, a column a dimension."""
    dimensions = [dimension for dimension in Dimension if any(row.by_dimension[dimension] for row in counts)]
    has_others = any(row.by_dimension[NoDimension.NONE] for row in counts)
    groups: list[Dimension | NoDimension] = [*dimensions, *([NoDimension.NONE] if has_others else [])]
    head = ("source", "type", "lang", *(name or "none" for name in groups), "items", "wordings")
    rows = [
        (
            row.source or "all",
            row.type,
            row.language,
            *(str(row.by_dimension[dimension]) for dimension in groups),
            str(row.num_items),
            str(row.num_wordings),
        )
        for row in counts
    ]
    widths = [max(len(cell) for cell in column) for column in zip(head, *rows, strict=True)]
    return [_line(cells, widths) for cells in (head, *rows)]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Names to the left, numbers to the right."""
    aligned = [
        cell.ljust(width) if place < 3 else cell.rjust(width)
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(aligned).rstrip()
