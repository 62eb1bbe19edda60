"""A checkpoint's chat template tried in a process of its own, within limits, before anything is loaded.

The conversations are those that are rendered when the model loads, and one as long as a full memory makes it.
The outcome is kept: one process a template, a tenth of a second. Neither torch nor transformers is needed.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from def_sim.engines.local.prompts.prompt_styles import PROBE, STYLES, SYSTEM_PROBE
from def_sim.engines.shared.server_words import quoted
from def_sim.errors import ModelError
from def_sim.records import Message, Role

TOKENS: Final = tuple(f"{name}_token" for name in ("bos", "eos", "pad", "unk", "sep", "cls", "mask"))
SWITCHES: Final = ("enable_thinking", "thinking")  # by which templates take a wish for no thought
# A template is a stranger's program: whatever else goes wrong in one comes as one of these.
FAILURES: Final = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    MemoryError,
)

_CHILD: Final = Path(__file__).with_name("template_child.py")
_SECONDS: Final = 5  # of computing; a good template takes milliseconds
_WAITING_S: Final = 20  # by the clock, on a machine that is busy or has no limits of computing
_MEMORY_BYTES: Final = 10**9
_MOST_CHARACTERS: Final = 1_000_000  # of a template, and of a prompt; long ones have tens of thousands
_LONG: Final = tuple(
    Message(role, f"{role} {number} says {'one thing and another ' * 25}")
    for number in range(16)
    for role in (Role.USER, Role.ASSISTANT)
)[:-1]
_FIX: Final = (
    "Put the publisher's template into the folder as chat_template.jinja, or set "
    f"`model.engine.prompt_style=` to text for a base model, else to one of {', '.join(STYLES)}."
)


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of a template.

    Attributes:
        names: What it looks up; empty if it cannot be read.
        text: What it makes of a conversation that ends with a question; "" if that failed.
        problem: Why it cannot be used, in words that follow "The chat template"; "" if it can.
    """

    names: frozenset[str]
    text: str
    problem: str


def check_template(template: str, arguments: Mapping[str, object], *, of: Path) -> None:
    """Makes sure that a template writes conversations, in bounded time and memory.

    Args:
        template: Its text.
        arguments: What it is given beside the turns.
        of: The folder or file that it came with, for the message.

    Raises:
        ModelError: It does not; says what happened and what to do.
    """
    if problem := try_template(template, arguments).problem:
        raise ModelError(f"The chat template of {of} {problem}.", fix=_FIX)


def try_template(template: str, arguments: Mapping[str, object]) -> Trial:
    """Renders a template in a process that is ended when it takes too long, too much, or breaks."""
    return _tried(template, json.dumps(arguments, sort_keys=True))


@lru_cache(maxsize=16)
def _tried(template: str, arguments: str) -> Trial:
    if len(template) > _MOST_CHARACTERS:
        return _failed(f"has {len(template):,} characters, more than any that is known")
    task = {
        "template": template,
        "conversations": _conversations(json.loads(arguments)),
        "seconds": _SECONDS,
        "memory_bytes": _MEMORY_BYTES,
        "most_characters": _MOST_CHARACTERS,
    }
    # Safe path: the folder of the script holds modules of ours, which are no business of its imports.
    command = [sys.executable, "-P", "-X", "utf8", str(_CHILD)]
    try:
        done = subprocess.run(
            command, input=json.dumps(task).encode(), capture_output=True, check=False, timeout=_WAITING_S
        )
    except subprocess.TimeoutExpired:
        return _failed(f"does not end: it was stopped after {_WAITING_S} seconds")
    try:
        return _outcome(json.loads(done.stdout))
    except ValueError:  # it said nothing, because it was ended
        return _failed(_of_ended(done.returncode))


def _conversations(arguments: Mapping[str, object]) -> list[dict[str, Any]]:
    """What is rendered later: the conversations of checks, each way to begin an answer, a full memory."""
    given = {**dict.fromkeys(TOKENS, ""), "tools": None, "documents": None, **arguments}
    opened = {"add_generation_prompt": True}
    closed = {"add_generation_prompt": False}
    ways = [(PROBE, opened), (SYSTEM_PROBE, opened), (PROBE, closed), (PROBE[:4], closed), (_LONG, opened)]
    ways += [(PROBE, {**opened, name: False}) for name in SWITCHES]
    return [{"messages": turns_of(messages), **given, **more} for messages, more in ways]


def turns_of(messages: tuple[Message, ...]) -> list[dict[str, str]]:
    """A conversation as templates take it."""
    return [{"role": str(message.role), "content": message.content} for message in messages]


def _outcome(answer: Mapping[str, Any]) -> Trial:
    if "unreadable" in answer:
        return _failed(f"cannot be read: {quoted(answer['unreadable'])}")
    results = [answer] if "limit" in answer else answer["rendered"]
    for result in results:
        if "limit" in result:
            return _failed(
                f"takes more than {_MEMORY_BYTES / 1e9:g} GB of memory"
                if result["limit"] == "memory"
                else f"makes more than {_MOST_CHARACTERS:,} characters of a short conversation"
            )
    names, first = frozenset(answer["names"]), results[0]
    if "refused" in first:  # the others may be refused, such as a system turn
        return Trial(names, "", f"cannot write user and assistant turns: {quoted(first['refused'])}")
    return Trial(names, first["text"], "")


def _of_ended(code: int) -> str:
    """Of a process that was ended by a signal, or by an error that left it no memory to speak of it."""
    import signal

    if -code in (getattr(signal, "SIGXCPU", None), getattr(signal, "SIGKILL", None)):
        return f"does not end: it was stopped after {_SECONDS} seconds of computing"
    return f"breaks the process that renders it (code {code})"


def _failed(problem: str) -> Trial:
    return Trial(frozenset(), "", problem)
