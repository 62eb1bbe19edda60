"""What a run says about itself: the content of its manifest, and when that has to be written.

What answered (device, precision, library versions) is kept from the process that asked; a
later command that asks nothing does not replace it.
"""

import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from def_sim import __version__
from def_sim.answers.storage.completion import unmark_complete
from def_sim.answers.storage.manifest import manifest_path, read_manifest, write_manifest
from def_sim.app.choices import ModelChoice
from def_sim.app.definition import references_hash
from def_sim.app.run import Run
from def_sim.errors import RunMismatchError
from def_sim.visible import visible

# Parameters that tell nothing of a run and its answers.
OF_JUDGING = ("rubric", "judging", "verdicts", "rephrasing", "check", "accept", "review")
# Those of an import, of which an importer takes what it names.
OF_IMPORT = (
    *("source", "countries", "rule", "name", "population_label", "year", "citation"),
    *("weight", "mapping", "labels", "answers"),
)
FIGURES_BEFORE = "figures_before"  # in a manifest: the hash of the people's figures that others replaced
PEOPLE_OF = "people_of"  # in a manifest: whom a survey of one's own asked, if not the whole country
_NOT_OF_RUN = (*OF_JUDGING, "figures")
_LIBRARIES = ("torch", "transformers", "numpy", "pandas", "hydra-core")


def record_run(
    run: Run, folder: Path, defines: Mapping[str, Any], engine_facts: Mapping[str, object] | None
) -> None:
    """Writes the manifest if it would say something new; the run then counts as unfinished.

    Args:
        run: The prepared run.
        folder: Its folder.
        defines: What makes it this run.
        engine_facts: What the started engine says of itself; None if nothing is to be asked.

    Raises:
        RunMismatchError: Earlier answers were given in another precision.
        StoreError: The disk is full or not writable.
    """
    earlier = read_manifest(folder) if manifest_path(folder).is_file() else {}
    content = _content(run, defines, earlier, engine_facts)
    if engine_facts is not None:
        _check_precision(earlier, engine_facts)
    elif earlier and all(earlier.get(key) == content[key] for key in ("plan", "scored_with")):
        return
    unmark_complete(folder)
    write_manifest(folder, content)


def _content(
    run: Run,
    defines: Mapping[str, Any],
    earlier: Mapping[str, Any],
    engine_facts: Mapping[str, object] | None,
) -> dict[str, Any]:
    config, now = run.config, datetime.now(UTC).isoformat(timespec="seconds")
    reference = references_hash(run)
    event: dict[str, Any] = {"at": now, "respondents": len(run.panel), "version": __version__}
    has_asked = engine_facts is not None or not earlier
    return {
        "created": earlier.get("created", now),
        "defines": dict(defines),
        "config": config.model_dump(mode="json", by_alias=True, exclude=set(_NOT_OF_RUN)),
        "plan": {
            "respondents": len(run.panel),
            "questions": len(run.survey.questions),
            "answers": run.num_planned,
        },
        "scored_with": {
            "reference": reference,
            "draws": config.scoring.draws,
            "pool_wordings": config.pool_wordings,
        },
        "engine": as_configured(config.model, engine_facts or {}) if has_asked else earlier["engine"],
        "versions": software_versions() if has_asked else earlier["versions"],
        "commands": [*earlier.get("commands", []), event],
        **_figures_before(earlier, reference),
        **({PEOPLE_OF: run.survey.population_label} if run.survey.population_label else {}),
    }


def _figures_before(earlier: Mapping[str, Any], reference: str) -> dict[str, str]:
    """The hash of the people's figures that stood beside the run before others took their place."""
    recorded = earlier.get("scored_with", {}).get("reference", reference)
    before = earlier.get(FIGURES_BEFORE) if recorded == reference else recorded
    return {FIGURES_BEFORE: before} if before else {}


def has_other_figures(run: Run, manifest: Mapping[str, Any]) -> bool:
    """Whether people's figures are others today than those that the manifest names."""
    return bool(manifest["scored_with"]["reference"] != references_hash(run))


def figures_changed(manifest: Mapping[str, Any]) -> str:
    """A sentence on people's figures that were changed since the run was recorded; "": they were not."""
    before = manifest.get(FIGURES_BEFORE)
    if not before:
        return ""
    now = manifest["scored_with"]["reference"]
    return visible(f"People's figures were changed since: scores rest on {now:.40}, before on {before:.40}.")


def as_configured(model: ModelChoice, engine_facts: Mapping[str, object]) -> dict[str, object]:
    """The engine's facts with the path as it was given, not as it resolves on this machine."""
    arguments = model.engine.arguments if model.engine else {}
    return {**engine_facts, **({"path": arguments["path"]} if "path" in arguments else {})}


def _check_precision(earlier: Mapping[str, Any], engine_facts: Mapping[str, object]) -> None:
    """Answers of two precisions are not one run.

    `dtype: auto` takes the stored one, so this meets two processes that began a run at the same moment.
    """
    before, now = earlier.get("engine", {}).get("dtype"), engine_facts.get("dtype")
    if before and now and before != now:
        raise RunMismatchError(
            f"The stored answers were given in {before}, here the model would run in {now}.",
            fix="Run the same command again: it goes on in the stored one.",
        )


def software_versions() -> dict[str, str]:
    """def_sim, its commit, Python, and the libraries that can change a number, each with its version."""
    found = {"def_sim": __version__, "python": platform.python_version(), "commit": _commit()}
    for library in _LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            found[library] = "not installed"
    return found


def _commit() -> str:
    """The commit of a checkout, with a mark if it was changed; "none" for an installed wheel."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return "none"
    try:
        head = _git(root, "rev-parse", "HEAD")
        return f"{head}+changes" if _git(root, "status", "--porcelain") else head
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()
