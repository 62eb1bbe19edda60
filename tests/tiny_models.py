"""Tiny random checkpoints of the study's ten local models, in their publishers' file layout.

Same architecture, tensor names, weight files, kind of tokenizer and prompt format; a few hundred
kB each. Nothing in them is learned.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

CORPUS = (
    "Act as a citizen of Columbus, Ohio, United States. Answer: 1\nExplanation: family is important to me.",
    "How important is work in your life? 1. Very important 2. Rather important 3. Not very important",
    "Please choose one of the numbers 4 5 6 7 8 9 10 and write it after Answer: then explain.",
    "[Round 1]\n\n问：家庭在您的生活中有多重要？ 1. 非常重要 2. 比较重要\n\n答：我认为家庭很重要。",
    "USER: Who are you? ASSISTANT: A citizen. 请扮演一位来自北京的公民回答以下问题。答案：",
)
HIDDEN, INNER, LAYERS, HEADS = 64, 128, 2, 4

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] "
    "+ '<|im_end|>' + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
# Refuses a system turn and turns that do not alternate, as the published one does.
INST = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant') }}{% endif %}"
    "{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}"
    "{% elif message['role'] == 'assistant' %}{{ message['content'] + eos_token }}"
    "{% else %}{{ raise_exception('Only user and assistant roles are supported') }}{% endif %}{% endfor %}"
)
LLAMA3 = (
    "{% for message in messages %}{% set content = '<|start_header_id|>' + message['role'] "
    "+ '<|end_header_id|>\n\n' + message['content'] | trim + '<|eot_id|>' %}"
    "{% if loop.index0 == 0 %}{% set content = '<|begin_of_text|>' + content %}{% endif %}{{ content }}"
    "{% endfor %}{% if add_generation_prompt %}"
    "{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
)
LLAMA3_TOKENS = (
    *("<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
)


# --- tokenizers ---


def train_sentencepiece(
    folder: Path, *, user_symbols: Sequence[str] = (), dummy_prefix: bool = True, size: int = 480
) -> int:
    """Writes tokenizer.model with byte fallback and single digits; returns the size of its vocabulary."""
    import sentencepiece

    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS * 20),
        model_prefix=str(folder / "tokenizer"),
        model_type="bpe",
        vocab_size=size,
        byte_fallback=True,
        split_digits=True,
        add_dummy_prefix=dummy_prefix,
        user_defined_symbols=",".join(user_symbols),
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        character_coverage=1.0,
        num_threads=1,
        minloglevel=2,
    )
    (folder / "tokenizer.vocab").unlink()
    return len(sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model")))


def save_metaspace_tokenizer(folder: Path, *, template: str | None) -> int:
    """A tokenizer.json of Llama 2's and Mistral's kind; returns the number of its tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    backend = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    backend.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="first", split=False)
    backend.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    specials = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    trainer = trainers.BpeTrainer(vocab_size=500, special_tokens=specials, show_progress=False)
    backend.train_from_iterator(CORPUS * 3, trainer)
    return _save_fast(folder, backend, template, (), bos="<s>", eos="</s>")


