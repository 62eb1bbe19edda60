"""Messages into token ids, the way the checkpoint was trained to read them.

Chat models: the tokenizer's own template, or a style of ours where it has none
(`prompt_styles`). Base models: plain text that ends in the anchor after which the answer stands.
Knows nothing of weights, decoding or surveys; what the turns say is none of its business, only
that all of it arrives.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final

from jinja2 import TemplateError

from def_sim.engines.local.prompts.prompt_styles import (
    PROBE,
    STYLES,
    SYSTEM_PROBE,
    TURN_ENDS,
    Marker,
    Piece,
    merged_system,
)
from def_sim.engines.local.prompts.template_trial import FAILURES, SWITCHES
from def_sim.engines.local.prompts.thoughts import closing_of, opening_of
from def_sim.engines.local.prompts.turn_ends import NOT_FOUND, find_turn_ends, names_of
from def_sim.errors import EngineError, ModelError
from def_sim.records import DecodingConfig, Message, Request, RequestKey, Role

# Some templates write today's date into the prompt, but a prompt must not depend on the day it
# is asked. This shadows the function they call, always with the day that those templates
# themselves fall back on.
_FIXED_DATE: Final = (
    "{%- macro strftime_now(format) -%}{{ format"
    " | replace('%Y', '2024') | replace('%m', '07') | replace('%d', '26')"
    " | replace('%B', 'July') | replace('%b', 'Jul') | replace('%A', 'Friday') | replace('%a', 'Fri')"
    " | replace('%H', '12') | replace('%M', '00') | replace('%S', '00') }}{%- endmacro -%}"
)
_FAILURES: Final = (TemplateError, *FAILURES)
_PROBING: Final = Request(PROBE, DecodingConfig(), RequestKey(0, "probe", "probe", 0))


class PromptFormat:
    """Writes requests as text and as token ids for one tokenizer.

    Args:
        tokenizer: A transformers tokenizer, or a `SentencePieceTokenizer`.
        style: "chat" (the tokenizer's template), "text" (base models) or one of `STYLES`.
        max_positions: Longest sequence the model can read, prompt and answer together;
            None if its config does not say.
        arguments: What the chat template is given beside the turns (`enable_thinking: false`).
        declared_ends: Tokens that the checkpoint's files name as ends.

    Attributes:
        turn_ends: Tokens that end an assistant's turn in a prompt and so, if written, an answer.

    Raises:
        ModelError: The chat template refuses a remembered exchange or leaves it out, or the
            tokenizer has not the tokens of the style.
    """

    def __init__(
        self,
        tokenizer: Any,
        *,
        style: str,
        max_positions: int | None,
        arguments: Mapping[str, object] | None = None,
        declared_ends: Sequence[int] = (),
    ) -> None:
        self._tokenizer = tokenizer
        self._style = style
        self._max_positions = max_positions
        self._arguments = dict(arguments or {})
        self._declared_ends = declared_ends
        self._template = ""
        self._merges_system = style == "chatglm2"
        if style == "chat":
            self._check_template()
        self.turn_ends = self._turn_ends()
        self._check_markers()

    def text(self, request: Request) -> str:
        """The prompt as the model reads it; special tokens and markers are written out.

        Raises:
            EngineError: The chat template refuses the turns, or leaves out some of them.
        """
        pieces = self._pieces(request)
        return "".join(piece.name if isinstance(piece, Marker) else piece for piece in pieces)

    def token_ids(self, request: Request) -> tuple[int, ...]:
        """Token ids of the prompt.

        Raises:
            EngineError: As for `text`, or prompt and answer do not fit into the context.
        """
        token_ids = tuple(token for piece in self._pieces(request) for token in self._ids(piece))
        self._check_length(request, len(token_ids))
        return token_ids

    def opening(self, request: Request) -> str:
        """The thought that the prompt itself leaves open, from its mark on; "" if it leaves none.

        Only what stands behind the last question counts: remembered texts may hold marks, too.
        """
        return self._opening(self.text(request), request) if self._style == "chat" else ""

    def code_token_ids(self, request: Request) -> tuple[tuple[int, ...], dict[int, tuple[int, ...]]]:
        """The prompt up to where option codes part, and each code's tokens from there.

        The assistant's turn is begun with the anchor, after a thought that the prompt opened has been closed.
        Each code is tokenized where it would stand, so what a tokenizer makes of the space before it or of
        its digits is what the model knows.

        Raises:
            EngineError: As for `token_ids`, or it is not known how the thought is closed.
        """
        self._check_length(request, len(self.token_ids(request)))
        texts = {code: self._pieces_with(request, code) for code in request.option_codes}
        ids = {code: [t for piece in pieces for t in self._ids(piece)] for code, pieces in texts.items()}
        rows = list(ids.values())
        shortest = min(map(len, rows)) - 1  # every code keeps a token of its own
        common = next(
            (i for i in range(shortest) if any(row[i] != rows[0][i] for row in rows)),
            shortest,
        )
        return tuple(rows[0][:common]), {code: tuple(row[common:]) for code, row in ids.items()}

    def facts(self) -> dict[str, object]:
        """What of the format may change an answer, for the manifest."""
        if self._style == "text":
            return {"prompt_style": "text"}
        rendered = self._probe_text()
        return {
            "prompt_style": self._style,
            "system_turn": "merged into the first user turn" if self._merges_system else "a turn of its own",
            "rendered_template_sha256": hashlib.sha256(rendered.encode()).hexdigest(),
            "turn_ends": names_of(self._tokenizer, self.turn_ends),
            **({"why_no_turn_end": NOT_FOUND} if self._style == "chat" and not self.turn_ends else {}),
            **({"template_arguments": self._arguments} if self._arguments else {}),
            **self._thought_facts(),
        }

    def _thought_facts(self) -> dict[str, object]:
        """How prompts open a thought, and how it is closed where option codes are scored."""
        opening = self.opening(_PROBING)
        if not opening:
            return {}
        opened = self.text(_PROBING)
        try:
            closed = self._before_answer(_PROBING, PROBE[1].content)
        except EngineError:
            return {"opens_thought": opening, "closes_thought": None}
        shared = opened if closed.startswith(opened) else opened.rstrip()
        return {"opens_thought": opening, "closes_thought": closed.removeprefix(shared)}

    def _check_length(self, request: Request, num_tokens: int) -> None:
        longest, new = self._max_positions, request.decoding.max_new_tokens
        if longest is not None and num_tokens + new > longest:
            raise _too_long(request, num_tokens, longest)

    def _pieces_with(self, request: Request, code: int) -> tuple[Piece, ...]:
        """The prompt with the assistant's turn begun by anchor and code."""
        if self._style == "text":
            return (f"{plain_text(request.messages, request.answer_anchor)} {code}",)
        answer = f"{request.answer_anchor} {code}"
        if self._style in STYLES:
            messages = (*request.messages, Message(Role.ASSISTANT, answer))
            return _cut_after(STYLES[self._style](messages), answer)
        return (self._before_answer(request, answer) + answer,)

    def _before_answer(self, request: Request, answer: str) -> str:
        """The prompt up to where an answer begins: behind a thought, if the prompt opens one."""
        opened = self._template_text(request)
        for text in self._ways_to_answer(request, opened, answer):
            if text.startswith(opened.rstrip()) and not self._opening(text, request):
                return text
        raise EngineError(
            f"{request.key}: the chat template leaves a thought open, and how to close it is not known.",
            fix="Use `answer_mode=free`, or switch thinking off with `model.engine.template_arguments=`.",
        )

    def _ways_to_answer(self, request: Request, opened: str, answer: str) -> Iterator[str]:
        """As the template writes an answer of the past, opens a turn, opens one without a thought; our table.

        Some templates open a turn with more than they write into one of the past.
        """
        messages = (*request.messages, Message(Role.ASSISTANT, answer))
        with suppress(*_FAILURES):
            yield self._render(messages, opens_turn=False).rpartition(answer)[0]
        yield opened
        for name in SWITCHES:
            with suppress(*_FAILURES):
                yield self._render(request.messages, **{name: False})
        yield opened + (closing_of(self._opening(opened, request)) or "")

    def _opening(self, text: str, request: Request) -> str:
        return opening_of(text.rpartition(request.messages[-1].content.strip())[2])

    def _pieces(self, request: Request) -> tuple[Piece, ...]:
        if self._style == "text":
            return (plain_text(request.messages, request.answer_anchor),)
        if self._style in STYLES:
            return STYLES[self._style](request.messages)
        return (self._template_text(request),)

    def _template_text(self, request: Request) -> str:
        try:
            rendered = self._render(request.messages)
        except _FAILURES as error:
            raise EngineError(
                f"{request.key}: the model's chat template refuses the turns: {error}.",
                fix="Use a protocol whose turns alternate between user and assistant.",
            ) from error
        lost = _lost_turns(request.messages, rendered)
        if lost:
            raise EngineError(
                f"{request.key}: the model's chat template leaves out the {lost[0].role} turn "
                f"{lost[0].content[:40]!r}.",
                fix="Correct the template in the checkpoint's folder.",
            )
        return rendered

    def _ids(self, piece: Piece) -> Sequence[int]:
        if isinstance(piece, Marker):
            return [self._marker_id(piece.name)]
        # A rendered template already begins with the model's first token: adding it again
        # would put it there twice.
        token_ids: list[int] = self._tokenizer(piece, add_special_tokens=False)["input_ids"]
        return token_ids if self._style != "text" else self._begun(piece, token_ids)

    def _begun(self, text: str, token_ids: list[int]) -> list[int]:
        """What the tokenizer puts before every text, and the text: what it puts behind would end it."""
        whole: list[int] = self._tokenizer(text, add_special_tokens=True)["input_ids"]
        length = len(token_ids)
        for begin in range(len(whole) - length + 1):
            if whole[begin : begin + length] == token_ids:
                return whole[: begin + length]
        return token_ids

    def _marker_id(self, name: str) -> int:
        token = self._tokenizer.convert_tokens_to_ids(name)
        if token is None or token == self._tokenizer.unk_token_id:
            raise ModelError(
                f"The tokenizer has no token {name!r}, which prompt_style={self._style} needs.",
                fix="Use the checkpoint of the model's YAML, or another `model.engine.prompt_style=`.",
            )
        return int(token)

    def _render(self, messages: Sequence[Message], *, opens_turn: bool = True, **more: object) -> str:
        written = merged_system(messages) if self._merges_system else messages
        turns = [{"role": str(message.role), "content": message.content} for message in written]
        rendered = self._tokenizer.apply_chat_template(
            turns,
            tokenize=False,
            add_generation_prompt=opens_turn,
            chat_template=self._template,
            **{**self._arguments, **more},
        )
        return str(rendered)

    def _check_template(self) -> None:
        try:
            template = self._tokenizer.get_chat_template()
            self._template = _FIXED_DATE + template if "strftime_now" in template else template
            rendered = self._render(PROBE)
        except _FAILURES as error:  # ValueError: there is no template at all
            raise ModelError(
                f"The chat template cannot write user and assistant turns: {error}.",
                fix="Put the publisher's template into the folder as chat_template.jinja, or set "
                f"`model.engine.prompt_style=` to text for a base model, else to one of {', '.join(STYLES)}.",
            ) from error
        lost = _lost_turns(PROBE, rendered)
        if lost:
            raise ModelError(
                f"The chat template drops remembered exchanges: {lost[0].content!r} is not in the prompt.",
                fix="Put a template that keeps the whole conversation there as chat_template.jinja.",
            )
        self._merges_system = not self._takes_system()

    def _takes_system(self) -> bool:
        """Whether a system turn arrives in the prompt, neither refused nor dropped."""
        try:
            return not _lost_turns(SYSTEM_PROBE, self._render(SYSTEM_PROBE))
        except _FAILURES:
            return False

    def _turn_ends(self) -> tuple[int, ...]:
        if self._style in STYLES:
            return tuple(map(self._marker_id, TURN_ENDS.get(self._style, ())))
        if self._style == "text":
            return ()
        render = partial(self._render, opens_turn=False)
        return find_turn_ends(self._tokenizer, render, self._ids, self._declared_ends)

    def _check_markers(self) -> None:
        if self._style in STYLES:
            for piece in STYLES[self._style](PROBE):
                if isinstance(piece, Marker):
                    self._marker_id(piece.name)

    def _probe_text(self) -> str:
        if self._style == "chat":
            return self._render(SYSTEM_PROBE)
        pieces = STYLES[self._style](SYSTEM_PROBE)
        return "".join(piece.name if isinstance(piece, Marker) else piece for piece in pieces)


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


def _cut_after(pieces: Sequence[Piece], text: str) -> tuple[Piece, ...]:
    """The pieces up to the end of the last occurrence of a text."""
    for index in reversed(range(len(pieces))):
        piece = pieces[index]
        if isinstance(piece, str) and text in piece:
            return (*pieces[:index], piece[: piece.rindex(text) + len(text)])
    raise AssertionError(f"no piece has {text!r}")


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
        fix="Lower `memory.max_capacity` or `decoding.max_new_tokens`.",
    )
