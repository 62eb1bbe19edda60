"""Surveys: which items are asked in which order, of which population, in which language.

An instrument is not a population: the same items serve every country that was asked them.
This is where the two are joined, and where it shows if they do not fit.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, RootModel, model_validator

from def_sim.errors import ConfigError, SurveyFormatError
from def_sim.names import check_name
from def_sim.records import NO_COUNTRY, Question, Survey
from def_sim.resources import look_up, looked_in
from def_sim.surveys.added_wordings import Numbered, wordings_of
from def_sim.surveys.human_reference import HumanReference, merge_references, read_reference
from def_sim.surveys.item_bank import Item
from def_sim.surveys.official_wordings import OFFICIAL, OFFICIAL_NUMBER, official_wordings_of
from def_sim.surveys.shown_options import items_of_source
from def_sim.yaml_files import read_validated

Name = Annotated[str, AfterValidator(check_name)]  # of a file of ours, or a part of a path


POPULATIONS: Final = "populations.yaml"
_WAVE: Final = "wvs7"


class SurveyFile(BaseModel):
    """`data/surveys/<name>.yaml`: sources in the order they are asked, with defaults."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    title: str
    population: Name
    population_label: Annotated[str, Field(min_length=1, max_length=100)] | None = None  # whom it asked
    language: Name
    frame_language: Name
    sources: list[Name]
    items: list[str] | None = None  # ids in the order they are asked; None: all that were asked
    short_of: Name | None = None  # the survey whose short form this is; needs `items`

    @model_validator(mode="after")
    def _check_short_form(self) -> Self:
        if self.short_of is not None and self.items is None:
            raise ValueError(f"{self.name}: a short form of {self.short_of!r} names its `items`")
        return self


class Populations(RootModel[dict[str, dict[str, str]]]):
    """`data/populations.yaml`: ISO alpha-3 code -> language -> the country's name in a sentence."""


@dataclass(frozen=True)
class LoadedSurvey:
    """A survey with the people's side of it and the items behind its questions."""

    survey: Survey
    reference: HumanReference
    items: dict[str, Item]


def load_survey(
    path: Path,
    data: Path,
    *,
    population: str | None = None,
    language: str | None = None,
    frame_language: str | None = None,
    wordings: str | int = "base",
    asked: Collection[str] | None = None,
    more_references: Path | None = None,
    home: Path | None = None,
    persona_country: str | None = None,
    factual: bool = False,
) -> LoadedSurvey:
    """Joins items, population and language.

    Args:
        path: The survey file.
        data: Folder that holds items/, references/ and populations.yaml.
        population: ISO alpha-3 code; None takes the survey's own.
        language: Of questions and options; None takes the survey's own.
        frame_language: Of the instruction around them; None takes the survey's own.
        wordings: "base" asks every item once; "all" asks every wording, those that the user accepted too,
            base block first; a number asks every item once in that wording, 0 being the base one; "official"
            asks every item once in the sentence of a codebook that the user's home holds.
        asked: Items that must have the wording of that number; None: all. Others are left out without it.
        more_references: A user's own folder of `<population>/<source>.csv`, for figures that
            cannot be shipped.
        home: A user's own folder that has the form of `data`; what is in it is taken from there.
        persona_country: Whose citizens the respondents are, apart from whom they are compared with: an
            ISO alpha-3 code, or NO_COUNTRY; None takes the population's.
        factual: Asks the factual items of the survey's sources, too, behind its last question.

    Raises:
        SurveyFormatError: A data file breaks its format.
        ConfigError: The population or language is not to be had.
    """
    file = read_validated(path, SurveyFile)
    _check_full_form(file, path, data, home)
    population = population or file.population
    language = language or file.language
    known = read_country_names(data, home)
    names = _country_names(known, population, language)
    if persona_country == population:  # the same panel, so the same run
        persona_country = None
    items, reference = _items_and_reference(file, path, data, home, population, more_references, factual)
    _check_language(path, items, language)
    if wordings == OFFICIAL:
        numbered = official_wordings_of(items, language, home)
    else:
        numbered = wordings_of(items, language, home if wordings != "base" else None)
    blocks = _blocks(wordings, numbered, language, asked)
    return LoadedSurvey(
        Survey(
            name=file.name,
            title=file.title,
            population=population,
            country_names=names,
            language=language,
            frame_language=frame_language or file.frame_language,
            questions=_questions(items, numbered, population, language, blocks),
            short_of=file.short_of,
            persona_country=persona_country,
            persona_names=_persona_names(known, persona_country, language),
            population_label=(file.population_label or "") if population == file.population else "",
        ),
        reference,
        items,
    )


