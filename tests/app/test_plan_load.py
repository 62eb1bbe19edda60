"""What loading costs: seconds a job, GPU-hours, and how many shards are too many."""

from pathlib import Path

import pytest

from def_sim.answers.storage.manifest import write_manifest
from def_sim.app.composing import configured
from def_sim.app.main import main
from def_sim.app.plan_load import Load, gpu_hours, largest_num_shards, load_of
from def_sim.app.run import Run, prepare_run

MISTRAL = ("model=mistral7b", "respondents=2", "items=[wvs7.Q1]")


def run_of(*words: str) -> Run:
    return prepare_run(configured(words))


@pytest.mark.parametrize(
    ("asking_s", "load_s", "most"),
    [
        (1900.0, 10.0, 9),  # of 10 shards each asks for 190 s: loading is 10 of 200 s, 5 % and not below
        (1901.0, 10.0, 10),
        (190.0, 10.0, 0),  # even one shard loads for 5 %
        (191.0, 10.0, 1),
    ],
)
def test_the_most_shards_are_those_that_load_for_less_than_5_percent(
    asking_s: float, load_s: float, most: int
) -> None:
    assert largest_num_shards(asking_s, load_s) == most
    for num_shards in (most, most + 1):
        share = load_s / (load_s + asking_s / num_shards) if num_shards else 0.0
        assert (share < 0.05) == (num_shards <= most)


def test_each_shard_loads_anew() -> None:
    assert gpu_hours(asking_s=3600.0, load_s=36.0, num_shards=10) == pytest.approx(1.1)


def test_before_a_job_has_measured_it_loading_is_the_bytes_of_the_files_at_the_speed_of_the_cluster() -> None:
    """7.24 B parameters in 16 bit; packed ones are read in 16 bit, too."""
    run = run_of(*MISTRAL)
    gb = 2 * run.config.model.num_parameters / 1e9
    assert load_of(run, None) == Load(pytest.approx(gb), is_measured=False)
    packed = run_of(*MISTRAL, "model.engine.quantization=nf4", "cluster.read_gb_per_s=0.5")
    assert load_of(packed, None).seconds == pytest.approx(2 * gb)


def test_what_an_earlier_job_of_the_run_took_is_believed(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"defines": {}, "engine": {"load_s": 31.5}})
    assert load_of(run_of(*MISTRAL), tmp_path) == Load(31.5, is_measured=True)


@pytest.mark.parametrize("nonsense", ["fast", None, -3, [1]])
def test_nonsense_in_a_manifest_is_no_measurement(tmp_path: Path, nonsense: object) -> None:
    write_manifest(tmp_path, {"defines": {}, "engine": {"load_s": nonsense}})
    assert not load_of(run_of(*MISTRAL), tmp_path).is_measured


def test_a_plan_says_what_loading_costs_in_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stage=plan", *MISTRAL, "num_shards=2"]) == 0
    said = capsys.readouterr().out
    assert "loading       about 14 s a job, 29 s in 2 jobs (at 1 GB/s)" in said
    assert "gpu-hours     A100 40 GB: at least 0.01" in said


def test_a_model_that_loads_in_no_time_costs_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stage=plan", "items=[wvs7.Q1]", "respondents=2"]) == 0
    assert "loading" not in capsys.readouterr().out
