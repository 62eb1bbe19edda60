"""Experiments: which arms a YAML names, what is refused, and that nothing is asked twice."""

import json
import signal
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from opinion_files import CURRENT, Opinion, write_opinions
from runs import num_lines, start
from waiting import comes_true

from def_sim.app.composing import compose_config, compose_experiment
from def_sim.app.experiments import Experiment
from def_sim.app.main import main
from def_sim.app.run import prepare_run
from def_sim.app.schema import validate_config
from def_sim.resources import conf_folder, data_folder
from def_sim.respondents.panel import Modifications
from def_sim.surveys.human_reference import COLUMNS
from def_sim.surveys.survey import load_survey

pytestmark = pytest.mark.slow

EXPERIMENTS = sorted(path.stem for path in (conf_folder() / "experiment").glob("*.yaml"))
# Answers of one model, by hand: arms x respondents x questions (310 us, 233 cn, 149 shared; 1,238 wordings).
PLANNED = {
    "paper_main": 20 * 1_238,
    "baselines": 5 * 20 * (310 + 233),
    "diversity_ablation": 8 * 20 * 310,
    "language_ablation": 8 * 20 * 149,
    "persona_controls": 3 * 20 * 149,
    "seeds": 5 * 20 * 310,
    "respondents_curve": 200 * 310,
    "contamination": 4 * 20 * 149,
    "offer_dont_know": 3 * 20 * 310,
    "prompt_sensitivity": 24 * 20 * 36,
    "smoke": 9 * 4 * 4,
}
KEYS = ("United States", "China", "Japan", CURRENT)
IMPORTED = ("interaction_styles",)  # asks a survey that a user imports
FOUR = "items=[wvs7.Q1,wvs7.Q46,wvs7.Q57,wvs7.Q164]"
ABLATION = ("experiment=diversity_ablation", FOUR, "decoding.max_new_tokens=24")
load_once = cache(load_survey)
BASELINES = ("experiment=baselines", "strategy=diversity_enhanced,single", "survey=us", FOUR)


@cache
def quick(*words: str) -> Experiment:
    return compose_experiment([*words, "respondents=2"])


@cache
def shipped(name: str) -> Experiment:
    """An experiment as its YAML has it, with one model."""
    one_model = {"paper_main": ["model=mistral7b"], "interaction_styles": ["model=gpt4o"]}.get(name, [])
    return compose_experiment([f"experiment={name}", *one_model])


def test_every_experiment_that_is_shipped_has_its_answers_planned_here() -> None:
    assert {*PLANNED, *IMPORTED} == set(EXPERIMENTS)


@pytest.mark.parametrize("name", PLANNED)
def test_an_experiment_plans_the_answers_that_its_arms_give(name: str) -> None:
    experiment = shipped(name)
    assert sum(arm.run.num_planned for arm in experiment.arms) == PLANNED[name]
    assert experiment.choice.name == name
    assert experiment.choice.question.endswith("?")


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with 72 questions in the form of GlobalOpinionQA."""
    rows = [
        Opinion(f"Is measure {number} right?", ["It is", "It is not"], {key: [0.6, 0.4] for key in KEYS})
        for number in range(72)
    ]
    source = write_opinions(tmp_path_factory.mktemp("source") / "opinions.csv", rows)
    home = tmp_path_factory.mktemp("home")
    assert main(["stage=import", "importer=globalopinionqa", f"source={source}", f"home={home}"]) == 0
    return home


def test_styles_of_asking_are_held_on_the_imported_questions(
    imported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEF_SIM_HOME", str(imported))
    experiment = shipped("interaction_styles")
    assert sum(arm.run.num_planned for arm in experiment.arms) == 3 * 4 * 100 * 72
    assert sum(experiment.is_baseline(arm) for arm in experiment.arms) == 4  # one in each country


def test_without_the_imported_survey_the_command_that_imports_it_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["experiment=interaction_styles", "stage=plan"]) == 2
    told = capsys.readouterr().err
    assert "there is no such survey" in told
    assert "stage=import importer=globalopinionqa" in told


MODELS = sorted(path.stem for path in (conf_folder() / "model").glob("*.yaml"))
NEEDED = {
    "hf": ["model.engine.path=/folder"],
    "server": ["model.engine.base_url=http://localhost:8000/v1", "model.engine.model_name=any"],
}


# Every model with one experiment, every experiment with a model or two; the others are `full`.
MET = {(EXPERIMENTS[place % len(EXPERIMENTS)], model) for place, model in enumerate(MODELS)}
ALL = [
    pytest.param(name, model, marks=[] if (name, model) in MET else pytest.mark.full)
    for name in EXPERIMENTS
    for model in MODELS
]


@pytest.mark.parametrize(("name", "model"), ALL)
def test_a_model_is_asked_in_an_experiment_as_in_a_run(
    name: str, model: str, imported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its first arm plans as many answers as with the model of the counts above."""
    monkeypatch.setenv("DEF_SIM_HOME", str(imported))
    first = shipped(name).arms[0]
    words = [word for word in first.words if not word.startswith("model=")]
    chosen = [f"experiment={name}", *words, f"model={model}", *NEEDED.get(model, [])]
    config = validate_config(compose_config(chosen))
    assert config.model.name == model
    assert prepare_run(config, load=load_once).num_planned == first.run.num_planned


