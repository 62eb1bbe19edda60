"""What study B takes at full size, on a made file of 72 questions with two options."""

from pathlib import Path

import pytest
from opinion_files import CURRENT, Opinion, write_opinions

from def_sim.app.composing import compose_config
from def_sim.app.main import main
from def_sim.app.plan import make_plan
from def_sim.app.plan_counts import Plan
from def_sim.app.plan_lines import plan_lines
from def_sim.app.run import prepare_run
from def_sim.app.schema import validate_config
from def_sim.evaluation.style_studies import COUNTRIES, STYLES

pytestmark = pytest.mark.slow

KEYS = ("United States", "China", "Japan", CURRENT)


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the two surveys of a made file."""
    tmp_path = tmp_path_factory.mktemp("study")
    rows = [
        Opinion(f"Is measure {number} right?", ["It is", "It is not"], {key: [0.6, 0.4] for key in KEYS})
        for number in range(72)
    ]
    source = write_opinions(tmp_path / "global_opinions.csv", rows)
    folder = tmp_path / "mine"
    folder.mkdir()
    assert main(["stage=import", "importer=globalopinionqa", f"source={source}", f"home={folder}"]) == 0
    return folder


@pytest.fixture
def home(imported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands without `home=` find it."""
    monkeypatch.setenv("DEF_SIM_HOME", str(imported))


def planned(style: str, *words: str) -> tuple[Plan, list[str], bool]:
    """The plan, in words, too, and whether a judge reads the texts."""
    given = [f"strategy={style}", "survey=goqa_binary", "model=gpt4o", "respondents=100", *words]
    run = prepare_run(validate_config(compose_config(given)))
    plan = make_plan(run)
    return plan, plan_lines(run, plan), run.strategy.needs_judge is not None


@pytest.mark.usefixtures("home")
def test_the_study_takes_86_400_calls_and_57_600_of_a_judge() -> None:
    plans = {style: planned(style) for style in STYLES}
    assert len(COUNTRIES) * sum(plan.num_calls for plan, _, _ in plans.values()) == 86_400
    texts = [plan.num_answers for plan, _, is_judged in plans.values() if is_judged]
    assert len(COUNTRIES) * sum(texts) == 57_600
    for _, lines, is_judged in plans.values():
        [cost] = [line for line in lines if line.startswith("cost ")]
        assert cost.startswith("cost          about $")
        assert [line for line in lines if line.startswith("tokens ")]
        of_judge = [line for line in lines if line.startswith("judge ")]
        assert len(of_judge) == is_judged
        assert all("7,200 texts" in line and "rubric=stance" in line for line in of_judge)


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("country", COUNTRIES)
def test_every_country_is_asked_the_same_72_items(country: str) -> None:
    plan, _, _ = planned("classification", f"population={country}")
    assert (plan.num_questions, plan.num_calls) == (72, 7_200)
