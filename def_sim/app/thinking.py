"""Models that think before they answer: which do, and how much room their thoughts get.

A local model thinks if its YAML says so (`thinks: true`), or if its chat template leaves a thought open or
mentions the marks of one and closes none. What such a model writes counts against `max_new_tokens`, so a
limit made for answers would cut most of them off: unless the user gives one, there is room for a thought,
too. The limit is part of what defines the run, like any other.
"""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Final

from def_sim.app.choices import ModelChoice
from def_sim.app.run import resolve_path
from def_sim.app.schema import RunConfig
from def_sim.engines.local.checkpoints.checkpoint import chat_template_text, context_length, find_checkpoint
from def_sim.engines.local.prompts.chat_templates import thinks
from def_sim.errors import ModelError

TYPICAL_THOUGHT: Final = 600  # tokens on a question of opinion; an estimate
LIMIT_OF_STRATEGY: Final = "_tokens"  # so end the names of a strategy's own limits of what is written
_ROOM: Final = 2048  # tokens beside the answer
_SHARE_OF_CONTEXT: Final = 4  # at most one part in so many, so that prompts still fit


def model_thinks(model: ModelChoice) -> bool:
    """Whether a model writes thoughts, as far as is known before it is loaded."""
    if model.thinks is not None:
        return model.thinks
    arguments = model.engine.arguments if model.engine else {}
    folder = _folder(model)
    if folder is None or arguments.get("prompt_style", "chat") != "chat":
        return False
    template = chat_template_text(folder)
    return template is not None and thinks(template, arguments.get("template_arguments") or {})


def with_room_for_thought(config: RunConfig, *, given: Collection[str]) -> RunConfig:
    """The configuration with longer limits where a model thinks and the user gave none.

    Args:
        config: As composed: a limit is the protocol's, the strategy's or the user's.
        given: Names of the parameters that the user gave.
    """
    if not model_thinks(config.model):
        return config
    room = min(_ROOM, _context(config.model) // _SHARE_OF_CONTEXT)
    changes: dict[str, object] = {}
    if not {"decoding", "decoding.max_new_tokens"} & set(given):
        limit = config.decoding.max_new_tokens + room
        changes["decoding"] = replace(config.decoding, max_new_tokens=limit)
    if "judging.max_new_tokens" not in given:
        limit = config.judging.max_new_tokens + room
        changes["judging"] = config.judging.model_copy(update={"max_new_tokens": limit})
    if "rephrasing.max_new_tokens" not in given:
        limit = config.rephrasing.max_new_tokens + room
        changes["rephrasing"] = config.rephrasing.model_copy(update={"max_new_tokens": limit})
    own = {
        name: value + room
        for name, value in config.strategy.arguments.items()
        if name.endswith(LIMIT_OF_STRATEGY) and f"strategy.{name}" not in given
    }
    if own:
        changes["strategy"] = config.strategy.model_copy(update=own)
    return config.model_copy(update=changes)


def thought_lines(config: RunConfig) -> list[str]:
    """What a plan says of thoughts; nothing for a model that does not think."""
    if not model_thinks(config.model):
        return []
    limit = config.decoding.max_new_tokens
    thought = f"about {min(TYPICAL_THOUGHT, limit)} tokens an answer are counted for it"
    return [
        (
            f"thinking      the model thinks before it answers: {thought}; thought and answer have "
            f"decoding.max_new_tokens={limit}"
        )
    ]


def _context(model: ModelChoice) -> int:
    folder = _folder(model)
    known = context_length(folder) if folder else None
    return known or model.planning.context_length


def _folder(model: ModelChoice) -> Path | None:
    """Of a local model, if it is here; what is wrong with it is for others to say."""
    arguments = model.engine.arguments if model.engine else {}
    if "path" not in arguments:
        return None
    revision = arguments.get("revision")
    try:
        folder = find_checkpoint(
            str(resolve_path(str(arguments["path"]))), str(revision) if revision else None
        )
        context_length(folder)
    except ModelError:
        return None
    return folder
