"""Which of transformers' causal language models run, in which loop, and do they compute what they should?

    python scripts/sweep_architectures.py                    # all of them, some minutes on two cores
    python scripts/sweep_architectures.py gemma2 nemotron    # some
    python scripts/sweep_architectures.py --markdown         # the table of docs/how_to/add_a_model.md

For each class a tiny random checkpoint is written and loaded by the product's own loader. Its logits of 40
random tokens, and the tokens of two greedy answers, must be those of transformers' eager attention, loaded on
its own. Windows and chunks of attention are 16 tokens in a row of their own, so that the tokens pass them.

Each class runs in a process of its own, with limits of time and memory: what one does to its process is a
line of the table. The weights say nothing, and nothing is downloaded.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # two threads on a busy machine stall each other

import argparse
import json
import resource
import signal
import tempfile
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import CONFIG_MAPPING, AutoModelForCausalLM
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

from def_sim.engines.local.model import LocalModel
from def_sim.engines.local.scheduling.runner import Runner
from def_sim.engines.local.settings import EngineSettings
from def_sim.engines.local.slot_support import make_runner
from def_sim.errors import DefSimError, EngineError
from def_sim.records import DecodingConfig, Message, Request, RequestKey, Role

NUM_TOKENS: Final = 40
SHORT: Final = 16  # tokens: windows and chunks of the second row of a class that has them
SECONDS: Final = 120
BYTES: Final = 6 << 30
CHATML: Final = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] "
    "+ '<|im_end|>' + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
SENTENCE: Final = "How important is work in your life? Answer: 2\nExplanation: it matters to us."

# What a tiny model has of whatever its configuration asks for; names that a class does not know are left out.
SMALL: Final[dict[str, Any]] = {
    "hidden_size": 64,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "max_position_embeddings": 512,
    "initializer_range": 0.1,
    "init_std": 0.1,
    # Mixtures.
    "num_experts": 4,
    "num_local_experts": 4,
    "n_routed_experts": 4,
    "moe_num_experts": 4,
    "num_experts_per_tok": 2,
    "moe_topk": 2,
    "moe_k": 2,
    "top_k_experts": 2,
    "moe_intermediate_size": 64,
    "shared_expert_intermediate_size": 64,
    "moe_shared_expert_intermediate_size": 64,
    "intermediate_size_mlp": 64,
    "expert_ffn_hidden_size": 64,
    "ffn_hidden_size": 64,
    "n_group": 1,
    "topk_group": 1,
    "first_k_dense_replace": 1,
    # Attention whose keys and values are compressed.
    "q_lora_rank": 32,
    "kv_lora_rank": 32,
    "qk_nope_head_dim": 16,
    "qk_rope_head_dim": 16,
    "v_head_dim": 16,
    # Recurrent layers.
    "mamba_expand": 1,
    "expand": 1,
    "mamba_d_ssm": 64,
    "mamba_n_heads": 4,
    "mamba_d_head": 16,
    "mamba_d_state": 16,
    "mamba_n_groups": 1,
    "mamba_num_heads": 4,
    "mamba_head_dim": 16,
    "state_size": 16,
    "ssm_state_size": 16,
    "n_groups": 1,
    "time_step_rank": 8,
    "mamba_dt_rank": 8,
    "chunk_size": 16,
    "linear_num_key_heads": 2,
    "linear_num_value_heads": 4,
    "linear_key_head_dim": 16,
    "linear_value_head_dim": 16,
    "rotary_dim": 8,
    # Gemma's further parts.
    "hidden_size_per_layer_input": 16,
    "laurel_rank": 8,
    # Towers for pictures and sound, which nobody asks.
    "depth": 1,
    "image_size": 28,
    "patch_size": 14,
    # Decoders of pairs of encoder and decoder.
    "d_model": 64,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 64,
    "decoder_ffn_dim": 64,
    "is_decoder": True,
    "use_sliding_window": True,
}
_ROPE: Final = {"rope_type": "default", "rope_theta": 10_000.0}
# What single classes need beside that; most of it so that there is a layer of each kind.
SPECIAL: Final[dict[str, dict[str, Any]]] = {
    "bailing_hybrid": {"layer_group_size": 2, "n_group": 1, "topk_group": 1},
    "bamba": {"attn_layer_indices": [1]},
    "cohere_compass_text": {"rope_parameters": {"full_attention": _ROPE, "sliding_attention": _ROPE}},
    "dbrx": {
        "attn_config": {"kv_n_heads": 2, "rope_theta": 10_000.0, "clip_qkv": 8.0},
        "ffn_config": {"ffn_hidden_size": 64, "moe_num_experts": 4, "moe_top_k": 2},
    },
    "deepseek_v4": {"layer_types": ["compressed_sparse_attention", "heavily_compressed_attention"]},
    "dots1": {"n_shared_experts": 1},
    "gemma3n_text": {
        "num_hidden_layers": 4,
        "layer_types": ["sliding_attention", "full_attention"] * 2,
        "num_kv_shared_layers": 2,
        "activation_sparsity_pattern": [0.0] * 4,
    },
    "gpt_neo": {"attention_types": [[["global", "local"], 1]]},
    "granitemoehybrid": {"layer_types": ["mamba", "attention"], "shared_intermediate_size": 64},
    "jamba": {"attn_layer_period": 2, "attn_layer_offset": 1},
    "kimi_linear": {"layer_types": ["linear_attention", "full_attention"], "linear_head_dim": 16},
    "lfm2": {"layer_types": ["conv", "full_attention"]},
    "lfm2_moe": {"layer_types": ["conv", "full_attention"], "num_dense_layers": 1},
    "lfm3": {"layer_types": ["conv", "full_attention"]},
    "llama4_text": {"no_rope_layers": [1, 0], "layer_types": ["chunked_attention", "full_attention"]},
    "mamba2": {"num_heads": 4, "head_dim": 16},
    # Without a window, as published: with one, transformers' own generate() errs beside padding.
    "minimax": {"layer_types": ["linear_attention", "full_attention"], "sliding_window": None},
    "olmo_hybrid": {"layer_types": ["linear_attention", "full_attention"]},
    "qwen3_5_moe_text": {"layer_types": ["linear_attention", "full_attention"]},
    "qwen3_5_text": {"layer_types": ["linear_attention", "full_attention"]},
    "qwen3_next": {"layer_types": ["linear_attention", "full_attention"]},
    "recurrent_gemma": {"block_types": ["recurrent", "attention"]},
    "reformer": {"axial_pos_embds_dim": [32, 32], "axial_pos_shape": [16, 32]},
    "smollm3": {"no_rope_layers": [1, 0]},
    "zamba": {"num_hidden_layers": 4, "layers_block_type": ["mamba", "hybrid"] * 2, "n_mamba_heads": 2},
    "zamba2": {"layers_block_type": ["mamba", "hybrid"], "n_mamba_heads": 4, "mamba_ngroups": 1},
    "zaya": {"num_experts_per_tok": 1},
}
# Rows of their own: another configuration of a class.
VARIANTS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "phi3, longrope": (
        "phi3",
        {
            "max_position_embeddings": 512,
            "original_max_position_embeddings": 256,
            "rope_parameters": {
                "rope_type": "longrope",
                "rope_theta": 10_000.0,
                "short_factor": [1.0] * 8,
                "long_factor": [2.0] * 8,
                "original_max_position_embeddings": 256,
            },
        },
    ),
    "llama4_text, chunks": ("llama4_text", {"attention_chunk_size": SHORT}),
    "ministral3, scaled scores": (
        "ministral3",
        {
            "rope_parameters": {
                "rope_type": "yarn",
                "rope_theta": 10_000.0,
                "factor": 16.0,
                "original_max_position_embeddings": SHORT,
                "llama_4_scaling_beta": 0.1,
            }
        },
    ),
    "llama, dynamic": (
        "llama",
        {"rope_parameters": {"rope_type": "dynamic", "rope_theta": 10_000.0, "factor": 2.0}},
    ),
}


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one class.

    Attributes:
        name: Model type, and the length of its windows where these were shortened.
        loads: It was loaded.
        loop: As in the manifest.
        difference: Largest difference of a logit from the eager one, in units of the bound; above 1 is wrong.
        generates: Its answers' tokens are those of the eager model, in company and alone.
        error: What went wrong.
    """

    name: str
    loads: bool = False
    loop: str = ""
    difference: float | None = None
    generates: bool = False
    error: str = ""

    @property
    def is_right(self) -> bool:
        """Loads, computes and answers."""
        return self.loads and self.generates and self.difference is not None and self.difference <= 1


