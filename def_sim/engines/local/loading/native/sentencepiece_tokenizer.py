"""A tokenizer that is a SentencePiece file and nothing else.

The ids are those of the sentencepiece library itself: no conversion into another format stands
between (transformers' own loses the space that begins a text), so spaces, digits, Chinese and
line breaks are split as in the authors' training. Knows no chat format; ids that no text can
spell have names here (`markers`), tokens that a template writes are found in texts (`written`).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from sentencepiece import SentencePieceProcessor

from def_sim.engines.local.checkpoints.json_files import DOWNLOAD_AGAIN
from def_sim.errors import ModelError


@dataclass(frozen=True)
class Extras:
    """What stands beside the vocabulary.

    Args:
        markers: Name -> id, of tokens that stand in no text.
        written: Text -> id, of tokens that are recognised where a text has them.
        prefix: Ids before every text if special tokens are asked for.
        is_legacy: Text after a written token begins with a space, as tokenizers of 2023 had it.
        template: The chat template, if there is one.
    """

    markers: Mapping[str, int] = field(default_factory=dict)
    written: Mapping[str, int] = field(default_factory=dict)
    prefix: Sequence[int] = ()
    is_legacy: bool = True
    template: str | None = None


class SentencePieceTokenizer:
    """As much of transformers' tokenizer interface as the local engine uses.

    Args:
        path: tokenizer.model.
        extras: Tokens beyond it.

    Raises:
        ModelError: The file is no SentencePiece model.
    """

    def __init__(self, path: Path, extras: Extras | None = None) -> None:
        try:
            self._pieces = SentencePieceProcessor(model_file=str(path))
        except (OSError, RuntimeError) as error:
            raise ModelError(f"{path} is no SentencePiece model: {error}.", fix=DOWNLOAD_AGAIN) from error
        self._extras = extras or Extras()
        self._special = {**self._extras.written, **self._extras.markers}
        self._names = {token: name for name, token in self._special.items()}
        longest_first = sorted(self._extras.written, key=len, reverse=True)
        self._written = re.compile(f"({'|'.join(map(re.escape, longest_first))})") if longest_first else None
        self.bos_token_id = _known(self._pieces.bos_id())
        self.eos_token_id = _known(self._pieces.eos_id())
        self.pad_token_id = _known(self._pieces.pad_id())
        self.unk_token_id = _known(self._pieces.unk_id())
        self.all_special_ids = sorted(set(self._special.values()))

    def __len__(self) -> int:
        return max(len(self._pieces), *(token + 1 for token in self._special.values()), 0)

    def __call__(self, text: str, add_special_tokens: bool = True) -> dict[str, list[int]]:
        """Ids of a text; only `written` tokens are found in it."""
        ids = [token for part in self._split(text) for token in part]
        return {"input_ids": [*self._extras.prefix, *ids] if add_special_tokens else ids}

    def decode(
        self,
        token_ids: Sequence[int],
        skip_special_tokens: bool = True,
        clean_up_tokenization_spaces: bool = False,
    ) -> str:
        """Text of ids; control tokens and the unknown token are always left out.

        Args:
            token_ids: Of the text.
            skip_special_tokens: Leaves out tokens that have a name here; else the name is written.
            clean_up_tokenization_spaces: Has no influence here.
        """
        written = [int(token) for token in token_ids if not self._is_silent(int(token), skip_special_tokens)]
        runs = groupby(written, key=self._names.__contains__)
        return "".join(
            "".join(map(self._names.__getitem__, run)) if is_special else self._pieces.decode(list(run))
            for is_special, run in runs
        )

    def convert_ids_to_tokens(self, token: int) -> str | None:
        """Name of a special token, or the piece of the vocabulary; None for an id beyond."""
        if token in self._names:
            return self._names[token]
        return str(self._pieces.id_to_piece(token)) if token < len(self._pieces) else None

    def convert_tokens_to_ids(self, name: str) -> int | None:
        """Id of a special token, or of a piece of the vocabulary; None if there is none of that name."""
        if name in self._special:
            return self._special[name]
        token = int(self._pieces.piece_to_id(name))
        return None if token == self.unk_token_id else token

    def get_chat_template(self) -> str:
        """The template that lies beside the file.

        Raises:
            ValueError: There is none; as transformers' tokenizers do.
        """
        if self._extras.template is None:
            raise ValueError("there is no chat template beside the SentencePiece file")
        return self._extras.template

    def apply_chat_template(
        self,
        turns: Sequence[Mapping[str, str]],
        *,
        tokenize: bool,
        add_generation_prompt: bool,
        chat_template: str,
        **arguments: object,
    ) -> str:
        """The turns as text, rendered as transformers renders them; a template may take arguments."""
        assert not tokenize, "rendered first, tokenized after"
        from transformers.utils.chat_template_utils import render_jinja_template

        begin, end = self._pieces.id_to_piece(self._pieces.bos_id()), self._end_text()
        [text], _ = render_jinja_template(
            conversations=[list(turns)],
            chat_template=chat_template,
            add_generation_prompt=add_generation_prompt,
            bos_token=begin,
            eos_token=end,
            **arguments,
        )
        return str(text)

    def _end_text(self) -> Any:
        return self._pieces.id_to_piece(self._pieces.eos_id())

    def _split(self, text: str) -> Iterator[list[int]]:
        is_first = True
        for part in self._written.split(text) if self._written else [text]:
            if part in self._extras.written:
                yield [self._extras.written[part]]
            elif part or self._written is None:
                yield self._encode(part, with_space=is_first or self._extras.is_legacy)
            is_first = is_first and not part

    def _encode(self, text: str, *, with_space: bool) -> list[int]:
        ids: list[int]
        if with_space:
            ids = self._pieces.encode(text)
            return ids
        # The library puts a space before every text. Another text takes it, and is cut off again.
        before = self._pieces.encode("<unk>")
        ids = self._pieces.encode("<unk>" + text)
        return ids[len(before) :]

    def _is_silent(self, token: int, skips_special: bool) -> bool:
        if token in self._names:
            return skips_special
        is_control = token >= len(self._pieces) or bool(self._pieces.is_control(token))
        return is_control or token == self.unk_token_id


def _known(token: int) -> int | None:
    """SentencePiece says -1 for a token it has not."""
    return int(token) if token >= 0 else None
