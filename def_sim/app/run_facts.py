"""What a report says of its run: model, survey, panel, decoding, every parameter."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from def_sim import __version__
from def_sim.app.human_figures import country_names, other_country_of
from def_sim.app.provenance import OF_IMPORT, OF_JUDGING, figures_changed
from def_sim.app.run import Run
from def_sim.app.run_notes import run_notes
from def_sim.app.run_settings import run_settings
from def_sim.records import DecodingConfig, Respondent, StopAfter
from def_sim.reports.pages.facts import RunFacts
from def_sim.resources import data_folder
from def_sim.surveys.bibliography import bibtex
from def_sim.surveys.citations import read_citations, works_cited
from def_sim.surveys.human_reference import ReferenceSource

# Paths of this machine, and what a command is told that changes nothing of a run.
_NO_PARAMETERS = (
    "stream_above",
    *("output", "run_folder", "references", "path", "stage", "show", "runs", "baseline"),
    *("sample", "margins", "power", "wanted", "quotas_file", "audit", "export", "formats", "import"),
    "figures",
    *OF_JUDGING,
)
_AS_PUBLISHED: Final = {"paper": "study's article", "code": "study's published code"}
_OF_IMPORT: Final = ("importer", *OF_IMPORT, "force")  # none is a section's


def describe_decoding(decoding: DecodingConfig) -> str:
    """A decoding configuration in a few words."""
    beams = "1 beam" if decoding.num_beams == 1 else f"{decoding.num_beams} beams"
    extra = "" if decoding.stop_after is StopAfter.END else ", cut after the first sentence"
    if not decoding.do_sample:
        return f"{beams}, not sampled{extra}"
    warmth = "" if decoding.temperature == 1 else f", temperature {decoding.temperature:g}"
    return f"{beams}, sampled{warmth}{extra}"


def run_facts(
    run: Run,
    manifest: Mapping[str, Any],
    num_done: int,
    is_complete: bool,
    respondents: Sequence[Respondent] | None = None,
) -> RunFacts:
    """What the report says of the run itself; of its settings by these respondents, or by all."""
    config, survey = run.config, run.survey
    shown = run.panel if respondents is None else respondents
    country = _name_of(survey.population)
    return RunFacts(
        model_label=config.model.label,
        survey_title=survey.title,
        other_country=_name_of(other_country_of(survey.population)),
        population=survey.population,
        language=survey.language,
        strategy=config.strategy.name,
        protocol=config.protocol.name,
        num_respondents=len(run.panel),
        num_planned=run.num_planned,
        num_done=num_done,
        is_complete=is_complete,
        is_demonstration=config.model.is_demonstration,
        seed=config.seed,
        run_hash=manifest["run_hash"],
        code_version=f"{manifest['versions']['def_sim']} ({manifest['versions']['commit'][:12]})",
        created=manifest["created"][:10],
        deviations=tuple(manifest["engine"].get("deviations", {}).values()),
        citations=tuple(source.citation for source in _sources(run)),
        people=_people(run),
        bibliography=bibliography_of(run),
        effective_n=run.loaded.reference.effective_n,
        country=country,
        population_label=survey.population_label,
        settings=run_settings(run, shown, country=country),
        max_beams=max(one.decoding.num_beams for one in shown),
        parameters=_parameters(config.model_dump(mode="json", by_alias=True)),
        short_of=survey.short_of,
        notes=(*run_notes(run), *_protocol_notes(config.protocol.name)),
        precision=_precision(manifest["engine"]),
        figures_hash=manifest["scored_with"]["reference"],
        figures_changed=figures_changed(manifest),
    )


def bibliography_of(run: Run) -> str:
    """BibTeX of the software, the study and each survey whose people stand beside the run."""
    return bibtex(works_cited(read_citations(data_folder()), _sources(run), version=__version__))


def _protocol_notes(protocol: str) -> tuple[str, ...]:
    """That the study's own ways are not those for new results."""
    if protocol not in _AS_PUBLISHED:
        return ()
    return (
        f"Asked as in the {_AS_PUBLISHED[protocol]} (protocol={protocol}); for new results: protocol=sound.",
    )


def _precision(engine: Mapping[str, Any]) -> str:
    """As the engine told it when the model was loaded: of a checkpoint, not of a server."""
    names = [engine.get("dtype"), engine.get("quantization")]
    return ", ".join(name for name in names if isinstance(name, str) and name not in ("none", "auto"))


def _people(run: Run) -> tuple[str, ...]:
    """Whose figures stand beside the items that are asked, each with its year."""
    return tuple(f"{one.title} ({one.year})" for one in _sources(run))


def _sources(run: Run) -> list[ReferenceSource]:
    """Of the people's figures beside the items that are asked."""
    asked = {question.item_id.partition(".")[0] for question in run.survey.questions}
    return [one for one in run.loaded.reference.sources if one.source in asked]


def _name_of(population: str) -> str:
    return country_names().get(population, population)


def _parameters(section: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Every parameter with its dotted name, but for paths of this machine."""
    flat: dict[str, str] = {}
    for key, value in section.items():
        if key in _NO_PARAMETERS or f"{prefix}{key}" in _OF_IMPORT:
            continue
        if isinstance(value, Mapping):
            flat |= _parameters(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = json.dumps(value, ensure_ascii=False)
    return flat
