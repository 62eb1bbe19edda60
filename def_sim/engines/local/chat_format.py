"""Messages into token ids, the way the checkpoint was trained to read them.

Chat models: the tokenizer's own template. Base models: plain text that ends in the anchor
after which the answer stands. Knows nothing of weights, decoding or surveys; what the turns
say is none of its business, only that all of it arrives.
"""

from collections.abc import Sequence
from typing import Any, Final

from jinja2 import TemplateError

from def_sim.errors import EngineError, ModelError
from def_sim.records import Message, Request, Role

# Some templates write today's date into the prompt, but a prompt must not depend on the day it
# is asked. This shadows the function they call, always with the day that those templates
# themselves fall back on.
_FIXED_DATE: Final = (
    "{%- macro strftime_now(format) -%}{{ format"
    " | replace('%Y', '2024') | replace('%m', '07') | replace('%d', '26')"
    " | replace('%B', 'July') | replace('%b', 'Jul') | replace('%A', 'Friday') | replace('%a', 'Fri')"
    " | replace('%H', '12') | replace('%M', '00') | replace('%S', '00') }}{%- endmacro -%}"
)

_PROBE: Final = (
    Message(Role.USER, "first question"),
    Message(Role.ASSISTANT, "first reply"),
    Message(Role.USER, "second question"),
    Message(Role.ASSISTANT, "second reply"),
    Message(Role.USER, "third question"),
)


class PromptFormat:
    """Writes requests as text and as token ids for one tokenizer.

    Args:
        tokenizer: A transformers tokenizer.
        style: "chat" (the tokenizer's template) or "text" (base models).
        max_positions: Longest sequence the model can read, prompt and answer together;
            None if its config does not say.

    Raises:
        ModelError: The chat template refuses a remembered exchange, or leaves it out.
    """

    def __init__(self, tokenizer: Any, *, style: str, max_positions: int | None) -> None:
        self._tokenizer = tokenizer
        self._style = style
        self._max_positions = max_positions
        self._template = ""
        if style == "chat":
            self._check_template()

    def text(self, request: Request) -> str:
        """The prompt as the model reads it; special tokens of a chat template are written out.

        Raises:
            EngineError: The chat template refuses the turns, or leaves out some of them.
        """
        if self._style == "text":
            return plain_text(request.messages, request.answer_anchor)
        try:
            rendered = self._render(request.messages)
        except TemplateError as error:
            raise EngineError(
                f"{request.key}: the model's chat template refuses the turns: {error}.",
                fix="Use a protocol without system turns, or `model.engine.prompt_style=text`.",
            ) from error
        lost = _lost_turns(request.messages, rendered)
        if lost:
            raise EngineError(
                f"{request.key}: the model's chat template leaves out the {lost[0].role} turn "
                f"{lost[0].content[:40]!r}.",
                fix="Correct the template in the checkpoint's folder.",
            )
        return rendered

    def token_ids(self, request: Request) -> tuple[int, ...]:
        """Token ids of the prompt.

        Raises:
            EngineError: As for `text`, or prompt and answer do not fit into the context.
        """
        # A rendered template already begins with the model's first token: adding it again
        # would put it there twice.
        encoded = self._tokenizer(self.text(request), add_special_tokens=self._style == "text")
        token_ids = tuple(encoded["input_ids"])
        longest, new = self._max_positions, request.decoding.max_new_tokens
        if longest is not None and len(token_ids) + new > longest:
            raise _too_long(request, len(token_ids), longest)
        return token_ids

    def _render(self, messages: Sequence[Message]) -> str:
        turns = [{"role": str(message.role), "content": message.content} for message in messages]
        rendered = self._tokenizer.apply_chat_template(
            turns,
            tokenize=False,
            add_generation_prompt=True,
            chat_template=self._template,
        )
        return str(rendered)

    def _check_template(self) -> None:
        try:
            template = self._tokenizer.get_chat_template()
            self._template = _FIXED_DATE + template if "strftime_now" in template else template
            rendered = self._render(_PROBE)
        except (TemplateError, ValueError) as error:  # ValueError: there is no template at all
            raise ModelError(
                f"The chat template cannot write user and assistant turns: {error}.",
                fix="Put the publisher's template into the folder as chat_template.jinja, or set "
                "`model.engine.prompt_style=text` for a base model.",
            ) from error
        lost = _lost_turns(_PROBE, rendered)
        if lost:
            raise ModelError(
                f"The chat template drops remembered exchanges: {lost[0].content!r} is not in the prompt.",
                fix="Put a template that keeps the whole conversation there as chat_template.jinja.",
            )


def plain_text(messages: Sequence[Message], anchor: str) -> str:
    """The turns as text for a base model, a blank line between exchanges, the anchor at the end.

    No space follows the anchor: tokenizers write " 2" as one token, which a prompt that ends
    in a space would rule out.
    """
    parts = []
    for message in messages:
        parts.append(message.content.strip())
        parts.append("\n" if message.role is Role.USER else "\n\n")
    text = "".join(parts).rstrip()
    return text if text.endswith(anchor) else f"{text}\n{anchor}"


def _lost_turns(messages: Sequence[Message], rendered: str) -> list[Message]:
    """Turns whose content does not occur in the prompt, in the order of the conversation."""
    lost, position = [], 0
    for message in messages:
        content = message.content.strip()  # templates trim
        found = rendered.find(content, position)
        if found < 0:
            lost.append(message)
        else:
            position = found + len(content)
    return lost


def _too_long(request: Request, num_tokens: int, longest: int) -> EngineError:
    num_exchanges = sum(message.role is Role.ASSISTANT for message in request.messages)
    return EngineError(
        f"{request.key.item_id}, respondent {request.key.respondent_id}: a prompt of {num_tokens} tokens "
        f"({num_exchanges} remembered exchanges) and {request.decoding.max_new_tokens} new tokens do not "
        f"fit into the model's context of {longest}.",
        fix="Cap the memory capacity or max_new_tokens of the protocol.",
    )
