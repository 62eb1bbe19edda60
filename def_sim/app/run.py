"""A run, prepared: survey, panel, strategy and model, read and checked.

Everything here is light: no torch, no pandas, nothing downloaded, nothing written.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from inspect import signature
from pathlib import Path
from typing import Final

from def_sim.app.choices import StrategyChoice
from def_sim.app.figure_choice import check_figures
from def_sim.app.home import SHIPPED, find_package, home_folder
from def_sim.app.offers import check_offers, read_offer
from def_sim.app.persona_checks import check_says_sex_and_age
from def_sim.app.schema import RunConfig
from def_sim.app.strategy_frames import FRAMES, read_frames
from def_sim.app.targets import resolve_target
from def_sim.engines.local.checkpoints.package_source import FETCHED, packages_folder
from def_sim.errors import ConfigError, ModelError
from def_sim.interviews import Engine
from def_sim.prompts import LanguagePack, read_language_pack
from def_sim.questionnaire import InterviewRules
from def_sim.randomness import keyed_rng
from def_sim.records import (
    NO_COUNTRY,
    AnswerMode,
    DecodingConfig,
    Respondent,
    Survey,
)
from def_sim.resources import data_folder, look_up
from def_sim.respondents.panel import Modifications, PanelRules, draw_panel, draw_respondent
from def_sim.respondents.personas import eligible_places
from def_sim.respondents.places import Place, read_places
from def_sim.respondents.quotas import EQUAL, Quotas, read_quotas, reference_quotas
from def_sim.strategies.asking import Presentation
from def_sim.strategies.contract import Strategy
from def_sim.strategies.frames import FramesFile
from def_sim.strategies.texts import StrategyTexts, read_strategy_texts
from def_sim.surveys.survey import LoadedSurvey, load_survey

_PLACES = (SHIPPED, FETCHED)
MOST_LOOKED_AT: Final = 2000  # respondents behind an estimate for a panel


@dataclass(frozen=True)
class Run:
    """All that a stage needs."""

    config: RunConfig
    loaded: LoadedSurvey
    panel: Sequence[Respondent]  # drawn one by one, when somebody asks for them
    strategy: Strategy
    presentation: Presentation
    rules: InterviewRules

    @property
    def survey(self) -> Survey:
        """What is asked."""
        return self.loaded.survey

    @property
    def num_planned(self) -> int:
        """Answers that the whole panel will give."""
        return len(self.panel) * len(self.survey.questions)

    @property
    def most_calls(self) -> int:
        """Most calls that the strategy makes for any of the questions."""
        return max(self.strategy.num_calls(question) for question in self.survey.questions)

    @property
    def decodings(self) -> tuple[DecodingConfig, ...]:
        """All decoding settings that this process's requests may have, each once, in the order of its panel.

        Of a large panel those that `MOST_LOOKED_AT` of its respondents have.
        """
        looked_at = self._drawn_of(self.shard_indices)
        of_all = (decoding for r in looked_at for decoding in self.strategy.decodings(r))
        return tuple(dict.fromkeys(of_all))

    @property
    def shard_indices(self) -> range:
        """Numbers of the respondents whom this process asks."""
        return range(self.config.shard, len(self.panel), self.config.num_shards)

    @property
    def shard_panel(self) -> list[Respondent]:
        """The respondents whom this process asks; no other is drawn for it."""
        return [self.panel[index] for index in self.shard_indices]

    @cached_property
    def looked_at(self) -> list[Respondent]:
        """Those behind estimates for the whole panel: all, or `MOST_LOOKED_AT` drawn by seed."""
        return self._drawn_of(range(len(self.panel)))

    @property
    def has_memories(self) -> bool:
        """Whether any of the respondents looked at remembers anything."""
        return any(respondent.memory_capacity for respondent in self._drawn_of(self.shard_indices))

    def _drawn_of(self, indices: range) -> list[Respondent]:
        drawn: Iterable[int] = range(len(indices))
        if len(indices) > MOST_LOOKED_AT:
            rng = keyed_rng(self.config.seed, "respondents looked at", len(indices))
            drawn = sorted(rng.choice(len(indices), size=MOST_LOOKED_AT, replace=False).tolist())
        return [self.panel[indices[place]] for place in drawn]


def prepare_run(config: RunConfig, *, load: Callable[..., LoadedSurvey] = load_survey) -> Run:
    """Reads and checks everything that is asked, and draws who is asked.

    Args:
        config: Of the run.
        load: Takes the place of `load_survey`, of many runs of the same survey for instance.

    Raises:
        ConfigError: A choice that does not fit, such as a strategy without texts in the frame's language.
        SurveyFormatError: A data file that breaks its format.
    """
    data = data_folder()
    loaded = load(
        resolve_path(config.survey.file),
        data,
        population=config.population,
        language=config.language,
        frame_language=config.frame_language,
        wordings=config.wordings,
        asked=None if config.items is None else frozenset(config.items),
        more_references=_own_references(config.references),
        home=home_folder(),
        persona_country=config.persona_country,
        factual=config.factual,
    )
    loaded = replace(loaded, survey=_only_items(loaded.survey, config.items))
    check_figures(config.figures, {question.item_id for question in loaded.survey.questions})
    config = _without_missing_places(config, loaded.survey)
    presentation = Presentation(
        pack=_language_pack(loaded.survey, has_persons=config.modifications.has_persons),
        option_order=config.presentation.option_order,
        reading=config.reading,
        mode=AnswerMode(config.answer_mode),
        offer=read_offer(config, loaded.survey),
    )
    places = _places(config, loaded.survey)
    rules = _panel_rules(config, loaded)
    panel = draw_panel(config.respondents, config.seed, rules, loaded.survey, places)
    strategy = make_strategy(
        config.strategy,
        presentation,
        read_texts(config, loaded.survey),
        read_frames(config, loaded.survey),
    )
    _check_answer_mode(config, strategy)
    check_offers(strategy, config, presentation.offer, panel[0], loaded.survey.questions[0])
    if config.modifications.has_persons:
        check_says_sex_and_age(strategy, config.strategy.name, panel[0], loaded.survey.questions[0])
    interview_rules = InterviewRules(
        seed=config.seed,
        uses_memory=strategy.uses_memory,
        memory=config.memory,
        # Before a judge has read the first answer nobody knows what would follow: `fill` asks nothing then.
        follow_up=config.presentation.follow_up if strategy.needs_judge is None else "fill",
        question_order=config.presentation.question_order,
        max_in_flight=config.max_in_flight,
        max_engine_errors=config.max_engine_errors,
    )
    return Run(config, loaded, panel, strategy, presentation, interview_rules)


def make_strategy(
    choice: StrategyChoice,
    presentation: Presentation,
    texts: StrategyTexts | None,
    frames: FramesFile | None = None,
) -> Strategy:
    """The strategy that a YAML names.

    Args:
        choice: Its target and arguments.
        presentation: How questions are shown.
        texts: Its own words, for one that has some.
        frames: What it puts questions in, for one that takes frames.

    Raises:
        ConfigError: What the target makes is no strategy, or its texts do not fit.
    """
    read = {name: content for name, content in (("texts", texts), (FRAMES, frames)) if content is not None}
    strategy = resolve_target(choice.target)(presentation=presentation, **{**choice.arguments, **read})
    for name in (
        "uses_memory",
        "num_calls",
        "mean_tokens",
        "answer_modes",
        "needs_judge",
        "decodings",
        "ask",
    ):
        if not hasattr(strategy, name):
            raise ConfigError(
                f"strategy={choice.name}: {choice.target} has no `{name}`.",
                fix="See def_sim/strategies/contract.py for what a strategy has.",
            )
    made: Strategy = strategy
    return made


def _check_answer_mode(config: RunConfig, strategy: Strategy) -> None:
    modes = [mode.value for mode in strategy.answer_modes]
    if config.answer_mode not in modes:
        raise ConfigError(
            f"strategy={config.strategy.name} cannot read answers given by answer_mode={config.answer_mode}.",
            fix=f"Choose answer_mode={' or '.join(modes)}, or another strategy.",
        )


def _texts_path(config: RunConfig, survey: Survey) -> Path:
    name = f"prompts/strategies/{config.strategy.name}/{survey.frame_language}.yaml"
    return look_up(name, data_folder(), home_folder())


def read_texts(config: RunConfig, survey: Survey) -> StrategyTexts | None:
    """A strategy's own texts in the language of the frame; None for one that takes none."""
    target = resolve_target(config.strategy.target)
    if "texts" not in signature(target).parameters:
        return None
    path = _texts_path(config, survey)
    if not path.is_file():
        raise ConfigError(
            f"strategy={config.strategy.name}: it has no texts in {survey.frame_language!r}.",
            fix=f"Choose another frame_language, or write {path}.",
        )
    return read_strategy_texts(path)


