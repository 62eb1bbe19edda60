"""A home with three items, one of them a follow-up, and scripted models that rephrase them."""

import csv
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, cast

from homes import ITEM, write_home

from def_sim.app.composing import compose_config
from def_sim.app.home import at_home
from def_sim.app.rephrasing_stage import ask_about
from def_sim.app.rephrasing_work import RephrasingWork, prepare_works
from def_sim.app.schema import RunConfig, validate_config
from def_sim.engines.scripted import ScriptedEngine
from def_sim.interviews import Engine
from def_sim.records import Request
from def_sim.surveys.rephrase import DRAFTING

MORE: Final = """\
  - id: town.Q2
    variable: Q2
    topic: first aim
    dimension: none
    direction: 0
    type: single
    level: nominal
    reference: user
    asked_in: [USA]
    options: &aims
      - {code: 1, en: "Parks"}
      - {code: 2, en: "Roads"}
      - {code: 3, en: "Schools"}
    wordings:
      en: ["What should the 12 members of the council not neglect?"]
  - id: town.Q3
    variable: Q3
    topic: second aim
    dimension: none
    direction: 0
    type: single
    level: nominal
    reference: user
    asked_in: [USA]
    follow_up_of: town.Q2
    options:
      - {code: 1, en: "Parks"}
      - {code: 2, en: "Roads"}
      - {code: 3, en: "Schools"}
    wordings:
      en: ["You named “{first_choice}” first. What comes next?"]
""".replace("&aims", "")
SOUND: Final = {
    "town.Q1": "Would it be right for the town to pay more for its parks?",
    "town.Q2": "What must not be neglected by the 12 people on the council?",
    "town.Q3": "After “{first_choice}”, which you put first, what follows?",
}
FAULTY: Final[Mapping[str, str]] = {
    "What should the 12 members of the council neglect?": "negation: left out",
    "What should the 15 members of the council not neglect?": "number: 12 left out and 15 added",
    "Should the 12 council members not neglect parks?": "options: it names 'Parks'",
    "十二名议员不应该忽视什么？请您说说看。": "script: expected LATIN, found HAN",
}


def sound(request: Request) -> str:
    """A model with one wording an item, sound, and a yes to each."""
    if request.key.call == DRAFTING:
        return json.dumps([SOUND[request.key.item_id]], ensure_ascii=False)
    return '{"same": true, "why": "only words differ"}'


def planted(request: Request) -> str:
    """A model with faults: each of FAULTY of one item, no list of another, one sound wording of the last."""
    if request.key.call == DRAFTING and request.key.item_id == "town.Q2":
        return json.dumps(list(FAULTY), ensure_ascii=False)
    if request.key.call == DRAFTING and request.key.item_id == "town.Q3":
        return '["You named “{first_choice}”'
    return sound(request)


class Another(ScriptedEngine):
    """A model that is not the others."""

    def describe(self) -> dict[str, object]:
        """With an identity of its own."""
        return super().describe() | {"identity": {"name": "another"}}


def rephrased_home(folder: Path) -> Path:
    """The town survey with its three items."""
    return write_home(folder, items__town=ITEM + MORE)


_CONFIGURED: dict[tuple[str, ...], RunConfig] = {}  # the same in every home: composing takes longest


def configured(home: Path, *words: str) -> RunConfig:
    """The configuration of `stage=rephrase` there."""
    given = [] if any(word.startswith("model=") for word in words) else ["model=gpt4o"]
    if words not in _CONFIGURED:
        with at_home(str(home)):
            composed = compose_config(["stage=rephrase", "survey=town", *given, *words])
            _CONFIGURED[words] = validate_config(composed)
    return _CONFIGURED[words]


def work_of(home: Path, engine: ScriptedEngine, *words: str) -> RephrasingWork:
    """What a model is asked there."""
    config = configured(home, *words)
    with at_home(str(home)):
        [work] = prepare_works(config, cast(Engine, engine))
    return work


def ask(
    home: Path, reply: Callable[[Request], str] | ScriptedEngine = sound, *words: str
) -> tuple[ScriptedEngine, list[dict[str, str]]]:
    """Has a scripted model asked; it, and the sheet after it."""
    engine = reply if isinstance(reply, ScriptedEngine) else ScriptedEngine(reply=reply)
    work = work_of(home, engine, *words)
    with at_home(str(home)):
        ask_about(work, cast(Engine, engine))
    return engine, sheet(home)


def sheet_file(home: Path) -> Path:
    """Where the drafts lie."""
    return home / "wordings" / "town.en.draft.csv"


def sheet(home: Path) -> list[dict[str, str]]:
    """The rows of the sheet of drafts."""
    with sheet_file(home).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def review(home: Path, path: Path, reviewer: str, verdicts: Mapping[str, str], delimiter: str = ",") -> Path:
    """A reviewer's copy of the sheet: `item#number` -> yes or no."""
    rows = sheet(home)
    for row in rows:
        verdict = verdicts.get(f"{row['item_id']}#{row['number']}", "")
        row.update({"reviewer": reviewer if verdict else "", "verdict": verdict})
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path
