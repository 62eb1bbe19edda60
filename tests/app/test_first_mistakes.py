"""A first mistake on the command line is answered by the whole command to paste."""

import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest

from def_sim.app.composing import compose_config, configured
from def_sim.app.home import at_home
from def_sim.app.main import main
from def_sim.app.vocabulary import Vocabulary
from def_sim.app.words import mend_first_mistakes
from def_sim.engines.local.checkpoints.checkpoint import check_checkpoint
from def_sim.errors import ConfigError, DefSimError, ModelError

KNOWN = Vocabulary()
NOT_AN_OPTION = "--{} is no option; parameters are written name=value."
NO_PATH = "model={}: model= takes one of the names in --help, no path and no hub id."
NO_BLANK = "`{}`: there is no blank beside the = of name=value."
MEANT: list[tuple[list[str], str, str]] = [
    (["--model", "mistral7b"], NOT_AN_OPTION.format("model"), "def-sim model=mistral7b"),
    (["--model=mistral7b", "survey=cn"], NOT_AN_OPTION.format("model"), "def-sim model=mistral7b survey=cn"),
    (
        ["survey=cn", "--num-shards", "4"],
        NOT_AN_OPTION.format("num-shards"),
        "def-sim survey=cn num_shards=4",
    ),
    (["--factual"], NOT_AN_OPTION.format("factual"), "def-sim factual=true"),
    (["--plan"], NOT_AN_OPTION.format("plan"), "def-sim stage=plan"),
    (
        ["model", "mistral7b"],
        "`model mistral7b` is not understood; parameters are written name=value.",
        "def-sim model=mistral7b",
    ),
    (
        ["plan", "model=mistral7b"],
        "`plan` alone is not understood; parameters are written name=value.",
        "def-sim stage=plan model=mistral7b",
    ),
    (
        ["survey=US"],
        "survey=US: there is no such survey; names are written in small letters.",
        "def-sim survey=us",
    ),
    (
        ["model=mistralai/Mistral-7B", "survey=us"],
        NO_PATH.format("mistralai/Mistral-7B"),
        "def-sim model=hf model.engine.path=mistralai/Mistral-7B survey=us",
    ),
    (
        ["model=tiny.gguf"],
        NO_PATH.format("tiny.gguf"),
        "def-sim model=hf model.engine.path=tiny.gguf",
    ),
    (
        ["respondents=1e3"],
        "respondents=1e3: a whole number is expected, written with its digits.",
        "def-sim respondents=1000",
    ),
    (
        ["respondents=20.0"],
        "respondents=20.0: a whole number is expected, written with its digits.",
        "def-sim respondents=20",
    ),
    *(
        (
            [f"{name}=40"],
            f"There is no parameter '{name}'; `respondents` is what it is called.",
            "def-sim respondents=40",
        )
        for name in ("n", "N", "num_respondents", "samples", "num_samples", "num_agents")
    ),
    (
        ["survey=us", "country=JPN"],
        "There is no parameter 'country'; `population` is what it is called.",
        "def-sim survey=us population=JPN",
    ),
    (["lang=zh"], "There is no parameter 'lang'; `language` is what it is called.", "def-sim language=zh"),
    (
        ["temperature=0.7"],
        "There is no parameter 'temperature'; `decoding.temperature` is what it is called.",
        "def-sim decoding.temperature=0.7",
    ),
    (
        ["model=mistral7b", "gpu=1"],
        "There is no parameter 'gpu'; `model.engine.device` is what it is called.",
        "def-sim model=mistral7b model.engine.device=cuda:1",
    ),
    (
        ["model=mistral7b", "max_cost_usd=5"],
        "max_cost_usd=5: model=mistral7b runs on this machine and costs nothing.",
        "def-sim model=mistral7b",
    ),
    (
        ["model=claude", "max_cost_usd=5"],
        "There is no parameter 'max_cost_usd'; `model.engine.max_cost_usd` is what it is called.",
        "def-sim model=claude model.engine.max_cost_usd=5",
    ),
    (
        ["output=a=b"],
        "`output=a=b` is not understood: a value with = stands in quotes.",
        "def-sim 'output=\"a=b\"'",
    ),
    (
        ["output=a#b"],
        "`output=a#b` is not understood: a value with # stands in quotes.",
        "def-sim 'output=\"a#b\"'",
    ),
    (
        ["output=runs[1"],
        "`output=runs[1` is not understood: a value with [ stands in quotes.",
        "def-sim 'output=\"runs[1\"'",
    ),
    (
        ["output=结果"],
        "`output=结果` is not understood: a value with such characters stands in quotes.",
        "def-sim 'output=\"结果\"'",
    ),
    (
        ["respondnts=20"],
        "There is no parameter 'respondnts'; `respondents` is what it is called.",
        "def-sim respondents=20",
    ),
    (["--respondents", "20"], NOT_AN_OPTION.format("respondents"), "def-sim respondents=20"),
    (["survey", "=", "cn"], NO_BLANK.format("survey = cn"), "def-sim survey=cn"),
    (["survey=", "cn", "seed=2"], NO_BLANK.format("survey= cn"), "def-sim survey=cn seed=2"),
    (["survey", "=cn"], NO_BLANK.format("survey =cn"), "def-sim survey=cn"),
    (
        ["survey=\u201ccn\u201d"],
        "`survey=\u201ccn\u201d` has curly quotes, which mean nothing to a shell.",
        "def-sim survey=cn",
    ),
    (
        ["output=\u201cmy", "runs\u201d", "seed=2"],
        "`output=\u201cmy` has curly quotes, which mean nothing to a shell.",
        "def-sim 'output=my runs' seed=2",
    ),
    (
        ["\u2014model", "mistral7b"],
        "`\u2014model` begins with a long dash; parameters are written name=value.",
        "def-sim model=mistral7b",
    ),
    (
        ["respondents:20"],
        "`respondents:20` is not understood; parameters are written name=value.",
        "def-sim respondents=20",
    ),
    (
        ["survey==cn"],
        "`survey==cn` is not understood; parameters are written name=value.",
        "def-sim survey=cn",
    ),
    (
        ["survey=cn,", "seed=2"],
        "`survey=cn,`: nothing stands between the words of a command but blanks.",
        "def-sim survey=cn seed=2",
    ),
    (
        ["model=C:\\models\\llama"],
        NO_PATH.format("C:\\models\\llama"),
        "def-sim model=hf 'model.engine.path=C:\\models\\llama'",
    ),
]