def test_arms_are_those_of_hydras_own_sweep_in_its_order() -> None:
    params = ["modifications.prompt=true,false", "modifications.configuration=true,false"]
    given = ["modifications.memory=false", FOUR, "respondents=2"]
    parsed = OverridesParser.create().parse_overrides([*params, "modifications.memory=true,false", *given])
    [batch] = BasicSweeper.split_arguments(parsed, max_batch_size=None)
    words = [arm.words for arm in quick(*ABLATION[:2], "modifications.memory=false").arms]
    found, expected = ([{word.lower() for word in one} for one in several] for several in (words, batch))
    assert found == expected


def test_a_choice_on_the_command_line_takes_the_place_of_the_list() -> None:
    strategies = [arm.run.config.strategy.name for arm in quick(*BASELINES).arms]
    assert strategies == ["diversity_enhanced", "single"]


def test_the_baseline_is_the_arm_that_has_what_the_yaml_says() -> None:
    experiment = quick(*ABLATION)
    [baseline] = [arm for arm in experiment.arms if experiment.is_baseline(arm)]
    assert baseline.run.config.modifications == Modifications(False, False, False)


def test_a_factor_that_the_command_fixes_is_no_part_of_the_baseline() -> None:
    experiment = quick(*ABLATION, "modifications.prompt=true")
    [baseline] = [arm for arm in experiment.arms if experiment.is_baseline(arm)]
    assert baseline.title == "modifications.configuration=false, modifications.memory=false"
    assert len(experiment.arms) == 4


def test_the_folder_of_an_experiment_depends_on_its_arms_and_not_on_their_order_or_size() -> None:
    found = quick(*BASELINES).folder_name
    turned = [BASELINES[0], "strategy=single,diversity_enhanced", *BASELINES[2:], "respondents=3"]
    assert compose_experiment(turned).folder_name == found
    assert found.startswith("baselines-")
    assert quick(*BASELINES, "seed=2").folder_name != found


REFUSED = {
    "experiment=diversity_ablations": "Did you mean `experiment=diversity_ablation`?",
    "experiment=seeds,baselines": "experiment takes one value",
    f"experiment=baselines strategy=ccsv survey=us {FOUR}": "leaves a single arm",
    f"experiment=baselines strategy=ccsv,single survey=us {FOUR}": "no arm is its baseline strategy=",
    f"experiment=seeds seed=1,1 {FOUR}": "seed=1 stands twice",
    f"experiment=seeds run_folder=outputs {FOUR}": "run_folder= and experiment= do not go together",
    f"experiment=seeds seed=1 respondents=2,3 {FOUR}": "differ in respondents: 2 and 3",
    "experiment=seeds seed=1 items=[wvs7.Q1],[wvs7.Q46]": "differ in their items: wvs7.Q1 and wvs7.Q46",
    "experiment=prompt_sensitivity wordings=0,2": "wordings=2: 36 of the items have no such wording",
    "experiment=contamination survey=cn items=[cgss2018.A33]": "none of its 1 items has figures of people",
    f"experiment=seeds seed=1 memory.max_capacity=5 max_in_flight=1,2 {FOUR}": "are one run",
    f"experiment=seeds stage=verify {FOUR}": "stage=verify belongs to single runs",
    f"experiment=seeds strategy=nothing {FOUR}": "there is no such strategy",
    f"experiment=seeds experiment.questions=why {FOUR}": "experiment.questions",
    f"experiment=seeds 'experiment.baseline=[x]' {FOUR}": "is no list of overrides",
}


@pytest.mark.parametrize(("words", "message"), REFUSED.items())
def test_what_is_no_experiment_is_refused_in_one_message(
    words: str,
    message: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words.replace("'", "").split()) == 2
    told = capsys.readouterr().err
    assert message in told
    assert told.count("error:") == told.count("do:") == 1
    assert not any(tmp_path.iterdir())


