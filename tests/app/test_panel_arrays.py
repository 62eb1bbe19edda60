"""The answers of a run as the arrays that measures take, and the sections made from them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from markupsafe import escape
from scripted_runs import hold

from def_sim.answers.storage.manifest import read_manifest
from def_sim.app.evaluated_run import compute_sections, findings_of
from def_sim.app.read_panel import arrays_of, panel_answers
from def_sim.app.reporting import write_report
from def_sim.app.run import Run, prepare_run
from def_sim.app.schema import validate_config
from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.metrics.choice_array import NO_ANSWER, NOT_ASKED
from def_sim.records import AnswerStatus
from def_sim.reports.sections.drawn_sections import draw_sections

pytestmark = pytest.mark.slow


def run_in(folder: Path) -> Run:
    return prepare_run(validate_config(read_manifest(folder)["config"]))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hold(tmp_path_factory.mktemp("outputs"), "model=mistral7b", "respondents=4", is_reported=False)


@pytest.fixture
def arrays(folder: Path) -> PanelArrays:
    run = run_in(folder)
    return arrays_of(run, panel_answers(run, folder))


def test_choices_are_positions_of_the_options_in_the_order_of_the_codes(arrays: PanelArrays) -> None:
    by_address = {(answer.respondent_id, answer.question_id): answer for answer in arrays.answers}
    for row, respondent in enumerate(arrays.panel):
        for column, question in enumerate(arrays.single_questions):
            answer = by_address[respondent.id, question.id]
            assert question.codes[arrays.choices[row, column]] == answer.choices[0]
            shown = [question.codes[position] for position in arrays.shown[row][column]]
            assert tuple(shown) == answer.shown_codes


def test_a_failure_is_told_from_a_question_that_was_not_asked(arrays: PanelArrays) -> None:
    first, second, *others = arrays.answers
    failed = replace(first, status=AnswerStatus.REFUSED, choices=())
    skipped = replace(second, status=AnswerStatus.NOT_ASKED, choices=(), text="")
    changed = replace(arrays, answers=[failed, skipped, *others])
    assert (changed.choices == NO_ANSWER).sum() == 1
    assert (changed.choices == NOT_ASKED).sum() == 1
    assert sum(text is None for row in changed.texts for text in row) == 1


def test_only_respondents_with_answers_are_rows(arrays: PanelArrays) -> None:
    gone = arrays.panel[1].id
    fewer = replace(arrays, answers=[a for a in arrays.answers if a.respondent_id != gone])
    np.testing.assert_array_equal(fewer.choices, np.delete(arrays.choices, 1, axis=0))


def test_peoples_shares_are_those_of_the_reference_by_group(arrays: PanelArrays) -> None:
    references = arrays.reference.items
    for group in ("all", "female"):
        for question, shares in zip(arrays.single_questions, arrays.people(group), strict=True):
            np.testing.assert_array_equal(shares, references[question.item_id, group].shares)
    assert arrays.people("martians") == [None] * len(arrays.single_questions)


def test_every_section_is_on_the_page_and_its_numbers_are_in_the_table(
    folder: Path, arrays: PanelArrays
) -> None:
    run = run_in(folder)
    written = write_report(run, folder, read_manifest(folder))
    html = written.path.read_text(encoding="utf-8")
    found = compute_sections(run, arrays)
    assert found is not None
    sections = draw_sections(found)
    assert len(sections) == 15
    for section in sections:
        assert f'<section id="{section.key}"' in html
        assert f'<a href="#{section.key}">{section.title}</a>' in html
        assert f"<strong>Does not show:</strong> {escape(section.hides)}" in html
        for figure in section.figures:
            assert (folder / "figures" / f"{figure.name}.svg").stat().st_size > 500
    stored = pd.read_csv(folder / "measures.csv", keep_default_na=False, na_values=[""])
    computed = findings_of(found)
    assert stored["measure"].tolist() == computed["measure"].tolist()
    np.testing.assert_allclose(stored["value"], computed["value"])


def test_a_run_without_answers_has_no_sections(folder: Path, arrays: PanelArrays) -> None:
    found = compute_sections(run_in(folder), replace(arrays, answers=[]))
    assert found is None
    assert findings_of(found).empty
