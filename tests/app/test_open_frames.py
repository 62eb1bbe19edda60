"""Open frames from the command line: chosen by name, of one's own, in a run's hash, spread over the panel."""

from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from homes import write_files, write_home

from def_sim.app.answer_views import answer_views
from def_sim.app.composing import compose_config
from def_sim.app.definition import what_defines
from def_sim.app.home import at_home
from def_sim.app.main import main
from def_sim.app.panel_table import panel_table
from def_sim.app.run import Run, prepare_run
from def_sim.app.run_facts import describe_decoding
from def_sim.app.schema import validate_config
from def_sim.app.strategy_frames import read_frames
from def_sim.randomness import Address
from def_sim.records import Answer, AnswerStatus, ReadingMethod, Request
from def_sim.respondents.memory import Memory
from def_sim.strategies.contract import OpenConversation
from def_sim.strategies.frames import frames_by_respondent
from def_sim.surveys.survey import load_survey

pytestmark = pytest.mark.slow

LOAD_ONCE = cache(load_survey)  # the same figures for every run

ITEMS = "items=[wvs7.Q1,wvs7.Q164]"
DIARY = """\
frames:
  - {id: diary, use_case: fiction, text: {en: "Somebody keeps a diary on this: {question} Write the entry."}}
  - {id: letter, use_case: fiction, text: {en: "Somebody writes a letter on this: {question} Write it."}}
"""


def planned(*words: str, strategy: str = "scenarios") -> Run:
    config = validate_config(compose_config([f"strategy={strategy}", ITEMS, *words]))
    return prepare_run(config, load=LOAD_ONCE)


def requests_of(run: Run) -> dict[tuple[str, str], Request]:
    """Respondent and item -> the one request."""
    found = {}
    for respondent in run.panel:
        for question in run.survey.questions:
            address = Address(run.rules.seed, respondent.id, question.item_id, question.wording)
            [request] = OpenConversation(run.strategy, question, respondent, Memory(0), address).requests
            found[respondent.id, question.item_id] = request
    return found


def defined_by(run: Run) -> object:
    return what_defines(run, {"scripted": "demo"})["strategy"]


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    strategy = [] if any(word.startswith("strategy=") for word in words) else ["strategy=scenarios"]
    assert main(["stage=plan", ITEMS, *strategy, *words]) == 2
    message = " ".join(capsys.readouterr().err.split())
    assert message.count("error:") == 1
    assert "do:" in message
    return message


# --- who is asked in which ---


@pytest.mark.parametrize(("num_respondents", "expected"), [(100, {10}), (25, {2, 3})])
def test_every_frame_puts_an_item_equally_often(num_respondents: int, expected: set[int]) -> None:
    run = planned(f"respondents={num_respondents}")
    frames = read_frames(run.config, run.survey)
    assert frames is not None
    named = frames_by_respondent(frames, (one.id for one in run.panel))
    scenes = {
        frame.scene(question.text, "en"): frame.id
        for question in run.survey.questions
        for frame in frames.frames
    }
    asked = {
        key: scenes[request.messages[0].content.partition("\n\n")[2]]
        for key, request in requests_of(run).items()
    }
    assert all(named[respondent].id == frame for (respondent, _), frame in asked.items())
    for question in run.survey.questions:
        counts = Counter(frame for (_, item), frame in asked.items() if item == question.item_id)
        assert (len(counts), set(counts.values())) == (10, expected)


@pytest.mark.parametrize("strategy", ["classification", "chain_of_thought", "scenarios"])
def test_a_respondent_is_asked_the_same_in_every_country_but_for_its_name(strategy: str) -> None:
    countries = {"USA": "the United States", "CHN": "China", "JPN": "Japan"}
    texts = {
        code: {
            key: request.messages[0].content.replace(name, "COUNTRY")
            for key, request in requests_of(
                planned(f"population={code}", "respondents=12", strategy=strategy)
            ).items()
        }
        for code, name in countries.items()
    }
    assert all("COUNTRY" in text for text in texts["JPN"].values())
    assert texts["USA"] == texts["CHN"] == texts["JPN"]


def test_no_option_of_any_item_stands_in_a_request() -> None:
    run = planned("items=null", "respondents=1")
    of_question = {question.item_id: question for question in run.survey.questions}
    for (_, item_id), request in requests_of(run).items():
        text = request.messages[0].content.replace(of_question[item_id].text, "")
        assert not [o.label for o in of_question[item_id].options if len(o.label) > 3 and o.label in text]


# --- which is in use, and in the hash ---