def _panel_rules(config: RunConfig, loaded: LoadedSurvey) -> PanelRules:
    quotas = quotas_of(config.modifications, loaded)
    return PanelRules(config.modifications, config.places, config.decoding, config.memory, quotas)


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
        raise ConfigError(
            f"modifications.quotas=reference: survey {loaded.survey.name} has no item with figures of "
            f"{loaded.survey.population} by sex and age.",
            fix="Give modifications.quotas=equal, or quotas of your own: modifications.quotas=file "
            "modifications.quotas_file=FILE.",
        )
    return quotas


def draw_respondents(run: Run, indices: Iterable[int]) -> Iterator[Respondent]:
    """Respondents of the run by their numbers, also those beyond its panel of today."""
    eligible = eligible_places(_places(run.config, run.survey), run.config.places)
    rules = _panel_rules(run.config, run.loaded)
    for index in indices:
        yield draw_respondent(index, run.config.seed, rules, run.survey, eligible)


def list_places(run: Run) -> tuple[Place, ...]:
    """The places that respondents are drawn from; none where the prompt modification is off."""
    return _places(run.config, run.survey)


def _own_references(folder: str | None) -> Path | None:
    path = Path(folder).expanduser() if folder is not None else None
    if path is not None and not path.is_dir():
        raise ConfigError(
            f"references={folder}: there is no such folder.",
            fix="Give the folder that holds <population>/<source>.csv (format: data/README.md).",
        )
    return path


