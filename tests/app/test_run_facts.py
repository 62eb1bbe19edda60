"""What a report says of its run: of the parameters those that are about it."""

from pathlib import Path

from scripted_runs import hold

from def_sim.answers.storage.manifest import read_manifest
from def_sim.app.provenance import OF_IMPORT
from def_sim.app.run import prepare_run
from def_sim.app.run_facts import run_facts
from def_sim.app.schema import validate_config


def test_parameters_of_an_import_are_none_of_a_run(tmp_path: Path) -> None:
    manifest = read_manifest(hold(tmp_path, "respondents=2", is_reported=False))
    facts = run_facts(prepare_run(validate_config(manifest["config"])), manifest, 8, True)
    assert facts.parameters["seed"] == "1"
    assert not {"importer", "force", *OF_IMPORT} & facts.parameters.keys()