def refusal(words: Sequence[str]) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        mend_first_mistakes(words, KNOWN)
    return caught.value


@pytest.mark.parametrize(("words", "problem", "meant"), MEANT, ids=[" ".join(one[0]) for one in MEANT])
def test_the_command_that_was_meant_is_named_and_is_understood(
    words: list[str], problem: str, meant: str
) -> None:
    error = refusal(words)
    assert (error.message, error.fix) == (problem, f"`{meant}`")
    program, *mended = shlex.split(meant)
    assert program == "def-sim"
    mend_first_mistakes(mended, KNOWN)
    compose_config(mended)


@pytest.mark.slow
@pytest.mark.parametrize("meant", sorted({meant for _, _, meant in MEANT}))
def test_the_command_that_is_named_runs(
    meant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    words = shlex.split(meant)[1:]
    assert main([*words, "stage=plan"]) == 0
    assert "answers " in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [["help"], ["help", "survey"]])
def test_help_is_an_option_and_the_command_of_it_works(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    error = refusal(words)
    meant = " ".join(["def-sim --help", *words[1:]])
    assert (error.message, error.fix) == ("`help` is not understood; help is an option.", f"`{meant}`")
    assert main(shlex.split(meant)[1:]) == 0
    assert "survey" in capsys.readouterr().out


def test_h_is_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-h"]) == 0
    assert capsys.readouterr().out.startswith("def_sim measures how well")


def test_several_mistakes_are_mended_at_once() -> None:
    assert refusal(["--model", "mistral7b", "survey=US", "n=1e2", "plan"]).fix == (
        "`def-sim model=mistral7b survey=us respondents=100 stage=plan`"
    )


def test_a_folder_as_a_model_is_one_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "weights").mkdir()
    monkeypatch.chdir(tmp_path)
    assert refusal(["model=weights"]).fix == "`def-sim model=hf model.engine.path=weights`"


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["survey=cn", "respondents=40"],
        ["-m", "model=mistral7b,mixtral_8x7b", "survey=us,cn"],
        ["--cfg", "job"],
        ["-m", "hydra/launcher=slurm", "shard=range(4)", "num_shards=4"],
        ["items=[wvs7.Q1,gss2022.happy]"],
        ["output='a=b'"],
        ["output=C:\\runs\\x"],
        ["references=C:/people"],
        ["model.engine.some_setting_of_ones_own=1"],
        ["model.engine.base_url=http://localhost:8000/v1"],
        ["+model.engine.extra=1"],
        ["runs=outputs/**"],
    ],
)
def test_a_command_without_such_a_mistake_is_left_alone(words: list[str]) -> None:
    mend_first_mistakes(words, KNOWN)


def test_a_report_is_named_to_whoever_wants_to_view_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    problem = "stage=view: there is no such stage; a report is a file that any browser opens."
    assert refusal(["stage=view"]).message == problem
    assert refusal(["stage=view"]).fix == (
        "Run the command without stage= first; outputs/demo/us holds no report yet."
    )
    page = Path("outputs/demo/cn/single-1/report.html")
    page.parent.mkdir(parents=True)
    page.touch()
    assert refusal(["stage=view", "survey=cn"]).fix == f"Open {page}"


def said_by(words: list[str]) -> DefSimError:
    said: list[DefSimError] = []
    assert main(words, tell=said.append) == 2
    [error] = said
    return error


