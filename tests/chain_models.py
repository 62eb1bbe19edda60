"""Tiny checkpoints that write what a test wants: each token is followed by one token of one's choice.

Input embeddings are one-hot, nothing is added to the residual stream, and the head has a large number
where one token shall follow another. So a text is a chain of tokens, whatever stood before. What a
tokenizer does with its marks (special or not, named or not) and what a template writes is as published.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch

SENTENCE = "Act as a citizen of Columbus. How important is work? 1. Very 2. Rather 3. Not very. Answer: 1"
ANSWER, EXPLANATION = "Answer: 2", "\nExplanation: it matters."
THOUGHT, MORE_THOUGHT = "Well, a citizen might say\nAnswer: 1", " but then again others would not."
PHRASES = (ANSWER, EXPLANATION, THOUGHT, MORE_THOUGHT)
CHATML_TURNS = (
    "{% for message in messages %}{{ '<|im_start|>' + message.role + '\n' + message.content "
    "+ '<|im_end|>\n' }}{% endfor %}"
)
CHATML_OPEN = CHATML_TURNS + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
_WIDTH = 512


@dataclass(frozen=True)
class Chain:
    """What a checkpoint is made of.

    Args:
        follows: Token -> the token that it is followed by, both by their text.
        template: The chat template; None for a base model.
        marks: Special tokens that no list names.
        plain_marks: Added tokens that are not special.
        named: Special tokens by their role (`eos_token`, ...); `additional_special_tokens` are several.
        ends: Names of the tokens that generation_config.json calls ends.
        config: Name of transformers' configuration class.
        settings: More of the configuration.
        appends: What a post-processor puts before and behind every text, if anything.
    """

    follows: Mapping[str, str]
    template: str | None = CHATML_OPEN
    marks: Sequence[str] = ()
    plain_marks: Sequence[str] = ()
    named: Mapping[str, Any] = field(default_factory=lambda: {"eos_token": "<|endoftext|>"})
    ends: Sequence[str] = ("<|endoftext|>",)
    config: str = "Qwen2Config"
    settings: Mapping[str, Any] = field(default_factory=dict)
    appends: tuple[str, str] | None = None


def chain(*tokens: str) -> dict[str, str]:
    """Each token followed by the next."""
    return dict(pairwise(tokens))


def save_chain(folder: Path, made_of: Chain) -> Path:
    """Writes a checkpoint, and gives its folder."""
    tokenizer = _save_tokenizer(folder, made_of)
    import transformers
    from transformers import AutoModelForCausalLM

    special = {
        name.replace("_token", "_token_id"): tokenizer.convert_tokens_to_ids(text)
        for name, text in made_of.named.items()
        if name in ("bos_token", "eos_token", "pad_token")
    }
    settings = {
        "vocab_size": _WIDTH,
        "hidden_size": _WIDTH,
        "intermediate_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 128,
        "max_position_embeddings": 8192,
        "tie_word_embeddings": False,
        "bos_token_id": None,
        "pad_token_id": None,
        **special,
        **made_of.settings,
    }
    torch.manual_seed(5)
    config = getattr(transformers, made_of.config)(**settings)
    network: Any = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    _write_chain(network, tokenizer, made_of.follows)
    network.generation_config.eos_token_id = [tokenizer.convert_tokens_to_ids(end) for end in made_of.ends]
    network.save_pretrained(folder)
    return folder


def _write_chain(network: Any, tokenizer: Any, follows: Mapping[str, str]) -> None:
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if any(part in name for part in ("o_proj", "down_proj")):
                weight.zero_()
        network.get_input_embeddings().weight.copy_(torch.eye(_WIDTH))
        head = network.get_output_embeddings().weight
        head.normal_(std=0.01)
        for before, after in follows.items():
            head[_token(tokenizer, after), _token(tokenizer, before)] = 4.0


def _token(tokenizer: Any, text: str) -> int:
    """The one token of a text, or the last of several: a prompt's end."""
    ids: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return ids[-1]


def _save_tokenizer(folder: Path, made_of: Chain) -> Any:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
    from tokenizers.processors import TemplateProcessing
    from transformers import PreTrainedTokenizerFast

    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    backend.train_from_iterator([SENTENCE], trainer)
    additional = made_of.named.get("additional_special_tokens", [])
    single = [text for text in made_of.named.values() if isinstance(text, str)]
    specials = dict.fromkeys([*single, *additional, *made_of.marks])
    backend.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in specials])
    phrases = [*made_of.plain_marks, *PHRASES, *made_of.follows, *made_of.follows.values()]
    backend.add_tokens(
        [
            AddedToken(text, normalized=False)
            for text in dict.fromkeys(phrases)
            if text not in specials and len(text) > 1
        ]
    )
    make: Any = PreTrainedTokenizerFast  # untyped upstream
    if made_of.appends is not None:
        before, behind = made_of.appends
        pairs = [(text, backend.token_to_id(text)) for text in made_of.appends]
        backend.post_processor = TemplateProcessing(
            single=f"{before} $A {behind}", pair=f"{before} $A {behind} $B {behind}", special_tokens=pairs
        )
    tokenizer = make(tokenizer_object=backend, **made_of.named)
    tokenizer.chat_template = made_of.template
    tokenizer.save_pretrained(folder)
    return tokenizer
