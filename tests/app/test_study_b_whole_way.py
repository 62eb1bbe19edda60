"""Study B from a made file to its page, with a scripted model and a scripted judge."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
from judged_runs import a_judge, judge
from opinion_files import CURRENT, Opinion, write_opinions
from scripted_runs import hold

from def_sim.app.main import main
from def_sim.app.run import Run
from def_sim.engines.scripted import ScriptedEngine
from def_sim.evaluation.style_studies import STYLES
from def_sim.records import Request, RequestKey

pytestmark = pytest.mark.slow

COUNTRIES = ("USA", "IND")
PEOPLE = {"USA": 0.75, "IND": 0.25}  # who takes the first option, on every item
NUM_ITEMS, NUM_RESPONDENTS = 6, 20
SIDES = {0: "[first]", 1: "[second]", -1: "[none]"}


def opinion(key: RequestKey, style: str) -> int:
    """Position of the option, or -1: of the open texts those of every fourth respondent say nothing."""
    number = int(key.respondent_id[1:])
    if style == "scenarios" and number % 4 == 3:
        return -1
    if style == "scenarios" and number % 10 == 1:
        return 1  # in the second frame
    return 0 if number < NUM_RESPONDENTS / 2 else 1


def respondent(style: str) -> Callable[[Run], ScriptedEngine]:
    def reply(request: Request) -> str:
        position = opinion(request.key, style)
        return str(position + 1) if style == "classification" else f"What I hold: {SIDES[position]}"

    return lambda run: ScriptedEngine(reply=reply)


def hears(request: Request) -> str:
    """A judge who finds what stands in brackets."""
    shown = request.messages[0].content
    number = 1 if SIDES[0] in shown else 2 if SIDES[1] in shown else 0
    return json.dumps({"reasoning": "as marked", "classification": number})


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Interviews of three styles in two countries; not judged."""
    folder = tmp_path_factory.mktemp("study")
    shares = {"United States": [0.75, 0.25], CURRENT: [0.25, 0.75], "China": [0.5, 0.5], "Japan": [0.5, 0.5]}
    rows = [
        Opinion(f"Is measure {number} right?", ["It is", "It is not"], shares) for number in range(NUM_ITEMS)
    ]
    source = write_opinions(folder / "global_opinions.csv", rows)
    home = folder / "home"
    home.mkdir()
    assert main(["stage=import", "importer=globalopinionqa", f"source={source}", f"home={home}"]) == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEF_SIM_HOME", str(home))
        for style in STYLES:
            for country in COUNTRIES:
                words = (f"strategy={style}", f"population={country}", f"respondents={NUM_RESPONDENTS}")
                given = ("model=gpt4o", "survey=goqa_binary", "items=null", *words)
                hold(folder / "out", *given, is_reported=False, respondent=respondent(style))
        yield folder / "out"


def compare(outputs: Path) -> int:
    return main(["stage=report", f"runs={outputs}/gpt4o/goqa_binary/*", f"output={outputs}"])


def read_table(outputs: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(outputs / "comparison" / name, keep_default_na=False, na_values=[""])


def test_texts_that_nobody_judged_are_refused_with_the_judges_command(
    outputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare(outputs) == 2
    message = capsys.readouterr().err
    assert "4 of the 6 runs wait for a judge" in message
    assert "stage=judge rubric=stance" in message
    assert not (outputs / "comparison").exists()


@pytest.fixture(scope="module")
def judged(outputs: Path) -> Path:
    """The same judged and compared."""
    for folder in sorted((outputs / "gpt4o" / "goqa_binary").iterdir()):
        if not folder.name.startswith("classification"):
            judge(folder, a_judge(hears), "rubric=stance", "model=claude")
    assert compare(outputs) == 0
    return outputs


def test_every_cell_is_what_was_planted(judged: Path) -> None:
    table = read_table(judged, "study_b.csv").set_index(["population", "style"])
    assert len(table) == len(COUNTRIES) * len(STYLES)
    for (country, style), row in table.iterrows():
        keys = [RequestKey(1, f"r{number:05d}", "any", 0, 0) for number in range(NUM_RESPONDENTS)]
        chosen = [opinion(key, style) for key in keys]
        read = [position for position in chosen if position >= 0]
        share = read.count(0) / len(read)
        assert row["similarity"] == pytest.approx(1 - abs(share - PEOPLE[country]))
        assert row["unclassifiable"] == pytest.approx(1 - len(read) / NUM_RESPONDENTS)
        assert row["num_answers"] == NUM_RESPONDENTS * NUM_ITEMS
        assert row["uniform"] == pytest.approx(0.75)
        assert row["majority"] == pytest.approx(0.75)
        assert row["matched"] == pytest.approx(row["similarity"])
        assert row["num_matched"] == row["num_items"] == NUM_ITEMS
        assert (
            row["published"]
            == {"USA": (0.66, 0.71, 0.70), "IND": (0.58, 0.63, 0.62)}[country][STYLES.index(style)]
        )


def test_who_read_the_answers_stands_beside_them(judged: Path) -> None:
    table = read_table(judged, "study_b.csv")
    by_rules = table["judge"] == "rules"
    assert set(table.loc[by_rules, "style"]) == {"classification"}
    assert table.loc[~by_rules, "judge"].str.startswith("Claude").all()
    assert table.loc[by_rules, "not_bare"].tolist() == [0, 0]
    assert table.loc[~by_rules, "not_bare"].isna().all()


def test_frames_are_scored_each_on_its_own_respondents(judged: Path) -> None:
    frames = read_table(judged, "frames.csv")
    assert len(frames) == len(COUNTRIES) * 10
    american = frames[frames["population"] == "USA"].reset_index(drop=True)
    assert american["num_respondents"].tolist() == [2] * 10
    # Respondents 1 and 11 both hold the second option; 3 says nothing and 13 holds the second option.
    assert american["similarity"][1] == pytest.approx(1 - 0.75)
    assert american["unclassifiable"][3] == pytest.approx(0.5)
    assert american["p_differ"].nunique() == 1


def test_the_page_names_the_samples_and_the_styles_in_pairs(judged: Path) -> None:
    page = (judged / "comparison" / "study_b.html").read_text(encoding="utf-8")
    assert f"India (Current national sample): {NUM_ITEMS} items" in page
    assert "Classification − Scenarios" in page
    pairs = read_table(judged, "study_b_pairs.csv")
    assert len(pairs) == len(COUNTRIES) * 3
