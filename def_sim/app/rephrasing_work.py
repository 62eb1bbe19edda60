"""What one model is asked about one source and language, made ready: items, texts, settings, numbers.

Light: no model is loaded, nothing is sent and nothing written.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from def_sim.answers.storage.manifest import run_hash
from def_sim.app.definition import what_defines_model
from def_sim.app.home import home_folder
from def_sim.app.rephrasing_calls import Asker, Numbered, calls_folder, read_numbers, read_stored
from def_sim.app.rephrasing_sheet import SheetRow, read_sheet, sheet_path, texts_by_number
from def_sim.app.run import resolve_path
from def_sim.app.schema import RunConfig
from def_sim.errors import ConfigError
from def_sim.interviews import Engine
from def_sim.prompts import hash_messages
from def_sim.records import Capabilities, DecodingConfig
from def_sim.resources import data_folder, look_up
from def_sim.surveys.added_wordings import read_added_wordings, source_of
from def_sim.surveys.item_bank import Item
from def_sim.surveys.rephrase import Draft, Rephrased, RephraseSettings, drafting_request
from def_sim.surveys.rephrase_rules import LANGUAGES_WITH_NEGATION, faults_of
from def_sim.surveys.rephrase_texts import RephraseTexts, read_rephrase_texts
from def_sim.surveys.survey import LoadedSurvey, load_survey


@dataclass(frozen=True)
class RephrasingWork:
    """Everything that is asked of a model about one source.

    Attributes:
        config: Of the command; its model is asked.
        home: The user's own folder.
        source: Of the items.
        language: Of their wordings.
        items: Those that are rephrased, in the survey's order.
        texts: In that language.
        settings: How the model is asked.
        asker: Who is asked.
        defines: What its replies depend on besides the items.
        population: Whose options are shown.
    """

    config: RunConfig
    home: Path
    source: str
    language: str
    items: Sequence[Item]
    texts: RephraseTexts
    settings: RephraseSettings
    asker: Asker
    defines: Mapping[str, Any]
    population: str

    @property
    def of_source(self) -> Path:
        """Where the calls of all models about this source lie."""
        return calls_folder(self.home, self.source, self.language)

    @property
    def of_asker(self) -> Path:
        """Where this model's calls lie."""
        return self.of_source / f"{self.asker.name}-{run_hash(self.defines)}"

    @property
    def sheet(self) -> Path:
        """The drafts that people review."""
        return sheet_path(self.home, self.source, self.language)

    @property
    def notes(self) -> list[str]:
        """What is otherwise than asked for, or than one might think."""
        wanted, taken = self.config.rephrasing.temperature, self.settings.drafting.temperature
        other = (
            f"{self.config.model.label} takes no temperature {wanted:g}: wordings are drafted at {taken:g}"
        )
        unknown = f"no rule knows how {self.language!r} denies: look at negations yourself"
        is_known = self.language in LANGUAGES_WITH_NEGATION
        return [*([other] if taken != wanted else []), *([] if is_known else [unknown])]

    def labels_of(self, item: Item) -> tuple[str, ...]:
        """The options of an item as its population is shown them."""
        return tuple(option.labels[self.language] for option in item.shown_options(self.population))

    def rephrased(self, item: Item, numbers: "Numbers") -> Rephrased:
        """An item with the number that its first draft gets: the stored one, or the next that is free."""
        base = item.wordings[self.language][0]
        bare = Rephrased(item.id, self.language, base, self.labels_of(item))
        prompt = hash_messages(drafting_request(bare, self.texts, self.settings).messages)
        stored = numbers.stored.get((item.id, prompt))
        first = numbers.next_of(item.id) if stored is None else stored.wording
        known = tuple(text for number, text in numbers.texts_of(item.id).items() if 0 < number < first)
        return Rephrased(item.id, self.language, base, self.labels_of(item), known, first)

    def draft_of(self, item: Item, row: SheetRow, numbers: "Numbers") -> Draft:
        """A row of the sheet as a draft, with what rules say of its text as it stands."""
        base = item.wordings[self.language][0]
        known = numbers.texts_of(item.id).items()
        others = [text for number, text in known if 0 < number < row.number]
        faults = faults_of(
            row.draft, base, language=self.language, labels=self.labels_of(item), others=others
        )
        return Draft(item.id, row.number, base, row.draft, tuple(faults))


class Numbers:
    """Which numbers of a source are taken, and by which texts.

    Args:
        work: Of the source; its item files, accepted wordings, sheet and calls are read.
    """

    def __init__(self, work: RephrasingWork) -> None:
        self.rows = read_sheet(work.sheet)
        self.stored = read_stored(work.of_asker)
        self.numbered: list[Numbered] = read_numbers(work.of_source)
        self._texts = {item.id: dict(enumerate(item.wordings[work.language])) for item in work.items}
        for item_id, drafts in texts_by_number(self.rows).items():
            self._texts.setdefault(item_id, {}).update(drafts)
        for added in read_added_wordings(work.home, work.source, work.language).wordings:
            self._texts.setdefault(added.item, {})[added.number] = added.text

    def texts_of(self, item_id: str) -> Mapping[int, str]:
        """Number -> text: item file, accepted ones, drafts."""
        return dict(sorted(self._texts[item_id].items()))

    def next_of(self, item_id: str) -> int:
        """The first number that was never given to a wording of the item."""
        given = [number for one in self.numbered if one.item_id == item_id for number in one.numbers]
        return max((*self._texts[item_id], *given)) + 1

    def drafted_by(self, item_id: str, number: int) -> Asker | None:
        """Who wrote a draft; None: no call that is kept here."""
        found = [one.asker for one in self.numbered if one.item_id == item_id and number in one.numbers]
        return found[0] if found else None


