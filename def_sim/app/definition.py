"""What makes a run this run and no other, and the folder that is named after it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Final

from def_sim.answers.storage.manifest import read_manifest, run_hash
from def_sim.app.choices import ModelChoice
from def_sim.app.run import Run
from def_sim.app.run_inputs import has_places, places_path, quotas_of
from def_sim.app.schema import RunConfig
from def_sim.app.strategy_choice import read_texts
from def_sim.app.strategy_frames import read_frames
from def_sim.file_hashes import hash_file
from def_sim.records import ItemReference, Question, RunIdentity, StopAfter, Survey
from def_sim.respondents.decoding import DecodingRules
from def_sim.surveys.survey import LoadedSurvey

# The parameters that go into `what_defines`; a section or a group stands for all that it sets.
_DEFINING: Final = (
    "survey", "population", "persona_country", "language", "frame_language", "wordings", "items", "factual",
    "strategy", "protocol", "modifications", "places", "decoding", "memory", "presentation", "reading",
    "answer_mode", "seed", "model", "model.thinks", "model.engine", "model.engine.path",
    "model.engine.revision", "model.engine.model_name", "model.engine.dtype", "model.engine.quantization",
    "model.engine.quantize_above", "model.engine.prompt_style", "model.engine.template_arguments",
)  # fmt: skip
_WHOLE: Final = (
    "survey", "strategy", "modifications", "places", "decoding", "memory", "presentation", "reading",
)  # fmt: skip


def what_defines(run: Run, model_identity: Mapping[str, Any]) -> dict[str, Any]:
    """What makes this run this run: change any of it and it is another one, in another folder.

    Not in it: how many respondents, shards or slots, and any path.

    Args:
        run: The prepared run.
        model_identity: Hashes of the checkpoint and its template, or an API's model name.
    """
    config, survey = run.config, run.survey
    return {
        "model": what_defines_model(config.model, model_identity),
        "survey": {
            "name": survey.name,
            "population": survey.population,
            "country": survey.country_names[survey.language],
            "language": survey.language,
            "frame_language": survey.frame_language,
            "wordings": config.wordings,
            "questions": _hash_of([_as_asked(question) for question in survey.questions]),
            # Said of short forms only, so that other runs keep their folders.
            **({"short_of": survey.short_of} if survey.short_of is not None else {}),
            **_persona_definition(survey),
        },
        "prompts": _hash_of(
            run.presentation.pack.content(
                has_places=has_places(survey), has_persons=config.modifications.has_persons
            )
        ),
        "places": _hash_of_file(places_path(survey)) if config.modifications.prompt else "none",
        "strategy": {
            "target": config.strategy.target,
            **config.strategy.arguments,
            **({"texts": _hash_of(texts.model_dump())} if (texts := read_texts(config, survey)) else {}),
            **_frames_definition(config, survey),
        },
        "protocol": {
            "modifications": config.modifications.definition(_quotas_hash(config, run.loaded)),
            "places": asdict(config.places),
            "decoding": _decoding(config.decoding),
            "memory": asdict(config.memory),
            "presentation": _presentation(run),
            "reading": asdict(config.reading),
        },
        "answer_mode": config.answer_mode,
        "seed": config.seed,
    }


def defines_run(name: str) -> bool:
    """Whether another value of a parameter makes another run, by its dotted name.

    One that names what a run is compared with, how it is scored, or how it is held makes none.
    """
    return name in _DEFINING or name.partition(".")[0] in _WHOLE


def what_defines_model(model: ModelChoice, identity: Mapping[str, Any]) -> dict[str, Any]:
    """What makes answers of a model those of this one: its identity, and how it is run."""
    settings = model.engine.arguments if model.engine else {}
    return {
        "identity": dict(identity),
        **{name: settings.get(name) for name in ("dtype", "quantization", "prompt_style")},
        # Runs of before could not give any.
        **{name: settings[name] for name in ("template_arguments",) if settings.get(name)},
    }


def folder_of(run: Run, defines: Mapping[str, Any]) -> Path:
    """Where the run lies: named by model, survey, strategy and the hash of its definition."""
    config = run.config
    if config.run_folder is not None:
        return Path(config.run_folder).expanduser()
    name = f"{config.strategy.name}-{run_hash(defines)}"
    return Path(config.output).expanduser() / config.model.name / config.survey.name / name


def references_hash(run: Run) -> str:
    """Names the human figures that scores were computed from."""
    return _hash_of(
        [_scored_with(reference) for _, reference in sorted(run.loaded.reference.items.items())],
    )


def _scored_with(reference: ItemReference) -> dict[str, Any]:
    """What scores rest on: who withheld an answer, and what is shown beside them, changes none."""
    beside = (
        "n_asked",
        "dont_know_share",
        "refused_share",
        "missing_share",
        "standard_errors",
        "num_clusters",
    )
    # As `asdict`, without its copies of every share: no field is a record.
    names = [one.name for one in fields(reference) if one.name not in beside]
    values = {name: getattr(reference, name) for name in names}
    if values["design_effect"] is None:  # references of before had none
        del values["design_effect"]
    return values


def _persona_definition(survey: Survey) -> dict[str, Any]:
    """Whose citizens the panel is, only where that is not the population: runs of before had none."""
    if survey.persona_country is None:
        return {}
    return {"persona_country": survey.persona_country, "persona_country_name": survey.persona_country_name}


def _frames_definition(config: RunConfig, survey: Survey) -> dict[str, Any]:
    """What respondents meet of the frames in use; other files of frames may change."""
    frames = read_frames(config, survey)
    return {} if frames is None else {"frame_texts": _hash_of(frames.asked(survey.frame_language))}


def _presentation(run: Run) -> dict[str, Any]:
    """As asked for; the offer to withhold an answer only where there is one: runs of before had none."""
    values = run.config.presentation.model_dump()
    if values["offer"] == "none":
        del values["offer"]
        return values
    return values | {"offer_text": _hash_of(run.presentation.offer)}


def _decoding(rules: DecodingRules) -> dict[str, Any]:
    """As asked for; what answers stop after only where they stop early, which runs of before did not."""
    values = asdict(rules)
    if rules.stop_after is StopAfter.END:
        del values["stop_after"]
    return values


def _as_asked(question: Question) -> list[Any]:
    """What a respondent can see of a question; its dimension, say, may be revised later."""
    options = [[option.code, option.label] for option in question.options]
    asked = [question.id, question.language, question.text, question.type.value, options]
    return [*asked, question.max_choices, question.follow_up_of]


def _quotas_hash(config: RunConfig, loaded: LoadedSurvey) -> str:
    quotas = quotas_of(config.modifications, loaded)
    return "" if quotas is None else _hash_of(quotas.by_group())


def _hash_of(content: Any) -> str:
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _hash_of_file(path: Path) -> str:
    return hash_file(path)[:16]


def run_identity(run: Run, folder: Path) -> RunIdentity:
    """What the tables of a stored run begin with.

    Raises:
        StoreError: The folder has no manifest, or a damaged one.
    """
    config = run.config
    return RunIdentity(
        run=str(read_manifest(folder)["run_hash"]),
        model=config.model.name,
        survey=run.survey.name,
        population=run.survey.population,
        strategy=config.strategy.name,
        protocol=config.protocol.name,
        seed=config.seed,
        num_respondents=len(run.panel),
    )
