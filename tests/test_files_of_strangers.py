"""YAML and CSV that nobody vouches for: one message with file and line, nothing of a foreign file."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from def_sim.app.main import main
from def_sim.csv_files import read_rows
from def_sim.errors import SurveyFormatError
from def_sim.resources import data_folder
from def_sim.surveys.human_reference import COLUMNS
from def_sim.yaml_files import read_validated

SECRET = "b3BlbnNzaC1rZXktdjEAAAAA"
LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


class Letter(BaseModel):
    """A format with two keys that must be there."""

    model_config = ConfigDict(extra="forbid")

    name: str
    pages: int
    notes: dict[str, str] = {}


def refused(path: Path, text: str | bytes) -> str:
    """The message about a letter of that text."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SurveyFormatError) as caught:
        read_validated(path, Letter)
    assert caught.value.fix
    assert len(caught.value.message) < 400
    return caught.value.message


# --- YAML that means more than it says ---


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (LAUGHS, "line 1: not readable as YAML (an alias (*name) repeats what stands here"),
        ("name: x\nnotes: &a {b: *a}\n", "line 2: not readable as YAML (an alias"),
        ("name: x\nnotes: &a [*a]\n", "line 2: not readable as YAML (an alias"),
        ("name: &n x\npages: 1\nnotes: {a: *n}\n", "line 1: not readable as YAML (an alias"),
        ("name: &n {a: b}\nnotes: {<<: *n}\n", "line 1: not readable as YAML (an alias"),
        ("name: " + "[" * 10_000, "line 1: not readable as YAML (exceeded maximum nesting depth)"),
        ("- " * 10_000 + "x", "line 1: not readable as YAML (exceeded maximum nesting depth)"),
        ("name: " + "[" * 60 + "]" * 60, "line 1: not readable as YAML (it is nested more than 50 deep)"),
        (
            "name: x\npages: " + "9" * 5000,
            "line 2: not readable as YAML (a number that is too long to be one)",
        ),
        (
            "name: x\nnotes: {a: [" + "59:" * 3000 + "59]}",
            "line 2: not readable as YAML (a number that is too",
        ),
        (
            "name: 0x" + "f" * 9000 + "\npages: 1",
            "line 1: not readable as YAML (a number that is too long to",
        ),
        (
            "name: 0b" + "1_" * 9000 + "\npages: x",
            "line 1: not readable as YAML (a number that is too long to",
        ),
        ("name: x\n\npages: 2001-99-99", "line 3: not readable as YAML (a value that cannot be read)"),
        ("name: x\nnotes: {a: [!!bool x]}", "line 2: not readable as YAML (a value that cannot be read)"),
        ("name: x\nnotes: {[1]: 2}", "line 2: not readable as YAML (found unhashable key)"),
        ("name: x\n? [1]\n: 2", "line 2: not readable as YAML (found unhashable key)"),
        (
            f"name: !{SECRET} x",
            "line 1: not readable as YAML (could not determine a constructor for the tag)",
        ),
        ("name: x\npages: \x07", "line 2: not readable as YAML"),
        ("name: x\npages: 1\0", "line 2: holds a NUL character"),
        ("name: ü\npages: 1".encode("utf-16"), "is not UTF-8 text (line 1, byte 0)"),
        ("pages: 1\nname: ü".encode("latin-1"), "is not UTF-8 text (line 2, byte 15)"),
        ("#" * (2**20 + 1), "is larger than 1 MiB"),
    ],
    ids=lambda value: ascii(value[:30]),
)
def test_yaml_that_could_hang_or_break_the_reader_is_refused_in_words(
    text: str | bytes, expected: str, tmp_path: Path
) -> None:
    assert expected in refused(tmp_path / "letter.yaml", text)


def test_a_mapping_of_very_many_keys_is_read_in_a_time_that_grows_with_it(tmp_path: Path) -> None:
    """50,000 keys compared pair by pair would be more than a thousand million comparisons."""
    path = tmp_path / "letter.yaml"
    path.write_text("name: x\npages: 1\nnotes:\n" + "".join(f"  k{i}: v\n" for i in range(50_000)))
    assert len(read_validated(path, Letter).notes) == 50_000


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "letter.yaml"
    path.write_text("\ufeffname: x\npages: 1\n", encoding="utf-8")
    assert read_validated(path, Letter).pages == 1


def test_a_device_and_a_name_that_no_file_can_have_are_refused(tmp_path: Path) -> None:
    for path in (Path("/dev/zero"), tmp_path / ("x" * 5000), tmp_path / "a\0b"):
        with pytest.raises(SurveyFormatError, match=r"cannot be read|does not exist"):
            read_validated(path, Letter)


# --- nothing of a foreign file is repeated ---


