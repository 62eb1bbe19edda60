"""One version everywhere, and forms for issues that ask for what an answer needs."""

import re
from pathlib import Path

import pytest
import yaml

import def_sim

ROOT = Path(__file__).parents[1]
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))


def test_package_changelog_and_citation_name_the_same_version() -> None:
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.M)
    cited = re.search(r"^version: (\S+)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), flags=re.M)
    assert newest is not None
    assert cited is not None
    assert newest.group(1) == cited.group(1) == def_sim.__version__


@pytest.mark.parametrize(
    "form", [path for path in FORMS if path.stem != "config"], ids=lambda path: path.stem
)
def test_a_form_has_a_name_and_asks_something(form: Path) -> None:
    content = yaml.safe_load(form.read_text(encoding="utf-8"))
    assert {"name", "description", "labels", "body"} <= content.keys()
    asked = [part["id"] for part in content["body"]]
    assert len(asked) == len(set(asked)) > 0


def test_reports_of_wrong_numbers_and_crashes_come_with_manifest_and_version() -> None:
    asked = {path.stem: path.read_text(encoding="utf-8") for path in FORMS}
    assert "manifest.json" in asked["wrong_number"]
    assert "--version" in asked["crash"]
