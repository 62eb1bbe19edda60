"""Sentences of a user's codebook, in made words: what a run with wordings=official reads."""

from pathlib import Path

import pytest

from def_sim.errors import ConfigError, SurveyFormatError
from def_sim.surveys.importers.codebook_wordings import CodebookWordings
from def_sim.surveys.importers.documents import files_of
from def_sim.surveys.importers.table import Table
from def_sim.surveys.item_bank import read_items
from def_sim.surveys.official_wordings import OFFICIAL_NUMBER, official_wordings_of

TOWN = """\
item,wording,language,code,label
parks,More parks?,en,1,Yes
parks,More parks?,en,2,No
parks,公园更多？,zh,1,是
parks,公园更多？,zh,2,否
pool,A pool?,en,1,Yes
pool,A pool?,en,2,No
pool,游泳池？,zh,1,是
pool,游泳池？,zh,2,否
"""
SENTENCES = """\
item,text,language
parks,"Made sentence, as in a codebook: more parks?",en
town.pool,Made sentence: a pool?,en
parks,编造的句子：公园更多？,zh
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home that holds the survey."""
    (tmp_path / "town.csv").write_text(TOWN, encoding="utf-8")
    write(tmp_path / "home", files_of(Table(str(tmp_path / "town.csv"), "town", ["USA"]).read()))
    return tmp_path / "home"


def write(home: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(content)


def imported(home: Path, text: str = SENTENCES) -> dict[str, bytes]:
    path = home.parent / "codebook.csv"
    path.write_text(text, encoding="utf-8")
    return files_of(CodebookWordings(str(path), "town", home).read())


def test_sentences_are_read_by_a_run_in_their_language(home: Path) -> None:
    files = imported(home)
    assert list(files) == ["wordings/town.en.official.yaml", "wordings/town.zh.official.yaml"]
    write(home, files)
    items = {item.id: item for item in read_items(home / "items/town.yaml").items}
    english = official_wordings_of(items, "en", home)
    assert english["town.parks"] == {OFFICIAL_NUMBER: "Made sentence, as in a codebook: more parks?"}
    assert english["town.pool"] == {OFFICIAL_NUMBER: "Made sentence: a pool?"}
    assert official_wordings_of(items, "zh", home)["town.pool"] == {}


def test_without_a_language_they_are_english(home: Path) -> None:
    assert list(imported(home, "item,text\nparks,Made: more parks?\n")) == ["wordings/town.en.official.yaml"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("item,sentence\nparks,Made?\n", "line 1: expected one column text"),
        ("item,text\nbench,Made?\n", "line 2: 'bench' is no item or variable of town"),
        ("item,text\nparks,Made?\ntown.parks,Made again?\n", "line 3: town.parks stands there twice in 'en'"),
        ("item,text,language\nparks,Fait ?,fr\n", "line 2: town.parks is not asked in 'fr'; it has en, zh"),
        ("item,text\nparks,\n", "line 2: town.parks: expected one line of text"),
        ("item,text\nparks,Made {slot}?\n", "line 2: town.parks: braces that mean nothing here"),
        ("item,text\n", "line 1: the table has no row"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_its_line(text: str, said: str, home: Path) -> None:
    with pytest.raises(SurveyFormatError) as raised:
        imported(home, text)
    assert f"codebook.csv, {said}" in raised.value.message


def test_sentences_of_an_unknown_source_are_refused(home: Path) -> None:
    with pytest.raises(ConfigError, match="name=village: there are no items of that source"):
        CodebookWordings("codebook.csv", "village", home)
