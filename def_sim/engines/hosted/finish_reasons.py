"""Why a reply ended, by a table of the names in use.

A reason that no table knows is no `stop`: its text may be cut anywhere, so the call counts as failed.
"""

from collections.abc import Mapping
from typing import Final

from def_sim.records import FinishReason

# As OpenAI, vLLM, SGLang, TGI, Together, Anthropic, Cohere, Gemini, Ollama and gateways before them write.
_STOP: Final = (
    "stop", "stop_sequence", "stop_token", "stop_word", "stop_string", "stopped", "eos", "eos_token",
    "eos_found", "end", "end_turn", "end_of_turn", "end_of_text", "endoftext", "end_of_sequence", "complete",
    "completed", "finish_reason_stop",
)  # fmt: skip
_LENGTH: Final = (
    "length", "max_length", "max_tokens", "max_new_tokens", "max_output_tokens", "max_completion_tokens",
    "max_output", "max_tokens_reached", "model_length", "context_length", "context_length_exceeded",
    "context_window_exceeded", "model_context_window_exceeded", "token_limit", "limit",
    "finish_reason_max_tokens",
)  # fmt: skip
_REFUSAL: Final = (
    "refusal", "refused", "content_filter", "content_filtered", "content_filtering", "content_moderation",
    "moderation", "safety", "blocklist", "blocked", "prohibited_content", "recitation", "spii", "sensitive",
    "guardrail_intervened", "guardrails", "policy_violation", "error_toxic", "finish_reason_safety",
)  # fmt: skip
FINISH_REASONS: Final[Mapping[str, FinishReason]] = {
    **dict.fromkeys(_STOP, FinishReason.STOP),
    **dict.fromkeys(_LENGTH, FinishReason.LENGTH),
    **dict.fromkeys(_REFUSAL, FinishReason.REFUSAL),
}
_UNSAID: Final = ("", "null", "none")


def finish_reason_of(written: object) -> FinishReason | None:
    """The reason as a server wrote it, in ours; None where it is none that says how the text ended.

    A reason that is missing says nothing of the end of the text, so the text counts as cut: what it says is
    read only where nothing could have followed.
    """
    if written is None:
        return FinishReason.LENGTH
    if not isinstance(written, str):
        return None
    name = written.strip().lower().replace("-", "_").replace(" ", "_")
    return FinishReason.LENGTH if name in _UNSAID else FINISH_REASONS.get(name)
