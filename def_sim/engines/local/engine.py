"""The local engine: a checkpoint on this machine behind the contract of all engines.

Its constructor is its configuration. It is cheap and imports neither torch nor transformers;
the model loads in the worker's thread at `start()` or with the first request.
"""

import asyncio
from typing import Final

from def_sim.engines.local.checkpoint import (
    check_checkpoint,
    checkpoint_identity,
    find_checkpoint,
)
from def_sim.engines.local.weight_files import num_parameters, weight_bytes
from def_sim.engines.local.worker import BatchModel, BatchWorker
from def_sim.errors import ConfigError, EngineError, ModelError
from def_sim.records import Capabilities, Completion, Request

_PROMPT_STYLES: Final = ("chat", "text")
_DTYPES: Final = ("auto", "float32", "bfloat16", "float16")


class LocalEngine:
    """Answers with a transformers checkpoint, batching what waits.

    In float32 a request's tokens are the same alone, in any batch and in any order. In 16 bit
    rounding depends on the shape of the batch; the noise does not (`tokens_depend_on_batch` of `describe()`).

    Args:
        path: Folder of the checkpoint, or a hub id that lies in the local hub cache.
        revision: Commit of the hub id; not used for a folder.
        dtype: "auto" (bfloat16 on a GPU, float32 on the CPU), "float32", "bfloat16" or "float16".
        device: "auto" (the first GPU, else the CPU), "cpu", "cuda", "cuda:1", ...
        prompt_style: "chat" (the checkpoint's chat template) or "text" (base models).
        max_batch_rows: Most rows in one batch; a beam is a row. Halved when memory runs out.
        num_threads: CPU threads of one operation, for the whole process; None is one for models
            below 100 million parameters, else torch's own choice.
        quantization: "none"; this version has no other.

    Raises:
        ConfigError: A value that is none of the above.
        ModelError: A quantization.
    """

    def __init__(
        self,
        path: str,
        *,
        revision: str | None = None,
        dtype: str = "auto",
        device: str = "auto",
        prompt_style: str = "chat",
        max_batch_rows: int = 32,
        num_threads: int | None = None,
        quantization: str = "none",
    ) -> None:
        _check_choice("dtype", dtype, _DTYPES)
        _check_choice("prompt_style", prompt_style, _PROMPT_STYLES)
        _check_positive("max_batch_rows", max_batch_rows)
        if num_threads is not None:
            _check_positive("num_threads", num_threads)
        if quantization != "none":
            raise ModelError(
                f"model.engine.quantization={quantization} is not in this version.",
                fix="Use `model.engine.quantization=none` with `model.engine.dtype=bfloat16`.",
            )
        self._path = path
        self._revision = revision
        self._dtype = dtype
        self._device = device
        self._prompt_style = prompt_style
        self._max_batch_rows = max_batch_rows
        self._num_threads = num_threads
        self._worker: BatchWorker | None = None
        self._is_closed = False

    @property
    def capabilities(self) -> Capabilities:
        """Beams with sampling, exactly addressed noise, top_k; free text only."""
        return Capabilities(beams="beam-sample", seed="exact", top_k=True)

    def check(self) -> None:
        """Makes sure, without loading anything, that the checkpoint is here and whole.

        Raises:
            ModelError: Weights, tokenizer or chat template are missing; says what to do.
        """
        folder = find_checkpoint(self._path, self._revision)
        check_checkpoint(folder, needs_chat_template=self._prompt_style == "chat")

    def describe(self) -> dict[str, object]:
        """What was run, for the manifest; after `start()` with device, dtype and library versions too.

        Raises:
            ModelError: The checkpoint is not on this machine, or not whole.
        """
        folder = find_checkpoint(self._path, self._revision)
        facts: dict[str, object] = {
            "engine": "local",
            "path": self._path,
            "revision": self._revision,
            "prompt_style": self._prompt_style,
            "quantization": "none",
            "stored_parameters": num_parameters(folder),
            "weight_bytes": weight_bytes(folder),
            "identity": checkpoint_identity(folder),
        }
        if self._worker is not None and self._worker.loaded.done():
            facts.update(self._worker.loaded.result())
        return facts

    async def start(self) -> None:
        """Loads the model, once; later calls wait for it or return at once.

        Raises:
            ModelError: The checkpoint is missing, incomplete, of the wrong kind or too large.
            EngineError: The engine is closed.
        """
        if self._is_closed:
            raise EngineError("The engine is closed.", retryable=True)
        if self._worker is None:
            self._worker = BatchWorker(self._load, max_rows=self._max_batch_rows)
        await asyncio.wrap_future(self._worker.loaded)

    async def submit(self, request: Request) -> Completion:
        """Answers a request; it waits and is batched with others in the meantime.

        Raises:
            EngineError: This request failed, or the engine is closed.
            ModelError: As for `start()`.
        """
        await self.start()
        assert self._worker is not None
        return await asyncio.wrap_future(self._worker.put(request))

    async def close(self) -> None:
        """Ends the worker and frees the model; requests that still wait fail. Twice is harmless."""
        was_closed, self._is_closed = self._is_closed, True
        if self._worker is not None and not was_closed:
            await asyncio.to_thread(self._worker.close)

    def _load(self) -> BatchModel:
        """Runs in the worker's thread: the only place from which torch is imported."""
        self.check()
        folder = find_checkpoint(self._path, self._revision)
        from def_sim.engines.local.model import LocalModel

        return LocalModel(
            folder,
            dtype=self._dtype,
            device=self._device,
            prompt_style=self._prompt_style,
            num_threads=self._num_threads,
        )


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ConfigError(
            f"model.engine.{name}={value!r} is none of {', '.join(choices)}.", fix="Choose one of these."
        )


def _check_positive(name: str, value: int) -> None:
    if value < 1:
        raise ConfigError(f"model.engine.{name}={value} must be at least 1.", fix="Give a larger number.")