@pytest.mark.parametrize(("typed", "meant"), [("--hlep", "--help"), ("--verison", "--version")])
def test_a_misspelt_option_is_that_option_and_no_parameter(typed: str, meant: str) -> None:
    error = said_by([typed, "survey=us"])
    assert error.message == f"{typed} is no option."
    assert error.fix == f"`def-sim {meant} survey=us`"


def test_a_value_out_of_range_names_the_help_that_says_its_range() -> None:
    assert said_by(["respondents=0"]).fix == "`def-sim --help respondents` says what it takes."
    assert said_by(["items=[1]"]).fix == "`def-sim --help items` says what it takes."
    assert said_by(["wordings=a"]).message.startswith('wordings="a": input should be ')
    assert said_by(["wordings=a"]).fix == "`def-sim --help wordings` says what it takes."


def test_an_unknown_survey_or_model_may_be_one_of_ones_own() -> None:
    assert said_by(["survey=zzz"]).fix.endswith("a survey of your own needs its folder: `home=FOLDER`.")
    assert said_by(["model=zzz"]).fix.endswith("is `model=hf model.engine.path=FOLDER`.")


def test_a_run_that_is_not_there_is_told_with_one_that_is(tmp_path: Path) -> None:
    run = tmp_path / "us" / "single-0"
    run.mkdir(parents=True)
    (run / "manifest.json").write_text("{}")
    error = said_by(["stage=verify", f"run_folder={tmp_path / 'us' / 'NAME'}"])
    assert error.message == f"There is no run in {tmp_path / 'us' / 'NAME'}."
    assert error.fix.endswith(f", or name one that is there: `run_folder={run}`.")


def test_an_item_without_its_source_is_found() -> None:
    error = said_by(["stage=plan", "items=[q1]"])
    assert error.message == "items: survey us has no item 'q1'."
    assert error.fix == (
        "Did you mean `items=[wvs7.Q1]`? "
        "Ids look like `wvs7.Q1`; `def-sim survey=us stage=plan show=items` lists all with their questions."
    )


def test_an_item_that_a_short_form_lacks_may_be_in_the_long_one() -> None:
    error = said_by(["stage=plan", "survey=us_short", "items=[wvs7.Q1]"])
    assert error.message == "items: survey us_short has no item 'wvs7.Q1'."
    assert error.fix.endswith(" The long form has more: `survey=us`.")


def test_one_item_needs_no_brackets() -> None:
    assert configured(["items=wvs7.Q1"]).items == ["wvs7.Q1"]


def test_a_folder_of_runs_is_no_run_and_names_them(tmp_path: Path) -> None:
    run = tmp_path / "demo" / "us" / "single-1"
    run.mkdir(parents=True)
    (run / "manifest.json").touch()
    error = said_by(["stage=report", f"run_folder={tmp_path}"])
    assert error.message == f"There is no run in {tmp_path} itself; below it: {run}."
    assert error.fix == f"Name one of them: `run_folder={run}`."


@pytest.mark.parametrize(
    ("lies_in_it", "found"),
    [
        ((), "{0} is no checkpoint: no config.json lies in it; it is empty."),
        (("notes.txt",), "{0} is no checkpoint: no config.json lies in it; it holds notes.txt."),
        (("b.gguf", "notes.txt"), "{0} holds no config.json, but b.gguf."),
        (("inner/config.json",), "{0} holds no config.json, but inner/."),
    ],
)
def test_a_folder_that_is_no_checkpoint_says_what_lies_in_it(
    tmp_path: Path, lies_in_it: tuple[str, ...], found: str
) -> None:
    for name in lies_in_it:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    with pytest.raises(ModelError) as caught:
        check_checkpoint(tmp_path, needs_chat_template=False)
    assert caught.value.message == found.format(tmp_path)


def test_a_hosted_model_of_the_home_may_have_a_limit_of_cost(tmp_path: Path) -> None:
    models = tmp_path / "conf" / "model"
    models.mkdir(parents=True)
    (models / "my_claude.yaml").write_text("defaults: [claude, _self_]\nname: my_claude\n", encoding="utf-8")
    with at_home(str(tmp_path)):
        mend_first_mistakes(["model=my_claude", "model.engine.max_cost_usd=5"], Vocabulary())


def test_an_unknown_option_is_answered_by_us_and_not_by_hydras_usage() -> None:
    error = refusal(["--respondnts", "20"])
    assert error.message == "--respondnts is no option; parameters are written name=value."
    assert error.fix == "Did you mean `respondents`?"
    assert refusal(["--cfg", "jobs"]).fix == "`def-sim --cfg job`"


def test_the_command_line_says_it_and_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    said: list[DefSimError] = []
    assert main(["--model", "mistral7b"], tell=said.append) == 2
    assert [error.fix for error in said] == ["`def-sim model=mistral7b`"]
    assert capsys.readouterr().out == ""


def test_version_names_what_can_change_a_number(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    named = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert named[:3] == ["def_sim", "python", "commit"]
    assert {"torch", "transformers"} <= set(named)
