"""What people and models hand back of wordings and answers, to be damaged; a sheet can be written again."""

import tempfile
from pathlib import Path
from typing import Final

from def_sim.app.rephrasing_sheet import COLUMNS, NEEDED, read_sheet, sheet_row, sheet_text
from def_sim.app.review_sheets import agreement_lines, read_rows, said_in
from def_sim.judging.sheets import SheetRow
from def_sim.judging.sheets import read_sheet as read_coded
from def_sim.judging.sheets import write_sheet as write_coded
from def_sim.records import Completion
from def_sim.surveys.added_wordings import AddedWordings
from def_sim.surveys.rephrase_replies import read_check, read_drafts
from def_sim.surveys.rephrase_rules import faults_of
from def_sim.text_files import read_text
from def_sim.yaml_files import read_validated

SHEET: Final = """\
item_id,number,base,draft,rules,check,why,reviewer,verdict,note
town.Q1,2,More parks?,"Parks: should there be more, or not?",passed,m: same,m: so,Ada,yes,
town.Q1,2,More parks?,"Parks: should there be more, or not?",passed,m: same,m: so,Bo,no,shift
town.Q2,3,多少公园？,'=再多些公园吗？,negation: added,,,,,
""".encode()
ACCEPTED: Final = """\
source: town
language: en
wordings:
- item: town.Q1
  number: 2
  text: 'Parks: should there be more?'
  base: More parks?
  drafted_by: A model
  reviews:
  - {reviewer: Ada, verdict: true, note: 好}
""".encode()
DRAFTS: Final = '```json\n["Should there be more parks?", "公园[再]多些吗？", "{first_choice}"]\n```'.encode()
CHECK: Final = b'{"same": true, "why": "only words differ"}'
_CODED_ROWS: Final = [
    SheetRow(1, "Is it?", "1. Yes", "=text", None),
    SheetRow(2, "Which?", "1. No\n2. Yes", "text", (0, 5)),
    SheetRow(3, "Which?", "1. A\n2. B\n3. C", "text", (7, 8, 9), most=2),
]
CODED: Final = write_coded(_CODED_ROWS).replace("text,,", "text,1,sure").encode()
_FOLDER: Final = tempfile.TemporaryDirectory(prefix="fuzz-")  # gone with the process


def try_sheet(content: bytes) -> None:
    """Reads a sheet of drafts as reviewers hand it back, and writes it anew."""
    path = Path(_FOLDER.name) / "town.en.draft.csv"
    path.write_bytes(content)
    read = read_rows(path, COLUMNS, NEEDED)
    rows = [sheet_row(row) for row in read]
    agreement_lines(said_in(read, key={i: row.id for i, row in enumerate(rows)}, column="verdict"), seed=1)
    text = sheet_text(rows)
    path.write_text(text, encoding="utf-8")
    again = read_sheet(path)
    assert sheet_text(again) == text


def try_coded(content: bytes) -> None:
    """Reads a sheet of answers as coders hand it back: a coding for each row, or that there is none."""
    path = Path(_FOLDER.name) / "coded.csv"
    path.write_bytes(content)
    codes = read_coded(read_text(path, most_bytes=2**20), path.name, _CODED_ROWS)
    assert set(codes) == {1, 2, 3}
    assert codes[1] in (None, True, False)
    assert codes[2] in (None, (), (0,), (5,))


def try_accepted(content: bytes) -> None:
    """Reads a file of accepted wordings."""
    path = Path(_FOLDER.name) / "town.en.yaml"
    path.write_bytes(content)
    read_validated(path, AddedWordings)


def try_replies(content: bytes) -> None:
    """Reads a model's reply as wordings, with what rules find in each, and as a check."""
    completion = Completion(content.decode("utf-8", errors="replace"))
    for text in read_drafts(completion).drafts:
        for language in ("en", "zh", "de"):
            faults_of(text, "More parks, or not?", language=language, labels=["Yes", "", "2"], others=[text])
    read_check(completion)
