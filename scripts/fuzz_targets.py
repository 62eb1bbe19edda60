"""Everything that reads what others wrote, under random input: it gives a value or a DefSimError.

Each target is a strategy of inputs and a function that must not raise anything else. tests/test_fuzzing.py
runs a fixed few of them, `scripts/soak.py --fuzz SECONDS` goes on with others until the time is over.
"""

import json
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import fuzz_checkpoints as checkpoints
import fuzz_files as files
import fuzz_imports as imports
import fuzz_texts as texts
import fuzz_wordings as wordings
import fuzz_workbooks as workbooks
from fuzz_inputs import damaged, json_bytes, json_values, other_values
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as with_seed
from hypothesis import strategies as st

from def_sim.errors import DefSimError

_BATCH: Final = 300  # examples between two looks at the clock


@dataclass(frozen=True)
class Target:
    """Something that reads, and what it is given."""

    name: str
    inputs: st.SearchStrategy[Any]
    read: Callable[[Any], object]


_REPLIES: Final = [files.REPLY, {key: value for key, value in files.REPLY.items() if key != "error"}]
_documents = st.sampled_from(_REPLIES).flatmap(other_values) | json_values

_torn = st.integers(1, 3).flatmap(lambda number: damaged(files.LINE * number))
_intact = (
    other_values(files.RECORD)
    .filter(lambda record: isinstance(record, dict) and record)
    .map(files.sealed_line)
)

TARGETS: Final = (
    Target("texts of answers", texts.readings, texts.read_text),
    Target("journal, torn lines", _torn, files.try_journal),
    Target("journal, torn lines repaired", _torn, files.try_repairs),
    Target("journal, intact lines of any content, repaired", _intact, files.try_repairs),
    Target(
        "manifest",
        other_values(files.manifest()).map(files.sealed) | damaged(files.sealed(files.manifest())),
        files.try_manifest,
    ),
    Target(
        "completion mark",
        other_values(files.mark()).map(files.sealed) | damaged(files.sealed(files.mark())),
        files.try_mark,
    ),
    Target("items", damaged(files.shipped("items/own_cn.yaml", 2500)), files.try_items),
    Target("survey file", damaged(files.shipped("surveys/us_short.yaml", 900)), files.try_survey_file),
    Target("open frames", damaged(files.shipped("frames/use_cases.yaml", 848)), files.try_frames),
    Target("people's figures", damaged(files.shipped("references/USA/wvs7.csv", 1500)), files.try_reference),
    Target("GlobalOpinionQA", damaged(imports.OPINIONS), imports.try_opinions),
    Target("table of one's own", damaged(imports.TOWN), imports.try_table),
    Target(
        "survey file of Qualtrics",
        other_values(imports.QSF).map(json_bytes) | damaged(json_bytes(imports.QSF)),
        imports.try_qsf,
    ),
    Target("answers of people", damaged(imports.ANSWERS), imports.try_answers),
    Target("people in a text", damaged(imports.PEOPLE), imports.try_people),
    Target(
        "workbooks",
        workbooks.workbooks(workbooks.XLSX) | workbooks.workbooks(workbooks.ODS),
        workbooks.try_workbook,
    ),
    Target("questions of a release", damaged(imports.RELEASED), imports.try_released),
    Target("shares of a release", damaged(imports.RELEASED_SHARES), imports.try_released_shares),
    Target("reviewers' sheet of drafts", damaged(wordings.SHEET), wordings.try_sheet),
    Target("coders' sheet of answers", damaged(wordings.CODED), wordings.try_coded),
    Target("accepted wordings", damaged(wordings.ACCEPTED), wordings.try_accepted),
    Target(
        "wordings that a model gave, and its check",
        damaged(wordings.DRAFTS) | damaged(wordings.CHECK),
        wordings.try_replies,
    ),
    Target(
        "headers of weights",
        (other_values(checkpoints.HEADER) | damaged(json.dumps(checkpoints.HEADER).encode())).map(
            checkpoints.safetensors
        )
        | damaged(checkpoints.safetensors(checkpoints.HEADER)),
        checkpoints.try_safetensors,
    ),
    Target("files of a checkpoint", other_values(checkpoints.FILES), checkpoints.try_files),
    Target("GGUF header", damaged(checkpoints.gguf()), checkpoints.try_gguf),
    Target("list of files on their way", damaged(imports.READY_LIST), imports.try_ready_list),
    Target("replies", _documents.map(json_bytes) | damaged(json_bytes(files.REPLY)), files.try_reply),
)


def check(target: Target, given_: Any) -> None:
    """Reads one input; anything but a value or a DefSimError comes through."""
    with suppress(DefSimError):
        target.read(given_)


def _run_examples(target: Target, seed: int) -> None:
    @with_seed(seed)
    @settings(
        max_examples=_BATCH,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(target.inputs)
    def read(given_: Any) -> None:
        check(target, given_)

    read()


def fuzz(most_seconds: float, seed: int, targets: Sequence[Target] = TARGETS) -> bool:
    """Reads random input, each target in turn, until the time is over; whether nothing was found.

    Prints each fault with the smallest input that shows it, and leaves that target out from then on.
    """
    end = time.monotonic() + most_seconds
    faulty: set[str] = set()
    num_rounds = 0
    while time.monotonic() < end and len(faulty) < len(targets):
        for target in (one for one in targets if one.name not in faulty):
            try:
                _run_examples(target, seed + num_rounds)
            except Exception:  # whatever it is, it should not be
                faulty.add(target.name)
                print(f"{target.name}, seed {seed + num_rounds}:\n{traceback.format_exc()}", flush=True)
        num_rounds += 1
    print(f"{num_rounds} x {_BATCH} inputs for each of {len(targets)} readers, {len(faulty)} with a fault")
    return not faulty
