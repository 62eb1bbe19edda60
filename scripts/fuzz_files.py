"""Documents that def_sim reads, to be damaged: files of a run, files of a survey, replies of servers.

Each function here reads one and lets errors through.
"""

import json
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, Final

from fuzz_inputs import json_bytes

from def_sim.answers.storage.answer_lines import encode_line
from def_sim.answers.storage.completion import read_completion
from def_sim.answers.storage.disk import checksum
from def_sim.answers.storage.journal import read_journal, repair_last_line
from def_sim.answers.storage.manifest import read_manifest, write_manifest
from def_sim.answers.storage.repair import apply, examine
from def_sim.answers.storage.sealed_json import canonical_json
from def_sim.engines.hosted.chat_replies import completion_of, read_body, read_choices
from def_sim.engines.hosted.failures import Provider
from def_sim.errors import DefSimError
from def_sim.records import (
    Answer,
    AnswerStatus,
    DecodingConfig,
    FinishReason,
    Message,
    ReadingMethod,
    Request,
    RequestKey,
    Role,
)
from def_sim.resources import data_folder
from def_sim.strategies.frames import FramesFile
from def_sim.surveys.human_reference import read_reference
from def_sim.surveys.item_bank import read_items
from def_sim.surveys.survey import SurveyFile
from def_sim.yaml_files import read_validated

_FOLDER: Final = tempfile.TemporaryDirectory(prefix="fuzz-")  # gone with the process


def _file(name: str, content: bytes) -> Path:
    path = Path(_FOLDER.name) / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path


# --- files of a run ---

_ANSWER: Final = Answer(
    respondent_id="r00001",
    item_id="t.q",
    wording=0,
    call=0,
    status=AnswerStatus.ANSWERED,
    choices=(2,),
    method=ReadingMethod.NUMBER,
    text="Answer: 2\nExplanation: 也许 “so”.",
    shown_codes=(1, 2, 3),
    memory=("t.p#0",),
    option_probabilities=(),
    prompt_hash="0123456789abcdef",
    finish_reason=FinishReason.STOP,
    num_prompt_tokens=57,
    num_generated_tokens=12,
    error=None,
    seconds=0.5,
)
LINE: Final = encode_line(_ANSWER)
RECORD: Final = {name: value for name, value in json.loads(LINE).items() if name != "checksum"}


def sealed_line(record: Any) -> bytes:
    """A line of any content whose checksum fits: what a stranger, or another version, may have written."""
    body = json_bytes(record)[:-1]
    return body + b',"checksum":"' + checksum(body).encode() + b'"}\n'


def try_journal(content: bytes) -> None:
    """Reads a journal as it stands."""
    list(read_journal(_file("answers/shard-00-of-01.jsonl", content)))


def try_repairs(content: bytes) -> None:
    """Reads a journal that a writer has repaired, and one that stage=repair has: that must help."""
    path = _file("answers/shard-00-of-01.jsonl", content)
    with suppress(DefSimError):
        repair_last_line(path)
        list(read_journal(path))
    path.write_bytes(content)
    run = path.parents[1]
    apply(run, examine(run, lambda entries, calls: ()))
    list(read_journal(path))


def sealed(body: Any) -> bytes:
    """A sealed file of any content whose checksum fits, as far as it has a spelling."""
    if not isinstance(body, dict):
        return json_bytes(body)
    with suppress(ValueError, TypeError):
        body = body | {"checksum": checksum(canonical_json(body))}
    return json_bytes(body)


def manifest() -> dict[str, Any]:
    """A small manifest, unsealed."""
    return {
        "format": 1,
        "defines": {"seed": 1, "model": {"name": "demo"}},
        "plan": {"answers": 3},
        "run_hash": "ab",
    }


def mark() -> dict[str, Any]:
    """A small completion mark, unsealed."""
    whole = {"sha256": "00" * 32, "bytes": 3, "modified_ns": 5}
    return {"format": 1, "num_answers": 3, "files": {"metrics.csv": whole, "figures/a.svg": whole}}


def try_manifest(content: bytes) -> None:
    """Reads a manifest; what was read can be written again."""
    _file("manifest.json", content)
    write_manifest(Path(_FOLDER.name), read_manifest(Path(_FOLDER.name)))


def try_mark(content: bytes) -> None:
    """Reads the mark of a complete run."""
    _file("complete.json", content)
    read_completion(Path(_FOLDER.name))


# --- files of a survey ---


def shipped(name: str, most: int) -> bytes:
    """The beginning of a shipped file, whole lines."""
    content = (data_folder() / name).read_bytes()
    return content[: content.find(b"\n", most) + 1] or content


@cache
def _items() -> dict[str, Any]:
    return {item.id: item for item in read_items(data_folder() / "items" / "wvs7.yaml").items}


def try_items(content: bytes) -> None:
    """Reads the items of a source."""
    read_items(_file("items.yaml", content))


def try_survey_file(content: bytes) -> None:
    """Reads the file of a survey."""
    read_validated(_file("survey.yaml", content), SurveyFile)


def try_frames(content: bytes) -> None:
    """Reads a file of open frames; what was read can be asked in."""
    frames = read_validated(_file("frames.yaml", content), FramesFile)
    for language in frames.languages:
        frames.frame_of(7).scene("Is {question} a {place}?", language)


def try_reference(content: bytes) -> None:
    """Reads people's figures beside a source that is as it should be."""
    source = data_folder() / "references" / "USA" / "wvs7.yaml"
    path = _file("reference.csv", content)
    path.with_suffix(".yaml").write_bytes(source.read_bytes())
    read_reference(path, _items(), "USA")


# --- replies of servers ---

_PROVIDER: Final = Provider("The server", "http://localhost:1/v1", "m", None)
_REQUEST: Final = Request(
    (Message(Role.USER, "Hello"),), DecodingConfig(), RequestKey(1, "r00001", "t.q", 0), option_codes=(1, 2)
)
REPLY: Final[dict[str, Any]] = {
    "object": "chat.completion",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {
                "role": "assistant",
                "content": [{"type": "text", "text": "Answer: 2"}],
                "reasoning_content": "hm",
                "refusal": None,
                "tool_calls": [],
            },
        }
    ],
    "usage": {"prompt_tokens": 5, "completion_tokens": 3},
    "error": {"message": "slow down", "code": "rate_limit", "type": 429},
}


def try_reply(content: bytes) -> None:
    """Reads a reply of status 200 with all its choices."""
    body = read_body(content, "application/json", _PROVIDER, _REQUEST)
    for choice in read_choices(body, _PROVIDER, _REQUEST):
        completion_of(choice, body, begins_inside=True)
