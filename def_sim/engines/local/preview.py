"""A prompt as a model will read it, without loading the model: only the tokenizer is read.

For people who want to see. What is loaded to answer is `LocalModel`'s business; both use the same
tokenizer and the same format.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from def_sim.engines.local.checkpoints.checkpoint import (
    chat_template_text,
    check_checkpoint,
    find_checkpoint,
    loadable_folder,
)
from def_sim.engines.local.checkpoints.json_files import positive_number, read_json
from def_sim.engines.local.prompts.prompt_styles import STYLES, Marker
from def_sim.engines.local.prompts.template_trial import check_template
from def_sim.records import Request


@dataclass(frozen=True, slots=True)
class Preview:
    """A prompt's text, its tokens, and how it was made."""

    text: str  # special tokens written out
    token_ids: tuple[int, ...]
    facts: dict[str, object]


def preview_prompt(
    path: str,
    revision: str | None,
    prompt_style: str,
    request: Request,
    *,
    template_arguments: Mapping[str, object] | None = None,
) -> Preview:
    """What the model of a checkpoint reads for a request.

    Raises:
        ModelError: The checkpoint is not here, or its tokenizer or template does not do.
        EngineError: The prompt does not fit, or the template refuses its turns.
    """
    folder = find_checkpoint(path, revision)
    check_checkpoint(folder, needs_chat_template=prompt_style == "chat")
    if prompt_style == "chat":
        check_template(chat_template_text(folder) or "", template_arguments or {}, of=folder)
    folder = loadable_folder(folder)
    from def_sim.engines.local.loading.networks import load_tokenizer
    from def_sim.engines.local.prompts.chat_format import PromptFormat

    tokenizer = load_tokenizer(folder, prompt_style)
    style = PromptFormat(
        tokenizer, style=prompt_style, max_positions=_longest(folder), arguments=template_arguments
    )
    facts = style.facts() | {"source": _source(prompt_style)}
    return Preview(style.text(request), style.token_ids(request), facts)


def written_without_tokenizer(prompt_style: str, request: Request) -> str | None:
    """The prompt's text where it needs no file of the checkpoint; None for a template that is not here."""
    from def_sim.engines.local.prompts.chat_format import plain_text

    if prompt_style == "text":
        return plain_text(request.messages, request.answer_anchor)
    if prompt_style not in STYLES:
        return None
    pieces = STYLES[prompt_style](request.messages)
    return "".join(piece.name if isinstance(piece, Marker) else piece for piece in pieces)


def _longest(folder: Path) -> int | None:
    config = read_json(folder / "config.json")
    return positive_number(config, "max_position_embeddings", "model_max_length", "seq_length")


def _source(prompt_style: str) -> str:
    if prompt_style in STYLES:
        return f"our {prompt_style} style, after its authors' description"
    return "plain text" if prompt_style == "text" else "the tokenizer's own chat template"