def test_frames_of_ones_own_are_one_file_in_a_home(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = write_home(tmp_path / "mine", frames__diary=DIARY)
    words = [f"home={home}", "survey=town", "strategy=scenarios", "strategy.frames=diary", "stage=plan"]
    assert main([*words, "show=prompts"]) == 0
    said = capsys.readouterr().out
    assert "Somebody keeps a diary on this: Should the town spend more on its parks? Write the entry." in said
    assert "Somebody writes a letter on this: Should the town spend more on its parks? Write it." in said
    assert "frame letter (fiction), respondent r00001" in said
    assert [line.split() for line in said.splitlines() if line.startswith("  frames ")] == [
        ["frames", "diary"]
    ]


def test_only_the_texts_in_use_are_in_the_hash_of_a_run(tmp_path: Path) -> None:
    home = write_files(tmp_path / "mine", {"frames/diary.yaml": DIARY, "frames/other.yaml": DIARY})
    with at_home(str(home)):
        before = defined_by(planned("strategy.frames=diary"))
        write_files(home, {"frames/other.yaml": DIARY.replace("letter", "note")})
        write_files(home, {"frames/diary.yaml": DIARY.replace("fiction", "writing")})  # a word for tables
        assert defined_by(planned("strategy.frames=diary")) == before
        write_files(home, {"frames/diary.yaml": DIARY.replace("letter", "note")})
        assert defined_by(planned("strategy.frames=diary")) != before
    assert defined_by(planned()) != defined_by(planned("strategy.frames=use_cases"))


def test_a_file_of_that_name_is_not_taken_in_place_of_the_shipped_one_unasked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = write_files(tmp_path / "mine", {"frames/open_ended.yaml": DIARY})
    assert "frames/open_ended.yaml is in both" in refused(capsys, f"home={home}")
    write_files(home, {"overrides.yaml": "files: [frames/open_ended.yaml]\n"})
    assert main(["strategy=scenarios", "stage=plan", "show=prompts", ITEMS, f"home={home}"]) == 0
    assert "Somebody keeps a diary on this" in capsys.readouterr().out


# --- bad input ---


def test_frames_that_are_not_there_name_what_was_meant(capsys: pytest.CaptureFixture[str]) -> None:
    message = refused(capsys, "strategy.frames=use_case")
    assert "strategy.frames=use_case: there are no such frames. Known: open_ended, use_cases." in message
    assert "Did you mean `strategy.frames=use_cases`?" in message
    assert "write frames/zzz.yaml into your home folder" in refused(capsys, "strategy.frames=zzz")


@pytest.mark.parametrize("given", ["../open_ended", "5", "null", "[open_ended]"])
def test_frames_are_chosen_by_a_name(given: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "strategy.frames" in refused(capsys, f"strategy.frames={given}")


def test_frames_without_a_text_in_the_frames_language_say_which_they_have(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = write_files(tmp_path / "mine", {"frames/diary.yaml": DIARY})
    message = refused(capsys, f"home={home}", "strategy.frames=diary", "language=zh", "frame_language=zh")
    assert "the frames have no texts in 'zh', only in en." in message


def test_a_damaged_file_is_named_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = write_files(
        tmp_path / "mine", {"frames/diary.yaml": DIARY.replace("{question} Write it", "Write it")}
    )
    message = refused(capsys, f"home={home}", "strategy.frames=diary")
    assert "diary.yaml, line 3" in message
    assert "frame 'letter', text in 'en': the slot {question} is missing" in message


def test_chinese_is_refused_for_items_in_english_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = write_home(tmp_path / "mine")
    message = refused(capsys, f"home={home}", "survey=town", "language=zh", "items=null")
    assert "town.Q1 has no wording in language 'zh'" in message


def test_reasoning_is_read_by_a_judge_or_by_rules(capsys: pytest.CaptureFixture[str]) -> None:
    assert planned(strategy="chain_of_thought").strategy.needs_judge == "stance"
    assert planned("strategy.read_by=rules", strategy="chain_of_thought").strategy.needs_judge is None
    assert main(["strategy=chain_of_thought", "strategy.read_by=rule", "stage=plan"]) == 2
    assert "'judge' or 'rules'" in capsys.readouterr().err


# --- what is kept of it ---


def test_the_table_of_respondents_says_in_which_frame_each_was_asked() -> None:
    run = planned("respondents=12")
    table = panel_table(run.panel, read_frames(run.config, run.survey))
    assert table["frame"].tolist()[:3] == ["phone_survey", "editorial", "social_post"]
    assert table["frame"].tolist()[10:] == ["phone_survey", "editorial"]
    assert set(panel_table(run.panel)["frame"]) == {""}


@pytest.mark.parametrize("strategy", ["diversity_enhanced", "classification", "scenarios"])
def test_a_report_shows_the_prompt_that_the_strategy_sent(strategy: str) -> None:
    run = planned("respondents=2", "modifications.memory=false", strategy=strategy)
    requests = requests_of(run)
    answers = [
        Answer(
            respondent, item, 0, 0, AnswerStatus.NO_ANSWER, (), ReadingMethod.NONE, "", request.option_codes
        )
        for (respondent, item), request in requests.items()
    ]
    views = answer_views(run, answers, answers, run.panel)
    assert [view.prompt for view in views] == [one.messages[-1].content for one in requests.values()]
    assert [view.decoding for view in views] == [describe_decoding(one.decoding) for one in requests.values()]


@pytest.mark.parametrize("strategy", ["single", "ccsv"])
def test_sex_and_age_are_drawn_where_the_strategy_says_them(strategy: str) -> None:
    words = ["respondents=3", "modifications.prompt=true", "modifications.persona=demographic"]
    assert planned(*words, strategy=strategy).panel[0].persona.has_person


@pytest.mark.parametrize(
    "strategy", ["classification", "chain_of_thought", "scenarios", "cao2023", "verbalised"]
)
def test_sex_and_age_that_no_prompt_would_say_are_refused(
    strategy: str, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["modifications.prompt=true", "modifications.persona=demographic"]
    assert f"strategy={strategy} does not say a respondent's sex and age" in refused(
        capsys, f"strategy={strategy}", *words
    )
