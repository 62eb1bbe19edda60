"""Requests in the words of Anthropic's Messages API, and its replies in ours. Sends nothing."""

from typing import TYPE_CHECKING, Any, Final

from def_sim.engines.deviations import as_sent
from def_sim.engines.failures import Provider, unreadable
from def_sim.engines.hosted_models import HostedModel
from def_sim.records import Capabilities, Completion, FinishReason, Request, Role

if TYPE_CHECKING:
    from anthropic.types import Message

_TOKENS_TO_THINK: Final = 4096  # beside the answer, where thinking cannot be switched off
_TOKENS_READ: Final = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
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


def read_message(message: "Message", provider: Provider, request: Request) -> Completion:
    """The text blocks of a reply, joined; an empty reply is an empty text.

    Raises:
        EngineError: It is no message, or ended for a reason that has nothing to do with its text.
    """
    content, usage = getattr(message, "content", None), getattr(message, "usage", None)
    if not isinstance(content, list) or usage is None:
        raise unreadable(provider, request, "no content or no usage")
    reason = _FINISH_REASONS.get(str(getattr(message, "stop_reason", None)))
    if reason is None:
        raise unreadable(provider, request, "no known stop_reason")
    return Completion(
        text="".join(str(block.text) for block in content if getattr(block, "type", None) == "text"),
        finish_reason=reason,
        num_prompt_tokens=sum(getattr(usage, name, None) or 0 for name in _TOKENS_READ),
        num_generated_tokens=getattr(usage, "output_tokens", None) or 0,
    )
