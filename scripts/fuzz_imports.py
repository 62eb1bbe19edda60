"""Files that importers read, to be damaged; what an importer found of one can be written and read again."""

import csv
import io
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final

from def_sim.app.publishing import READY, finish
from def_sim.errors import DefSimError
from def_sim.surveys.human_reference import read_reference
from def_sim.surveys.importers.contract import Importer
from def_sim.surveys.importers.def_release import DefRelease
from def_sim.surveys.importers.delimited import delimiter_of, encoding_of
from def_sim.surveys.importers.documents import files_of
from def_sim.surveys.importers.files import opened
from def_sim.surveys.importers.globalopinionqa import GlobalOpinionQA
from def_sim.surveys.importers.table import Table
from def_sim.surveys.item_bank import read_items

OPINIONS: Final = b"""\
question,selections,options,source
"Is trade good, or bad?","defaultdict(<class 'list'>, {'United States': [0.7, 0.2, 0.1], 'China': \
[0.5, 0.5, 0.0]})","['Good', 'Bad', 'DK/Refused']",GAS
"Are there
enough parks?","defaultdict(<class 'list'>, {'Japan': [1.0, 0.0], 'India \
(Old national sample)': [0.3, 0.7]})","['Yes', 2.0]",WVS
"""
TOWN: Final = """\
item;wording;language;code;label;type;level;percent;n;group
parks;More parks, or fewer?;en;1;Café;;ordinal;61,5;200;
parks;More parks, or fewer?;en;2;Fewer;;;38.5;;
parks;More parks, or fewer?;en;1;Café;;;50;90;male
parks;More parks, or fewer?;en;2;Fewer;;;50;90;male
trust;How much trust?;en;1;None;scale;interval;;;
trust;How much trust?;en;2;All;scale;interval;;;
""".encode()
_YES_NO: Final = {"1": {"Display": "Yes"}, "2": {"Display": "No"}}
_GERMAN: Final = {
    "DE": {"QuestionText": "Parks?", "Choices": {"1": {"Display": "Ja"}, "2": {"Display": "Nein"}}}
}
QSF: Final = {
    "SurveyEntry": {"SurveyLanguage": "EN"},
    "SurveyElements": [
        {"Element": "BL", "Payload": [{"Type": "Default", "BlockElements": [{"QuestionID": "QID1"}]}]},
        {
            "Element": "SQ",
            "PrimaryAttribute": "QID1",
            "Payload": {
                "QuestionText": "More <b>parks</b>?",
                "DataExportTag": "parks",
                "QuestionType": "MC",
                "Selector": "MAVR",
                "Choices": _YES_NO,
                "ChoiceOrder": ["1", "2"],
                "RecodeValues": {"1": "1", "2": "0"},
                "Validation": {"Settings": {"MaxChoices": "2"}},
                "Language": _GERMAN,
            },
        },
    ],
}
ANSWERS: Final = b"""\
ResponseId,Q_parks,weight,age
"Response ID",?,?,?
"{""ImportId"":""_recordId""}","{""ImportId"":""QID1""}","{}","{}"
R_1,"Yes,No",1.5,30
R_2,Yes,.5,61
""" + b"".join(b"R_%d,No,1,44\n" % number for number in range(3, 14))
RELEASED: Final = b"""\
[2] Are there enough parks in [COUNTRY]?- 1: Yes. 2: No.
[10] How much trust, from 1 to 10?
"""
RELEASED_SHARES: Final = b",0,1,2,10\n0,0,0,0,0\n1,0,.6,.4,0\n2,.1,.4,,.5\n"
PEOPLE: Final = """\
Q1;Q2: how happy;W;NOTE
1;.d;,5;"Zoé; or ""Zo"" she"
2;1,0;1.5;said "no" twice
-1;;2;
""".encode()
READY_LIST: Final = b'{"files":["items/town.yaml"],"removed":["references/USA/town.csv"]}'


@cache
def folder() -> Path:
    """Where files to be read are put."""
    return Path(tempfile.mkdtemp(prefix="def_sim_fuzz_imports_"))


def try_opinions(content: bytes) -> None:
    """Imports GlobalOpinionQA."""
    (folder() / "opinions.csv").write_bytes(content)
    import_all(_opinions())


@cache
def _opinions() -> Importer:
    return GlobalOpinionQA(str(folder() / "opinions.csv"), ["USA", "CHN", "JPN", "IND"])


def try_table(content: bytes) -> None:
    """Imports a survey of one's own."""
    (folder() / "town.csv").write_bytes(content)
    import_all(Table(str(folder() / "town.csv"), "town", ["USA"], 2026))


def try_qsf(content: bytes) -> None:
    """Imports a survey file of Qualtrics."""
    (folder() / "town.qsf").write_bytes(content)
    import_all(Table(str(folder() / "town.qsf"), "town", ["USA"]))


def try_answers(content: bytes) -> None:
    """Imports a survey of one's own with a table of people's answers."""
    (folder() / "asked.csv").write_text(
        "item,wording,language,code,label,type,max_choices\nQ_parks,Parks?,en,1,Yes,multiple,2\n"
        "Q_parks,Parks?,en,2,No,,\n",
        encoding="utf-8",
    )
    (folder() / "answers.csv").write_bytes(content)
    import_all(Table(str(folder() / "asked.csv"), "town", ["USA"], 2026, str(folder() / "answers.csv")))


def try_people(content: bytes) -> None:
    """Reads a text with a row a person; there are as many people as rows that Python's own reader finds."""
    path = folder() / "people.csv"
    path.write_bytes(content)
    with opened(path) as file:
        read = file.read(file.headers)
    text = content.decode(encoding_of(path.name, lambda: iter([content])))
    delimiter = delimiter_of(text.split("\n", 1)[0])
    rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]
    assert {len(one.places) for one in read.values()} == {len(rows) - 1}


def try_released(content: bytes) -> None:
    """Imports the questions of Liu et al. 2025."""
    _release(content, RELEASED_SHARES)


def try_released_shares(content: bytes) -> None:
    """Imports the shares of Liu et al. 2025."""
    _release(RELEASED, content)


def _release(questions: bytes, shares: bytes) -> None:
    release = folder() / "release"
    (release / "preferences").mkdir(parents=True, exist_ok=True)
    (release / "English_questionaires.txt").write_bytes(questions)
    (release / "preferences/usa_ref_score_all.csv").write_bytes(shares)
    import_all(DefRelease(str(release), ["USA"]))


def import_all(importer: Importer) -> None:
    """What an importer takes, the readers of runs take: else it is the importer's fault."""
    imported = importer.read()
    for name, content in files_of(imported).items():
        path = folder() / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    try:
        items = read_items(folder() / f"items/{imported.source}.yaml").items
        for one in imported.populations:
            population = one.provenance.population
            path = folder() / f"references/{population}/{imported.source}.csv"
            read_reference(path, {item.id: item for item in items}, population)
    except DefSimError as error:
        raise AssertionError(f"it was imported and cannot be read: {error}") from error


def try_ready_list(content: bytes) -> None:
    """Finishes a killed import by a list that may say anything; nothing outside of the home is touched."""
    home = folder() / "homes" / "home"
    home.mkdir(parents=True, exist_ok=True)
    outside = home.parent / "outside"
    outside.write_bytes(b"mine")
    (home / READY / "files").mkdir(parents=True, exist_ok=True)
    (home / READY / "files.json").write_bytes(content)
    with suppress(DefSimError):
        finish(home)
    assert outside.read_bytes() == b"mine"
