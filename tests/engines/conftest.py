"""A tiny random Llama with a real tokenizer and a chat template, made once for all engine tests."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # two threads on a busy machine stall each other

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from def_sim.records import DecodingConfig, Message, Request, RequestKey, Role

CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<|{{ message.role }}|>{{ message.content }}</s>"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
CORPUS = (
    "Act as a citizen of Columbus, Ohio, United States. Answer: 1\nExplanation: family is important to me.",
    "How important is work in your life? 1. Very important 2. Rather important 3. Not very important",
    "Please choose one of the numbers 4 5 6 7 8 9 10 and write it after Answer: then explain.",
)


def make_checkpoint(folder: Path, *, chat_template: str | None = CHAT_TEMPLATE, **config: Any) -> Path:
    """Saves a random Llama (two layers, about 40 k parameters) and its tokenizer to a folder."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    specials = ["<unk>", "<s>", "</s>", "<|user|>", "<|assistant|>", "<|system|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=specials, initial_alphabet=alphabet, show_progress=False
    )
    backend.train_from_iterator(CORPUS * 3, trainer)
    make_tokenizer: Any = PreTrainedTokenizerFast  # untyped upstream
    tokenizer = make_tokenizer(tokenizer_object=backend, bos_token="<s>", eos_token="</s>", unk_token="<unk>")
    tokenizer.chat_template = chat_template
    tokenizer.save_pretrained(folder)

    settings: dict[str, Any] = {
        "vocab_size": len(tokenizer),
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "max_position_embeddings": 512,
        "initializer_range": 0.3,  # far from flat, so that sampling and beams have something to choose
        "bos_token_id": 1,
        "eos_token_id": 2,
    }
    torch.manual_seed(7)
    model = LlamaForCausalLM(LlamaConfig(**{**settings, **config}))
    # One token in 25 ends an answer, so that answers of a batch end at different steps.
    model.generation_config.eos_token_id = [2, *range(300, 315)]
    model.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_checkpoint(tmp_path_factory.mktemp("checkpoint"))


@pytest.fixture(scope="session")
def make_request() -> Callable[..., Request]:
    def request(number: int = 0, *, num_exchanges: int | None = None, **decoding: object) -> Request:
        """Request of respondent `number`, whose memory and so whose prompt length differs."""
        exchanges = number % 4 if num_exchanges is None else num_exchanges
        memory = [
            message
            for past in range(exchanges)
            for message in (
                Message(Role.USER, f"How important is thing {past} to you?"),
                Message(Role.ASSISTANT, f"Answer: {past + 1}"),
            )
        ]
        question = Message(Role.USER, f"Act as citizen {number}. How important is work? 1 2 3 4")
        settings = {"max_new_tokens": 16, **decoding}
        return Request(
            messages=(*memory, question),
            decoding=DecodingConfig(**settings),  # type: ignore[arg-type]
            key=RequestKey(seed=11, respondent_id=f"r{number:05d}", item_id=f"wvs7.Q{number}", wording=0),
        )

    return request
