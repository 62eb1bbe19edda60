"""Token ids of an answer as text: special tokens are left out, but for the marks between thought and answer.

Many models part the two with tokens that are special; without them a thought would run into its answer.
A mark that ends the turn is left out all the same: it parts nothing.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from def_sim.answers.reading.reasoning import MARK_TOKENS, part_reasoning
from def_sim.engines.local.prompts.turn_ends import added_tokens, names_of


class WrittenText:
    """Decodes for one tokenizer.

    Args:
        tokenizer: A transformers tokenizer, or a `SentencePieceTokenizer`.
        ends: Tokens that end a text.
    """

    def __init__(self, tokenizer: Any, ends: Iterable[int]) -> None:
        self._tokenizer = tokenizer
        # Since transformers 5 `all_special_ids` lacks special tokens that no list names.
        special = [token for token, is_special in added_tokens(tokenizer).items() if is_special]
        names = zip(special, names_of(tokenizer, special), strict=True)
        self._silent = frozenset(token for token, name in names if not _is_mark(name)).union(ends)

    def __call__(self, token_ids: Sequence[int]) -> str:
        """The text of an answer, marks and all."""
        text: str = self._tokenizer.decode(
            [int(token) for token in token_ids if token not in self._silent],
            skip_special_tokens=False,
            clean_up_tokenization_spaces=False,
        )
        return text


def _is_mark(name: str) -> bool:
    """Whether a token parts thought from answer, by itself or with the text beside it."""
    return name in MARK_TOKENS or part_reasoning(name).reasoning != ""
