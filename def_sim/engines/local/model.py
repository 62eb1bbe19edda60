"""A checkpoint loaded into memory: requests in, completions out, one batch at a time.

The only module that loads a model. It does not queue, wait or decide what shares a batch
(`worker.py`, `batching.py`), and it runs no code that came with the checkpoint.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import torch
import transformers
from transformers.utils import logging as transformers_logging

from def_sim.answers.reading.sections import through_first_sentence
from def_sim.engines.local.batches.batching import BatchTooLargeError
from def_sim.engines.local.batches.generation import SpecialTokens, generate_batch
from def_sim.engines.local.checkpoints.json_files import read_json, token_ids
from def_sim.engines.local.loading.networks import cannot_load, load_network, load_tokenizer
from def_sim.engines.local.loading.packing import network_facts
from def_sim.engines.local.loading.placement import find_devices
from def_sim.engines.local.loading.precision import choose_precision
from def_sim.engines.local.loading.quantization import (
    choose_quantization,
    estimated_parameters,
    loaded_bytes,
)
from def_sim.engines.local.loading.unpacking import unpack_linear_layers
from def_sim.engines.local.prompts.chat_format import PromptFormat
from def_sim.engines.local.prompts.thoughts import part
from def_sim.engines.local.prompts.turn_ends import names_of
from def_sim.engines.local.prompts.written_text import WrittenText
from def_sim.engines.local.scheduling.device_failures import is_out_of_memory
from def_sim.engines.local.scheduling.runner import Prompt
from def_sim.engines.local.settings import EngineSettings
from def_sim.errors import EngineError, ModelError
from def_sim.records import AnswerMode, Completion, FinishReason, Request, StopAfter

# Below this many parameters an operation is over before a second thread has begun, and on a
# busy machine threads that wait for each other made a small model five times slower.
_SMALL_MODEL: Final = 100_000_000


class LocalModel:
    """Model and tokenizer of one folder, on one device.

    Args:
        folder: A checkpoint that `check_checkpoint` has accepted.
        settings: Of the engine; its path is not looked at.

    Attributes:
        devices: Where it is; its layers one after another if there are several.
        device: The first of them, which has its inputs and outputs.
        dtype: What its weights are.
        special: Begin, stop and pad tokens.
        network: The transformers model, in evaluation mode.

    Raises:
        ModelError: transformers cannot load it, the device is not there, or it is too small.
    """

    def __init__(self, folder: Path, settings: EngineSettings) -> None:
        self.devices = find_devices(settings.device)
        self.device = self.devices[0]
        precision = choose_precision(settings.dtype, self.device)
        self.dtype, self._precision_note = precision.dtype, precision.note
        self.quantization = choose_quantization(
            settings.quantization, folder, quantize_above=settings.quantize_above
        )
        self._tokenizer = load_tokenizer(folder, settings.prompt_style)
        self.network = _load_weights(folder, self.dtype, self.devices, self.quantization)
        self._as_loaded = network_facts(self.network, self.quantization)
        self._unpacked_bytes = 0
        _use_threads(settings.num_threads, self.network.num_parameters())
        text_config = self.network.config.get_text_config(decoder=True)
        longest = getattr(text_config, "max_position_embeddings", None)
        declared = special_tokens(folder, self._tokenizer)
        self._format = PromptFormat(
            self._tokenizer,
            style=settings.prompt_style,
            max_positions=longest,
            arguments=settings.arguments_of_template,
            declared_ends=declared.stop,
        )
        stops = dict.fromkeys((*declared.stop, *self._format.turn_ends))
        self.special = replace(declared, stop=tuple(stops))
        self._text = WrittenText(self._tokenizer, self.special.stop)

    def prompt(self, request: Request) -> Prompt:
        """The request with the token ids that the model will read.

        Raises:
            EngineError: Turns the template refuses, or too long.
        """
        if request.mode is not AnswerMode.FREE:
            return Prompt(request, *self._format.code_token_ids(request))
        token_ids = self._format.token_ids(request)
        if not token_ids:
            raise EngineError(f"{request.key}: the prompt is empty.")
        decoding = request.decoding
        # With beams the sentence that wins is known only at the end: it is written whole and cut later.
        can_stop = decoding.stop_after is StopAfter.FIRST_SENTENCE and decoding.num_beams == 1
        opening = self._format.opening(request)
        is_over = partial(self._is_over, opening) if can_stop else None
        return Prompt(request, token_ids, is_over=is_over, opening=opening)

    def _is_over(self, opening: str, answer: Sequence[int]) -> bool:
        """True if the first sentence of an answer's explanation is written; thoughts do not count."""
        parted = part(self._text(answer), opening)
        return not parted.is_open and through_first_sentence(parted.answer) is not None

    def complete(self, batch: Sequence[Prompt]) -> list[Completion | EngineError]:
        """Completions of a batch in its order; an error stands where one request alone failed.

        Raises:
            BatchTooLargeError: Not enough memory for that many rows.
            EngineError: The batch as a whole failed.
        """
        try:
            answers = generate_batch(
                self.network,
                self.special,
                [prompt.request for prompt in batch],
                [prompt.token_ids for prompt in batch],
            )
        except (RuntimeError, ValueError, IndexError) as error:
            # What torch and transformers raise: kernels, shapes, a row that cannot be drawn from.
            failure = self._named(error, batch)
        else:
            return [
                answer
                if isinstance(answer, EngineError)
                else self.completion(prompt, answer.token_ids, has_stopped=answer.has_stopped)
                for prompt, answer in zip(batch, answers, strict=True)
            ]
        # Raised out here because an error in flight keeps the frames, and with them the memory,
        # of what failed: a retry with fewer rows would find nothing freed.
        self._release_cached_memory()
        raise failure

    def unpack(self, *, most_bytes: int) -> None:
        """Unpacks 4-bit matrices on the device if they then take so many bytes at most."""
        self._unpacked_bytes = unpack_linear_layers(self.network, most_bytes=most_bytes)
        self._release_cached_memory()

    def close(self) -> None:
        """Gives the weights back; the object is of no use afterwards."""
        del self.network
        self._release_cached_memory()

    def _release_cached_memory(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    @property
    def _where(self) -> str:
        return ", ".join(map(str, self.devices))

    def facts(self) -> dict[str, object]:
        """What of the machine and its libraries may change an answer, for the manifest."""
        return {
            "device": self._where,
            "device_name": ", ".join(_device_name(device) for device in self.devices),
            "dtype": str(self.dtype).removeprefix("torch."),
            **({"dtype_note": self._precision_note} if self._precision_note else {}),
            **self._as_loaded,
            **({"unpacked_bytes": self._unpacked_bytes} if self._unpacked_bytes else {}),
            **self._format.facts(),
            "stop_tokens": names_of(self._tokenizer, self.special.stop),
            "num_threads": torch.get_num_threads(),
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            # In 16 bit the rounding of a row depends on the shape of its batch.
            "tokens_depend_on_batch": self.dtype is not torch.float32,
            "beam_candidate_order": "by score, as in transformers 4",
        }

    def completion(self, prompt: Prompt, token_ids: Sequence[int], *, has_stopped: bool) -> Completion:
        """An answer's tokens as text, apart from what was thought before.

        Args:
            prompt: What was asked.
            token_ids: The answer, up to and with the stop token if one came.
            has_stopped: One came.
        """
        parted = part(self._text(token_ids), prompt.opening)
        return Completion(
            text=parted.answer,
            reasoning=parted.reasoning,
            finish_reason=FinishReason.STOP if has_stopped else FinishReason.LENGTH,
            num_prompt_tokens=len(prompt.token_ids),
            num_generated_tokens=len(token_ids),
        )

    def _named(self, error: Exception, batch: Sequence[Prompt]) -> EngineError:
        if is_out_of_memory(error):
            longest = max(len(prompt.token_ids) for prompt in batch)
            return BatchTooLargeError(
                f"Not enough memory on {self._where} for {len(batch)} prompts of up to {longest} tokens.",
                fix="Lower decoding.max_num_beams, decoding.max_new_tokens or memory.max_capacity, or use "
                "`model.engine.dtype=bfloat16`.",
            )
        return EngineError(f"The model failed on a batch of {len(batch)}: {type(error).__name__}: {error}")


def special_tokens(folder: Path, tokenizer: Any) -> SpecialTokens:
    """Begin, stop and pad tokens: of generation_config.json, else config.json, else the tokenizer.

    The tokenizer's own end stops a text, too, whatever the files name. Nothing else is taken from
    generation_config.json: decoding is the respondent's.

    Raises:
        ModelError: A file names something else than tokens.
    """
    settings = [read_json(folder / "config.json")]
    if (folder / "generation_config.json").is_file():
        settings.insert(0, read_json(folder / "generation_config.json"))

    def of_tokenizer(name: str) -> tuple[int, ...]:
        found = getattr(tokenizer, name, None)
        return () if found is None else (int(found),)

    def named(name: str) -> tuple[int, ...]:
        declared = (token_ids(setting, name) for setting in settings if setting.get(name) is not None)
        return next(declared, of_tokenizer(name))

    stops, pads, begins = (named(f"{name}_token_id") for name in ("eos", "pad", "bos"))
    if not pads or pads[0] < 0:  # padding is masked, so any token will do
        pads = stops or (0,)
    ends = dict.fromkeys((*stops, *of_tokenizer("eos_token_id")))
    return SpecialTokens(stop=tuple(ends), pad=pads[0], begin=begins[0] if begins else None)


def _device_name(device: torch.device) -> str:
    return str(torch.cuda.get_device_name(device)) if device.type == "cuda" else "cpu"


def _load_weights(
    folder: Path, dtype: torch.dtype, devices: Sequence[torch.device], quantization: str
) -> Any:
    """The network of a checkpoint; what goes wrong is said with what to do."""
    bars: Any = transformers_logging  # untyped upstream
    shows_bars = bars.is_progress_bar_enabled()
    bars.disable_progress_bar()  # the interview draws its own
    try:
        return load_network(folder, dtype=dtype, devices=devices, quantization=quantization)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, ImportError, RuntimeError) as error:
        if is_out_of_memory(error):
            raise _does_not_fit(folder, devices, quantization) from error
        raise cannot_load("weights", folder, error) from error
    finally:
        if shows_bars:
            bars.enable_progress_bar()


def _does_not_fit(folder: Path, devices: Sequence[torch.device], quantization: str) -> ModelError:
    parameters = estimated_parameters(folder)
    needed = {name: loaded_bytes(parameters, name) / 1e9 for name in (quantization, "nf4")}
    ways = []
    if quantization == "none":
        ways.append(f"`model.engine.quantization=nf4` (about {needed['nf4']:.0f} GB)")
    if len(devices) == 1 and torch.cuda.device_count() > 1:
        ways.append(f"`model.engine.device=split` (all {torch.cuda.device_count()} GPUs)")
    return ModelError(
        f"The weights of {folder} (about {needed[quantization]:.0f} GB with quantization={quantization}) "
        f"do not fit into the memory of {', '.join(map(str, devices))}.",
        fix=f"Use {', '.join([*ways, 'a smaller model'])}, or a device with more memory.",
    )


def _use_threads(num_threads: int | None, num_parameters: int) -> None:
    """Sets the CPU threads of one operation, for the calling thread and those it starts later."""
    if num_threads is not None:
        torch.set_num_threads(num_threads)
    elif num_parameters < _SMALL_MODEL:
        torch.set_num_threads(1)
