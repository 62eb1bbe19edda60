"""A text of strangers keeps its direction of reading to itself, on every page."""

from dataclasses import fields, replace
from html.parser import HTMLParser

import pandas as pd
import test_report_page
from some_runs import run
from test_codebook import FACTS as CODEBOOK_FACTS
from test_codebook import an_entry
from test_report_page import FACTS, render_report

from def_sim.evaluation.compared_runs import LeftOut, group_runs
from def_sim.evaluation.comparison_table import comparison_table
from def_sim.reports.charts.svg import drawing, element
from def_sim.reports.pages.codebook import CodebookOption, render_codebook
from def_sim.reports.pages.comparison_page import render_comparison
from def_sim.reports.pages.facts import AnswerView

scores, distributions, statuses = (
    test_report_page.scores,
    test_report_page.distributions,
    test_report_page.statuses,
)
TURNED = "שלום \u202eabc"  # what follows would be read from right to left
OURS = ("run_hash", "code_version", "created", "decoding", "planted_summary", "language")  # or checked
VOID = {"meta", "link", "br", "img", "input", "hr"}


class Directions(HTMLParser):
    """Texts and attributes with a turned direction that no element keeps to itself."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.loose: list[str] = []
        self.num_kept = 0
        self._open: list[tuple[str, bool]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loose += [f"{tag} {name}" for name, value in attrs if "\u202e" in (value or "")]
        if tag not in VOID:
            self._open.append((tag, tag == "bdi" or ("dir", "auto") in attrs))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "\u202e" not in data or any(tag == "script" for tag, _ in self._open):
            return
        if any(keeps for _, keeps in self._open):
            self.num_kept += 1
        else:
            self.loose.append(" > ".join(tag for tag, _ in self._open))


def turned(record: object) -> dict[str, str]:
    """Every text of a record, with a sign of direction at its end."""
    texts = {field.name: getattr(record, field.name) for field in fields(record)}  # type: ignore[arg-type]
    return {name: f"{text}{TURNED}" for name, text in texts.items() if isinstance(text, str)}


def test_the_report_keeps_the_direction_of_what_others_wrote(
    scores: pd.DataFrame,
    distributions: pd.DataFrame,
    statuses: pd.DataFrame,
) -> None:
    given = {name: text for name, text in turned(FACTS).items() if name not in OURS}
    facts = replace(
        FACTS,
        **{**given, "short_of": TURNED, "resume_command": TURNED},
        num_done=3,
        is_complete=False,
        deviations=(TURNED,),
        parameters={TURNED: TURNED},
        citations=(TURNED,),
    )
    labelled = distributions.assign(label=TURNED, topic=TURNED)
    answer = AnswerView(
        respondent_id="r00000", question_id="a#0", topic=TURNED, decoding="1 beam", place=TURNED,
        memory=((TURNED, TURNED),), prompt=TURNED, text=TURNED, status="answered", choices=(1,),
        choice_labels=(TURNED,), method="number",
    )  # fmt: skip
    found = Directions(render_report(facts, scores, labelled, statuses, [answer]))
    assert not found.loose
    assert found.num_kept >= 15


def test_the_comparison_keeps_the_direction_of_names_and_folders() -> None:
    runs = [
        replace(one, **{**turned(one), "run_hash": one.run_hash}, is_demonstration=True, short_of=TURNED)
        for one in (
            run("a"),
            run("b", num_done=15),
            run("c", settings={"survey.questions": TURNED, TURNED: "2"}),
        )
    ]
    groups = group_runs(runs)
    left_out = [LeftOut(TURNED, TURNED)]
    found = Directions(render_comparison(groups, comparison_table(groups), left_out, code_version="0.1"))
    assert not found.loose
    assert found.num_kept >= 15


def test_the_codebook_keeps_the_direction_of_items() -> None:
    entry = an_entry(
        topic=TURNED,
        variable=TURNED,
        rationale=TURNED,
        filled_with=TURNED,
        as_seen=TURNED,
        wordings={"en": (TURNED, TURNED), "zh": (TURNED, TURNED)},
        options=tuple(CodebookOption(code, {"en": TURNED, "zh": TURNED}) for code in (1, 2)),
    )
    facts = replace(CODEBOOK_FACTS, place=TURNED, citations=(TURNED,))
    found = Directions(render_codebook(TURNED, [entry], facts))
    assert not found.loose
    assert found.num_kept >= 12


def test_tooltips_and_names_of_drawings_write_the_signs_of_direction_out() -> None:
    """They are plain text, in which nothing keeps a direction to itself."""
    html = drawing(element("title", TURNED), height=1, title=TURNED, css="x")
    assert "\u202e" not in html
    assert html.count("\\u202eabc") == 3