def save_byte_tokenizer(folder: Path, *, template: str | None, added: tuple[str, ...] = (), eos: str) -> int:
    """A tokenizer.json of Llama 3's kind (bytes); returns the number of its tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=500,
        special_tokens=[],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    backend.train_from_iterator(CORPUS * 3, trainer)
    return _save_fast(folder, backend, template, (*LLAMA3_TOKENS, *added), bos="<|begin_of_text|>", eos=eos)


def _save_fast(
    folder: Path, backend: Any, template: str | None, added: tuple[str, ...], *, bos: str, eos: str
) -> int:
    from tokenizers.processors import TemplateProcessing
    from transformers import PreTrainedTokenizerFast

    backend.add_special_tokens(list(added))
    make: Any = PreTrainedTokenizerFast  # untyped upstream
    tokenizer = make(tokenizer_object=backend, bos_token=bos, eos_token=eos)
    begin = tokenizer.convert_tokens_to_ids(bos)
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single=f"{bos} $A", pair=f"{bos} $A $B", special_tokens=[(bos, begin)]
    )
    tokenizer.chat_template = template
    tokenizer.save_pretrained(folder)
    return len(tokenizer)


# --- weights ---


def random_tensors(shapes: Mapping[str, tuple[int, ...]], seed: int = 0) -> dict[str, Tensor]:
    """Normal numbers of a size that keeps logits apart; norms near one."""
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for name, shape in shapes.items():
        numbers = torch.randn(shape, generator=generator)
        tensors[name] = 1 + 0.1 * numbers if "norm" in name else 0.15 * numbers
    return tensors


def save_bin(folder: Path, tensors: Mapping[str, Tensor], num_shards: int) -> None:
    """Legacy `.bin` shards with their index, as published in 2023."""
    names = list(tensors)
    weight_map = {}
    for number in range(num_shards):
        file = f"pytorch_model-{number + 1:05d}-of-{num_shards:05d}.bin"
        part = names[number * len(names) // num_shards : (number + 1) * len(names) // num_shards]
        torch.save({name: tensors[name].clone() for name in part}, folder / file)
        weight_map |= dict.fromkeys(part, file)
    _save_index(folder / "pytorch_model.bin.index.json", weight_map, tensors)


def save_safetensors(folder: Path, tensors: Mapping[str, Tensor], num_shards: int) -> None:
    """Safetensors shards with their index."""
    from safetensors.torch import save_file

    names = list(tensors)
    weight_map = {}
    for number in range(num_shards):
        file = f"model-{number + 1:05d}-of-{num_shards:05d}.safetensors"
        part = names[number * len(names) // num_shards : (number + 1) * len(names) // num_shards]
        save_file({name: tensors[name].contiguous() for name in part}, folder / file, {"format": "pt"})
        weight_map |= dict.fromkeys(part, file)
    _save_index(folder / "model.safetensors.index.json", weight_map, tensors)


def _save_index(path: Path, weight_map: Mapping[str, str], tensors: Mapping[str, Tensor]) -> None:
    size = sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())
    write_json(path, {"metadata": {"total_size": size}, "weight_map": weight_map})


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")


# --- the ten ---


def chatglm2_6b(folder: Path, dtype: torch.dtype = torch.float16) -> Path:
    """Packed queries, keys and values; the head among the layers; SentencePiece; seven `.bin` shards."""
    vocabulary = train_sentencepiece(folder)
    config = {
        "model_type": "chatglm",
        "architectures": ["ChatGLMModel"],
        "auto_map": {"AutoModel": "modeling_chatglm.ChatGLMForConditionalGeneration"},
        "add_bias_linear": False,
        "add_qkv_bias": True,
        "apply_query_key_layer_scaling": True,
        "apply_residual_connection_post_layernorm": False,
        "ffn_hidden_size": INNER,
        "hidden_size": HIDDEN,
        "kv_channels": 16,
        "layernorm_epsilon": 1e-5,
        "multi_query_attention": True,
        "multi_query_group_num": 2,
        "num_attention_heads": HEADS,
        "num_layers": LAYERS,
        "original_rope": True,
        "padded_vocab_size": vocabulary + 11,
        "post_layer_norm": True,
        "rmsnorm": True,
        "seq_length": 4096,
        "torch_dtype": "float16",
        "tie_word_embeddings": False,
        "eos_token_id": 2,
        "pad_token_id": 0,
    }
    write_json(folder / "config.json", config)
    write_json(folder / "tokenizer_config.json", {"tokenizer_class": "ChatGLMTokenizer"})
    shapes: dict[str, tuple[int, ...]] = {
        "transformer.embedding.word_embeddings.weight": (vocabulary + 11, HIDDEN),
        "transformer.rotary_pos_emb.inv_freq": (4,),
    }
    for layer in range(LAYERS):
        shapes |= {
            f"transformer.encoder.layers.{layer}.{name}": shape
            for name, shape in {
                "input_layernorm.weight": (HIDDEN,),
                "self_attention.query_key_value.weight": (64 + 2 * 32, HIDDEN),
                "self_attention.query_key_value.bias": (64 + 2 * 32,),
                "self_attention.dense.weight": (HIDDEN, 64),
                "post_attention_layernorm.weight": (HIDDEN,),
                "mlp.dense_h_to_4h.weight": (2 * INNER, HIDDEN),
                "mlp.dense_4h_to_h.weight": (HIDDEN, INNER),
            }.items()
        }
    shapes |= {
        "transformer.encoder.final_layernorm.weight": (HIDDEN,),
        "transformer.output_layer.weight": (vocabulary + 11, HIDDEN),
    }
    save_bin(folder, {name: t.to(dtype) for name, t in random_tensors(shapes).items()}, num_shards=7)
    return folder


def baichuan2_13b_chat(folder: Path, dtype: torch.dtype = torch.bfloat16) -> Path:
    """A number of heads that is no power of two; tokens 195 and 196 for who speaks; three `.bin` shards."""
    symbols = [f"<unused_{number}>" for number in range(3, 200)]
    symbols[192:194] = ["<reserved_106>", "<reserved_107>"]
    vocabulary = train_sentencepiece(folder, user_symbols=symbols, dummy_prefix=False, size=620)
    hidden = 192  # 6 heads of 32; 4 bit on a CPU needs a multiple of 64
    config = {
        "model_type": "baichuan",
        "architectures": ["BaichuanForCausalLM"],
        "auto_map": {"AutoModelForCausalLM": "modeling_baichuan.BaichuanForCausalLM"},
        "hidden_act": "silu",
        "hidden_size": hidden,
        "intermediate_size": 64,
        "model_max_length": 4096,
        "num_attention_heads": 6,
        "num_hidden_layers": LAYERS,
        "rms_norm_eps": 1e-6,
        "tie_word_embeddings": False,
        "torch_dtype": "bfloat16",
        "vocab_size": vocabulary,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "pad_token_id": 0,
    }
    write_json(folder / "config.json", config)
    write_json(
        folder / "tokenizer_config.json", {"tokenizer_class": "BaichuanTokenizer", "add_bos_token": False}
    )
    settings = {"user_token_id": 195, "assistant_token_id": 196, "bos_token_id": 1, "eos_token_id": 2}
    write_json(folder / "generation_config.json", {**settings, "pad_token_id": 0, "top_k": 5})
    shapes: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (vocabulary, hidden)}
    for layer in range(LAYERS):
        shapes |= {
            f"model.layers.{layer}.{name}": shape
            for name, shape in {
                "self_attn.W_pack.weight": (3 * hidden, hidden),
                "self_attn.o_proj.weight": (hidden, hidden),
                "mlp.gate_proj.weight": (64, hidden),
                "mlp.down_proj.weight": (hidden, 64),
                "mlp.up_proj.weight": (64, hidden),
                "input_layernorm.weight": (hidden,),
                "post_attention_layernorm.weight": (hidden,),
            }.items()
        }
    shapes |= {"model.norm.weight": (hidden,), "lm_head.weight": (vocabulary, hidden)}
    save_bin(folder, {name: t.to(dtype) for name, t in random_tensors(shapes).items()}, num_shards=3)
    return folder


def llama_tensors(vocabulary: int, kv_heads: int = HEADS) -> dict[str, Tensor]:
    """Llama's and Mistral's names."""
    width = HIDDEN // HEADS
    shapes: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (vocabulary, HIDDEN)}
    for layer in range(LAYERS):
        shapes |= {
            f"model.layers.{layer}.{name}": shape
            for name, shape in {
                "self_attn.q_proj.weight": (HIDDEN, HIDDEN),
                "self_attn.k_proj.weight": (kv_heads * width, HIDDEN),
                "self_attn.v_proj.weight": (kv_heads * width, HIDDEN),
                "self_attn.o_proj.weight": (HIDDEN, HIDDEN),
                "mlp.gate_proj.weight": (INNER, HIDDEN),
                "mlp.up_proj.weight": (INNER, HIDDEN),
                "mlp.down_proj.weight": (HIDDEN, INNER),
                "input_layernorm.weight": (HIDDEN,),
                "post_attention_layernorm.weight": (HIDDEN,),
            }.items()
        }
    shapes |= {"model.norm.weight": (HIDDEN,), "lm_head.weight": (vocabulary, HIDDEN)}
    return random_tensors(shapes)


def llama_config(vocabulary: int, **more: Any) -> dict[str, Any]:
    """Llama's config.json; `more` goes over it."""
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": vocabulary,
        "hidden_size": HIDDEN,
        "intermediate_size": INNER,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "num_key_value_heads": HEADS,
        "max_position_embeddings": 4096,
        "rms_norm_eps": 1e-5,
        "hidden_act": "silu",
        "rope_theta": 10000.0,
        "tie_word_embeddings": False,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "torch_dtype": "float16",
        **more,
    }