def read_country_names(data: Path, home: Path | None = None) -> dict[str, dict[str, str]]:
    """ISO alpha-3 code -> language -> the country's name as it stands in a sentence.

    Args:
        data: Folder that holds populations.yaml.
        home: A user's own folder, whose populations.yaml, if there is one, adds to it.

    Raises:
        SurveyFormatError: A file breaks its format.
    """
    files = [data / POPULATIONS, *([home / POPULATIONS] if home is not None else [])]
    known: dict[str, dict[str, str]] = {}
    for path in files:
        if path == files[0] or path.is_file():
            known |= read_validated(path, Populations).root
    return known


def _persona_names(
    known: dict[str, dict[str, str]], persona_country: str | None, language: str
) -> dict[str, str] | None:
    if persona_country is None or persona_country == NO_COUNTRY:
        return None
    if persona_country not in known:
        raise ConfigError(
            f"Unknown persona_country {persona_country!r}; known: {', '.join(sorted(known))}, {NO_COUNTRY}.",
            fix="Choose one of them: `persona_country=CHN`; or add it (docs/how_to/add_a_country.md).",
        )
    return _country_names(known, persona_country, language)


def _country_names(known: dict[str, dict[str, str]], population: str, language: str) -> dict[str, str]:
    if population not in known:
        # People write US and deu for USA and DEU.
        likely = next((code for code in sorted(known) if code.startswith(population.upper())), "CHN")
        raise ConfigError(
            f"Unknown population {population!r}; known: {', '.join(sorted(known))}.",
            fix=f"Choose one of them: `population={likely}`; or add it (docs/how_to/add_a_country.md).",
        )
    if language not in known[population]:
        raise ConfigError(
            f"{population} has no name in language {language!r}; it has {sorted(known[population])}.",
            fix="Choose another `language=`, or add the country's name in it to populations.yaml.",
        )
    return known[population]


def _check_full_form(file: SurveyFile, path: Path, data: Path, home: Path | None) -> None:
    if file.short_of is None:
        return
    beside = path.with_name(f"{file.short_of}.yaml")
    if not (beside.is_file() or look_up(f"surveys/{beside.name}", data, home).is_file()):
        raise SurveyFormatError(
            f"{path}: short_of names {file.short_of!r}, and there is no {file.short_of}.yaml beside it.",
            fix="Give the name of the survey that this one is a short form of, or leave short_of out.",
        )


def _items_and_reference(
    file: SurveyFile,
    path: Path,
    data: Path,
    home: Path | None,
    population: str,
    more_references: Path | None,
    factual: bool,
) -> tuple[dict[str, Item], HumanReference]:
    """The items this population was asked, in the survey's order, with what it answered.

    Asked are items with a reference, and items whose `asked_in` names the population: their
    figures cannot be shipped, and they are scored once a user has brought them. Factual items are asked
    only where the survey names them, or all of them last if `factual`; figures of those that are not asked
    are left out, as if there were none.
    """
    items: dict[str, Item] = {}
    references = []
    for source in file.sources:
        of_source = items_of_source(_items_path(source, path, data, home), data, home)
        items |= of_source
        name = f"{population}/{source}.csv"
        own = [more_references / name] if more_references is not None else []
        for figures in (look_up(f"references/{name}", data, home), *own):
            if figures.is_file():
                references.append(read_reference(figures, of_source, population))
    if more_references is not None:
        _check_more_references(more_references, file, population)
    reference = merge_references(population, references)
    order = _order(file, items, factual)
    if unknown := [item_id for item_id in order if item_id not in items]:
        raise SurveyFormatError(
            f"Survey {file.name}: item {unknown[0]!r} is in none of its sources {file.sources}.",
            fix=f"Correct data/surveys/{file.name}.yaml.",
        )
    asked = {
        item_id: items[item_id]
        for item_id in order
        if (item_id, "all") in reference.items or population in items[item_id].asked_in
    }
    if not asked:
        raise _no_figures(file, population, data)
    _check_follow_ups(file, list(asked.values()))
    return asked, _without_facts(reference, items, asked)


def _no_figures(file: SurveyFile, population: str, data: Path) -> ConfigError:
    """The error of a population without figures; countries with a shipped name were asked the wave."""
    if _WAVE in file.sources and population in read_country_names(data):
        return ConfigError(
            f"Survey {file.name}: there are no figures of {population} here. The World Values Survey asked "
            "its items there, and its file may not be passed on.",
            fix=f"Import your own copy: `stage=import importer={_WAVE} source=FILE "
            f"'countries=[{population}]' home=FOLDER` (docs/how_to/importing.md); or choose another "
            "`population=`.",
        )
    return ConfigError(
        f"Survey {file.name}: {population} was asked none of its items.",
        fix="Choose another `population=` or another survey.",
    )


