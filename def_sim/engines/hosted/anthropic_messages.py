"""Requests in the words of Anthropic's Messages API, and its replies in ours. Sends nothing."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from def_sim.engines.hosted.failures import Provider, gave_up, unreadable
from def_sim.engines.hosted.hosted_models import HostedModel
from def_sim.engines.hosted.message_parts import PartsError, check_whole, kind_of, read_content
from def_sim.engines.hosted.usage import tokens_of
from def_sim.engines.shared.deviations import as_sent
from def_sim.records import Capabilities, Completion, FinishReason, Request, RequestKey, Role

_TOKENS_TO_THINK: Final = 4096  # beside the answer, where thinking cannot be switched off
_OF_TOOLS: Final = ("tool_use", "pause_turn")
_FINISH_REASONS: Final = {
    "end_turn": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    "max_tokens": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.LENGTH,
    "refusal": FinishReason.REFUSAL,
}


def message_parameters(request: Request, model: HostedModel, can: Capabilities) -> dict[str, Any]:
    """A request in the words of the Messages API; what the model refuses together is left out.

    The sampling parameters stand in `extra_body`: the SDK has no arguments for them any more.

    Raises:
        EngineError: The decoding needs what the model lacks and may not lack.
    """
    decoding = as_sent(request.decoding, can)
    sampling: dict[str, float] = {}
    if model.sampling != "default_only":
        if decoding.top_p < 1:
            sampling["top_p"] = decoding.top_p
        if decoding.top_p == 1 or model.sampling == "all":
            sampling["temperature"] = decoding.temperature
        if decoding.top_k:
            sampling["top_k"] = decoding.top_k
    system = "\n\n".join(m.content for m in request.messages if m.role is Role.SYSTEM)
    turns = [m for m in request.messages if m.role is not Role.SYSTEM]
    parameters: dict[str, Any] = {
        "messages": [{"role": m.role.value, "content": m.content} for m in turns],
        "max_tokens": decoding.max_new_tokens + (_TOKENS_TO_THINK if model.thinking == "always" else 0),
        "extra_body": sampling,
    }
    if system:
        parameters["system"] = system
    if model.thinking in ("disabled", "between_tools"):
        parameters["thinking"] = {"type": model.thinking}
    return parameters


def read_message(message: object, provider: Provider, request: Request) -> Completion:
    """The text blocks of a reply, joined, and its thoughts apart; an empty reply is an empty text.

    Args:
        message: The JSON of the reply.
        provider: Who was asked.
        request: What was asked.

    Raises:
        EngineError: It is no message, or ended for a reason that has nothing to do with its text.
    """
    fields = message if isinstance(message, Mapping) else {}
    written = fields.get("stop_reason")
    if not isinstance(fields.get("content"), list):
        raise unreadable(provider, request, f"content is {kind_of(fields.get('content'))}, not a list")
    if written in _OF_TOOLS:
        raise unreadable(provider, request, f"stop_reason {written!r}, and no tool was offered")
    if not isinstance(written, str):
        raise unreadable(provider, request, f"stop_reason is {kind_of(written)}, not a text")
    if written not in _FINISH_REASONS:
        raise gave_up(provider, request, written)
    try:
        content = read_content(fields["content"])
        check_whole(content.text, content.reasoning)
    except PartsError as error:
        raise unreadable(provider, request, str(error)) from None
    tokens_in, tokens_out = tokens_of(fields.get("usage"))
    return Completion(
        text=content.text,
        finish_reason=_FINISH_REASONS[written],
        num_prompt_tokens=tokens_in,
        num_generated_tokens=tokens_out,
        reasoning=content.reasoning,
    )


def request_id(key: RequestKey, parameters: Mapping[str, Any]) -> str:
    """The same for the same request, in whatever command it is asked; allowed as a `custom_id`."""
    content = json.dumps([str(key), parameters], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(content.encode()).hexdigest()[:48]