def test_arms_beside_other_figures_of_people_are_not_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = "wvs7.Q1,overall,all,{code},{share},900,,0,weighted"
    folders = []
    for name, share in (("a", 0.25), ("b", 0.1)):
        folder = tmp_path / name / "USA"
        folder.mkdir(parents=True)
        shares = {1: share, 2: 0.75 - share, 3: 0.25, 4: 0.0}
        rows = [row.format(code=code, share=f"{one:.6f}") for code, one in shares.items()]
        (folder / "wvs7.csv").write_text("\n".join([",".join(COLUMNS), *rows, ""]), encoding="utf-8")
        shipped = data_folder() / "references" / "USA" / "wvs7.yaml"
        (folder / "wvs7.yaml").write_bytes(shipped.read_bytes())
        folders.append(str(folder.parent))
    named = ["experiment=seeds", "seed=1", f"references={','.join(folders)}", "items=[wvs7.Q1]", "stage=plan"]
    assert main(named) == 2
    told = capsys.readouterr().err
    assert f"differ in people's figures, references: {folders[0]} and {folders[1]}" in told


def test_arms_without_an_answer_are_no_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*BASELINES, "stage=report", "respondents=2", f"output={tmp_path}"]) == 2
    assert "none of its 2 arms is on file" in capsys.readouterr().err


def test_an_experiment_is_in_no_run_so_an_arm_that_was_held_alone_is_not_asked_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = ["respondents=2", f"output={tmp_path}", "decoding.max_new_tokens=24", "scoring.draws=20"]
    assert main(["strategy=single", FOUR, "stage=interview", *output]) == 0
    [alone] = tmp_path.glob("demo/us/single-*/answers/*.jsonl")
    before = alone.read_bytes()
    assert main([*BASELINES, *output]) == 0
    assert alone.read_bytes() == before
    manifest = json.loads((alone.parents[1] / "manifest.json").read_text())
    assert "experiment" not in manifest["config"]
    [page] = tmp_path.glob("experiments/baselines-*/comparison.html")
    text = page.read_text(encoding="utf-8")
    assert text.index("closer to people than its baselines, and by more than variety?") < text.index("<main")
    arms = pd.read_csv(page.parent / "arms.csv")
    assert set(arms.loc[arms["is_baseline"], "arm"]) == {"strategy diversity enhanced"}
    assert {"arms.csv", "diversity.csv", "seeds.csv"} <= {path.name for path in page.parent.iterdir()}


def test_an_arm_without_weights_is_named_and_the_others_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    named = ["experiment=seeds", "seed=1", "model=mistral7b,demo", FOUR, "respondents=2"]
    assert main([*named, "decoding.max_new_tokens=24", "scoring.draws=20", f"output={tmp_path}"]) == 2
    told = capsys.readouterr()
    assert "failed  model=mistral7b: " in told.err
    assert "comparison  " in told.out
    [page] = tmp_path.glob("experiments/seeds-*/comparison.html")
    assert "model=mistral7b" in page.read_text(encoding="utf-8")


def answers_by_arm(output: Path) -> dict[str, bytes]:
    return {path.parents[1].name: path.read_bytes() for path in output.glob("demo/us/*/answers/*.jsonl")}


@pytest.mark.full
def test_killed_in_its_third_arm_the_same_command_asks_nothing_twice(tmp_path: Path) -> None:
    words = [*ABLATION, "respondents=10", "scoring.draws=20", "stage=interview", f"output={tmp_path}"]
    process = start(words)
    try:
        assert comes_true(lambda: len(answers_by_arm(tmp_path)) == 3 and num_lines(tmp_path) > 2 * 40 + 5)
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    before = answers_by_arm(tmp_path)
    assert 2 <= len(before) < 8
    assert main([word for word in words if word != "stage=interview"]) == 0
    after = answers_by_arm(tmp_path)
    assert len(after) == 8
    for arm, journal in after.items():
        assert journal.startswith(before.get(arm, b"").rpartition(b"\n")[0])  # but for a torn last line
        lines = [json.loads(line) for line in journal.splitlines()]
        assert len(lines) == 40


def test_hydra_multirun_is_not_needed_and_not_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-m", *BASELINES, "stage=plan", "respondents=2"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert "strategy=diversity_enhanced (baseline): 8 answers, 8 calls" in told[1]
    assert "strategy=single: 8 answers, 8 calls" in told[2]
    assert told[3].startswith("all 2         16 answers, 16 calls")


def test_each_run_of_a_sweep_is_headed_by_what_tells_it_from_the_others(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["-m", "seed=1,2", "modifications.memory=false", FOUR, "respondents=2", "stage=plan"]) == 0
    heads = [line for line in capsys.readouterr().out.splitlines() if line.startswith("arm ")]
    assert heads == ["arm         seed=1", "arm         seed=2"]