def _order(file: SurveyFile, items: dict[str, Item], factual: bool) -> list[str]:
    """Ids of the items in the order they are asked, if the population was."""
    of_opinion = [item_id for item_id, item in items.items() if not item.is_factual]
    order = file.items if file.items is not None else of_opinion
    more = [item_id for item_id, item in items.items() if item.is_factual and item_id not in order]
    return [*order, *(more if factual else [])]


def _without_facts(
    reference: HumanReference, items: dict[str, Item], asked: dict[str, Item]
) -> HumanReference:
    """The reference without factual items that are not asked: a run of before knew none of them."""
    kept = {
        key: shares
        for key, shares in reference.items.items()
        if key[0] in asked or not items[key[0]].is_factual
    }
    return HumanReference(reference.population, reference.sources, kept)


def _items_path(source: str, survey: Path, data: Path, home: Path | None) -> Path:
    path = look_up(f"items/{source}.yaml", data, home)
    if not path.is_file():
        raise SurveyFormatError(
            f"{survey}: its source {source!r} has no items: {source}.yaml does not exist in items/ of "
            f"{looked_in(data, home)}.",
            fix=f"Correct `sources:`, or give the home folder that holds items/{source}.yaml: home=FOLDER.",
        )
    return path


def _check_more_references(folder: Path, file: SurveyFile, population: str) -> None:
    """A folder of one's own that holds nothing for this survey is a mistake, not a wish."""
    if not any((folder / population / f"{source}.csv").is_file() for source in file.sources):
        expected = ", ".join(f"{population}/{source}.csv" for source in file.sources)
        raise ConfigError(
            f"references={folder}: it holds none of {expected}.",
            fix="Correct the names of folder and files; the format is in data/README.md.",
        )


def _check_follow_ups(file: SurveyFile, asked: list[Item]) -> None:
    """A follow-up apart from its first question could never be filled in where questions run side by side."""
    for before, item in zip([None, *asked], asked, strict=False):
        firsts = (before.id, before.follow_up_of) if before is not None else ()
        if item.follow_up_of is not None and item.follow_up_of not in firsts:
            raise SurveyFormatError(
                f"Survey {file.name}: {item.id} does not stand right behind {item.follow_up_of}, "
                "which it follows.",
                fix=f"Put them side by side in data/surveys/{file.name}.yaml, or leave {item.id} out.",
            )


def _check_language(path: Path, items: dict[str, Item], language: str) -> None:
    for item in items.values():
        if language not in item.wordings:
            raise ConfigError(
                f"{item.id} has no wording in language {language!r}; it has {sorted(item.wordings)}.",
                fix=f"Choose another `language=`, or add the language in data/items (survey {path.stem}).",
            )


def _blocks(
    wordings: str | int, numbered: Mapping[str, Numbered], language: str, asked: Collection[str] | None
) -> Sequence[int]:
    """The wordings in which the questionnaire is asked, one block after the other."""
    if wordings == "all":
        return sorted({number for of_item in numbered.values() for number in of_item})
    if wordings == OFFICIAL:
        _check_official(numbered, language, asked)
        return [OFFICIAL_NUMBER]
    if not isinstance(wordings, int):
        return [0]
    lacking = [
        name
        for name, of_item in numbered.items()
        if wordings not in of_item and (asked is None or name in asked)
    ]
    if lacking:
        has = ", ".join(map(str, numbered[lacking[0]]))
        everywhere = set.intersection(*(set(numbered[name]) for name in lacking))
        raise ConfigError(
            f"wordings={wordings}: {len(lacking)} of the items have no such wording in {language!r}; the "
            f"first is {lacking[0]}, which has {has}.",
            fix=f"Choose a wording from 0 to {max(everywhere)}, or the items that have it with items=[...].",
        )
    return [wordings]


def _check_official(numbered: Mapping[str, Numbered], language: str, asked: Collection[str] | None) -> None:
    lacking = [name for name, own in numbered.items() if not own and (asked is None or name in asked)]
    if lacking:
        raise ConfigError(
            f"wordings=official: {len(lacking)} of the items have no official sentence in {language!r} in "
            f"your home; the first is {lacking[0]}.",
            fix="Add them (docs/how_to/rephrasing.md), or ask the items that have one with items=[...].",
        )


def _questions(
    items: dict[str, Item],
    numbered: Mapping[str, Numbered],
    population: str,
    language: str,
    blocks: Sequence[int],
) -> tuple[Question, ...]:
    return tuple(
        replace(
            item.question(wording=0, language=language, population=population),
            wording=wording,
            text=numbered[item.id][wording],
        )
        for is_factual in (False, True)  # facts last, so that no opinion is asked behind one
        for wording in blocks  # base block first, then each further wording
        for item in items.values()
        if item.is_factual == is_factual and wording in numbered[item.id]
    )
