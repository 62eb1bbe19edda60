"""From a folder to a tokenizer and to a network that computes: the right class, quantisation and files.

No code of a checkpoint is run, nothing is fetched, no pickle is trusted. A tensor that a class
needs and the files lack is an error: transformers would fill it with random numbers. What the
libraries say of a network passes through; `model` gives it words, by `cannot_load`.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import torch
import transformers
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    BitsAndBytesConfig,
    GenerationConfig,
    PreTrainedTokenizerFast,
)

from def_sim.engines.local.checkpoints.checkpoint import chat_template_text
from def_sim.engines.local.checkpoints.json_files import DOWNLOAD_AGAIN, read_json
from def_sim.engines.local.checkpoints.tensor_files import open_tensors
from def_sim.engines.local.checkpoints.weight_files import weight_files
from def_sim.engines.local.loading.native.conversion import runnable_folder
from def_sim.engines.local.loading.packing import check_packed
from def_sim.engines.local.loading.placement import spread
from def_sim.engines.local.loading.quantization import is_stored_quantized
from def_sim.engines.local.prompts.prompt_styles import BEGIN, END
from def_sim.errors import DefSimError, ModelError

_BAICHUAN_TURNS: Final = {"<user>": ("user_token_id", 195), "<assistant>": ("assistant_token_id", 196)}


def load_tokenizer(folder: Path, prompt_style: str) -> Any:
    """The tokenizer: transformers' own, or the SentencePiece file itself where that is all there is.

    Args:
        folder: The checkpoint.
        prompt_style: One of `PROMPT_STYLES`; some find their tokens in the text, others know their ids.

    Raises:
        ModelError: Its files are damaged, or need code of their own.
    """
    try:
        return _tokenizer(folder, prompt_style)
    except DefSimError:
        raise
    except Exception as error:  # its files may say anything, and the library has no one way to refuse them
        raise cannot_load("tokenizer", folder, error) from error


def cannot_load(part: str, folder: Path, error: Exception) -> ModelError:
    """What the library said about a part of a checkpoint, with what to do."""
    return ModelError(
        f"transformers {transformers.__version__} cannot load the {part} of {folder}: {str(error)[:1000]}",
        fix="Models that need their own code are not run: convert the checkpoint to a class that "
        "transformers has.",
    )


def _tokenizer(folder: Path, prompt_style: str) -> Any:
    if (folder / "tokenizer.model").is_file() and not (folder / "tokenizer.json").is_file():
        return _sentencepiece(folder, prompt_style)
    # Some classes make their own tokenizer of the vocabulary instead of taking tokenizer.json as it is.
    is_whole = _settings(folder, "tokenizer_config.json").get("tokenizer_class") == "TokenizersBackend"
    make_tokenizer: Any = PreTrainedTokenizerFast if is_whole else AutoTokenizer
    return make_tokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)


def _sentencepiece(folder: Path, prompt_style: str) -> Any:
    from def_sim.engines.local.loading.native.sentencepiece_tokenizer import Extras, SentencePieceTokenizer

    path = folder / "tokenizer.model"
    plain = SentencePieceTokenizer(path)
    kind = read_json(folder / "config.json").get("model_type")
    make_extras = {"chatglm": _chatglm_extras, "baichuan": _baichuan_extras}.get(str(kind))
    if make_extras is not None:
        return SentencePieceTokenizer(path, Extras(**make_extras(folder, len(plain))))
    ends = {BEGIN: plain.bos_token_id, END: plain.eos_token_id}
    markers = {name: token for name, token in ends.items() if token is not None}
    settings = _settings(folder, "tokenizer_config.json")
    begins = settings.get("add_bos_token", True) and BEGIN in markers
    extras = Extras(
        markers=markers,
        written=markers | _added_tokens(folder, settings) if prompt_style in ("chat", "chatml") else {},
        prefix=[markers[BEGIN]] if begins else [],
        is_legacy=bool(settings.get("legacy", True)),
        template=chat_template_text(folder),
    )
    return SentencePieceTokenizer(path, extras)


def _chatglm_extras(folder: Path, size: int) -> dict[str, Any]:
    from def_sim.engines.local.loading.native.chatglm2 import SPECIAL_TOKENS

    markers = {name: size + number for number, name in enumerate(SPECIAL_TOKENS)}
    return {"markers": markers, "prefix": [markers["[gMASK]"], markers["sop"]]}


def _baichuan_extras(folder: Path, size: int) -> dict[str, Any]:
    settings = _settings(folder, "generation_config.json")
    return {
        "markers": {name: int(settings.get(key, usual)) for name, (key, usual) in _BAICHUAN_TURNS.items()}
    }


def _added_tokens(folder: Path, settings: dict[str, Any]) -> dict[str, int]:
    """Tokens after the vocabulary, from either of the files that may name them."""
    declared = settings.get("added_tokens_decoder") or {}
    decoder = {str(entry["content"]): int(token) for token, entry in declared.items()}
    return {name: int(token) for name, token in _settings(folder, "added_tokens.json").items()} | decoder


def _settings(folder: Path, name: str) -> dict[str, Any]:
    return read_json(folder / name) if (folder / name).is_file() else {}


def load_network(
    folder: Path, *, dtype: torch.dtype, devices: Sequence[torch.device], quantization: str
) -> Any:
    """The network in evaluation mode, its own generation defaults emptied.

    Args:
        folder: The checkpoint; an architecture of our own is converted first.
        dtype: What is computed in.
        devices: Where it goes; its layers are spread over several.
        quantization: As `choose_quantization` says.

    Raises:
        ModelError: The files do not hold what the architecture needs, or too little of it was packed.
    """
    folder = runnable_folder(folder)
    config = read_json(folder / "config.json")
    if config.get("model_type") == "mixtral" and quantization == "nf4" and not is_stored_quantized(folder):
        from def_sim.engines.local.loading.mixtral import load_packed_mixtral

        network = load_packed_mixtral(folder, dtype, devices)
    else:
        network = _from_pretrained(folder, config, dtype, devices, quantization)
    network.generation_config = _no_settings()
    if quantization != "none":
        check_packed(network, quantization)
    return network.eval()


def _from_pretrained(
    folder: Path,
    config: dict[str, Any],
    dtype: torch.dtype,
    devices: Sequence[torch.device],
    quantization: str,
) -> Any:
    for path in weight_files(folder):
        with open_tensors(path):  # damaged, or holding code: said in our words before anything is loaded
            pass
    network, report = _class(config).from_pretrained(
        folder,
        dtype=dtype,
        # Of every part torch's own attention where it has that, which Gemma 2 has not, else the plain one;
        # said in any case, because config.json may name a kernel that is not installed here.
        attn_implementation=None,
        device_map=_device_map(folder, config, devices, quantization),
        generation_config=_no_settings(),
        local_files_only=True,
        trust_remote_code=False,
        weights_only=True,
        output_loading_info=True,
        **({} if is_stored_quantized(folder) else _bitsandbytes(quantization, dtype)),
    )
    missing = sorted(report["missing_keys"])
    if missing:
        raise ModelError(
            f"{folder} lacks {len(missing)} tensors of its architecture, the first is {missing[0]!r}.",
            fix=f"{DOWNLOAD_AGAIN} If it is whole, its config.json is another model's.",
        )
    return network


def _device_map(
    folder: Path, config: dict[str, Any], devices: Sequence[torch.device], quantization: str
) -> dict[str, torch.device] | None:
    """Where each module goes; None: nothing is to be moved."""
    if len(devices) > 1:
        return spread(_without_weights(folder, config), devices)
    [device] = devices
    return None if device.type == "cpu" and quantization == "none" else {"": device}


def _without_weights(folder: Path, config: dict[str, Any]) -> Any:
    network_class = _class(config)
    with torch.device("meta"):
        if network_class is AutoModelForCausalLM:
            settings = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
            return AutoModelForCausalLM.from_config(settings, trust_remote_code=False)
        return network_class(network_class.config_class.from_pretrained(folder, local_files_only=True))


def _no_settings() -> Any:
    make_settings: Any = GenerationConfig  # untyped upstream
    return make_settings()


def _class(config: dict[str, Any]) -> Any:
    from def_sim.engines.local.loading.native import baichuan2

    if config.get("architectures") == [baichuan2.ARCHITECTURE]:
        return baichuan2.Baichuan2ForCausalLM
    return AutoModelForCausalLM


def _bitsandbytes(quantization: str, dtype: torch.dtype) -> dict[str, Any]:
    """How to pack while loading; empty where nothing is. Given as None it would undo what is stored."""
    # It logs at every step that int8 computes in float16, which is how int8 works.
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    make_settings: Any = BitsAndBytesConfig  # untyped upstream
    if quantization == "int8":
        return {"quantization_config": make_settings(load_in_8bit=True)}
    if quantization == "nf4":
        settings = make_settings(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=dtype,
        )
        return {"quantization_config": settings}
    return {}
