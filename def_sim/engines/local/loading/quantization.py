"""Which quantisation a checkpoint is loaded with, decided from its small files.

    auto   as the checkpoint is stored; stored in 16 bit: nf4 above a number of parameters, else none
    none   as stored, in the configured dtype
    int8   bitsandbytes, 8 bit a weight
    nf4    bitsandbytes, 4 bit a weight, its constants quantised once more
    gptq   a checkpoint that its publisher quantised so; needs gptqmodel

Loads nothing: torch is unknown here. Packing is done by `loading` and `mixtral`.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from def_sim.engines.local.checkpoints.gguf.header import is_gguf
from def_sim.engines.local.checkpoints.json_files import DOWNLOAD_AGAIN, read_json
from def_sim.engines.local.checkpoints.weight_files import num_parameters, weight_bytes
from def_sim.errors import ModelError

QUANTIZATIONS: Final = ("auto", "none", "int8", "nf4", "gptq")
QUANTIZE_ABOVE: Final = 10_000_000_000  # parameters; the study's rule

_BYTES_PER_WEIGHT: Final = {"none": 2.0, "int8": 1.0, "nf4": 0.516, "gptq": 0.52}  # outside the embeddings


def choose_quantization(requested: str, folder: Path, *, quantize_above: int = QUANTIZE_ABOVE) -> str:
    """What "auto" means for a checkpoint; anything else is checked against how it is stored.

    Args:
        requested: One of `QUANTIZATIONS`.
        folder: The checkpoint.
        quantize_above: "auto" takes nf4 for a checkpoint in 16 bit with more parameters than this.

    Returns:
        "none", "int8", "nf4" or "gptq".

    Raises:
        ModelError: The checkpoint is stored in another way, or a library is missing.
    """
    # A GGUF file is unpacked before it is loaded: whatever it was packed in, it is no quantisation of ours.
    config = {} if is_gguf(folder) else read_json(folder / "config.json")
    stored = _stored(config, folder)
    chosen = requested
    if requested == "auto":
        chosen = stored or packing_of(estimated_parameters(folder), quantize_above=quantize_above)
    if stored is not None and chosen != stored:
        raise ModelError(
            f"{folder} is stored in {stored}, so quantization={requested} is not possible.",
            fix=f"Use `model.engine.quantization={stored}`, or the 16-bit checkpoint.",
        )
    _check_possible(chosen, stored, config, folder)
    return chosen


def packing_of(num_parameters: float, *, quantize_above: int = QUANTIZE_ABOVE) -> str:
    """The study's rule, for plans and for loading: 4 bit above a number of parameters.

    Args:
        num_parameters: Of a model stored in 16 bit.
        quantize_above: `engine.quantize_above` of the model's YAML.

    Returns:
        "nf4" or "none".
    """
    return "nf4" if num_parameters > quantize_above else "none"


def is_stored_quantized(folder: Path) -> bool:
    """True if the weights on the disk are packed already."""
    return read_json(folder / "config.json").get("quantization_config") is not None


def estimated_parameters(folder: Path) -> int:
    """Parameters of a checkpoint: exact for safetensors, by bytes and type for `.bin`."""
    exact = num_parameters(folder)
    if exact is not None:
        return exact
    config = read_json(folder / "config.json")
    stored = str(config.get("torch_dtype") or config.get("dtype") or "float16")
    return weight_bytes(folder) // (4 if stored == "float32" else 2)


def loaded_bytes(parameters: float, quantization: str, *, in_16_bit: float = 0) -> float:
    """Bytes of the weights in memory.

    Args:
        parameters: All of them.
        quantization: As chosen.
        in_16_bit: Those that stay in 16 bit: both embeddings.
    """
    return 2 * in_16_bit + (parameters - in_16_bit) * _BYTES_PER_WEIGHT[quantization]


def _stored(config: dict[str, Any], folder: Path) -> str | None:
    settings = config.get("quantization_config")
    if settings is None:
        return None
    if not isinstance(settings, dict):
        raise ModelError(f"quantization_config of {folder} says nothing that is known.", fix=DOWNLOAD_AGAIN)
    method = str(settings.get("quant_method"))
    if method == "gptq":
        return "gptq"
    if method == "bitsandbytes":
        return "nf4" if settings.get("load_in_4bit") or settings.get("_load_in_4bit") else "int8"
    raise ModelError(
        f"{folder} is quantised by {method!r:.80}, which this version does not run.",
        fix="Use the 16-bit checkpoint with `model.engine.quantization=nf4`.",
    )


def _check_possible(chosen: str, stored: str | None, config: dict[str, Any], folder: Path) -> None:
    if chosen == "gptq":
        _check_gptq(stored, config, folder)
    if chosen in ("nf4", "int8"):
        if find_spec("bitsandbytes") is None:
            raise ModelError(
                f"quantization={chosen} needs bitsandbytes, which is not installed.",
                fix="`pip install 'bitsandbytes>=0.48'` (Linux), or `model.engine.quantization=none`.",
            )
        if chosen == "int8" and config.get("model_type") == "mixtral":
            raise ModelError(
                "Mixtral cannot be loaded in int8, which leaves the fused experts of a layer in 16 bit.",
                fix="Use `model.engine.quantization=nf4`, which packs them.",
            )


def _check_gptq(stored: str | None, config: dict[str, Any], folder: Path) -> None:
    if stored != "gptq":
        raise ModelError(
            f"quantization=gptq runs checkpoints that were published so; {folder} is not one.",
            fix="Use `model.engine.quantization=nf4` for it, or the path of a GPTQ checkpoint.",
        )
    if config.get("model_type") == "mixtral":
        raise ModelError(
            "GPTQ checkpoints of Mixtral are refused: they hold a packed matrix per expert, while "
            "transformers 5 has one tensor for all experts of a layer and would not read them.",
            fix="Use mistralai/Mixtral-8x7B-Instruct-v0.1 with `model.engine.quantization=nf4`.",
        )
    if find_spec("gptqmodel") is None:
        raise ModelError(
            f"{folder} is a GPTQ checkpoint and needs gptqmodel, which is not installed.",
            fix='`pip install -e ".[gptq]"`, in an environment of its own (it holds numpy below 2.3).',
        )
