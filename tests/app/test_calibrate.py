"""`stage=calibrate`: from a run folder and what a user brings to tables, or to one message and nothing."""

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scripted_runs import hold
from test_bad_input import refused

from def_sim.answers.storage.manifest import read_manifest
from def_sim.answers.storage.sealed_json import read_sealed, write_sealed
from def_sim.app.calibration_checks import check_calibration
from def_sim.app.calibration_record import FILES, RECORD, found_calibration, note_on_older
from def_sim.app.human_figures import figures_of
from def_sim.app.main import main
from def_sim.app.read_panel import arrays_of, panel_answers
from def_sim.app.reporting import write_report
from def_sim.app.respondent_variables import respondent_variables
from def_sim.app.run import Run, prepare_run
from def_sim.app.schema import validate_config
from def_sim.errors import VerificationError
from def_sim.evaluation.described_columns import COLUMNS_FILE, read_columns, undescribed
from def_sim.evaluation.sections import section_results
from def_sim.evaluation.weighted_findings import weighted_findings
from def_sim.evaluation.weighted_scores import weighted_scores
from def_sim.metrics.raking import kish_size
from def_sim.records import RUN_COLUMNS, Answer, Question
from def_sim.reports.sections.calibration import calibration_section
from def_sim.resources import data_folder

pytestmark = pytest.mark.slow

ITEMS = tuple(
    f"wvs7.Q{number}"
    for number in (1, 2, 3, 4, 5, 6, 27, 28, 29, 30, 31, 32, 36, 37, 38, 39, 40, 41, 42, 45, 46, 48)
)
WORDS = (f"items=[{','.join(ITEMS)}]", "model=mistral7b", "respondents=30", "scoring.draws=20")


def run_in(folder: Path) -> Run:
    return prepare_run(validate_config(read_manifest(folder)["config"]))


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hold(tmp_path_factory.mktemp("outputs"), *WORDS, is_reported=False)


@pytest.fixture
def folder(held: Path, tmp_path: Path) -> Path:
    """The same interviews for each test, which writes into a copy."""
    return Path(shutil.copytree(held, tmp_path / "run"))


def people(path: Path, num: int = 80, *, seed: int = 1, **columns: object) -> Path:
    """A sample that answers like the shipped people of the United States; further columns as given."""
    run = run_in(path.parent / "run")
    shares, rng = run.loaded.reference.for_everyone(), np.random.default_rng(seed)
    table: dict[str, object] = {
        item: rng.choice(shares[item].codes, num, p=np.array(shares[item].shares) / sum(shares[item].shares))
        for item in ITEMS
    }
    pd.DataFrame(table | columns).to_csv(path, index=False)
    return path


def margins(path: Path, shares: Mapping[str, float], variable: str = "region") -> Path:
    rows = [f"{variable},{category},{share}" for category, share in shares.items()]
    path.write_text("\n".join(["variable,category,share", *rows]) + "\n", encoding="utf-8")
    return path


def regions(folder: Path) -> tuple[str, ...]:
    run = run_in(folder)
    return respondent_variables(run, run.panel)["region"]


def half_of_one_region(folder: Path, path: Path, share: float = 0.5) -> Path:
    """Margins in which the first respondent's region has that share and all others the rest."""
    return margins(path, {regions(folder)[0]: share, "other": 1 - share})


def calibrate(folder: Path, *words: str) -> int:
    return main(["stage=calibrate", f"run_folder={folder}", *words])


