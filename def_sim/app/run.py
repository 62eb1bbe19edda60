"""A run, prepared: survey, panel, strategy and model, read and checked.

Everything here is light: no torch, no pandas, nothing downloaded, nothing written.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final

from def_sim.app.figure_choice import check_figures
from def_sim.app.home import SHIPPED, find_package, home_folder
from def_sim.app.item_choice import only_items
from def_sim.app.offers import check_offers, read_offer
from def_sim.app.persona_checks import check_says_sex_and_age
from def_sim.app.run_inputs import (
    choose_language_pack,
    own_references,
    quotas_of,
    read_places_of,
    without_missing_places,
)
from def_sim.app.schema import RunConfig
from def_sim.app.strategy_choice import check_answer_mode, make_strategy, read_texts
from def_sim.app.strategy_frames import read_frames
from def_sim.app.targets import resolve_target
from def_sim.engines.local.checkpoints.package_source import FETCHED, packages_folder
from def_sim.errors import ModelError
from def_sim.interviews import Engine
from def_sim.questionnaire import InterviewRules
from def_sim.randomness import keyed_rng
from def_sim.records import AnswerMode, DecodingConfig, Respondent, Survey
from def_sim.resources import data_folder
from def_sim.respondents.panel import PanelRules, draw_panel, draw_respondent
from def_sim.respondents.personas import eligible_places
from def_sim.respondents.places import Place
from def_sim.strategies.asking import Presentation
from def_sim.strategies.contract import Strategy
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
        more_references=own_references(config.references),
        home=home_folder(),
        persona_country=config.persona_country,
        factual=config.factual,
    )
    loaded = replace(loaded, survey=only_items(loaded.survey, config.items))
    check_figures(config.figures, {question.item_id for question in loaded.survey.questions})
    config = without_missing_places(config, loaded.survey)
    presentation = Presentation(
        pack=choose_language_pack(loaded.survey, has_persons=config.modifications.has_persons),
        option_order=config.presentation.option_order,
        reading=config.reading,
        mode=AnswerMode(config.answer_mode),
        offer=read_offer(config, loaded.survey),
    )
    places = read_places_of(config, loaded.survey)
    rules = _panel_rules(config, loaded)
    panel = draw_panel(config.respondents, config.seed, rules, loaded.survey, places)
    strategy = make_strategy(
        config.strategy,
        presentation,
        read_texts(config, loaded.survey),
        read_frames(config, loaded.survey),
    )
    check_answer_mode(config, strategy)
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


def _panel_rules(config: RunConfig, loaded: LoadedSurvey) -> PanelRules:
    quotas = quotas_of(config.modifications, loaded)
    return PanelRules(config.modifications, config.places, config.decoding, config.memory, quotas)


def draw_respondents(run: Run, indices: Iterable[int]) -> Iterator[Respondent]:
    """Respondents of the run by their numbers, also those beyond its panel of today."""
    eligible = eligible_places(read_places_of(run.config, run.survey), run.config.places)
    rules = _panel_rules(run.config, run.loaded)
    for index in indices:
        yield draw_respondent(index, run.config.seed, rules, run.survey, eligible)


def list_places(run: Run) -> tuple[Place, ...]:
    """The places that respondents are drawn from; none where the prompt modification is off."""
    return read_places_of(run.config, run.survey)


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