def resolve_path(text: str) -> Path:
    """`package://...` is in the home or shipped, `fetched://...` in our own cache; else a path as given."""
    if text.startswith(SHIPPED):
        return find_package(text)
    if text.startswith(FETCHED):
        return packages_folder() / text.removeprefix(FETCHED)
    return Path(text).expanduser()


def create_engine(config: RunConfig) -> Engine:
    """The model's engine, not loaded yet.

    Raises:
        ModelError: This version cannot load that model.
    """
    model = config.model
    if model.unsupported is not None or model.engine is None:
        raise ModelError(
            f"{model.label} cannot be asked yet. {model.unsupported or 'It has no engine.'}",
            fix="Choose another model; `stage=plan` works for this one.",
        )
    arguments = {
        name: str(resolve_path(value)) if isinstance(value, str) and value.startswith(_PLACES) else value
        for name, value in model.engine.arguments.items()
    }
    engine: Engine = resolve_target(model.engine.target)(**arguments)
    return engine


def has_places(survey: Survey) -> bool:
    """Whether respondents are said to be from somewhere, if only from a country."""
    return survey.persona_country != NO_COUNTRY


def _nearest_item(wanted: str, known: list[str]) -> str:
    """The item that somebody meant who left out its source or wrote it in other letters."""
    name = wanted.rpartition(".")[2].casefold()
    alike = [item_id for item_id in known if item_id.rpartition(".")[2].casefold() == name]
    meant = f"Did you mean `items=[{alike[0]}]`? " if alike else ""
    return f"{meant}Ids look like `wvs7.Q1`; `def-sim stage=plan show=items` lists all with their questions."


def _only_items(survey: Survey, wanted: list[str] | None) -> Survey:
    if wanted is None:
        return survey
    known = {question.item_id for question in survey.questions}
    if unknown := [item_id for item_id in wanted if item_id not in known]:
        raise ConfigError(
            f"items: survey {survey.name} has no item {unknown[0]!r}.",
            fix=_nearest_item(unknown[0], sorted(known)),
        )
    questions = tuple(question for question in survey.questions if question.item_id in wanted)
    asked = {question.id for question in questions}
    for question in questions:
        first = f"{question.follow_up_of}#{question.wording}"
        if question.follow_up_of is not None and first not in asked:
            raise ConfigError(
                f"items: {question.item_id} follows {question.follow_up_of}, which is not in the list.",
                fix=f"Add {question.follow_up_of} to `items=`.",
            )
    return replace(survey, questions=questions)


def _language_pack(survey: Survey, *, has_persons: bool) -> LanguagePack:
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


def _without_missing_places(config: RunConfig, survey: Survey) -> RunConfig:
    """Without a place list a respondent is of the country alone: the run with modifications.prompt=false."""
    if not lacks_places(survey):
        return config
    return config.model_copy(update={"modifications": replace(config.modifications, prompt=False)})


def _places(config: RunConfig, survey: Survey) -> tuple[Place, ...]:
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