def test_a_sample_gives_a_table_of_every_item(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert calibrate(folder, f"sample={people(tmp_path / 'people.csv')}") == 0
    found = pd.read_csv(folder / "calibrated.csv")
    assert list(found)[:18] == [
        *RUN_COLUMNS,
        "item",
        "group",
        "code",
        "panel",
        "sample",
        "rectified",
        "low",
        "high",
        "n",
        "n_effective",
    ]
    assert set(found["item"]) == set(ITEMS)
    assert found["rectified"].between(found["low"], found["high"]).all()
    assert "80 people, 22 items" in capsys.readouterr().out
    assert not (folder / "weights.csv").exists()


def test_the_panels_column_is_what_the_panel_answered(folder: Path, tmp_path: Path) -> None:
    calibrate(folder, f"sample={people(tmp_path / 'people.csv')}")
    found = pd.read_csv(folder / "calibrated.csv").query("item == 'wvs7.Q1' and code != 'mean'")
    answers = [one for one in panel_answers(run_in(folder), folder) if one.item_id == "wvs7.Q1"]
    expected = [np.mean([one.choices == (int(code),) for one in answers]) for code in found["code"]]
    assert found["panel"].to_numpy() == pytest.approx(expected)


def test_margins_give_weights_that_meet_them(folder: Path, tmp_path: Path) -> None:
    assert calibrate(folder, f"margins={half_of_one_region(folder, tmp_path / 'margins.csv')}") == 0
    weights = pd.read_csv(folder / "weights.csv")
    is_first = weights["region"] == regions(folder)[0]
    assert weights.loc[is_first, "weight"].sum() == pytest.approx(15)
    assert weights["weight"].sum() == pytest.approx(30)
    # With one margin, a ratio of shares for each respondent.
    assert weights.loc[is_first, "weight"].to_numpy() == pytest.approx(15 / is_first.sum())


def test_weighted_scores_are_those_of_weighted_shares(folder: Path, tmp_path: Path) -> None:
    calibrate(folder, f"margins={half_of_one_region(folder, tmp_path / 'margins.csv')}")
    weights = pd.read_csv(folder / "weights.csv").set_index("respondent")["weight"]
    run = run_in(folder)
    answers = [one for one in panel_answers(run, folder) if one.item_id == "wvs7.Q1"]
    reference = run.loaded.reference.for_everyone()["wvs7.Q1"]
    shares = [
        sum(weights[one.respondent_id] for one in answers if one.choices == (code,)) / 30
        for code in reference.codes
    ]
    table = pd.read_csv(folder / "weighted_scores.csv")
    [row] = table.query("scope == 'item' and item_id == 'wvs7.Q1' and metric == 'total_variation'").to_dict(
        "records"
    )
    assert row["weighted_value"] == pytest.approx(np.abs(np.array(shares) - reference.shares).sum() / 2)
    assert row["value"] != pytest.approx(row["weighted_value"])
    assert row["weighted_floor"] > row["floor"]  # fewer respondents are left


def test_equal_weights_change_no_digit(folder: Path) -> None:
    run = run_in(folder)
    arrays = arrays_of(run, panel_answers(run, folder))
    table = weighted_scores(arrays, dict.fromkeys(arrays.by_respondent, 0.3), seed=1, num_draws=20)
    weighted = table.filter(like="weighted_").rename(columns=lambda name: name.removeprefix("weighted_"))
    pd.testing.assert_frame_equal(weighted, table[list(weighted)], check_exact=True)
    assert kish_size(np.full(30, 0.3)) == pytest.approx(30)


def test_measures_of_whole_weights_are_those_of_a_panel_with_so_many_copies(folder: Path) -> None:
    """Point values; floors and intervals know that copies say nothing new."""
    run = run_in(folder)
    arrays = arrays_of(run, panel_answers(run, folder))
    weights = {name: float(1 + place % 3) for place, name in enumerate(arrays.by_respondent)}
    copied = [one for one in arrays.panel for _ in range(int(weights[one.id]))]
    panel = [replace(one, index=place) for place, one in enumerate(copied)]
    answers = [
        replace(answer, respondent_id=copy.id)
        for copy, one in zip(panel, copied, strict=True)
        for answer in arrays.by_respondent[one.id].values()
    ]
    repeated = replace(arrays, panel=panel, answers=answers)
    words = {"seed": 1, "num_draws": 20}
    figures = figures_of(run)
    heeded = weighted_findings(arrays, weights, figures, **words)
    ones = weighted_findings(repeated, dict.fromkeys(repeated.by_respondent, 1.0), figures, **words)
    pairs = [
        (first, second)
        for key in heeded
        for first, second in zip(heeded[key], ones[key], strict=True)
        if not np.isnan(first.value)
    ]
    # The price of variety and the difference of lifts stand above what is drawn at the panel's size.
    drawn = {"divergence_as_varied", "lift_difference", "common_items_halves"}
    compared = [(a, b) for a, b in pairs if a.measure not in drawn]
    assert {a.measure for a, _ in compared} >= {"divergence", "match_rate", "gap", "lift", "scale_low_end"}
    for first, second in compared:
        assert first.value == pytest.approx(second.value), (first.measure, first.group)


def test_every_section_of_a_weighted_panel_has_numbers_or_says_why_not(folder: Path, tmp_path: Path) -> None:
    calibrate(folder, f"margins={half_of_one_region(folder, tmp_path / 'margins.csv')}")
    found = pd.read_csv(folder / "weighted_measures.csv", keep_default_na=False, na_values=[""])
    run = run_in(folder)
    arrays = arrays_of(run, panel_answers(run, folder))
    plain = section_results(arrays, figures_of(run), model="", seed=1, num_draws=5).findings
    assert list(dict.fromkeys(found["section"])) == list(plain)
    assert found.loc[found["value"].isna(), "reason"].str.endswith(".").all()
    alone = found[found["reason"].str.startswith("Heeds no weights", na=False)]
    assert {"diversity", "order", "structure", "spread", "map"} <= set(alone["section"])


def test_groups_of_the_sample_are_estimated_with_the_members_of_the_panel(
    folder: Path, tmp_path: Path
) -> None:
    first = regions(folder)[0]
    of_people = [first if person < 40 else "elsewhere" for person in range(80)]
    calibrate(folder, f"sample={people(tmp_path / 'people.csv', region=of_people)}")
    found = pd.read_csv(folder / "calibrated.csv", keep_default_na=False)
    assert set(found["group"]) == {"all", f"region={first}", "region=elsewhere"}
    nobody = found[found["group"] == "region=elsewhere"]
    assert set(nobody["reason"]) == {"Nobody of the panel answered: the sample alone."}


# --- what does not fit ---


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda table: table.assign(**{"wvs7.Q999": 1}), ["line 1", "'wvs7.Q999'"]),
        (lambda table: table.assign(**{"wvs7.Q1": 7}), ["line 2", "wvs7.Q1 has no code '7'"]),
        (lambda table: table.head(29), ["line 30", "after 29 people"]),
        (lambda table: table.assign(weight=-1), ["line 2", "weight must be at least 0"]),
    ],
    ids=["foreign item", "foreign code", "too few", "negative weight"],
)
def test_a_sample_that_does_not_fit_is_refused_and_nothing_written(
    change: object, expected: list[str], folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = people(tmp_path / "people.csv")
    change(pd.read_csv(path)).to_csv(path, index=False)  # type: ignore[operator]
    margin = half_of_one_region(folder, tmp_path / "margins.csv")
    message = refused(
        capsys, "stage=calibrate", f"run_folder={folder}", f"sample={path}", f"margins={margin}"
    )
    for part in ["people.csv", *expected]:
        assert part in message
    assert not [name for name in (*FILES, RECORD) if (folder / name).exists()]


@pytest.mark.parametrize(
    ("shares", "variable", "expected"),
    [
        ({"other": 0.9}, "region", ["line 2", "sum to 0.9"]),
        ({"Atlantis": 0.5, "other": 0.5}, "region", ["line 2", "no respondent has region='Atlantis'"]),
        ({"high": 1.0}, "income", ["line 2", "no variable 'income'", "place, region"]),
    ],
)
def test_margins_that_cannot_be_raked_are_refused_and_nothing_written(
    shares: dict[str, float],
    variable: str,
    expected: list[str],
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = margins(tmp_path / "margins.csv", shares, variable)
    message = refused(capsys, "stage=calibrate", f"run_folder={folder}", f"margins={path}")
    for part in ["margins.csv", *expected]:
        assert part in message
    assert not [name for name in (*FILES, RECORD) if (folder / name).exists()]


def test_margins_that_no_weights_meet_together_are_refused(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, first = run_in(folder), regions(folder)[0]
    variables = respondent_variables(run, run.panel)
    places = sorted(
        {
            place
            for place, region in zip(variables["place"], variables["region"], strict=True)
            if region == first
        }
    )
    rows = [
        f"region,{first},0.5",
        "region,other,0.5",
        *(f'place,"{one}",{0.2 / len(places)}' for one in places),
        "place,other,0.8",
    ]
    path = tmp_path / "margins.csv"
    path.write_text("\n".join(["variable,category,share", *rows]) + "\n", encoding="utf-8")
    message = refused(capsys, "stage=calibrate", f"run_folder={folder}", f"margins={path}")
    assert "no weights of these respondents meet the margins of region, place together" in message
    assert not [name for name in (*FILES, RECORD) if (folder / name).exists()]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["stage=calibrate"], "needs sample=FILE, margins=FILE or both"),
        (["sample=people.csv"], "sample= belongs to stage=calibrate"),
        (["margins=margins.csv", "stage=report"], "margins= belongs to stage=calibrate"),
        (["power=true"], "power=true belongs to stage=plan"),
        (["stage=plan", "wanted.half_width=0"], "wanted.half_width"),
    ],
)
def test_words_of_one_stage_are_refused_with_another(
    words: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert expected in refused(capsys, *words)


# --- on the page of the run ---


def report_of(folder: Path) -> str:
    run = run_in(folder)
    found = found_calibration(folder, *opinions(run, folder))
    assert found is not None
    return str(calibration_section(found).body)


def opinions(run: Run, folder: Path) -> tuple[list[Answer], tuple[Question, ...]]:
    arrays = arrays_of(run, panel_answers(run, folder))
    return list(arrays.answers), arrays.survey.questions


def test_the_report_has_a_line_of_every_item_with_its_estimate(folder: Path, tmp_path: Path) -> None:
    calibrate(folder, f"sample={people(tmp_path / 'people.csv')}")
    write_report(run_in(folder), folder, read_manifest(folder))
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert '<section id="calibration"' in html
    assert "Calibrated with people" in html
    table = pd.read_csv(folder / "calibrated.csv")
    mean = table[(table["item"] == "wvs7.Q1") & (table["code"] == "mean")].iloc[0]
    body = report_of(folder)
    line = body[body.index("(wvs7.Q1)") :].partition("</tr>")[0]
    for name in ("panel", "sample", "rectified", "low", "high"):
        assert f"{mean[name]:.2f}" in line
    assert f"<td>{mean['n_gained']:.0f}</td>" in line
    assert body.count("<tr>") == 1 + len(ITEMS)


def test_absent_items_are_counted_with_the_reason(folder: Path, tmp_path: Path) -> None:
    path = people(tmp_path / "people.csv")
    table = pd.read_csv(path).astype("object")
    table.loc[12:, ["wvs7.Q1", "wvs7.Q2"]] = ""
    table.to_csv(path, index=False)
    calibrate(folder, f"sample={path}")
    body = report_of(folder)
    assert "2 items have no estimate: wvs7.Q1 (12 people answered; at least 30 are needed)" in body
    assert "20 items with an estimate, from 80 people each" in body


def test_a_table_of_other_answers_or_a_changed_one_is_not_shown(folder: Path, tmp_path: Path) -> None:
    calibrate(folder, f"sample={people(tmp_path / 'people.csv')}")
    run = run_in(folder)
    answers, questions = opinions(run, folder)
    stale = found_calibration(folder, answers[:-1], questions)
    assert stale is not None
    assert "made from other answers" in stale.why
    path = folder / "calibrated.csv"
    path.write_text(path.read_text().replace("wvs7.Q1,", "wvs7.Q1<script>,"))
    assert "not as stage=calibrate wrote it" in report_of(folder)


@pytest.mark.parametrize("content", ["", "item,group\n", "\x00", "item\n" * 3, '"'])
def test_a_table_of_another_form_is_not_shown_though_its_hash_is_right(
    content: str, folder: Path, tmp_path: Path
) -> None:
    calibrate(folder, f"sample={people(tmp_path / 'people.csv')}")
    path = folder / "calibrated.csv"
    path.write_text(content)
    record = read_sealed(folder / RECORD, fix="")
    record["files"]["calibrated.csv"] = hashlib.sha256(path.read_bytes()).hexdigest()
    write_sealed(folder / RECORD, record)
    assert "not as stage=calibrate wrote it" in report_of(folder)


def test_a_run_without_a_calibration_has_no_such_section(folder: Path) -> None:
    assert found_calibration(folder, [], []) is None


def test_a_calibration_of_a_run_that_asks_for_facts_is_of_its_opinions(tmp_path: Path) -> None:
    folder = hold(tmp_path / "facts", *WORDS, "factual=true", "respondents=3", is_reported=False)
    shutil.copytree(folder, tmp_path / "run")
    assert calibrate(tmp_path / "run", f"sample={people(tmp_path / 'people.csv')}") == 0
    [line] = checked(tmp_path / "run")
    assert "calibrated.csv: of these answers" in line


# --- whether the files still belong to the answers ---


def checked(folder: Path) -> list[str]:
    run = run_in(folder)
    return list(check_calibration(run, folder, panel_answers(run, folder)))


@pytest.fixture(scope="module")
def once_calibrated(held: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(shutil.copytree(held, tmp_path_factory.mktemp("calibrated") / "run"))
    path = half_of_one_region(folder, folder.parent / "margins.csv")
    calibrate(folder, f"sample={people(folder.parent / 'people.csv')}", f"margins={path}")
    return folder


@pytest.fixture
def calibrated(once_calibrated: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(once_calibrated, tmp_path / "run"))


def test_a_calibration_of_these_answers_is_verified(calibrated: Path) -> None:
    [line] = checked(calibrated)
    assert ", ".join(FILES) in line


@pytest.mark.parametrize("name", FILES)
def test_each_table_of_a_calibration_says_of_which_run_it_is_and_what_its_columns_mean(
    name: str, calibrated: Path
) -> None:
    columns = list(pd.read_csv(calibrated / name))
    assert tuple(columns[:8]) == RUN_COLUMNS
    assert undescribed(read_columns(data_folder() / COLUMNS_FILE), name, columns) == []


def test_the_margins_that_a_run_keeps_weight_it_alike_again(calibrated: Path, tmp_path: Path) -> None:
    before = (calibrated / "weights.csv").read_bytes()
    kept = shutil.copy(calibrated / "margins.csv", tmp_path / "kept.csv")
    calibrate(calibrated, f"margins={kept}")
    assert (calibrated / "weights.csv").read_bytes() == before


def test_a_calibration_of_an_older_version_is_told_to_be_made_anew(calibrated: Path) -> None:
    path = calibrated / "weights.csv"
    pd.read_csv(path, dtype=str).iloc[:, 8:].to_csv(path, index=False, lineterminator="\n")
    record = read_sealed(calibrated / RECORD, fix="")
    record["files"]["weights.csv"] = hashlib.sha256(path.read_bytes()).hexdigest()
    write_sealed(calibrated / RECORD, record)
    with pytest.raises(VerificationError, match=r"weights\.csv has other columns: another version") as caught:
        checked(calibrated)
    assert "stage=calibrate" in caught.value.fix


def test_a_report_leaves_a_calibration_of_an_older_version_and_says_how_to_make_it_anew(
    calibrated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert note_on_older(calibrated) == ""
    older = {name: calibrated / name for name in ("calibrated.csv", "weights.csv")}
    for path in older.values():
        pd.read_csv(path, dtype=str).iloc[:, 8:].to_csv(path, index=False, lineterminator="\n")
    before = {name: path.read_bytes() for name, path in older.items()}
    assert main(["stage=report", f"run_folder={calibrated}"]) == 0
    assert {name: path.read_bytes() for name, path in older.items()} == before
    told = " ".join(capsys.readouterr().out.split())
    assert "calibration of an older version left as it is (calibrated.csv, weights.csv)" in told
    assert f"def-sim stage=calibrate run_folder={calibrated} sample=FILE margins=FILE" in told


def test_a_run_without_a_calibration_has_nothing_to_verify(folder: Path) -> None:
    assert checked(folder) == []


@pytest.mark.parametrize("name", FILES)
def test_a_changed_byte_is_noticed(name: str, calibrated: Path) -> None:
    content = bytearray((calibrated / name).read_bytes())
    content[-2] ^= 1
    (calibrated / name).write_bytes(bytes(content))
    with pytest.raises(VerificationError, match=f"{name} was changed"):
        checked(calibrated)


def test_weights_that_are_not_those_of_the_margins_are_noticed_also_with_a_new_hash(calibrated: Path) -> None:
    path = calibrated / "weights.csv"
    path.write_text(path.read_text().replace("r00000,", "r00000,9", 1))
    record = read_sealed(calibrated / RECORD, fix="")
    record["files"]["weights.csv"] = hashlib.sha256(path.read_bytes()).hexdigest()
    write_sealed(calibrated / RECORD, record)
    with pytest.raises(VerificationError, match="other numbers"):
        checked(calibrated)


def test_a_calibration_of_other_answers_is_stale(calibrated: Path) -> None:
    run = run_in(calibrated)
    answers = panel_answers(run, calibrated)
    with pytest.raises(VerificationError, match="stale"):
        list(check_calibration(run, calibrated, answers[:-1]))


def test_a_missing_record_is_noticed(calibrated: Path) -> None:
    (calibrated / RECORD).unlink()
    with pytest.raises(VerificationError, match=r"stands there without calibration\.json"):
        checked(calibrated)


def test_the_next_calibration_replaces_all_files_of_the_last(calibrated: Path, tmp_path: Path) -> None:
    calibrate(calibrated, f"sample={people(tmp_path / 'people.csv')}")
    assert not (calibrated / "weights.csv").exists()
    [line] = checked(calibrated)
    assert "weights" not in line


# --- the planner ---


def test_a_plan_says_how_many_are_needed_also_from_a_finished_run(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["stage=plan", "power=true", f"items=[{','.join(ITEMS)}]"]) == 0
    assert "a panel halfway between people and random answers" in capsys.readouterr().out
    words = ["stage=plan", "power=true", f"run_folder={folder}", "wanted.half_width=0.05"]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert f"the run in {folder}" in out
    assert "items for 0.05" in out


def test_a_plan_without_people_to_compare_with_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    message = refused(capsys, "stage=plan", "power=true", "items=[wvs7.Q1]")
    assert "needs two items with figures of people" in message
