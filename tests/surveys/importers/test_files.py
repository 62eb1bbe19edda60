"""A file of people is read the same whatever kind it is, and a broken one is refused in one message."""

import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from people_files import People, write_people, zipped

from def_sim.errors import ConfigError, SurveyFormatError
from def_sim.file_hashes import hash_file
from def_sim.surveys.importers import archives, delimited_people, statistical_files
from def_sim.surveys.importers.files import opened, read_variables
from def_sim.surveys.importers.variables import Variable

PEOPLE = People(
    columns={
        "Q1": [1, 2, ".d", 2, None],
        "WEIGHT": [0.5, 1.25, 1.0, 2.0, 0.1],
        "COUNTRY": ["DE", "DE", "FR", "FR", "DE"],
        "NOTE": ["Zoë", "", "x", "", ""],
    },
    value_labels={"Q1": {1: "Very", 2: "Not at all", ".d": "Do not know"}},
    labels={"Q1": "How happy", "WEIGHT": "Design weight"},
)
KINDS = ("csv", "tsv", "xlsx", "sav", "zsav", "dta")


def read(path: Path, *names: str) -> dict[str, Variable]:
    with opened(path) as file:
        return read_variables(file, names)


def refusal(path: Path, *names: str) -> str:
    with pytest.raises(SurveyFormatError) as raised:
        read(path, *(names or ("Q1",)))
    assert raised.value.fix
    return raised.value.message


@pytest.mark.parametrize("is_zipped", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_the_same_people_are_read_from_every_kind_of_file(tmp_path: Path, kind: str, is_zipped: bool) -> None:
    path = write_people(tmp_path / f"p.{kind}", PEOPLE)
    found = read(zipped(path) if is_zipped else path, "q1", "Weight", "COUNTRY", "nowhere")
    assert set(found) == {"q1", "Weight", "COUNTRY"}  # any case; what is not there is left out
    q1 = found["q1"]
    dont_know = -98.0 if "sav" in kind else ".d"
    assert q1.counts == {1.0: 1, 2.0: 2, dont_know: 1, "": 1}
    assert found["Weight"].numbers().tolist() == [0.5, 1.25, 1.0, 2.0, 0.1]  # to the last bit
    assert found["COUNTRY"].counts == {"DE": 3, "FR": 2}
    if kind in ("sav", "zsav", "dta"):
        assert (q1.label, q1.value_labels[1.0]) == ("How happy", "Very")
        assert "Do not know" in q1.value_labels[dont_know]
        assert [q1.missing(value) for value in (1.0, dont_know, "")] == [False, True, True]


def test_a_por_is_read_too(tmp_path: Path) -> None:
    plain = People({"Q1": [1, 2, 2, None]}, {"Q1": {1: "Very", 2: "Not at all"}})
    found = read(write_people(tmp_path / "p.por", plain), "Q1")["Q1"]
    assert found.counts == {1.0: 1, 2.0: 2, "": 1}


def test_only_columns_that_are_needed_become_variables(tmp_path: Path) -> None:
    assert set(read(write_people(tmp_path / "p.csv", PEOPLE), "Q1")) == {"Q1"}


@pytest.mark.parametrize("written", ["Q1", "q1", "Q1: How happy", "Q1 How happy", "Q1P"])
def test_a_variable_is_found_in_every_form_of_its_header(tmp_path: Path, written: str) -> None:
    (tmp_path / "p.csv").write_text(f'"{written}";"Q10: Other";W\n1;7;0,5\n2;8;1,5\n', encoding="utf-8")
    found = read(tmp_path / "p.csv", "Q1", "W")
    assert found["Q1"].counts == {1.0: 1, 2.0: 1}
    assert found["W"].numbers().tolist() == [0.5, 1.5]  # a decimal comma, where fields are parted otherwise


@pytest.mark.parametrize("one", ["1", "1.0", " 1 ", '"1"', "01"])
def test_a_code_is_a_number_however_it_is_written(tmp_path: Path, one: str) -> None:
    (tmp_path / "p.csv").write_text(f"Q1,W\n{one},2\nTrue,3\n.d:  Do not Know,1\n.,1\n", encoding="utf-8")
    assert read(tmp_path / "p.csv", "Q1")["Q1"].counts == {1.0: 1, "True": 1, ".d": 1, "": 1}


def test_a_field_of_two_lines_and_signs_within_quotes_are_one_field(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_bytes(b'Q1,"a ""b"", c"\n1,"x\ny, ""z"""\n\n2,k\n')
    assert read(tmp_path / "p.csv", "Q1", "a")["Q1"].counts == {1.0: 1, 2.0: 1}


def test_pieces_of_a_large_text_are_one_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [f'{number % 7},"é, {number}\n""x"""' for number in range(200)]
    (tmp_path / "p.csv").write_text("Q1,N\n" + "\n".join(rows), encoding="utf-8", newline="")
    whole = read(tmp_path / "p.csv", "Q1", "N")
    monkeypatch.setattr(delimited_people, "_PIECE", 5)  # within letters, quotes and rows
    again = read(tmp_path / "p.csv", "Q1", "N")
    assert whole["Q1"].counts == again["Q1"].counts
    assert np.array_equal(whole["Q1"].numbers(), np.arange(200.0) % 7)
    assert again["N"].distinct[3] == 'é, 3\n"x"'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"Q1,W\n1,2\n3", "line 3: expected 2 fields, as in the header, found 1; the file is cut there"),
        (b"Q1,W\n1\n3,4\n", "line 2: expected 2 fields, as in the header, found 1"),
        (b"Q1,W\n1,2\n1,2,3\n", "line 3: expected 2 fields, as in the header, found 3"),
        (b'Q1,W\n1,"2\n3,4\n', "a quote that is not closed; the file may be cut"),
        (
            "Q1,W\né,1\n".encode() + "é,1\n".encode("cp1252"),
            "line 3: byte 10 is no UTF-8, and other letters are",
        ),
        (b"Q1,W,Q1: x\n1,2,3\n", "variable Q1 stands in columns 1 ('Q1') and 3 ('Q1: x'); expected one"),
        (b"Q1,W\r1,2\r3,4\r", "line 1: a line ends with a carriage return alone"),
        (b"Q1,W\n1\r2,3\n", "line 2: a line ends with a carriage return alone"),  # two people, or one?
        (b"Q1,W\n1,2\n3\r4,5", "line 3: a line ends with a carriage return alone"),
        (b'Q1,W\n1,2\n1"x,y"2,3\n', "line 3: a quote within a field ends behind it"),  # two fields, or three?
        (b'Q1,W\n "1,2",3\n', "line 2: a quote within a field ends behind it"),
        (b'Q1,W\n1"""x,y"2,3\n', "line 2: a quote within a field ends behind it"),
        (b'Q1,W\n1"x,2\n"3,4\n', "line 2: a quote within a field ends behind it"),
        (b"Q1," + b"W" * 200_000 + b"\n1,2\n", "line 1: field larger than field limit"),
        (b"Q1,W\n1," + b"2" * 200_000, "line 2: field larger than field limit"),
        (b"", "the first line names no variables"),
        (b"Q1\0,W\n", "holds a NUL character"),
    ],
)
def test_a_broken_text_is_refused_with_its_line(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "p.csv").write_bytes(content)
    assert said in refusal(tmp_path / "p.csv")


