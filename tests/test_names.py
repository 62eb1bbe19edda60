"""Names that become folders stay below the output folder, on every system."""

from pathlib import Path

import pytest

from def_sim.app.main import main
from def_sim.names import check_name, check_path

LEAVING = [
    "../../x",
    "/abs",
    "a/b",
    "a\\b",
    "..",
    ".hidden",
    "~",
    "C:x",
    "",
    " ",
    "a b",
    "a\0b",
    "a\nb",
    "a" * 65,
]
RESERVED = ["CON", "nul", "com1", "LPT9.txt", "aux.tar.gz", "end."]


@pytest.mark.parametrize(
    "name", ["us", "cn_short", "smollm2-135M.v2", "_x", "3", "a" * 64, "console", "com10"]
)
def test_a_plain_name_is_taken_as_it_is(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize("name", [*LEAVING, *RESERVED, "-m", "m\u00f6del", "a\u202eb", "\ud800"], ids=ascii)
def test_a_name_that_could_leave_its_folder_or_hide_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="a name has letters A-Z"):
        check_name(name)


@pytest.mark.parametrize("path", ["a\nb", "a\0b", "a\x1b[31m", "a\rb", "a\x7fb", "a\udc80b"], ids=ascii)
def test_a_path_is_of_one_line_without_control_characters(path: str) -> None:
    with pytest.raises(ValueError, match="a path has no line ends"):
        check_path(path)


def test_what_is_wrong_in_a_path_is_shown_however_deep_its_folder_is() -> None:
    with pytest.raises(ValueError, match=r"found \.\.\.'(/d){30}\\udc80(d/){29}d'\.\.\.$"):
        check_path("d/" * 99 + "d\udc80" + "d/" * 99)


def test_a_path_may_be_anywhere_in_any_script() -> None:
    for path in ("../x", "/data/模型 2", "~/runs", "C:\\runs", "בית"):
        assert check_path(path) == path


@pytest.mark.parametrize(
    "parameter",
    [
        "model.name",
        "survey.name",
        "strategy.name",
        "protocol.name",
        "population",
        "language",
        "frame_language",
    ],
)
@pytest.mark.parametrize("name", ["../../x", "/tmp/x", "nul", "'x\ty'"])
def test_no_run_is_named_out_of_its_output_folder(
    parameter: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([f"{parameter}={name}", f"output={tmp_path / 'runs'}", "items=[wvs7.Q1]"]) == 2
    message = capsys.readouterr().err
    assert f"error: {parameter}: a name has letters A-Z" in message
    assert not list(tmp_path.iterdir())


def test_a_survey_file_cannot_name_items_elsewhere(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "name: mine\ntitle: Mine\npopulation: USA\nlanguage: en\nframe_language: en\n"
        "sources: [../../../../etc/x]\n"
    )
    assert main(["stage=plan", f"survey.file={path}"]) == 2
    assert "mine.yaml, line 6, sources.0: a name has letters A-Z" in capsys.readouterr().err