# --- checkpoints ---


def save_tokenizer(folder: Path) -> int:
    """Bytes, a few merges, and the marks of ChatML; returns the number of its tokens."""
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=["<pad>", "<s>", "</s>", "<|im_start|>", "<|im_end|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    backend.train_from_iterator([SENTENCE], trainer)
    make: Any = transformers.PreTrainedTokenizerFast  # untyped upstream
    tokenizer = make(
        tokenizer_object=backend,
        bos_token="<s>",
        eos_token="<|im_end|>",
        pad_token="<pad>",
    )
    tokenizer.chat_template = CHATML
    tokenizer.save_pretrained(folder)
    return len(tokenizer)


def tiny_config(model_type: str, num_tokens: int, *, is_short: bool = False) -> Any:
    """A configuration of a class, made small; windows and chunks of `SHORT` tokens if they shall be short."""
    model_type, special = VARIANTS.get(model_type, (model_type, SPECIAL.get(model_type, {})))
    ids = {"vocab_size": num_tokens, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 4}
    ids["vocab_size_per_layer_input"] = num_tokens
    return _tiny(CONFIG_MAPPING[model_type], {**SMALL, **ids, **(_SHORTENED if is_short else {})}, special)


_SHORTENED: Final = dict.fromkeys(
    (
        "sliding_window",
        "sliding_window_size",
        "attention_chunk_size",
        "attention_window_size",
        "window_size",
        "local_attention",
        "floor_scale",
        "keep_window_size",
        "index_topk",
        "log_scaling_n_floor",
    ),
    SHORT,
)


def _tiny(config_class: Any, small: Mapping[str, Any], special: Mapping[str, Any]) -> Any:
    known = {*config_class.__dataclass_fields__, *config_class.attribute_map}
    settings = {name: value for name, value in small.items() if name in known}
    if "kv_lora_rank" in known:  # keys and values of all heads come out of one vector
        settings["num_key_value_heads"] = settings.get("num_attention_heads")
    has_kinds = {"sliding_window", "layer_types"} <= set(config_class.__dataclass_fields__)
    if has_kinds and (settings.get("sliding_window") or config_class().sliding_window) is not None:
        settings["layer_types"] = ["sliding_attention", "full_attention"]
    special = {**SPECIAL.get(config_class.model_type, {}), **special}
    for name in config_class.sub_configs.keys() - special.keys():
        part_class = type(getattr(config_class(), name))  # where any class may stand, the usual one
        if hasattr(part_class, "__dataclass_fields__"):
            settings[name] = _tiny(part_class, small, {}).to_dict()
    return config_class(**{**settings, **special})


def has_windows(model_type: str) -> bool:
    """True if a class has a setting that `tiny_config` can make short."""
    if model_type in VARIANTS:
        return False
    parts = [CONFIG_MAPPING[model_type], *CONFIG_MAPPING[model_type].sub_configs.values()]
    return any(name in getattr(part, "__dataclass_fields__", {}) for part in parts for name in _SHORTENED)


def save_checkpoint(folder: Path, model_type: str, *, is_short: bool) -> None:
    """A random model of a class with its tokenizer."""
    config = tiny_config(model_type, save_tokenizer(folder), is_short=is_short)
    torch.manual_seed(0)
    network = AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim == 1:  # biases, norms, sinks: at their first values they would not count
                parameter += 0.1 * torch.randn_like(parameter)
    network.save_pretrained(folder)
    if network.config.model_type not in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
        config.save_pretrained(folder)  # a text part is published inside of its whole


# --- one class ---


def try_class(model_type: str, *, is_short: bool) -> Row:
    """Writes a checkpoint, loads it as the product does, computes and answers."""
    name = _name(model_type, is_short=is_short)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        try:
            save_checkpoint(folder, model_type, is_short=is_short)
        except Exception as error:  # a class that needs what a tiny configuration lacks
            return Row(name, error=f"no tiny checkpoint: {_words(error)}")
        try:
            settings = EngineSettings("", dtype="float32", device="cpu", max_batch_rows=8, num_threads=1)
            model = LocalModel(folder, settings)
            runner = make_runner(model, settings)
        except DefSimError as error:
            return Row(name, error=error.message)
        except Exception as error:  # a traceback for a user: what this script is to find
            return Row(name, error=f"CRASH {_words(error)}")
        loop = str(runner.facts()["loop"])
        try:
            reference = eager_reference(folder)
            difference = difference_of_logits(model.network, reference, is_in_slots=loop == "slots")
            generates, error = compare_answers(model, runner, reference)
        except Exception as caught:
            return Row(name, True, loop, error=_words(caught))
        return Row(name, True, loop, difference, generates, error)


def _name(model_type: str, *, is_short: bool) -> str:
    return f"{model_type}, {SHORT} tokens" if is_short else model_type


def eager_reference(folder: Path) -> Any:
    """The same checkpoint with transformers' eager attention."""
    network, report = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
    )
    assert not report["missing_keys"], report["missing_keys"]
    return network.eval()


