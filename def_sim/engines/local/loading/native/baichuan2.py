"""Baichuan2-13B: Llama's layers without rotation, with attention that fades by distance (ALiBi).

Two parts. The recipe: how a published checkpoint becomes Llama's tensors; its head, which is
normalised at every step, is normalised once. The model: Llama with two things replaced, the
rotation (none) and the mask (a bias by distance is added to it).
Source: modeling_baichuan.py and configuration_baichuan.py of the pinned revision; ALiBi: Press,
Smith and Lewis 2022, section 3.
"""

import math
import re
from collections.abc import Mapping
from typing import Any, Final

import torch
from torch import Tensor, nn
from transformers import LlamaConfig, LlamaForCausalLM, LlamaModel
from transformers.masking_utils import create_causal_mask

from def_sim.engines.local.loading.native.library_names import CACHE
from def_sim.engines.local.loading.native.recipe import Recipe, require
from def_sim.errors import ModelError

LABEL: Final = "Baichuan2-13B"
ARCHITECTURE: Final = "Baichuan2ForCausalLM"

_PACKED: Final = re.compile(r"(model\.layers\.\d+\.self_attn\.)W_pack\.weight")


def recipe(config: Mapping[str, Any]) -> Recipe:
    """The conversion of a Baichuan2-13B checkpoint.

    Args:
        config: Its config.json.

    Raises:
        ModelError: The 7B, which rotates, or a checkpoint that is quantised already.
    """
    require(config, LABEL, hidden_act="silu", tie_word_embeddings=False)
    if "model_max_length" not in config or "quantization_config" in config:
        raise ModelError(
            "This Baichuan2 checkpoint is not the 13B in 16 bit (the 7B rotates instead of fading).",
            fix="Use the checkpoint that conf/model/baichuan2_13b_chat.yaml names.",
        )
    return Recipe(LABEL, _llama_config(config), _sources(config), frozenset(), _convert)


def _convert(name: str, tensor: Tensor) -> dict[str, Tensor]:
    packed = _PACKED.fullmatch(name)
    if packed is not None:
        pieces = tensor.chunk(3)
        return {
            f"{packed.group(1)}{letter}_proj.weight": piece
            for letter, piece in zip("qkv", pieces, strict=True)
        }
    if name == "lm_head.weight":
        return {name: nn.functional.normalize(tensor.float()).to(tensor.dtype)}
    return {name: tensor}