def wizardlm_13b_v1_2(folder: Path) -> Path:
    """A SentencePiece file without template; `.bin` shards that still hold rotary frequencies."""
    vocabulary = train_sentencepiece(folder)
    write_json(folder / "config.json", llama_config(vocabulary))
    write_json(folder / "generation_config.json", {"bos_token_id": 1, "eos_token_id": 2, "temperature": 0.9})
    write_json(folder / "tokenizer_config.json", {"tokenizer_class": "LlamaTokenizer", "add_bos_token": True})
    frequencies = {
        f"model.layers.{layer}.self_attn.rotary_emb.inv_freq": torch.ones(8) for layer in range(LAYERS)
    }
    tensors = {name: tensor.half() for name, tensor in llama_tensors(vocabulary).items()}
    save_bin(folder, tensors | frequencies, num_shards=3)
    return folder


def _mistral(folder: Path, vocabulary: int) -> dict[str, Tensor]:
    """Writes the configuration, and gives the weights."""
    settings = {"architectures": ["MistralForCausalLM"], "model_type": "mistral", "num_key_value_heads": 2}
    write_json(
        folder / "config.json",
        llama_config(vocabulary, **settings, sliding_window=4096, torch_dtype="bfloat16"),
    )
    # The base model's end of text, whatever the tuned model ends its turns with.
    write_json(folder / "generation_config.json", {"bos_token_id": 1, "eos_token_id": 2})
    return {name: tensor.bfloat16() for name, tensor in llama_tensors(vocabulary, kv_heads=2).items()}


