"""What a run reads beside its survey: places, language pack, quotas, reference figures of one's own.

Each is looked for in the home folder first, then among what is shipped; nothing is written.
"""

from dataclasses import replace
from pathlib import Path

from def_sim.app.home import home_folder
from def_sim.app.schema import RunConfig
from def_sim.errors import ConfigError
from def_sim.prompts import LanguagePack, read_language_pack
from def_sim.records import NO_COUNTRY, Survey
from def_sim.resources import data_folder, look_up
from def_sim.respondents.panel import Modifications
from def_sim.respondents.places import Place, read_places
from def_sim.respondents.quotas import EQUAL, PERSONS, Quotas, lacking_groups, read_quotas, reference_quotas
from def_sim.surveys.survey import LoadedSurvey


def quotas_of(modifications: Modifications, loaded: LoadedSurvey) -> Quotas | None:
    """Shares of sex by age in the panel; None where personas have none."""
    if not modifications.has_persons:
        return None
    if modifications.quotas_file is not None:
        return read_quotas(Path(modifications.quotas_file).expanduser())
    if modifications.quotas == "equal":
        return EQUAL
    quotas = reference_quotas(loaded.reference.items.values())
    if quotas is None:
        lacking = lacking_groups(loaded.reference.items.values())
        which = f"of {', '.join(lacking)} there are none, as of groups of fewer than 10 people"
        found = "there are none of any" if len(lacking) == len(PERSONS) else which
        raise ConfigError(
            f"modifications.quotas=reference: survey {loaded.survey.name} has no item with figures of "
            f"{loaded.survey.population} by sex and age in all {len(PERSONS)} groups: {found}.",
            fix="Give modifications.quotas=equal, or quotas of your own: modifications.quotas=file "
            "modifications.quotas_file=FILE.",
        )
    return quotas


def own_references(folder: str | None) -> Path | None:
    """The folder of reference figures that `references=` names.

    Raises:
        ConfigError: It is not there.
    """
    path = Path(folder).expanduser() if folder is not None else None
    if path is not None and not path.is_dir():
        raise ConfigError(
            f"references={folder}: there is no such folder.",
            fix="Give the folder that holds <population>/<source>.csv (format: data/README.md).",
        )
    return path


def has_places(survey: Survey) -> bool:
    """Whether respondents are said to be from somewhere, if only from a country."""
    return survey.persona_country != NO_COUNTRY


def choose_language_pack(survey: Survey, *, has_persons: bool) -> LanguagePack:
    """The words around the questions, in the language of the survey's frame.

    Raises:
        ConfigError: There is none in that language, or it lacks the words for such personas.
    """
    path = _language_pack_path(survey.frame_language)
    pack = read_language_pack(path)
    if has_persons and pack.frame_with_person is None:
        raise ConfigError(
            f"modifications.persona=demographic: the language pack {path} has no `frame_with_person`.",
            fix="Add one that says sex and age, as data/prompts/en.yaml has, or choose another "
            "`frame_language=`.",
        )
    if not has_places(survey) and pack.frame_without_place is None:
        raise ConfigError(
            f"persona_country={NO_COUNTRY}: the language pack {path} has no `frame_without_place`.",
            fix="Add one that names no country, as data/prompts/en.yaml has, or choose another "
            "`frame_language=`.",
        )
    return pack


def _language_pack_path(language: str) -> Path:
    path = look_up(f"prompts/{language}.yaml", data_folder(), home_folder())
    if not path.is_file():
        folders = [data_folder(), *([home] if (home := home_folder()) is not None else [])]
        known = sorted({p.stem for folder in folders for p in (folder / "prompts").glob("*.yaml")})
        raise ConfigError(
            f"frame_language={language}: there is no such language pack; known: {', '.join(known)}.",
            fix="Choose one of them, or write prompts/<language>.yaml into your home folder.",
        )
    return path


def places_path(survey: Survey) -> Path:
    """The place list of the country whose citizens are asked; it need not be there."""
    return look_up(f"places/{survey.persona_country or survey.population}.csv", data_folder(), home_folder())


def lacks_places(survey: Survey) -> bool:
    """Whether respondents are of a country of which there is no place list."""
    return has_places(survey) and not places_path(survey).is_file()


def without_missing_places(config: RunConfig, survey: Survey) -> RunConfig:
    """Without a place list a respondent is of the country alone: the run with modifications.prompt=false."""
    if not lacks_places(survey):
        return config
    return config.model_copy(update={"modifications": replace(config.modifications, prompt=False)})


def read_places_of(config: RunConfig, survey: Survey) -> tuple[Place, ...]:
    """The places that respondents are drawn from; none where the prompt modification is off.

    Raises:
        ConfigError: Places are asked for, and no country.
    """
    if not config.modifications.prompt:
        return ()
    if not has_places(survey):
        raise ConfigError(
            f"persona_country={NO_COUNTRY} goes with no place, and modifications.prompt=true draws one "
            "for each respondent.",
            fix="Switch that off: modifications.prompt=false.",
        )
    path = places_path(survey)
    level = {"cities": "city", "regions": "region"}[config.places.level]
    return read_places(path, level=level, language=survey.language)