KIND = "OPENSSH PRIVATE KEY"  # apart, or this file would count as one
FOREIGN = {
    "shadow": f"root:$6${SECRET}:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\n",
    "private key": f"-----BEGIN {KIND}-----\n{SECRET}\n-----END {KIND}-----\n",
    "key with headers": f"-----BEGIN RSA KEY-----\nProc-Type: 4,ENCRYPTED\n\n{SECRET}\n",
    "credentials": f"[default]\naws_secret_access_key = {SECRET}\n",
    "environment": f"API_KEY={SECRET}\n",
    "token": SECRET,
    "quoted": f"'{SECRET}'\n",
    "other mapping": f"password: {SECRET}\nname: me\n",
    "key of a mapping": f"{SECRET}: 1\n",
    "the same key twice": f"{SECRET}: 1\n{SECRET}: 2\n",
    "list": f"- {SECRET}\n",
    "undefined alias": f"*{SECRET}\n",
    "tag": f"!{SECRET} x\n",
    "bad escape": f'"{SECRET}\\q"\n',
    "bad date": "2001-99-99\n",
}


@pytest.mark.parametrize("text", FOREIGN.values(), ids=FOREIGN.keys())
def test_the_content_of_a_file_of_another_kind_is_never_repeated(text: str, tmp_path: Path) -> None:
    message = refused(tmp_path / "letter.yaml", text)
    assert SECRET not in message
    assert "letter.yaml, line" in message


@pytest.mark.parametrize("text", FOREIGN.values(), ids=FOREIGN.keys())
def test_nor_is_that_of_a_survey_file_on_the_command_line(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "id_rsa").write_text(text)
    assert main(["stage=plan", f"survey.file={tmp_path / 'id_rsa'}"]) == 2
    shown = "".join(capsys.readouterr())
    assert SECRET not in shown
    assert "id_rsa, line" in shown


def test_what_was_found_is_repeated_out_of_a_file_with_the_keys_of_the_format(tmp_path: Path) -> None:
    assert "Found: 'many'" in refused(tmp_path / "letter.yaml", "name: x\npages: many\n")
    long = refused(tmp_path / "letter.yaml", f"name: x\npages: {'y' * 1000}\n")
    assert "y" * 70 in long
    assert "y" * 90 not in long


# --- tables ---

HEADER = ",".join(COLUMNS)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (f"a,b\n1,{'x' * 200_000}\n", "line 2: no comma-separated row (field larger than field limit"),
        ('a,b\n1,"never closed\n', "line 2: no comma-separated row (unexpected end of data)"),
        ('a,b\n1,"x"y\n', "line 2: no comma-separated row"),
        ("a,b\n1,2\n3\n", "line 3: expected 2 fields, as in the header, found 1"),
        ("a,b\n1,2,3\n", "line 2: expected 2 fields, as in the header, found 3"),
        ("a,b\n1,2\n3,\0\n", "line 3: holds a NUL character"),
        ("a,b\n1,ü\n".encode("latin-1"), "is not UTF-8 text (line 2, byte 6)"),
        ("a,b\n".encode("utf-16"), "is not UTF-8 text (line 1, byte 0)"),
    ],
    ids=lambda value: ascii(value[:20]),
)
def test_a_broken_table_names_file_and_line(content: str | bytes, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SurveyFormatError) as caught:
        list(read_rows(path, fix="Correct it."))
    assert expected in caught.value.message
    assert "table.csv" in caught.value.message


def test_a_table_of_figures_is_read_whatever_its_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(b'\xef\xbb\xbfa,b\r\n1,"x\r\ny"\r\n')
    assert list(read_rows(path, fix="")) == [(1, ["a", "b"]), (3, ["1", "x\r\ny"])]


def shadow(lines: str) -> str:
    return f"root:{SECRET}\n{lines}"


@pytest.mark.parametrize(
    "change",
    [
        shadow,
        lambda text: text.replace("0", "9" * 5000, 1),
        lambda text: text.replace("n_effective", SECRET, 1),
        lambda text: text + "x" * 200_000,
        lambda text: text + '"',
        lambda text: text + "\0",
    ],
)
def test_figures_of_a_users_own_that_break_the_format_stop_the_run_in_words(
    change: Callable[[str], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shipped = data_folder() / "references" / "USA" / "wvs7.csv"
    (tmp_path / "USA").mkdir()
    own = tmp_path / "USA" / "wvs7.csv"
    own.write_text(change(shipped.read_text(encoding="utf-8")), encoding="utf-8")
    assert main(["stage=plan", f"references={tmp_path}"]) == 2
    captured = capsys.readouterr()
    assert "wvs7.csv, line" in captured.err
    assert SECRET not in captured.err
    assert len(captured.err) < 1200
