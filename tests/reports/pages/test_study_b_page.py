"""Study B's page: what it says, what stands beside, that it loads nothing, that names stay text."""

import html as html_module
import re
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from study_panels import planted, style_run, two

from def_sim.evaluation.compared_runs import LeftOut
from def_sim.evaluation.frame_scores import Frame, frame_table
from def_sim.evaluation.study_b import study_b_table
from def_sim.evaluation.style_cells import ReadRun
from def_sim.evaluation.style_pairs import style_pairs_table
from def_sim.evaluation.style_scores import share_not_bare, style_scores
from def_sim.evaluation.style_studies import COUNTRIES, STYLES, StudyResults, style_studies
from def_sim.records import ItemReference
from def_sim.reports.pages.study_b import render_study_b
from def_sim.resources import data_folder
from def_sim.surveys.published_scores import read_study_b

NAMES = {"USA": "the United States", "CHN": "China", "JPN": "Japan", "IND": "India"}
NUM_ITEMS, NUM_RESPONDENTS = 12, 20
FAILING = {"classification": 0.02, "chain_of_thought": 0.05, "scenarios": 0.3}


def people(country: str) -> list[float]:
    draws = np.random.default_rng([51, COUNTRIES.index(country)])
    return [float(share) for share in draws.beta(2, 2, size=NUM_ITEMS)]


@cache
def results(countries: tuple[str, ...] = COUNTRIES, styles: tuple[str, ...] = STYLES) -> StudyResults:
    """A study whose panels answer half as people do and half as a coin."""
    runs = [style_run(style, country) for country in countries for style in styles]
    [study], _ = style_studies(runs)
    read, frames = {}, []
    for place, run in enumerate(study.runs):
        shares = 0.5 * np.array(people(run.population)) + 0.25
        draws = np.random.default_rng([52, place])
        size = (NUM_RESPONDENTS, NUM_ITEMS)
        choices = (draws.random(size) >= shares).astype(int)
        choices[draws.random(size) < FAILING[run.strategy]] = -1
        arrays = planted(choices, two(*people(run.population)), population=run.population)
        others = two(*people("CHN" if run.population == "USA" else "USA"))
        references = {
            f"goqa.q{number:02d}": ItemReference(
                f"goqa.q{number:02d}", "all", (1, 2), tuple(one), 1000, 1000.0
            )
            for number, one in enumerate(others)
        }
        scores = style_scores(arrays, seed=1, num_draws=50, other_references=references)
        judge = "rules" if run.strategy == "classification" else "Claude"
        read[run.folder] = ReadRun(
            scores, judge, share_not_bare(arrays) if judge == "rules" else float("nan")
        )
        if run.strategy == "scenarios":
            scenes = {one.id: Frame(f"scene_{one.index % 10}", "survey") for one in arrays.panel}
            table = frame_table(arrays, scenes, seed=1, num_draws=50, are_independent=True)
            frames.append(table.assign(style=run.strategy, folder=run.folder))
    return StudyResults(
        study,
        study_b_table(study, read, read_study_b(data_folder())),
        style_pairs_table(study, read),
        pd.concat(frames) if frames else pd.DataFrame(),
        {country: f"A made file, {country}" for country in countries},
        {country: "CHN" if country == "USA" else "USA" for country in countries},
    )


def page(*studies: StudyResults, left_out: tuple[LeftOut, ...] = ()) -> str:
    return render_study_b(studies or [results()], left_out, country_names=NAMES, code_version="0.1")


def said(html: str) -> str:
    """The text that a reader sees."""
    body = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
    return " ".join(html_module.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def test_every_country_and_style_stands_beside_what_was_printed() -> None:
    text = said(page())
    row = results().table.set_index(["population", "style"]).loc[("CHN", "scenarios")]
    cell = f"China Scenarios {row['similarity']:.3f} ({row['low']:.3f} to {row['high']:.3f})"
    assert cell in text
    assert "0.65 (0.60 to 0.70) 40.26 % Claude" in text
    assert "judges read the texts" not in text


def test_texts_that_several_judges_read_are_told() -> None:
    one = results()
    judges = ["rules", "Claude", "GPT"] * 4
    assert "2 judges read the texts" in said(page(replace(one, table=one.table.assign(judge=judges))))


def test_the_notes_say_what_is_known_of_the_printed_scores() -> None:
    text = said(page())
    assert "The printed scores are of GPT-4o." in text
    assert "32.27 % is no share of 7,200 replies" in text
    assert "No cell counts as reproduced" in text
    assert "are those of 20 replies an item, not of 100" in text


def test_controls_stand_in_the_table_and_in_every_chart() -> None:
    html = page()
    row = results().table.iloc[0]
    beside = " ".join(f"{row[name]:.3f}" for name in ("similarity", "floor", "uniform", "above_uniform"))
    assert f"The United States Classification {beside} (" in said(html)
    assert f"{row['majority']:.3f} {row['other_people']:.3f} {row['worst']:.3f}" in said(html)
    charts = re.findall(r'<svg class="style-chart".*?</svg>\s*</figure>', html, flags=re.DOTALL)
    assert len(charts) == 4
    for chart in charts:
        for kind in ("small-floor", "small-uniform", "mode", "others", "tuned", "base"):
            assert chart.count(f'class="mark {kind}"') == 3
    assert "China for the United States; the United States for China" in said(html)


def test_pairs_and_frames_have_verdicts_in_words() -> None:
    text = said(page())
    assert "Classification − Chain of thought" in text
    assert "no difference beyond chance" in text
    assert "India, Scenarios" in text
    assert re.search(
        r"(No difference beyond chance|Frames differ by more than chance) \(p = 0\.\d{3}\)", text
    )
    assert "scene 9 survey" in text


def test_a_single_style_has_no_pairs_no_frames_and_no_matched_items() -> None:
    text = said(page(results(("USA",), ("classification",))))
    assert "Styles in pairs" not in text
    assert "Frames Each" not in text
    assert "of the replies are not the bare number" in text


def test_without_printed_scores_the_page_says_so() -> None:
    one = results(("USA",), ("classification",))
    without = replace(one, table=one.table.assign(published=float("nan")))
    text = said(page(without))
    assert "Nothing printed stands beside" in text
    assert "GPT-4o. Its" not in text


def test_what_was_left_out_is_named() -> None:
    text = said(page(left_out=(LeftOut("outputs/x", "Not finished."),)))
    assert "outputs/x : Not finished." in text


@pytest.mark.parametrize("words", ["<script>alert(1)</script>", "</title><i>x</i>"])
def test_names_of_strangers_stay_text(words: str) -> None:
    one = results(("USA",), ("scenarios",))
    run = replace(one.study.runs[0], model_label=words)
    hostile = replace(
        one,
        study=replace(one.study, runs=(run,)),
        table=one.table.assign(judge=words),
        frames=one.frames.assign(frame=words, use_case=words),
        people={"USA": words},
    )
    html = page(hostile, left_out=(LeftOut(words, words),))
    assert words not in html
    assert html_module.escape(words) in html


def test_the_page_loads_nothing() -> None:
    html = page()
    assert "default-src &#39;none&#39;" in html
    assert not re.search(r"""(src|href)=["'](?!#|comparison\.html)""", html)
    assert html.count("<script") == 1  # that of the list of contents and of tables as CSV
