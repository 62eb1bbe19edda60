"""Which tokens end an assistant's turn: those that stand behind its content when a template writes it.

Some publishers tuned a model to end its turns with a token that no file names as an end: such a model
would go on with the user's next turn. Knows the tokenizer's names, no decoding.
"""

from collections.abc import Callable, Sequence
from typing import Any

from jinja2 import TemplateError

from def_sim.engines.local.prompts.prompt_styles import PROBE
from def_sim.engines.local.prompts.template_trial import FAILURES
from def_sim.engines.local.prompts.thoughts import MESSAGE_ENDS
from def_sim.records import Message

NOT_FOUND = "the chat template ends the assistant's turns in ordinary text"


def added_tokens(tokenizer: Any) -> dict[int, bool]:
    """Tokens beside the vocabulary, and whether each is special, named in a list or not."""
    declared = getattr(tokenizer, "added_tokens_decoder", None) or {}
    added = {int(token): bool(getattr(entry, "special", False)) for token, entry in declared.items()}
    return added | dict.fromkeys(map(int, tokenizer.all_special_ids), True)


def find_turn_ends(
    tokenizer: Any,
    render: Callable[[Sequence[Message]], str],
    ids: Callable[[str], Sequence[int]],
    declared: Sequence[int] = (),
) -> tuple[int, ...]:
    """Tokens right behind the assistant's content, as its last turn and before another one of the user.

    Args:
        tokenizer: Knows which tokens are no ordinary text.
        render: Writes turns without opening a new one.
        ids: Token ids of a text.
        declared: Tokens that the checkpoint's files name as ends: no ordinary text, either.
    """
    known, reply = {*added_tokens(tokenizer), *declared}, PROBE[3].content
    ends: dict[int, None] = {}
    for turns in (PROBE, PROBE[:4]):
        try:
            after = render(turns).rpartition(reply)[2].lstrip()
        except (TemplateError, *FAILURES):
            continue  # it writes nothing but prompts: what it says of turns of the past is enough
        first = next(iter(ids(after)), None) if after else None
        if first is not None and first in known and not _ends_a_message(tokenizer, first):
            ends[int(first)] = None
    return tuple(ends)


def names_of(tokenizer: Any, tokens: Sequence[int]) -> list[str]:
    """Tokens as they are written, for readers of the manifest."""
    return [str(tokenizer.convert_ids_to_tokens(token) or token) for token in tokens]


def has_token(tokenizer: Any, name: str) -> bool:
    """Whether a name is a token, and not the unknown one."""
    token = tokenizer.convert_tokens_to_ids(name)
    return token is not None and token != tokenizer.unk_token_id


def _ends_a_message(tokenizer: Any, token: int) -> bool:
    other = MESSAGE_ENDS.get(names_of(tokenizer, [token])[0])
    return other is not None and has_token(tokenizer, other)
