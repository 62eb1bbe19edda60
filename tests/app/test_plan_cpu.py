"""The time on this machine's processor: operations over a rate, both by hand."""

from pathlib import Path

import pytest
from tiny_models import mistral7b

from def_sim.app.durations import in_time, in_time_range
from def_sim.app.main import main
from def_sim.app.plan_cpu import current_load, likely_range, processor_rate, processor_seconds, slowdown
from def_sim.app.plan_lines import busy_lines


def test_time_is_two_operations_a_weight_and_token_at_the_share_of_the_rate_that_is_reached() -> None:
    # 2 x 100 M x (0.6 x 10,000 + 1,000) = 1.4e12 operations; at 0.55 of 1e9 a second 2,545 s.
    seconds = processor_seconds(1e8, 10_000, 1_000, operations_per_s=1e9)
    assert seconds == pytest.approx(1.4e12 / 0.55e9)


def test_the_rate_of_a_core_is_that_of_a_processor_and_not_of_a_clock() -> None:
    rate, num_cores = processor_rate()
    assert 1e8 < rate < 1e13  # from a toy to a future machine
    assert num_cores >= 1


def test_beside_as_many_others_as_there_are_cores_everything_takes_twice_as_long() -> None:
    assert slowdown(0.0, 2) == 1
    assert slowdown(2.0, 2) == 2
    assert slowdown(6.0, 2) == 4  # 2 cores for 8: a quarter of one each
    assert current_load() >= 0


def test_a_busy_machine_has_a_line_with_the_times_beside_its_other_work() -> None:
    # A load of 5 on 2 cores is 3.5 times as long: 2 and 6 minutes become 7 and 21.
    [line] = busy_lines((120, 360), 5.0, 2)
    assert line == "busy          rather 7 to 21 min beside what else runs here now (load 5.0)"
    assert busy_lines((120, 360), 0.5, 2) == []  # a quarter more is within the range
    assert busy_lines((1, 3), 5.0, 2) == []  # seconds either way


def test_a_time_has_its_unit_and_is_never_nought() -> None:
    assert [in_time(one) for one in (0.004, 0.4, 40, 720, 12_600)] == [
        "0.1 s", "0.4 s", "40 s", "12 min", "3.5 h",
    ]  # fmt: skip
    assert in_time_range(*likely_range(160)) == "80 s to 4 min"  # half of it, and half more
    assert in_time_range(130, 300) == "2 to 5 min"
    assert in_time_range(0.01, 0.03) == "0.1 s"


def test_a_plan_of_a_small_model_names_this_machine_and_its_time(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = ["stage=plan", "model=smollm2", "survey=us_short", "respondents=5", f"output={tmp_path}"]
    assert main(words) == 0
    [line] = [line for line in capsys.readouterr().out.splitlines() if "processor alone" in line]
    assert "GFLOP/s just measured; 538.1 MB of weights in float32" in line
    assert "alone, if nothing else runs (" in line


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
