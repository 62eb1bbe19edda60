"""From a set of verdicts to blind sheets, to what people coded, to the corrected rates of a report."""

import csv
import io
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from described_cells import misfits_of_sheet
from judged_runs import a_judge, depends_on_all, judge
from scripted_runs import hold
from statsmodels.stats.proportion import proportion_confint

import def_sim.app.auditing as auditing
import def_sim.app.insensitivity as insensitivity
import def_sim.app.verdict_sets as verdict_sets
from def_sim.answers.storage.shards import read_answers
from def_sim.app.main import main
from def_sim.judging.rubric import read_rubric
from def_sim.judging.verdict_sets import VerdictSet
from def_sim.judging.verdicts import Source, Verdict, hash_answer
from def_sim.resources import data_folder

pytestmark = pytest.mark.slow

NAME = "insensitivity-1"
Coded = Callable[[str], str]


def verdicts_on(folder: Path) -> tuple[Verdict, ...]:
    """RP of every answer: a defect where the first option is chosen, every third of those by rule."""
    found = []
    for number, answer in enumerate(read_answers(folder)):
        is_defect = answer.choices == (1,)
        source = Source.RULE if is_defect and number % 3 == 0 else Source.JUDGE
        address = (answer.respondent_id, answer.item_id, answer.wording)
        found.append(Verdict(*address, "RP", is_defect, source, answer_hash=hash_answer(answer)))
    return tuple(found)


