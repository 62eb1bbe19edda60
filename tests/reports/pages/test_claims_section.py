"""The page of a comparison tells the claims that have a verdict, and counts the others."""

import html as html_module
import math
import re
from dataclasses import replace

from some_runs import run

from def_sim.evaluation.claims import ClaimVerdict, ToldClaim, claims_table, told_claims
from def_sim.evaluation.compared_runs import group_runs
from def_sim.evaluation.comparison_table import comparison_table
from def_sim.reports.pages.comparison_claims import claims_part
from def_sim.reports.pages.comparison_page import render_comparison
from def_sim.resources import data_folder
from def_sim.surveys.published_claims import read_claims

SUPPORTED = ToldClaim(
    "A3",
    "The framework makes answers more diverse.",
    "experiment=diversity_ablation",
    "text diversity, all minus none: mistral7b",
    0.4,
    0.3,
    0.5,
    ClaimVerdict.SUPPORTED,
    "2 of 2 readings for it, 0 against.",
)
NO_NUMBERS = dict.fromkeys(("value", "low", "high"), math.nan)
NOT_RUN = replace(SUPPORTED, id="A4", verdict=ClaimVerdict.NOT_RUN, **NO_NUMBERS)


def said(*told: ToldClaim) -> str:
    groups = group_runs([run("a"), run("b")])
    page = render_comparison(
        groups, comparison_table(groups), [], code_version="0.1", claims=claims_part(told)
    )
    section = page[page.index('<section id="claims"') :].partition("</section>")[0]
    return " ".join(html_module.unescape(re.sub(r"<[^>]+>", " ", section)).split())


def test_a_claim_with_a_verdict_is_a_line_with_its_number_and_how_many_readings_there_are() -> None:
    line = "A3 The framework makes answers more diverse. supported text diversity, all minus none: mistral7b"
    assert f"{line} 0.400 (0.300 to 0.500) 2 of 2 readings for it, 0 against." in said(SUPPORTED)


def test_claims_without_a_run_are_counted_with_the_command_that_makes_it() -> None:
    text = said(SUPPORTED, NOT_RUN, replace(NOT_RUN, id="A5"))
    assert "2 not run A4 The framework makes answers more diverse. experiment=diversity_ablation A5" in text
    assert "not checkable" not in text


def test_a_claim_that_nobody_can_check_says_why() -> None:
    why = "No value is public."
    hidden = replace(NOT_RUN, verdict=ClaimVerdict.NOT_CHECKABLE, reason=why)
    assert f"1 not checkable A4 {SUPPORTED.words} {why}" in said(hidden)
    assert "give none of them a verdict" in said(hidden)


def test_every_claim_of_the_file_is_told_with_its_words() -> None:
    claims = read_claims(data_folder())
    told = told_claims(claims, claims_table(claims, {}))
    assert [(one.id, one.words) for one in told] == [(claim.id, claim.words) for claim in claims]
    part = claims_part(told)
    assert part.lines == ()
    assert sum(len(others) for _, others in part.others) == len(claims) == 23
