"""The tokenizer of a GGUF file, as files that transformers loads.

transformers makes it from the file's vocabulary and merges. Where that would be another tokenizer than
the model was trained with, it is put right here, after llama.cpp: how text is split before merging,
tokens spelled outside of the byte alphabet, the space before a text, and the token that begins one.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors
from transformers.convert_slow_tokenizer import bytes_to_unicode
from transformers.integrations.gguf import convert_gguf_tokenizer
from transformers.integrations.gguf.gguf_tokenizer_mapping import GGUF_PRE_TOKENIZER_SPLITS

from def_sim.engines.local.checkpoints.gguf.checks import unreadable
from def_sim.engines.local.checkpoints.gguf.header import GgufHeader, read_header
from def_sim.engines.local.checkpoints.gguf.splits import LLAMA_3, SPLITS
from def_sim.engines.shared.own_cache import write_json, write_text
from def_sim.temporary import replacing

_CONTROL, _USER_DEFINED = 3, 4  # kinds of tokens in the file
_SPECIAL: Final = {
    "bos_token": "bos_token_id",
    "eos_token": "eos_token_id",
    "unk_token": "unknown_token_id",
    "pad_token": "padding_token_id",
}
# Names that transformers' makers of tokenizers go by.
_NAMES: Final = {
    "tokens": "tokens",
    "merges": "merges",
    "scores": "scores",
    "token_type": "token_type",
    "model": "tokenizer_type",
    "pre": "pre_tokenizer_type",
}


def write_tokenizer(header: GgufHeader, target: Path) -> None:
    """Writes tokenizer.json, tokenizer_config.json and, if there is one, chat_template.jinja.

    Raises:
        ModelError: A tokenizer that is not known.
        OSError: The folder cannot be written.
    """
    content = _content(read_header(header.path, keeps_strings=True))
    backend = _backend(header, content)
    with replacing(target / "tokenizer.json") as unfinished:
        backend.save(str(unfinished))
    write_json(target / "tokenizer_config.json", _settings(content))
    template = header.settings.get("tokenizer.chat_template")
    if template:
        write_text(target / "chat_template.jinja", template)


def _content(header: GgufHeader) -> dict[str, Any]:
    """What the file says of its tokenizer, without the beginning of its names."""
    start = "tokenizer.ggml."
    return {
        name.removeprefix(start): value for name, value in header.settings.items() if name.startswith(start)
    }


def _backend(header: GgufHeader, content: Mapping[str, Any]) -> Tokenizer:
    if len(set(content["tokens"])) < len(content["tokens"]):
        raise unreadable(header, "has a token twice in its vocabulary")
    try:
        backend = (
            _byte_level(header, content) if content.get("model") == "gpt2" else _converted(header, content)
        )
        _set_beginning(backend, content)
    except ValueError as error:
        raise unreadable(header, f"has a tokenizer that cannot be made: {error}") from error
    return backend


def _converted(header: GgufHeader, content: Mapping[str, Any]) -> Tokenizer:
    """As transformers makes it, with the space before a text as the file has it."""
    given = {new: content[name] for name, new in _NAMES.items() if name in content}
    backend: Tokenizer = convert_gguf_tokenizer(header.architecture, given)[0]
    if isinstance(backend.pre_tokenizer, pre_tokenizers.Metaspace):
        has_space = content.get("add_space_prefix", True)
        # After a special token, too: so were the models trained whose vocabulary is kept in this form.
        backend.pre_tokenizer = pre_tokenizers.Metaspace(
            prepend_scheme="always" if has_space else "never", split=False
        )
        ends = [decoders.Strip(content=" ", left=1)] if has_space else []
        backend.decoder = decoders.Sequence(
            [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), *ends]
        )
    return backend


def _byte_level(header: GgufHeader, content: Mapping[str, Any]) -> Tokenizer:
    kinds: Sequence[int] = content.get("token_type") or [1] * len(content["tokens"])
    vocabulary = {
        token if kind in (_CONTROL, _USER_DEFINED) else _in_bytes(token): number
        for number, (token, kind) in enumerate(zip(content["tokens"], kinds, strict=True))
    }
    if len(vocabulary) < len(content["tokens"]):
        raise unreadable(header, "has a token twice in its vocabulary")
    name = str(content.get("pre", ""))
    backend = Tokenizer(
        models.BPE(vocab=vocabulary, merges=list(_merges(content)), ignore_merges=name in LLAMA_3)
    )
    splits = [pre_tokenizers.Split(Regex(split), behavior="isolated") for split in _splits(header, name)]
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [*splits, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    backend.decoder = decoders.ByteLevel()
    added = list(zip(content["tokens"], kinds, strict=True))
    backend.add_special_tokens([_whole(token, True) for token, kind in added if kind == _CONTROL])
    backend.add_tokens([_whole(token, False) for token, kind in added if kind == _USER_DEFINED])
    return backend


def _whole(token: str, is_special: bool) -> AddedToken:
    """A token that is found in texts as it is spelled."""
    return AddedToken(token, normalized=False, special=is_special)


_ALPHABET: Final = bytes_to_unicode()  # byte -> the character that stands for it in a vocabulary
_SPELLED: Final = frozenset(_ALPHABET.values())


def _in_bytes(token: str) -> str:
    """A token in the alphabet of byte-level vocabularies; some converters leave it as plain text."""
    return token if set(token) <= _SPELLED else "".join(_ALPHABET[byte] for byte in token.encode())


def _merges(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for merge in content.get("merges", ()):
        first, _, second = merge[1:].partition(" ")  # a token may be a space, so the first is passed over
        yield merge[0] + first, second


def _splits(header: GgufHeader, name: str) -> tuple[str, ...]:
    if name in GGUF_PRE_TOKENIZER_SPLITS:
        return (GGUF_PRE_TOKENIZER_SPLITS[name],)
    if name not in SPLITS:
        raise unreadable(header, f"splits text in the way {name!r}, which is not known")
    return SPLITS[name]


def _set_beginning(backend: Tokenizer, content: Mapping[str, Any]) -> None:
    """A text begins with the file's own token, or with none; no token is ever put behind it."""
    by_default = content.get("model") == "llama" or str(content.get("pre")) in LLAMA_3
    number = content.get("bos_token_id")
    if number is None or not content.get("add_bos_token", by_default):
        backend.post_processor = processors.TemplateProcessing(single="$A", pair="$A $B", special_tokens=[])
        return
    begin = content["tokens"][number]
    backend.post_processor = processors.TemplateProcessing(
        single=f"{begin} $A", pair=f"{begin} $A $B", special_tokens=[(begin, number)]
    )


def _settings(content: Mapping[str, Any]) -> dict[str, Any]:
    """tokenizer_config.json; the class is the one that takes tokenizer.json as it is."""
    tokens = content["tokens"]
    special = {
        name: tokens[content[key]]
        for name, key in _SPECIAL.items()
        if key in content and content[key] < len(tokens)
    }
    kinds = content.get("token_type") or ()
    control = [token for token, kind in zip(tokens, kinds, strict=False) if kind == _CONTROL]
    return {
        "tokenizer_class": "TokenizersBackend",
        "clean_up_tokenization_spaces": False,
        **special,
        "extra_special_tokens": [token for token in control if token not in special.values()],
    }