def drafts_to_check(work: RephrasingWork, numbers: Numbers) -> list[tuple[Item, list[Draft]]]:
    """The drafts of the sheet that this model did not write, by item; those with faults are never checked."""
    of_item: dict[str, dict[int, Draft]] = {}
    items = {item.id: item for item in work.items}
    for row in numbers.rows:
        asker = numbers.drafted_by(row.item_id, row.number)
        is_own = asker is not None and dict(asker.model) == dict(work.asker.model)
        if row.item_id in items and not is_own:
            draft = work.draft_of(items[row.item_id], row, numbers)
            of_item.setdefault(row.item_id, {})[row.number] = draft
    return [(items[item_id], list(drafts.values())) for item_id, drafts in of_item.items()]


def _with_drafts(works: Sequence[RephrasingWork]) -> list[RephrasingWork]:
    """The sources of which there is something to check."""
    found = [work for work in works if drafts_to_check(work, Numbers(work))]
    if not found:
        sheets = ", ".join(str(work.sheet) for work in works)
        raise ConfigError(
            f"check=true: {works[0].config.model.label} finds no draft but its own in {sheets}.",
            fix="Name another `model=` than the one that drafted; without check=true drafts are made.",
        )
    return found


def required_home() -> Path:
    """The user's home.

    Raises:
        ConfigError: There is none.
    """
    home = home_folder()
    if home is None:
        raise ConfigError(
            "stage=rephrase writes into your home folder, and there is none.",
            fix="Make one, `mkdir my_home`, and add `home=my_home` to the command.",
        )
    return home


def prepare_works(config: RunConfig, engine: Engine) -> list[RephrasingWork]:
    """One for each source of the survey, in its order; with `check=true` for each that has drafts.

    Raises:
        DefSimError: There is no home, nothing to check, the model cannot rephrase, or a file is damaged.
    """
    home, loaded = required_home(), load_items(config)
    if config.model.is_demonstration:
        raise ConfigError(
            f"{config.model.label} cannot rephrase: what it says means nothing.",
            fix="Choose another `model=`, such as model=claude.",
        )
    language = loaded.survey.language
    texts = _texts(language, home)
    settings = _settings(config, engine.capabilities)
    identity = engine.describe()["identity"]
    assert isinstance(identity, Mapping)
    model = what_defines_model(config.model, identity)
    defines = {
        "model": model,
        "texts": hashlib.sha256(texts.model_dump_json().encode()).hexdigest()[:16],
        **asdict(settings),
    }
    by_source: dict[str, list[Item]] = {}
    for item in chosen_items(config, loaded):
        by_source.setdefault(source_of(item.id), []).append(item)
    asker = Asker(config.model.name, config.model.label, model)
    works = [
        RephrasingWork(
            config, home, source, language, items, texts, settings, asker, defines, loaded.survey.population
        )
        for source, items in by_source.items()
    ]
    return _with_drafts(works) if config.check else works


def named(config: RunConfig, home: Path) -> str:
    """The words of a command that name the survey of another one."""
    given = {"population": config.population, "language": config.language}
    more = [f" {name}={value}" for name, value in given.items() if value is not None]
    return f"survey={config.survey.name}{''.join(more)}{' factual=true' * config.factual} home={home}"


def load_items(config: RunConfig) -> LoadedSurvey:
    """The survey that a command names, with its base wordings."""
    return load_survey(
        resolve_path(config.survey.file),
        data_folder(),
        population=config.population,
        language=config.language,
        home=home_folder(),
        factual=config.factual,
    )


def chosen_items(config: RunConfig, loaded: LoadedSurvey) -> list[Item]:
    """The items of a survey, or those that `items=` names.

    Raises:
        ConfigError: It names one that the survey has not.
    """
    if unknown := [item_id for item_id in config.items or () if item_id not in loaded.items]:
        raise ConfigError(
            f"items: survey {loaded.survey.name} has no item {unknown[0]!r}.",
            fix="`def-sim stage=plan show=items` lists them.",
        )
    return [item for item in loaded.items.values() if config.items is None or item.id in config.items]


def _texts(language: str, home: Path) -> RephraseTexts:
    name = f"prompts/rephrase/{language}.yaml"
    path = look_up(name, data_folder(), home)
    if not path.is_file():
        raise ConfigError(
            f"There are no texts to ask for wordings in {language!r}.",
            fix=f"Write {home / name} as data/prompts/rephrase/en.yaml is, or choose another `language=`.",
        )
    return read_rephrase_texts(path)


def _settings(config: RunConfig, can: Capabilities) -> RephraseSettings:
    """Wordings with chance, checks without, each as near to that as the engine comes."""
    rules, lowest = config.rephrasing, can.lowest_temperature
    temperature = min(max(rules.temperature, lowest), can.highest_temperature)
    drafting = DecodingConfig(temperature=temperature, top_k=0, max_new_tokens=rules.max_new_tokens)
    checking = replace(drafting, do_sample=lowest > 0, temperature=lowest or 1.0)
    return RephraseSettings(config.seed, rules.num_drafts, drafting, checking)
