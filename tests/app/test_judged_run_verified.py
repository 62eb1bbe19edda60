"""A judged run from the command line: one changed byte is found, and codes alone are not judged."""

from pathlib import Path

import pytest
from judged_runs import a_judge, depends_on_all, judge, work_of
from scripted_runs import hold

from def_sim.app.main import main
from def_sim.errors import ConfigError
from def_sim.judging.verdict_journal import journal_of


@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 13, 24])
def test_verify_names_file_and_line_of_one_changed_byte_of_a_verdict(
    number: int, finished: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [of_set] = (finished / "verdicts").iterdir()
    path = journal_of(of_set)
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    assert len(lines) >= 24
    place = sum(len(line) for line in lines[: number - 1]) + len(lines[number - 1]) // 2
    path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
    try:
        assert main(["stage=verify", f"run_folder={finished}"]) == 2
    finally:
        path.write_bytes(whole)
    said = " ".join(capsys.readouterr().err.split())
    assert f"{of_set.name}/{path.name}, line {number}: the line is damaged" in said
    assert "do:" in said


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with 24 verdicts, reported."""
    folder = hold(tmp_path_factory.mktemp("outputs"), "respondents=4", is_reported=False)
    judge(folder, a_judge(depends_on_all), "rubric.sample=4")
    assert main(["stage=report", f"run_folder={folder}"]) == 0
    return folder


@pytest.mark.slow
def test_an_unchanged_judged_run_is_verified(finished: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stage=verify", f"run_folder={finished}"]) == 0
    assert "24 of 24" in capsys.readouterr().out


@pytest.mark.parametrize("mode", ["constrained", "probabilities"])
def test_answers_that_are_codes_alone_have_no_defects_to_judge(mode: str, tmp_path: Path) -> None:
    folder = hold(tmp_path, "respondents=2", f"answer_mode={mode}", num_asked=0, is_reported=False)
    with pytest.raises(
        ConfigError, match=f"means nothing of answers given with answer_mode={mode}"
    ) as caught:
        work_of(folder, a_judge())
    assert "free answers" in caught.value.fix
    assert not (folder / "verdicts").exists()
