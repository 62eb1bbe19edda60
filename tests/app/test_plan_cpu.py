"""The time on this machine's processor: operations over a rate, both by hand."""

from pathlib import Path

import pytest
from tiny_models import mistral7b

from def_sim.app.main import main
from def_sim.app.plan_cpu import processor_rate, processor_seconds


def test_time_is_two_operations_a_weight_and_token_at_the_share_of_the_rate_that_is_reached() -> None:
    # 2 x 100 M x (0.6 x 10,000 + 1,000) = 1.4e12 operations; at 0.55 of 1e9 a second 2,545 s.
    seconds = processor_seconds(1e8, 10_000, 1_000, operations_per_s=1e9)
    assert seconds == pytest.approx(1.4e12 / 0.55e9)


def test_the_rate_of_a_core_is_that_of_a_processor_and_not_of_a_clock() -> None:
    rate, num_cores = processor_rate()
    assert 1e8 < rate < 1e13  # from a toy to a future machine
    assert num_cores >= 1


def test_a_plan_of_a_small_model_names_this_machine_and_its_time(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = ["stage=plan", "model=smollm2", "survey=us_short", "respondents=5", f"output={tmp_path}"]
    assert main(words) == 0
    [line] = [line for line in capsys.readouterr().out.splitlines() if "processor alone" in line]
    assert "GFLOP/s just measured; 538.1 MB of weights in float32" in line


def test_a_plan_of_a_large_model_does_not_speak_of_the_processor(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["stage=plan", "model=mistral7b", "respondents=5", f"output={tmp_path}"]) == 0
    assert "processor alone" not in capsys.readouterr().out


def test_a_plan_counts_the_weights_of_a_file_that_is_here(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = mistral7b(tmp_path / "checkpoint")
    words = ["stage=plan", "model=hf", f"model.engine.path={folder}", "respondents=2", f"output={tmp_path}"]
    assert main(words) == 0
    assert "processor alone" in capsys.readouterr().out
