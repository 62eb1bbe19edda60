"""What no commit may bring: scripts/check_files.py refuses it, and the project itself is free of it."""

import subprocess
import sys
from pathlib import Path

import pytest
from scripts_loaded import SCRIPTS

ROOT = SCRIPTS.parent
# In two halves: written out here, this file would be refused.
BEGIN = "-----" + "BEGIN "


def check(folder: Path, *names: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPTS / "check_files.py"), *names]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (f"a\n{BEGIN}PRIVATE KEY-----\nMII\n", "line 2: a private key"),
        (f"{BEGIN}RSA PRIVATE KEY-----\n", "line 1: a private key"),
        (f"{BEGIN}OPENSSH PRIVATE KEY-----\n", "line 1: a private key"),
        (f"{BEGIN}PGP PRIVATE KEY BLOCK-----\n", "line 1: a private key"),
        (f"\0binary\n{BEGIN}EC PRIVATE KEY-----\n", "line 2: a private key"),
        ("a = 1\n" + "<" * 7 + " HEAD\na = 2\n", "line 2: a conflict marker"),
        ("a = 1\n" + ">" * 7 + " branch\n", "line 2: a conflict marker"),
        ("a = 1", "must end in one newline"),
        ("a = 1\n\n", "must end in one newline"),
        ("a" * 1_000_000 + "\n", "1,000,001 bytes"),
    ],
)
def test_a_bad_file_is_refused_with_its_name_and_line(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "bad.txt").write_text(content, encoding="utf-8", newline="")
    done = check(tmp_path, "bad.txt")
    assert done.returncode == 1
    assert done.stdout.startswith(f"bad.txt: {said}")
    assert len(done.stdout.splitlines()) == 1


@pytest.mark.parametrize(
    "content",
    [
        "",
        "a = 1\n",
        "Title\n=======\n",
        f"{BEGIN}PUBLIC KEY-----\n",
        "The words PRIVATE KEY alone.\n",
        "x" * 999_999 + "\n",
        "a picture\0without a newline",
    ],
)
def test_a_good_file_passes_without_a_word(tmp_path: Path, content: str) -> None:
    (tmp_path / "good.txt").write_text(content, encoding="utf-8", newline="")
    done = check(tmp_path, "good.txt")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_link_and_a_file_that_is_gone_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    assert check(tmp_path, "link", "gone.txt").returncode == 0


def test_without_names_all_tracked_files_are_looked_at_and_no_others(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    for name in ("tracked.txt", "other.txt"):
        (tmp_path / name).write_text("no newline", encoding="utf-8")
    subprocess.run(["git", "add", "tracked.txt"], cwd=tmp_path, check=True)
    assert check(tmp_path).stdout == "tracked.txt: must end in one newline\n"


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this is no checkout")
def test_the_project_itself_has_no_such_file() -> None:
    assert check(ROOT).stdout == ""