def mistral7b(folder: Path) -> Path:
    """[INST] turns, two safetensors shards."""
    vocabulary = save_metaspace_tokenizer(folder, template=INST)
    save_safetensors(folder, _mistral(folder, vocabulary), num_shards=2)
    return folder


def dolphin_2_2_1_mistral_7b(folder: Path) -> Path:
    """ChatML turns; a SentencePiece file and two added tokens; generation_config.json has the base's end."""
    size = train_sentencepiece(folder)
    added = {"<|im_end|>": size, "<|im_start|>": size + 1}
    write_json(folder / "added_tokens.json", added)
    names = {0: "<unk>", 1: "<s>", 2: "</s>"} | {token: name for name, token in added.items()}
    decoder = {str(token): {"content": name, "special": True} for token, name in names.items()}
    settings = {"tokenizer_class": "LlamaTokenizer", "legacy": True, "eos_token": "<|im_end|>"}
    write_json(
        folder / "tokenizer_config.json",
        {**settings, "added_tokens_decoder": decoder, "chat_template": CHATML},
    )
    save_bin(folder, _mistral(folder, size + 2), num_shards=2)
    return folder


def mixtral_8x7b(folder: Path) -> Path:
    """A matrix per expert in the files, fused by transformers; three safetensors shards."""
    vocabulary = save_metaspace_tokenizer(folder, template=INST)
    settings = {"architectures": ["MixtralForCausalLM"], "model_type": "mixtral", "num_key_value_heads": 2}
    experts = {"num_local_experts": 8, "num_experts_per_tok": 2, "sliding_window": None}
    write_json(
        folder / "config.json", llama_config(vocabulary, **settings, **experts, torch_dtype="bfloat16")
    )
    write_json(folder / "generation_config.json", {"bos_token_id": 1, "eos_token_id": 2})
    tensors = {n: t for n, t in llama_tensors(vocabulary, kv_heads=2).items() if ".mlp." not in n}
    shapes: dict[str, tuple[int, ...]] = {}
    for layer in range(LAYERS):
        prefix = f"model.layers.{layer}.block_sparse_moe"
        shapes[f"{prefix}.gate.weight"] = (8, HIDDEN)
        for expert in range(8):
            shapes |= {f"{prefix}.experts.{expert}.{w}.weight": (INNER, HIDDEN) for w in ("w1", "w3")}
            shapes[f"{prefix}.experts.{expert}.w2.weight"] = (HIDDEN, INNER)
    tensors |= random_tensors(shapes, seed=1)
    save_safetensors(folder, {name: t.bfloat16() for name, t in tensors.items()}, num_shards=3)
    return folder