def _sources(config: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    hidden, inner = int(config["hidden_size"]), int(config["intermediate_size"])
    vocabulary = int(config["vocab_size"])
    shapes: dict[str, tuple[int, ...]] = {
        "model.embed_tokens.weight": (vocabulary, hidden),
        "model.norm.weight": (hidden,),
        "lm_head.weight": (vocabulary, hidden),
    }
    for layer in range(int(config["num_hidden_layers"])):
        parts: dict[str, tuple[int, ...]] = {
            "input_layernorm.weight": (hidden,),
            "post_attention_layernorm.weight": (hidden,),
            "self_attn.W_pack.weight": (3 * hidden, hidden),
            "self_attn.o_proj.weight": (hidden, hidden),
            "mlp.gate_proj.weight": (inner, hidden),
            "mlp.up_proj.weight": (inner, hidden),
            "mlp.down_proj.weight": (hidden, inner),
        }
        shapes |= {f"model.layers.{layer}.{part}": shape for part, shape in parts.items()}
    return shapes


def _llama_config(config: Mapping[str, Any]) -> dict[str, Any]:
    same = (
        *("vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads"),
        *("hidden_act", "rms_norm_eps", "bos_token_id", "eos_token_id", "pad_token_id"),
    )
    return {
        "architectures": [ARCHITECTURE],
        "model_type": Baichuan2Config.model_type,
        **{name: config[name] for name in same},
        "max_position_embeddings": config["model_max_length"],
        "tie_word_embeddings": False,
        "dtype": config.get("torch_dtype", "bfloat16"),
    }


def alibi_slopes(num_heads: int) -> list[float]:
    """How fast each head's attention fades: what a step of distance takes off the score.

    For a power of two, n: 2^(-8/n), 2^(-16/n), ... ; otherwise those of the next lower power of two,
    then every second one of the next higher.
    """
    if num_heads & (num_heads - 1) == 0:
        return [2.0 ** (-8.0 * (head + 1) / num_heads) for head in range(num_heads)]
    lower = 2 ** math.floor(math.log2(num_heads))
    return alibi_slopes(lower) + alibi_slopes(2 * lower)[0::2][: num_heads - lower]


def add_distance(allowed: Tensor, slopes: Tensor, dtype: torch.dtype) -> Tensor:
    """A mask with the bias by distance, as scores to add.

    Distances are between columns: a sequence must lie in neighbouring columns, padded on either
    side. They are counted from the last column a query sees, which keeps the near ones exact in 16 bit.

    Args:
        allowed: Shape (B, 1, Q, K): True where a query sees a key, or scores to add, 0 where it does.
        slopes: Shape (H,), float32.
        dtype: Of the result.

    Returns:
        Shape (B, H, Q, K); hidden keys have the lowest number of the type, not minus infinity, so
        that a query of padding, which sees nothing, gives numbers.
    """
    sees = allowed if allowed.dtype is torch.bool else allowed == 0
    columns = torch.arange(sees.shape[-1], device=sees.device)
    last = torch.where(sees, columns, 0).amax(dim=-1, keepdim=True)  # (B, 1, Q, 1)
    bias = slopes.view(1, -1, 1, 1) * (columns - last).float()  # (B, H, Q, K)
    return bias.masked_fill(~sees, torch.finfo(dtype).min).to(dtype)


class Baichuan2Config(LlamaConfig):  # type: ignore[misc]  # untyped upstream, as are the classes below
    """Llama's configuration under a name of its own, so that nothing takes it for a Llama."""

    model_type = "def_sim_baichuan2"
    alibi: bool = True  # says that scores depend on distance, where positions are else left out


class _NoRotation(nn.Module):
    """In the place of rotary embeddings: angle zero everywhere."""

    def forward(self, hidden: Tensor, position_ids: Tensor) -> tuple[Tensor, Tensor]:
        return hidden.new_ones(1), hidden.new_zeros(1)


class _FilledIn:
    """Fills in what no file holds: loading builds a model without memory first."""

    config: Any

    def _init_weights(self, module: nn.Module) -> None:
        super()._init_weights(module)  # type: ignore[misc]
        slopes = getattr(module, "alibi_slopes", None)
        if isinstance(slopes, Tensor):
            with torch.no_grad():
                slopes.copy_(_slopes(self.config))


class Baichuan2Model(_FilledIn, LlamaModel):  # type: ignore[misc]
    """The layers. Attention modules carry `alibi_slopes`, shape (H,), for attention functions of our own."""

    config_class = Baichuan2Config
    _supports_flash_attn = False  # these have no place for a bias
    _supports_flex_attn = False

    def __init__(self, config: Baichuan2Config) -> None:
        super().__init__(config)
        self.rotary_emb = _NoRotation()
        for layer in self.layers:
            layer.self_attn.register_buffer("alibi_slopes", _slopes(config), persistent=False)

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        inputs_embeds: Tensor | None = None,
        use_cache: bool | None = None,
        **more: Any,
    ) -> Any:
        """As Llama's. Attention functions of our own get the mask untouched: they add the bias."""
        cache = {CACHE: more.pop(CACHE, None)}
        if inputs_embeds is None:
            inputs_embeds = self.embed_tokens(input_ids)
        if self.config._attn_implementation in ("sdpa", "eager"):
            allowed = create_causal_mask(
                config=self.config,
                inputs_embeds=inputs_embeds,
                attention_mask=attention_mask,
                position_ids=position_ids,
                allow_is_causal_skip=False,
                **cache,
            )
            attention_mask = add_distance(allowed, self.layers[0].self_attn.alibi_slopes, inputs_embeds.dtype)
        return super().forward(
            attention_mask=attention_mask,
            position_ids=position_ids,
            inputs_embeds=inputs_embeds,
            use_cache=use_cache,
            **cache,
            **more,
        )


class Baichuan2ForCausalLM(_FilledIn, LlamaForCausalLM):  # type: ignore[misc]
    """The layers and the head."""

    config_class = Baichuan2Config
    _supports_flash_attn = False
    _supports_flex_attn = False

    def __init__(self, config: Baichuan2Config) -> None:
        super().__init__(config)
        self.model = Baichuan2Model(config)
        self.post_init()


def _slopes(config: Baichuan2Config) -> Tensor:
    return torch.tensor(alibi_slopes(int(config.num_attention_heads)), dtype=torch.float32)