def difference_of_logits(network: Any, reference: Any, *, is_in_slots: bool) -> float:
    """Largest difference over the bound of rounding: both sum in float32, in another order.

    The bound grows with the operations of a layer, about 8, the layers, and the root of the width.
    """
    torch.manual_seed(1)
    config = network.config.get_text_config(decoder=True)
    tokens = torch.randint(5, config.vocab_size, (NUM_TOKENS,))
    with torch.inference_mode():
        expected = reference(input_ids=tokens[None], use_cache=False).logits[0].float()
        found = (
            logits_in_slots(network, tokens)
            if is_in_slots
            else network(input_ids=tokens[None], use_cache=False).logits[0].float()
        )
    size = max(1.0, float(expected.abs().max()))
    width, depth = SMALL["hidden_size"], SMALL["num_hidden_layers"]
    bound = torch.finfo(torch.float32).eps * 8 * depth * width**0.5 * size
    return float((found - expected).abs().max()) / bound


def logits_in_slots(network: Any, tokens: torch.Tensor) -> torch.Tensor:
    """Logits of all tokens, read in two chunks but for the last four, which are written one by one."""
    from def_sim.engines.local.slots.key_values import KeyValues
    from def_sim.engines.local.slots.slot_attention import DecodeRows, PrefillChunk, Step

    cache, length = KeyValues(), len(tokens)
    cache.reserve(1, length)
    ends = [length // 2 - 1, length - 4, *range(length - 3, length + 1)]
    parts = []
    for begin, end in zip([0, *ends[:-1]], ends, strict=True):
        is_written = begin >= length - 4
        step = Step(
            cache,
            [DecodeRows(0, 1, begin, None)] if is_written else [],
            [] if is_written else [PrefillChunk(0, begin, end - begin)],
        )
        positions = torch.arange(begin, end)[None]
        output = network(
            input_ids=tokens[None, begin:end], position_ids=positions, use_cache=False, step=step
        )
        parts.append(output.logits[0].float())
    return torch.cat(parts)


def compare_answers(model: LocalModel, runner: Runner, reference: Any) -> tuple[bool, str]:
    """Two greedy answers side by side against those of the eager model, each alone and without a cache."""
    prompts = [runner.prompt(_request(number)) for number in (0, 1)]
    for ticket, prompt in enumerate(prompts):
        runner.add(ticket, prompt)
    ended: dict[int, Any] = {}
    while runner.has_work:
        ended |= dict(runner.step())
    for ticket, prompt in enumerate(prompts):
        if isinstance(ended[ticket], EngineError):
            return False, f"no answer: {ended[ticket].message}"
        tokens = _greedy(reference, prompt.token_ids, model.special.stop)
        expected = model.completion(prompt, tokens, has_stopped=True).text
        if ended[ticket].text != expected:
            return False, f"answer {ticket}: {ended[ticket].text!r} instead of {expected!r}"
    return True, ""


def _request(number: int) -> Request:
    return Request(
        messages=(Message(Role.USER, SENTENCE * (1 + number)),),
        decoding=DecodingConfig(do_sample=False, max_new_tokens=8),
        key=RequestKey(seed=1, respondent_id=f"r{number}", item_id="wvs7.Q1", wording=0),
    )


def _greedy(network: Any, prompt: Sequence[int], stop: Iterable[int]) -> list[int]:
    tokens = list(prompt)
    with torch.inference_mode():
        while len(tokens) < len(prompt) + 8 and (len(tokens) == len(prompt) or tokens[-1] not in set(stop)):
            logits = network(input_ids=torch.tensor([tokens]), use_cache=False).logits
            tokens.append(int(logits[0, -1].argmax()))
    return tokens[len(prompt) :]


def _words(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0][:200]}"