def _llama3(folder: Path, *, template: str | None, added: tuple[str, ...] = (), eos: str, stop: Any) -> Path:
    size = save_byte_tokenizer(folder, template=template, added=added, eos=eos)
    begin = size - len(LLAMA3_TOKENS) - len(added)
    ids = {"bos_token_id": begin, "eos_token_id": begin + 1}
    config = llama_config(size, **ids, num_key_value_heads=2, rope_theta=500000.0, torch_dtype="bfloat16")
    write_json(folder / "config.json", config)
    stops = [begin + number for number in stop]
    write_json(folder / "generation_config.json", {"bos_token_id": begin, "eos_token_id": stops})
    tensors = llama_tensors(size, kv_heads=2)
    save_safetensors(folder, {name: t.bfloat16() for name, t in tensors.items()}, num_shards=4)
    return folder


def llama3_8b(folder: Path) -> Path:
    """A base model: bytes, no template."""
    return _llama3(folder, template=None, eos="<|end_of_text|>", stop=[1])


def llama3_8b_instruct(folder: Path) -> Path:
    """Header turns that end in <|eot_id|>."""
    return _llama3(folder, template=LLAMA3, eos="<|eot_id|>", stop=[1, 4])


def llama3_chinese_8b_instruct(folder: Path) -> Path:
    """The same layout as Llama 3's instruct model."""
    return _llama3(folder, template=LLAMA3, eos="<|eot_id|>", stop=[1, 4])


def dolphin_2_9_1_llama3_8b(folder: Path) -> Path:
    """ChatML turns over Llama 3's vocabulary; generation_config.json names the base model's end only."""
    return _llama3(folder, template=CHATML, added=("<|im_end|>", "<|im_start|>"), eos="<|im_end|>", stop=[1])


TINY_MODELS: dict[str, Callable[[Path], Path]] = {
    make.__name__: make
    for make in (
        chatglm2_6b,
        baichuan2_13b_chat,
        wizardlm_13b_v1_2,
        mistral7b,
        dolphin_2_2_1_mistral_7b,
        mixtral_8x7b,
        llama3_8b,
        llama3_8b_instruct,
        dolphin_2_9_1_llama3_8b,
        llama3_chinese_8b_instruct,
    )
}
