"""What a report says of its run: model, survey, panel, decoding, every parameter."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from def_sim.app.human_figures import country_names, other_country_of
from def_sim.app.provenance import OF_JUDGING
from def_sim.app.run import Run
from def_sim.app.run_notes import run_notes
from def_sim.evaluation.measures import counted
from def_sim.records import DecodingConfig, Respondent, StopAfter
from def_sim.reports.pages.facts import RunFacts

# Paths of this machine, and what a command is told that changes nothing of a run.
_NO_PARAMETERS = (
    "stream_above",
    *("output", "run_folder", "references", "path", "stage", "show", "runs", "baseline"),
    *("sample", "margins", "power", "wanted", "quotas_file", "audit", "export", "import", "figures"),
    *OF_JUDGING,
)
_OF_IMPORT = ("importer", "source", "countries", "rule", "name", "year", "force")  # none is a section's


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
    """What the report says of the run itself; of its decoding by these respondents, or by all."""
    config, survey = run.config, run.survey
    decodings = [respondent.decoding for respondent in (run.panel if respondents is None else respondents)]
    beams = [decoding.num_beams for decoding in decodings]
    sampled = sum(decoding.do_sample for decoding in decodings)
    spread = (
        f"{min(beams)} to {max(beams)} beams"
        if max(beams) > min(beams)
        else counted(max(beams), "beam", "beams")
    )
    return RunFacts(
        model_label=config.model.label,
        survey_title=survey.title,
        other_country=_name_of(other_country_of(survey.population)),
        population=survey.population,
        language=survey.language,
        frame_language=survey.frame_language,
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
        citations=tuple(source.citation for source in run.loaded.reference.sources),
        people=_people(run),
        effective_n=run.loaded.reference.effective_n,
        modifications={
            name: getattr(config.modifications, name) for name in ("prompt", "configuration", "memory")
        },
        decoding=f"{spread}; {sampled} of {counted(len(decodings), 'respondent', 'respondents')} sampled",
        max_beams=max(beams),
        parameters=_parameters(config.model_dump(mode="json", by_alias=True)),
        short_of=survey.short_of,
        notes=tuple(run_notes(run)),
    )


def _people(run: Run) -> tuple[str, ...]:
    """Whose figures stand beside the items that are asked, each with its year."""
    asked = {question.item_id.partition(".")[0] for question in run.survey.questions}
    sources = run.loaded.reference.sources
    return tuple(f"{one.title} ({one.year})" for one in sources if one.source in asked)


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