def lay(monkeypatch: pytest.MonkeyPatch, folder: Path, *sets: VerdictSet) -> None:
    """Puts sets of verdicts where reports and audits look for them."""
    for one in sets:
        verdict_sets.set_folder(folder, one.name).mkdir(parents=True, exist_ok=True)
    for module in (verdict_sets, insensitivity):
        monkeypatch.setattr(module, "read_verdict_sets", lambda _: sets)
    rubric = read_rubric(data_folder() / "rubrics" / "insensitivity.yaml")
    monkeypatch.setattr(auditing, "rubric_of_set", lambda *_: rubric)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of 80 answers."""
    return hold(tmp_path_factory.mktemp("outputs"), "respondents=20")


@pytest.fixture
def judged(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, VerdictSet]:
    """A copy of it with a finished set of verdicts; the working folder is an empty one."""
    folder = Path(shutil.copytree(finished, tmp_path / "run"))
    verdicts = verdicts_on(folder)
    one = VerdictSet(NAME, "insensitivity", {"label": "Planted"}, "json", len(verdicts), verdicts)
    lay(monkeypatch, folder, one)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    return folder, one


def audit(folder: Path, *words: str) -> int:
    return main(["stage=audit", f"run_folder={folder}", *words])


def lines_of(path: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(Path(path).read_text(encoding="utf-8-sig"), newline="")))


def code(path: str, coding: Coded, *, delimiter: str = ",") -> None:
    """Fills a sheet in, as a spreadsheet saves it."""
    lines = [line | {"coding": coding(line["text"])} for line in lines_of(path)]
    with Path(path).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(lines[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(lines)


def as_planted(text: str) -> str:
    return str(int("Answer: 1\n" in text))


def test_sheets_say_the_same_rows_in_two_orders_and_nothing_of_a_verdict(
    judged: tuple[Path, VerdictSet],
) -> None:
    folder, _ = judged
    assert audit(folder, "export=audit", "audit.per_stratum=5") == 0
    first, second = lines_of("audit_1.csv"), lines_of("audit_2.csv")
    assert len(first) == 3 * 5
    assert [line["row"] for line in first] != [line["row"] for line in second]
    by_row = [sorted(lines, key=lambda line: int(line["row"])) for lines in (first, second)]
    assert by_row[0] == by_row[1]
    assert {line["coding"] for line in first} == {""}
    assert list(first[0]) == ["row", "asked", "options", "text", "coding", "note"]
    assert misfits_of_sheet("<export>_<coder>.csv", Path("audit_1.csv")) == []
    assert "by rule" not in Path("audit_1.csv").read_text(encoding="utf-8")


def test_what_people_coded_corrects_the_rates_of_the_report_which_is_verified(
    judged: tuple[Path, VerdictSet], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, one = judged
    assert audit(folder, "export=audit") == 0
    # The first coder finds what was planted, in all rows; the second finds nothing in any.
    code("audit_1.csv", as_planted, delimiter=";")
    code("audit_2.csv", lambda text: "0")
    assert audit(folder, "import=[audit_1.csv,audit_2.csv]") == 0
    assert "audit_1.csv: " in capsys.readouterr().out
    assert main(["stage=report", f"run_folder={folder}"]) == 0
    table = pd.read_csv(folder / "insensitivity.csv", keep_default_na=False, na_values=[""])
    [row] = table[(table["set"] == NAME) & (table["dimension"] == "RP")].to_dict("records")
    planted = sum(verdict.value is True for verdict in one.verdicts) / len(one.verdicts)
    assert row["rate"] == pytest.approx(planted)
    assert row["corrected"] == pytest.approx(planted / 2)
    assert (row["precision"], row["recall"]) == (pytest.approx(0.5), pytest.approx(1.0))
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "What people say of these verdicts" in page
    assert main(["stage=verify", f"run_folder={folder}"]) == 0
    marked = (folder / "complete.json").read_text(encoding="utf-8")
    assert f"verdicts/{NAME}/codes.json" in marked


def test_one_coder_is_enough_and_empty_cells_are_no_codes(
    judged: tuple[Path, VerdictSet], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, _ = judged
    assert audit(folder, "export=audit") == 0
    code("audit_1.csv", lambda text: "")
    assert audit(folder, "import=[audit_1.csv]") == 0
    assert ": 0 of " in capsys.readouterr().out


def said_of(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().err.split())


def test_sheets_that_exist_are_left_alone(
    judged: tuple[Path, VerdictSet], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, one = judged
    Path("audit_2.csv").write_text("mine")
    assert audit(folder, "export=audit") == 2
    assert "audit_2.csv exists already" in said_of(capsys)
    assert not Path("audit_1.csv").exists()
    assert not any(verdict_sets.set_folder(folder, one.name).iterdir())


def test_one_sheet_given_twice_is_not_two_coders(
    judged: tuple[Path, VerdictSet], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, _ = judged
    audit(folder, "export=audit")
    code("audit_1.csv", as_planted)
    Path("copy.csv").write_bytes(Path("audit_1.csv").read_bytes())
    assert audit(folder, "import=[audit_1.csv,copy.csv]") == 2
    assert "audit_1.csv and copy.csv are the same to the byte" in said_of(capsys)


def test_a_wrong_coding_names_its_row_and_nothing_is_kept(
    judged: tuple[Path, VerdictSet], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, one = judged
    audit(folder, "export=audit")
    code("audit_1.csv", as_planted)
    code("audit_2.csv", lambda text: "maybe")
    assert audit(folder, "import=[audit_1.csv,audit_2.csv]") == 2
    said = said_of(capsys)
    assert "audit_2.csv, row " in said
    assert "1 (a defect), 0 (none) or nothing" in said
    assert not (verdict_sets.set_folder(folder, one.name) / "codes.json").exists()


def test_verdicts_that_changed_since_the_export_are_refused(
    judged: tuple[Path, VerdictSet], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, one = judged
    audit(folder, "export=audit")
    code("audit_1.csv", as_planted)
    changed = replace(one.verdicts[0], value=not one.verdicts[0].value)
    lay(monkeypatch, folder, replace(one, verdicts=(changed, *one.verdicts[1:])))
    assert audit(folder, "import=[audit_1.csv]") == 2
    assert f"the verdicts of {NAME} have changed since the export" in said_of(capsys)


def test_codes_are_not_orphaned_by_another_export(
    judged: tuple[Path, VerdictSet], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, _ = judged
    audit(folder, "export=audit")
    code("audit_1.csv", as_planted)
    audit(folder, "import=[audit_1.csv]")
    assert audit(folder, "export=again", "audit.per_stratum=3") == 2
    assert "was coded already" in said_of(capsys)


def test_one_changed_byte_of_the_codes_is_found(
    judged: tuple[Path, VerdictSet], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, one = judged
    audit(folder, "export=audit")
    code("audit_1.csv", as_planted)
    audit(folder, "import=[audit_1.csv]")
    path = verdict_sets.set_folder(folder, one.name) / "codes.json"
    path.write_bytes(path.read_bytes().replace(b"true", b"false", 1))
    assert main(["stage=report", f"run_folder={folder}"]) == 2
    assert "codes.json is damaged" in said_of(capsys)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), "needs export=NAME, or import="),
        (("export=a", "import=[b.csv]"), "one of the two"),
        (("import=[nowhere.csv]",), "nothing was exported"),
        (("export=a", "audit.set=other"), f"no set of verdicts other; it holds {NAME}"),
    ],
)
def test_what_cannot_be_audited_is_said_with_what_to_do(
    words: tuple[str, ...],
    expected: str,
    judged: tuple[Path, VerdictSet],
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert audit(judged[0], *words) == 2
    said = said_of(capsys)
    assert expected in said
    assert "do:" in said


def test_without_a_set_or_with_several_or_an_unfinished_one_nothing_is_exported(
    judged: tuple[Path, VerdictSet], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, one = judged
    sets = {
        "holds no verdicts": (),
        "holds several sets of verdicts": (one, replace(one, name="insensitivity-2")),
        "is not finished: 80 of 90 verdicts": (replace(one, num_planned=90),),
    }
    for expected, laid in sets.items():
        lay(monkeypatch, folder, *laid)
        assert audit(folder, "export=audit") == 2
        assert expected in said_of(capsys)
        assert not Path("audit_1.csv").exists()


def test_a_run_that_a_judge_read_is_audited_corrected_and_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = hold(tmp_path / "outputs", "respondents=8", is_reported=False)
    one = judge(folder, a_judge(depends_on_all), "rubric.sample=20")
    assert audit(folder, "export=audit") == 0
    # Both coders call every row a defect; one saves the sheet with commas, one with semicolons.
    code("audit_1.csv", lambda text: "1")
    code("audit_2.csv", lambda text: "1", delimiter=";")
    assert audit(folder, "import=[audit_1.csv,audit_2.csv]") == 0
    assert main(["stage=report", f"run_folder={folder}"]) == 0
    assert main(["stage=verify", f"run_folder={folder}"]) == 0
    table = pd.read_csv(folder / "insensitivity.csv", keep_default_na=False, na_values=[""])
    rows = table[table["set"] == one.name].set_index("dimension")
    for dimension in ("IU", "QC", "RP", "CV", "IR"):
        verdicts = [verdict for verdict in one.verdicts if verdict.question == dimension]
        known = [verdict.value for verdict in verdicts if verdict.value is not None]
        assert rows.loc[dimension, "rate"] == pytest.approx(sum(known) / len(known))
        assert rows.loc[dimension, "num_missing"] == len(verdicts) - len(known)
        assert (rows.loc[dimension, "corrected"], rows.loc[dimension, "precision"]) == (1.0, 1.0)


@pytest.mark.full
def test_options_that_texts_take_are_audited_by_how_many_verdicts_are_right(
    judged: tuple[Path, VerdictSet], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, _ = judged
    # The judge sees option 1 in all 80 answers; where another one was chosen it is wrong.
    stances = tuple(
        Verdict(
            a.respondent_id, a.item_id, a.wording, "stance", (1,), Source.JUDGE, answer_hash=hash_answer(a)
        )
        for a in read_answers(folder)
    )
    lay(monkeypatch, folder, VerdictSet("stance-1", "stance", {"label": "P"}, "json", 80, stances))
    rubric = read_rubric(data_folder() / "rubrics" / "stance.yaml")
    monkeypatch.setattr(auditing, "rubric_of_set", lambda *_: rubric)
    assert audit(folder, "export=audit") == 0
    lines = lines_of("audit_1.csv")
    assert len(lines) == 50
    code("audit_1.csv", lambda text: text.removeprefix("Answer: ").split("\n", maxsplit=1)[0])
    share = sum("Answer: 1\n" in line["text"] for line in lines) / 50
    capsys.readouterr()
    assert audit(folder, "import=[audit_1.csv]") == 0
    said = capsys.readouterr().out
    low, high = proportion_confint(share * 50, 50, method="wilson")
    assert (
        f"stance        {100 * share:.0f} % ({100 * low:.0f} % to {100 * high:.0f} %) of the verdicts" in said
    )
    # The report says the same, and verify finds it again.
    assert main(["stage=report", f"run_folder={folder}"]) == 0
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Readings that people checked" in page
    assert f"<td>{100 * low:.0f} % to {100 * high:.0f} %</td>" in page
    measures = pd.read_csv(folder / "measures.csv").set_index(["section", "measure"])
    row = measures.loc["audited_readings", "accuracy"]
    assert tuple(row[["group", "value", "low", "high"]]) == (
        "stance-1",
        *map(pytest.approx, (share, low, high)),
    )
    assert main(["stage=verify", f"run_folder={folder}"]) == 0
