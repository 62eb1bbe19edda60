"""How chat models without a template of their own were trained to read a conversation.

A style makes pieces of a conversation: texts, each tokenized by itself, and markers, which are
tokens that no text can spell. Pure functions: no tokenizer, no model. Sources are named per style.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from def_sim.records import Message, Role

BEGIN: Final = "<s>"
END: Final = "</s>"


@dataclass(frozen=True, slots=True)
class Marker:
    """A token by its name."""

    name: str


Piece = str | Marker
Style = Callable[[Sequence[Message]], tuple[Piece, ...]]

# Vicuna's own instruction, which WizardLM was tuned with; a system turn takes its place.
_VICUNA_SYSTEM: Final = (
    "A chat between a curious user and an artificial intelligence assistant. "
    "The assistant gives helpful, detailed, and polite answers to the user's questions."
)


def vicuna(messages: Sequence[Message]) -> tuple[Piece, ...]:
    """`<instruction> USER: ... ASSISTANT: ...</s>USER: ... ASSISTANT:`

    The text after each `</s>` is tokenized anew, as the training code of that time did.
    Source: FastChat's conversation "vicuna_v1.1"; the README of WizardLM.
    """
    system, turns = _system_and_turns(messages)
    pieces: list[Piece] = [Marker(BEGIN)]
    text = f"{system or _VICUNA_SYSTEM} "
    for message in turns:
        if message.role is Role.USER:
            text += f"USER: {message.content} ASSISTANT:"
        else:
            pieces += [f"{text} {message.content}", Marker(END)]
            text = ""
    return (*pieces, text)


def chatml(messages: Sequence[Message]) -> tuple[Piece, ...]:
    """`<|im_start|>role`, text, `<|im_end|>` a turn; one text, in which the tokenizer knows the marks.

    Source: the template in the tokenizer files of Dolphin 2.2.1 and 2.9.1, for copies that lack it.
    """
    turns = [f"<|im_start|>{message.role}\n{message.content}<|im_end|>\n" for message in messages]
    return ("".join(turns) + "<|im_start|>assistant\n",)


def baichuan2(messages: Sequence[Message]) -> tuple[Piece, ...]:
    """System text, then a token for who speaks before each turn; nothing ends a turn.

    Source: `build_chat_input` in generation_utils.py of Baichuan2-13B-Chat.
    """
    system, turns = _system_and_turns(messages)
    pieces: list[Piece] = [system] if system else []
    for message in turns:
        pieces += [Marker(f"<{message.role}>"), message.content]
    return (*pieces, Marker("<assistant>"))


def chatglm2(messages: Sequence[Message]) -> tuple[Piece, ...]:
    """`[gMASK] sop`, then numbered rounds of 问 and 答 as one text.

    There is no system turn: its text goes before the first question.
    Source: `build_prompt` and `get_prefix_tokens` in tokenization_chatglm.py of ChatGLM2-6B.
    """
    text, num_rounds = "", 0
    for message in merged_system(messages):
        if message.role is Role.USER:
            num_rounds += 1
            text += f"[Round {num_rounds}]\n\n问：{message.content}\n\n答："
        else:
            text += f"{message.content}\n\n"
    return (Marker("[gMASK]"), Marker("sop"), text)


STYLES: Final[Mapping[str, Style]] = {
    "vicuna": vicuna,
    "chatml": chatml,
    "baichuan2": baichuan2,
    "chatglm2": chatglm2,
}
# chat: the tokenizer's own template; text: base models; the others are ours, for chat models without one.
PROMPT_STYLES: Final = ("chat", "text", *STYLES)

# The tokens that end an assistant's turn beyond those that the checkpoint's files name.
TURN_ENDS: Final[Mapping[str, tuple[str, ...]]] = {"chatml": ("<|im_end|>",)}

PROBE: Final = (
    Message(Role.USER, "first question"),
    Message(Role.ASSISTANT, "first reply"),
    Message(Role.USER, "second question"),
    Message(Role.ASSISTANT, "second reply"),
    Message(Role.USER, "third question"),
)
SYSTEM_PROBE: Final = (Message(Role.SYSTEM, "system text"), *PROBE)


def merged_system(messages: Sequence[Message]) -> tuple[Message, ...]:
    """The conversation with the system text before the first user turn's, a blank line between.

    The way that publishers of templates without a system role describe.
    """
    system, turns = _system_and_turns(messages)
    if not system or not turns:
        return turns
    first, *rest = turns
    return (Message(first.role, f"{system}\n\n{first.content}"), *rest)


def style_digest(style: str) -> str:
    """Names what one of our styles makes of a fixed conversation: 16 hexadecimal digits."""
    pieces = STYLES[style]((Message(Role.SYSTEM, "system"), *PROBE)) + STYLES[style](PROBE)
    content = json.dumps([piece.name if isinstance(piece, Marker) else [piece] for piece in pieces])
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _system_and_turns(messages: Sequence[Message]) -> tuple[str, tuple[Message, ...]]:
    system = "\n\n".join(message.content.strip() for message in messages if message.role is Role.SYSTEM)
    return system, tuple(message for message in messages if message.role is not Role.SYSTEM)
