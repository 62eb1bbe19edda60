"""Many wordings of the same few kinds: denials, comparisons, counts, other persons, announcements, refusals.

The right values hold under both rules.
"""

import json
from collections import defaultdict
from pathlib import Path

import pytest
from test_parse import PAPER, QUESTIONS, SOUND

from def_sim.answers.reading.parse import ReadingRules, read_answer

WORDINGS: dict[tuple[str, str], list[tuple[str, tuple[int, ...]]]] = defaultdict(list)
for _line in Path(__file__).with_name("wordings.jsonl").read_text("utf-8").splitlines():
    _case = json.loads(_line)
    WORDINGS[_case["question"], _case["status"]].append((_case["text"], tuple(_case["choices"])))


@pytest.mark.parametrize("rules", [PAPER, SOUND], ids=["paper", "sound"])
@pytest.mark.parametrize(("name", "status"), WORDINGS, ids=str)
def test_every_wording_of_a_kind_is_read_alike(name: str, status: str, rules: ReadingRules) -> None:
    otherwise = []
    for text, choices in WORDINGS[name, status]:
        reading = read_answer(text, QUESTIONS[name], rules=rules)
        if (reading.status, reading.choices) != (status, choices):
            otherwise.append((text, reading.status, reading.choices))
    assert otherwise == []
