"""What several tests of commands begin with."""

from pathlib import Path

import pytest


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, beside a working folder that commands may write into."""
    (tmp_path / "working").mkdir()
    monkeypatch.chdir(tmp_path / "working")
    (tmp_path / "mine").mkdir()
    return tmp_path / "mine"
