"""`stage=plan show=items` on the shipped items: what is written, printed and refused."""

import csv
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest
from waiting import HANG_S

from def_sim.app.codebook import codebook_entries
from def_sim.app.composing import compose_config
from def_sim.app.main import main
from def_sim.app.run import Run, prepare_run
from def_sim.app.schema import validate_config
from def_sim.resources import data_folder

pytestmark = pytest.mark.slow

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def prepared(*words: str) -> Run:
    return prepare_run(validate_config(compose_config(["stage=plan", "respondents=1", *words])))


@pytest.mark.parametrize(
    ("survey", "population"), [("us", "USA"), ("cn", "CHN"), ("us_short", "USA"), ("cn_short", "CHN")]
)
def test_the_sheet_of_a_survey_holds_every_item_with_every_wording(
    survey: str, population: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["stage=plan", "show=items", f"survey={survey}", f"output={tmp_path}"]) == 0
    path = tmp_path / "codebooks" / f"{survey}-{population}.html"
    html = unescape(path.read_text(encoding="utf-8"))
    items = prepared(f"survey={survey}").loaded.items
    for item in items.values():
        assert f'id="{item.id}"' in html
        for texts in item.wordings.values():
            assert all(text in html for text in texts)
    printed = capsys.readouterr().out.splitlines()
    assert printed[-1] == f"codebook {path}"
    [english] = [line.split() for line in printed if re.match(r"all +en ", line)]
    assert int(english[-2]) == len(items)
    assert sum(int(cell) for cell in english[2:-2]) == len(items)  # the dimensions add up


def test_the_question_stands_there_as_the_pack_renders_it_for_the_country(tmp_path: Path) -> None:
    [entry] = codebook_entries(prepared("survey=cn", "items=[wvs7.Q1]", "frame_language=zh"))
    assert entry.as_seen.startswith("请以中国公民的身份")
    assert entry.as_seen.endswith("4. 一点也不重要")
    assert entry.human is not None
    assert len(entry.human.shares) == len(entry.shown_codes) == 4


def test_an_item_that_does_not_go_with_its_topic_group_says_so_whatever_else_is_chosen() -> None:
    with (data_folder() / "structure/topic_items.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["population"] == "USA"]
    stored = {row["item"]: float(row["item_rest"]) for row in rows}
    assert stored["Q254"] < 0.1 < stored["Q57"]
    other, marked = codebook_entries(prepared("items=[wvs7.Q57,wvs7.Q254]"))
    assert marked.item_rest == pytest.approx(stored["Q254"], abs=0.001)
    assert other.item_rest is None


def test_a_follow_up_is_shown_with_the_first_option_as_if_chosen_before() -> None:
    first, second = codebook_entries(prepared("items=[wvs7.Q152,wvs7.Q153]"))
    assert first.filled_with is None
    assert second.filled_with == "A high rate of economic growth"
    assert "{first_choice}" not in second.as_seen
    assert second.filled_with in second.as_seen
    [_, kept] = codebook_entries(
        prepared("items=[wvs7.Q152,wvs7.Q153]", "presentation.follow_up=placeholder")
    )
    assert "{first_choice}" in kept.as_seen
    assert kept.filled_with is None


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["stage=plan", "show=all"], "show="),
        (["show=items"], "show=items belongs to stage=plan, found stage=all"),
    ],
)
def test_what_cannot_be_shown_is_refused_before_anything_is_written(
    words: list[str], expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, f"output={tmp_path / 'runs'}"]) == 2
    assert expected in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


def test_an_output_below_a_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blocker = tmp_path / "a_file"
    blocker.write_text("in the way")
    assert main(["stage=plan", "show=items", "respondents=1", f"output={blocker}"]) == 2
    assert str(blocker) in capsys.readouterr().err


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_the_filters_run_in_a_browser_under_the_pages_own_policy(tmp_path: Path) -> None:
    words = ["stage=plan", "show=items", "survey=cn", "items=[wvs7.Q1,wvs7.Q48]", f"output={tmp_path}"]
    assert main(words) == 0
    page = tmp_path / "codebooks" / "cn-CHN.html"
    assert CHROMIUM is not None
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
        "--disable-background-networking", "--disable-component-update", "--disable-quic")  # fmt: skip
    done = subprocess.run(
        [CHROMIUM, *flags, f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom", page.as_uri()],
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=True,
    )
    assert "2 of 2 items" in done.stdout  # only the running script writes it
    assert "Refused to" not in done.stderr