def test_quotes_around_whole_fields_are_read_behind_a_byte_order_mark_too(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_bytes(b'\xef\xbb\xbf"Q1","W"\r\n"1,5 ""x""",2\r\n"",""\r\n')
    found = read(tmp_path / "p.csv", "Q1", "W")
    assert found["Q1"].counts == {'1,5 "x"': 1, "": 1}
    assert found["W"].counts == {2.0: 1, "": 1}


def test_quotes_within_a_field_are_signs_as_others(tmp_path: Path) -> None:
    """Programs that never quote write them so."""
    (tmp_path / "p.csv").write_text('Q1,W\nsaid "yes" twice,2\na""b,c "d"\n', encoding="utf-8")
    found = read(tmp_path / "p.csv", "Q1", "W")
    assert found["Q1"].counts == {'said "yes" twice': 1, 'a""b': 1}
    assert found["W"].counts == {2.0: 1, 'c "d"': 1}


def test_a_number_too_large_to_be_one_is_a_text(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text(f"Q1,W\n{'9' * 400},-{'9' * 400}\n1,2\n", encoding="utf-8")
    found = read(tmp_path / "p.csv", "Q1", "W")
    assert (found["Q1"].counts, found["W"].counts) == ({"inf": 1, 1.0: 1}, {"-inf": 1, 2.0: 1})


@pytest.mark.parametrize("kind", ["sav", "zsav", "dta", "xlsx"])
def test_a_file_that_is_cut_is_refused(tmp_path: Path, kind: str) -> None:
    path = write_people(tmp_path / f"p.{kind}", PEOPLE)
    whole = path.read_bytes()
    for part in (0.02, 0.5, 0.9):
        path.write_bytes(whole[: int(len(whole) * part)])
        assert path.name in refusal(path)


@pytest.mark.parametrize("kind", ["sav", "zsav", "por", "dta"])
def test_a_file_that_would_end_its_reader_ends_another_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """A damaged .sav and .zsav have ended the reader, and with it whoever reads, by a signal."""
    path = write_people(tmp_path / f"people.{kind}", People({"Q1": [1, 2, 2, None]}))
    monkeypatch.setattr(statistical_files, "_TRIAL", "import os; os.abort()")
    with pytest.raises(SurveyFormatError) as caught, opened(path):
        pass
    assert caught.value.message == (
        f"people.{kind} is cut or damaged, or not what its ending says (its reader ended by signal 6)."
    )


def test_an_archive_that_is_cut_is_refused(tmp_path: Path) -> None:
    archive = zipped(write_people(tmp_path / "p.csv", PEOPLE))
    archive.write_bytes(archive.read_bytes()[:-30])
    assert "p.zip is cut or damaged" in refusal(archive)


def test_an_archive_with_a_damaged_list_is_refused(tmp_path: Path) -> None:
    archive = zipped(write_people(tmp_path / "p.csv", PEOPLE))
    archive.write_bytes(archive.read_bytes().replace(b"PK\x01\x02", b"PK\x01\x03"))
    assert "p.zip is cut or damaged" in refusal(archive)


def test_an_archive_must_hold_one_file_of_data(tmp_path: Path) -> None:
    one, other = (write_people(tmp_path / name, PEOPLE) for name in ("p.csv", "q.sav"))
    note = tmp_path / "readme.txt"
    note.write_text("Cite us.", encoding="utf-8")
    assert "found 2: p.csv, q.sav" in refusal(zipped(one, other))
    assert read(zipped(one, note), "Q1")["Q1"].counts[1.0] == 1
    assert "found none (codebook.pdf)" in refusal(zipped(note.rename(tmp_path / "codebook.pdf")))


def test_an_archive_unpacks_to_a_bounded_size_whatever_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "p.csv"
    path.write_bytes(b"Q1,W\n" + b"1,2\n" * 100_000)
    archive = zipped(path)
    monkeypatch.setattr(archives, "MOST_BYTES", 300_000)
    assert "p.zip unpacks to" in refusal(archive)
    size = (400_005).to_bytes(4, "little")
    assert archive.read_bytes().count(size) == 2  # beside the data, and in the list at the end
    archive.write_bytes(archive.read_bytes().replace(size, (5).to_bytes(4, "little")))
    with zipfile.ZipFile(archive) as packed:
        assert packed.infolist()[0].file_size == 5
    assert "p.zip" in refusal(archive)


def test_a_file_of_more_than_four_gigabytes_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "p.csv"
    with path.open("wb") as file:
        file.truncate(5 * 2**30)  # holds nothing, so it takes no room
    assert refusal(path) == "p.csv has 5.0 GB; the most is 4 GB."


@pytest.mark.parametrize("kind", ["RData", "rds", "sas7bdat"])
def test_files_of_other_programs_are_refused_by_name(tmp_path: Path, kind: str) -> None:
    (tmp_path / f"p.{kind}").write_bytes(b"x")
    with pytest.raises(SurveyFormatError, match=f"{kind.lower()} is not read") as raised:
        read(tmp_path / f"p.{kind}", "Q1")
    assert ".sav, .dta or .csv" in raised.value.fix


def test_what_is_no_file_of_people_is_said(tmp_path: Path) -> None:
    assert "does not exist" in refusal(tmp_path / "p.csv")
    assert "is a folder" in refusal(tmp_path)
    (tmp_path / "p.pdf").write_bytes(b"x")
    assert "found '.pdf'" in refusal(tmp_path / "p.pdf")


def test_a_missing_extra_names_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_people(tmp_path / "p.sav", PEOPLE)
    monkeypatch.setitem(sys.modules, "pyreadstat", None)
    with pytest.raises(ConfigError) as raised:
        read(path, "Q1")
    assert 'pip install -e ".[importers]"' in raised.value.fix


def test_nothing_is_left_of_an_archive_also_after_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    archive = zipped(write_people(tmp_path / "p.csv", PEOPLE))
    with opened(archive):
        assert list((tmp_path / "tmp").iterdir()) == []  # not even while it is read
    archive.write_bytes(archive.read_bytes()[:-30])
    refusal(archive)
    assert list((tmp_path / "tmp").iterdir()) == []


def test_the_digest_of_a_file_is_that_of_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_bytes(b"abc")
    assert hash_file(tmp_path / "p.csv").startswith("ba7816bf8f01cfea")  # of FIPS 180-2, "abc"
