"""Rates of defects of several runs on one page: radars, table and strips, under each judge and by group."""

import html as html_module
import re

import pandas as pd
import pytest
from some_runs import SETTINGS, run

from def_sim.evaluation.compared_insensitivity import compared_defects
from def_sim.evaluation.compared_runs import group_runs
from def_sim.evaluation.insensitivity import JudgedModel, RuleFindings, insensitivity, insensitivity_table
from def_sim.judging.verdict_sets import VerdictSet
from def_sim.judging.verdicts import Source, Verdict
from def_sim.reports.pages.comparison_insensitivity import defects_part

LARGE = run("large", family="llama", num_parameters=70_000_000_000)
SMALL = run("small", family="llama", num_parameters=8_000_000_000)
BASE = run("base", family="qwen", num_parameters=8_000_000_000, is_tuned=False)


def judged_by(name: str, num_defects: int) -> VerdictSet:
    """A judge who looked at RP of ten answers."""
    verdicts = tuple(
        Verdict(f"r{i:05d}", "toy.work", 0, "RP", i < num_defects, Source.JUDGE) for i in range(10)
    )
    return VerdictSet(name, "insensitivity", {"label": f"Judge {name}"}, "json", 10, verdicts)


def a_table(num_by_rule: int, *sets: VerdictSet) -> pd.DataFrame:
    """A rule found IR in so many of ten answers, and each set what it found."""
    ruled = tuple(Verdict(f"r{i:05d}", "toy.work", 0, "IR", True, Source.RULE) for i in range(num_by_rule))
    found = insensitivity(RuleFindings(10, ruled), None, sets, {}, JudgedModel({}, "none"), seed=1)
    return insensitivity_table(found)


def part(*runs, tables):
    groups = group_runs(runs)
    rates = compared_defects(groups, {f"outputs/{name}": table for name, table in tables.items()})
    return str(defects_part(rates, groups))


def strips(html: str) -> dict[str, str]:
    """Caption -> what a screen reader says of the strip."""
    found = re.findall(r"<figcaption>([^<]+)</figcaption><svg class=\"strip\"[^>]*><title>([^<]*)", html)
    return {html_module.unescape(caption): html_module.unescape(words) for caption, words in found}


THREE = {"large": a_table(1), "small": a_table(2), "base": a_table(5)}


def test_rates_stand_in_strips_by_size_family_and_base_or_tuned():
    found = strips(part(LARGE, SMALL, BASE, tables=THREE))
    # Runs are lettered by model: A base, B large, C small.
    said = "Irrelevant output, rate of defects"
    assert found["IR, by size"] == f"{said}, by size. 8 B: A 50 %, C 20 %; 70 B: B 10 %"
    assert found["IR, by family"] == f"{said}, by family. llama: B 10 %, C 20 %; qwen: A 50 %"
    assert found["IR, base or tuned"] == f"{said}, base or tuned. base: A 50 %; tuned: B 10 %, C 20 %"


def test_runs_bear_the_letters_of_their_group_in_radars_and_table():
    html = part(LARGE, SMALL, BASE, tables=THREE)
    for words in ("A Model base", "B Model large", "C Model small"):
        assert f"<bdi>{words}</bdi>" in html
        assert f'<th scope="row">{words}</th>' in html
    assert html.count('class="radar small"') == 3


def test_each_judge_has_strips_of_its_own_and_a_rate_that_is_unknown_is_no_0():
    tables = {
        "large": a_table(0, judged_by("j1", 1), judged_by("j2", 9)),
        "small": a_table(0, judged_by("j1", 3), judged_by("j2", 4)),
        "base": a_table(0, judged_by("j1", 5)),
    }
    html = part(LARGE, SMALL, BASE, tables=tables)
    first, second = (html.split(f"Judged by Judge {name}: {name}</h3>")[1] for name in ("j1", "j2"))
    assert strips(first.split("<h3")[0])["RP, by family"].endswith("llama: B 10 %, C 30 %; qwen: A 50 %")
    assert strips(second)["RP, by family"].endswith("llama: B 90 %, C 40 %")
    # Neither judge looked at CV: there is nothing to draw.
    assert "CV, by size" not in strips(second)
    assert "CV unknown" in second


def test_what_is_the_same_in_all_runs_is_said_and_not_drawn():
    html = part(LARGE, SMALL, BASE, tables=THREE)
    assert {caption.split(",")[0] for caption in strips(html)} == {"IR"}
    assert "The same in all runs: IU 0 %, QC 0 %, RP 0 %, CV 0 %." in html


def test_the_rate_as_people_see_it_stands_below_the_interval():
    corrected = a_table(2).assign(corrected=0.125)
    html = part(LARGE, tables={"large": corrected})
    assert '<td>20 %<span class="interval-words">5.7 % to 51 %</span>' in html
    assert '<span class="interval-words">people 12 %</span></td>' in html


def test_groups_are_never_on_one_strip_and_are_named():
    other = {"settings": SETTINGS | {"survey.questions": "q2"}}
    runs = (LARGE, SMALL, run("x", **other), run("y", **other))
    html = part(*runs, tables={"large": a_table(1), "small": a_table(2), "x": a_table(3), "y": a_table(4)})
    found = strips(html)
    assert {"IR, by size, group 1", "IR, by size, group 2"} <= set(found)
    assert all(len(re.findall(r"[A-D] \d", words)) == 2 for words in found.values())
    # A letter names one run of the page, so a radar needs no group.
    named = re.findall(r"<figcaption><bdi>(\w) Model (\w+)</bdi>", html)
    assert named == [("A", "large"), ("B", "small"), ("C", "x"), ("D", "y")]


@pytest.mark.parametrize("tables", [{"large": a_table(1)}, {}])
def test_there_is_no_strip_of_a_single_run(tables):
    assert strips(part(LARGE, SMALL, tables=tables)) == {}
