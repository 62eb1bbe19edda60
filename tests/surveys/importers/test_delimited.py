"""Tables are read whatever parts their fields and in either encoding, of one kind throughout a file."""

from pathlib import Path

import pytest

from def_sim.errors import SurveyFormatError
from def_sim.surveys.importers.delimited import read_delimited


def rows_of(folder: Path, content: bytes) -> list[tuple[int, list[str]]]:
    (folder / "t.csv").write_bytes(content)
    return list(read_delimited(folder / "t.csv", fix="Correct it."))


def refusal(folder: Path, content: bytes) -> str:
    with pytest.raises(SurveyFormatError) as raised:
        rows_of(folder, content)
    assert raised.value.fix
    return raised.value.message


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_the_same_table_is_read_from_every_form(
    tmp_path: Path, delimiter: str, end: str, encoding: str
) -> None:
    lines = [["item", "label"], ["a", "Café, très bien"], ["b", "x;y"]]
    text = "".join(delimiter.join(f'"{field}"' for field in line) + end for line in lines)
    assert rows_of(tmp_path, text.encode(encoding)) == list(enumerate(lines, start=1))


def test_a_sign_within_quotes_parts_no_columns(tmp_path: Path) -> None:
    assert rows_of(tmp_path, b'"a;b;c",d\n1,2\n') == [(1, ["a;b;c", "d"]), (2, ["1", "2"])]


def test_lines_are_counted_as_in_the_file_also_behind_a_field_of_two_lines(tmp_path: Path) -> None:
    assert [line for line, _ in rows_of(tmp_path, b'a,b\n"x\ny",1\n\nz,2\n')] == [1, 3, 5]


def test_a_file_of_two_encodings_is_refused_with_the_byte(tmp_path: Path) -> None:
    content = "a,b\nCafé,1\n".encode() + "Café,2\n".encode("cp1252")
    # "a,b\n" has 4 bytes, "Café,1\n" 8 in UTF-8, "Caf" 3
    assert refusal(tmp_path, content) == (
        "t.csv, line 3: byte 15 is no UTF-8, and other letters are: the file mixes encodings."
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a,b\n\x81,1\n", "line 2: byte 4 is neither UTF-8 nor cp1252"),
        (b"a,b\n1\n", "line 2: expected 2 fields, as in the header, found 1"),
        (b'a,b\n"1,2\n', "line 2: no row of a table"),
        (b"a,b\n\x00,1\n", "line 2: holds a NUL character"),
        (b"a\rb,c\n1,2\n", "expected 1 fields, as in the header, found 2"),
        (b"a" * 200_000 + b",b\n1,2\n", "line 1: no row of a table"),
        (b"a,b\n" + b"1,2\n" * 9_000_000, "is larger than 32 MiB"),
    ],
)
def test_what_is_no_table_is_refused_with_its_line(tmp_path: Path, content: bytes, said: str) -> None:
    assert said in refusal(tmp_path, content)


def test_no_file_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(SurveyFormatError, match="does not exist"):
        list(read_delimited(tmp_path / "none.csv", fix=""))
    with pytest.raises(SurveyFormatError, match="is a folder"):
        list(read_delimited(tmp_path, fix=""))
