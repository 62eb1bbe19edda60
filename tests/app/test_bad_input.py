"""Bad input gets one message: what was found, what to do; exit code 2; nothing is written."""

import json
import shutil
from pathlib import Path

import pytest

from def_sim.app.main import main
from def_sim.resources import data_folder
from def_sim.surveys.survey import load_survey

pytestmark = pytest.mark.slow

DEMO = data_folder() / "respondents" / "demo"


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Runs the command line, which must end with code 2 and one message; returns that message."""
    assert main(words) == 2
    message = capsys.readouterr().err
    assert message.count("error:") == 1
    assert "do:" in message
    assert "Traceback" not in message
    return message


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["model=mistral"], ["there is no such model", "Did you mean `model=mistral7b`?"]),
        (["survey=jp"], ["there is no such survey", "cn, cn_short, facts, us, us_short"]),
        (["protocol=papr"], ["there is no such protocol", "Did you mean `protocol=paper`?"]),
        (["stage=plam"], ["there is no such stage", "Did you mean `stage=plan`?"]),
        (["strategy=none"], ["there is no such strategy"]),
        (["respondent=20"], ["no parameter 'respondent'; `respondents` is what it is called."]),
        (["decoding.topk=3"], ["no parameter 'decoding.topk'", "`decoding.top_k`"]),
        (["+decoding.topk=3"], ["no parameter 'decoding.topk'"]),
        (["+model.engine.dtyp=x"], ["no parameter 'model.engine.dtyp'"]),
        (["+nonsense=1"], ["no parameter 'nonsense'"]),
        (["respondents=many"], ['respondents="many"', "valid integer"]),
        (["respondents=1.5"], ["respondents=1.5", "valid integer"]),
        (["respondents=0"], ["respondents=0", "greater than or equal to 1"]),
        (["respondents=true"], ["respondents=true", "valid integer"]),
        (["modifications.memory=maybe"], ['modifications.memory="maybe"', "valid boolean"]),
        (["decoding.temperature=0"], ["temperature must be above 0"]),
        (["decoding.do_sample_share=2"], ["do_sample_share must lie in [0, 1]"]),
        (["memory.min_capacity=16"], ["min_capacity <= max_capacity"]),
        (["memory.max_capacity=9223372036854775808"], ["at most 1,000,000", "9223372036854775808"]),
        (["shard=2", "num_shards=2"], ["shard must be below num_shards"]),
        (["survey=[us,cn]"], ["survey takes one value", "-m survey=a,b"]),
        (["survey=us,cn"], ["survey takes one value", "-m survey=a,b"]),
        (["seed=1,2"], ["seed takes one value"]),
        (["respondents"], ["not understood", "name=value"]),
        (["items=[wvs7.Q999]"], ["no item 'wvs7.Q999'"]),
        (["items=[wvs7.Q153]"], ["wvs7.Q153 follows wvs7.Q152"]),
        (["population=XXX"], ["Unknown population 'XXX'", "CHN", "USA"]),
        (["language=fr"], ["language 'fr'"]),
        (["frame_language=fr"], ["no such language pack", "en, zh"]),
        (["model=hf"], ["`model.engine.path` needs a value"]),
        (["model=mistral7b", "model.unsupported='No room.'"], ["cannot be asked yet. No room."]),
        (["model=claude_3_5_sonnet"], ["retired by its provider on 2025-10-28", "claude-sonnet-5-5"]),
        (["model.engine.path=/no/such/folder"], ["/no/such/folder"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_wrong_word_is_named_with_its_fix_before_anything_is_written(
    words: list[str], expected: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    message = refused(capsys, *words, f"output={tmp_path / 'runs'}")
    for part in expected:
        assert part in message
    assert not (tmp_path / "runs").exists()


def test_a_model_of_the_study_without_its_weights_says_at_once_how_to_get_them(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "empty"))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    message = refused(capsys, "model=mistral7b", "survey=cn", f"output={tmp_path}")
    assert "hf download mistralai/Mistral-7B-Instruct-v0.1 --revision " in message
    assert "model.engine.path=" in message


@pytest.fixture
def demo_copy(tmp_path: Path) -> Path:
    """The demo respondent's folder, to be damaged."""
    return Path(shutil.copytree(DEMO, tmp_path / "model"))


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        ("model.safetensors", "weights"),
        ("tokenizer.json", "tokenizer"),
        ("config.json", "config.json"),
        ("chat_template.jinja", "chat template"),
    ],
)
def test_a_model_folder_that_lacks_a_part_names_the_part(
    missing: str, expected: str, demo_copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (demo_copy / missing).unlink()
    message = refused(capsys, f"model.engine.path={demo_copy}", f"output={tmp_path / 'runs'}")
    assert expected in message
    assert not (tmp_path / "runs").exists()


def test_a_half_downloaded_weight_file_is_noticed_before_loading(
    demo_copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = demo_copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    assert "model.safetensors" in refused(capsys, f"model.engine.path={demo_copy}", f"output={tmp_path}/runs")


def own_survey(tmp_path: Path, old: str, new: str) -> list[str]:
    """Words that choose a survey file of the user's own, with one thing changed."""
    text = (data_folder() / "surveys" / "us.yaml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "mine.yaml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return [f"survey.file={path}"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("language: en\n", "", ["mine.yaml", "language"]),
        ("sources: [wvs7", "sources: [wvs8", ["wvs8.yaml", "does not exist"]),
        ("sources: [", "sources: wvs7 # [", ["mine.yaml, line", "sources"]),
        ("name: us", "name: us\nnam: us", ["mine.yaml, line", "nam"]),
        ("name: us", "name: [us", ["mine.yaml, line", "not readable as YAML"]),
    ],
)
def test_a_malformed_survey_file_is_named_with_its_line(
    old: str, new: str, expected: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    message = refused(capsys, *own_survey(tmp_path, old, new), f"output={tmp_path / 'runs'}")
    for part in expected:
        assert part in message


def test_an_output_below_a_file_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blocker = tmp_path / "a_file"
    blocker.write_text("in the way")
    assert str(blocker) in refused(capsys, f"output={blocker}", "items=[wvs7.Q1]", "respondents=1")


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.txt").write_text("three years of work")
    message = refused(capsys, f"run_folder={tmp_path}", "items=[wvs7.Q1]")
    assert "holds no run" in message
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_report_on_a_run_that_was_never_held_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "There is no run" in refused(capsys, "stage=report", f"output={tmp_path}")
    assert "There is no run" in refused(capsys, "stage=verify", f"run_folder={tmp_path}")


def test_help_needs_no_configuration_and_names_every_choice(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    for choice in ("mistral7b", "sound", "diversity_enhanced", "verify", "cn"):
        assert choice in text


def test_a_plan_for_a_model_that_is_not_here_says_what_it_would_take(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    assert main(["stage=plan", "model=llama3_8b", "respondents=20", f"output={tmp_path / 'runs'}"]) == 0
    text = capsys.readouterr().out
    survey = load_survey(data_folder() / "surveys" / "us.yaml", data_folder()).survey
    assert f"answers       {20 * len(survey.questions):,}" in text
    assert "roofline floor" in text
    assert "hf download meta-llama/Meta-Llama-3-8B" in text
    assert not (tmp_path / "runs").exists()


def test_the_configuration_can_be_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--cfg", "job", "model=mistral7b"]) == 0
    assert "max_num_beams: 5" in capsys.readouterr().out


def test_every_reference_in_the_manifest_config_is_plain_json() -> None:
    from def_sim.app.composing import compose_config
    from def_sim.app.schema import validate_config

    config = validate_config(compose_config([]))
    content = config.model_dump(mode="json", by_alias=True)
    assert validate_config(json.loads(json.dumps(content))) == config