# --- all of them ---


def in_a_process(model_type: str, *, is_short: bool) -> Row:
    """The row of a class, made in a child; limits of time and memory, and any death, are a row, too."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        signal.alarm(SECONDS)
        resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
        _be_quiet()
        row = try_class(model_type, is_short=is_short)
        with os.fdopen(writing, "w") as pipe:
            json.dump(asdict(row), pipe)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    if text:
        return Row(**json.loads(text))
    return Row(_name(model_type, is_short=is_short), error=f"CRASH the process ended with status {status}")


def _be_quiet() -> None:
    warnings.simplefilter("ignore")
    transformers.logging.set_verbosity_error()
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)


def line_of(row: Row) -> str:
    """A row of what is printed."""
    size = "" if row.difference is None else f"{row.difference:.2g}"
    verdict = "right" if row.is_right else "WRONG" if row.loads else "no"
    error = f"  [{row.error}]" if row.error else ""
    return f"{row.name:<34} {verdict:<6} {size:>8}  {row.loop or '-'}{error}"


def table_of(rows: Sequence[Row]) -> str:
    """All rows by loop and reason, in Markdown; a row with short windows where these change the outcome."""
    outcomes = {row.name: _outcome(row) for row in rows}
    groups: dict[tuple[str, str], list[str]] = {}
    for name, outcome in outcomes.items():
        whole = name.removesuffix(f", {SHORT} tokens")
        if name == whole or outcomes.get(whole) != outcome:
            groups.setdefault(outcome, []).append(name.replace(", ", " with "))
    order = ["slots", "generate", "refused", "not tried", "WRONG"]
    ordered = sorted(groups, key=lambda outcome: (order.index(outcome[0]), -len(groups[outcome])))
    lines = [f"| {loop} | {why} | {', '.join(groups[loop, why])} |" for loop, why in ordered]
    return "\n".join(["| loop | why not in slots | model types |", "|---|---|---|", *lines])


def _outcome(row: Row) -> tuple[str, str]:
    """Loop and reason, without figures and texts of single classes."""
    if row.is_right:
        loop, _, why = row.loop.partition(" (")
        return loop, why.removesuffix(")").partition(", by ")[0]
    if row.error.startswith("no tiny checkpoint"):
        return "not tried", "this script makes no tiny checkpoint of it"
    if row.loads:
        return "WRONG", row.error
    return "refused", row.error.rpartition(", but ")[2].partition(" (")[0].removesuffix(".")


def main() -> None:
    """Prints a row for each class, then how many are right."""
    parser = argparse.ArgumentParser(description="Tiny checkpoints of transformers' causal classes.")
    parser.add_argument("classes", nargs="*", help="model types; all if none is named")
    parser.add_argument(
        "--markdown", action="store_true", help="prints the table of docs/how_to/add_a_model.md, too"
    )
    arguments = parser.parse_args()
    names = arguments.classes or sorted([*MODEL_FOR_CAUSAL_LM_MAPPING_NAMES, *VARIANTS])
    rows = []
    for name in names:
        for is_short in (False, True)[: 1 + has_windows(name)]:
            rows.append(in_a_process(name, is_short=is_short))
            print(line_of(rows[-1]), flush=True)
    loading, right = sum(row.loads for row in rows), [row for row in rows if row.is_right]
    in_slots = sum(row.loop == "slots" for row in right)
    print(f"{len(rows)} rows: {loading} load, {len(right)} right, {in_slots} of them in slots")
    if arguments.markdown:
        print(table_of(rows))


if __name__ == "__main__":
    main()
