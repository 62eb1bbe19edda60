"""The local engine: a checkpoint on this machine behind the contract of all engines.

Its constructor is its configuration. It is cheap and imports neither torch nor transformers;
the model loads in the worker's thread at `start()` or with the first request.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from def_sim.engines.local.checkpoints.checkpoint import (
    check_checkpoint,
    checkpoint_identity,
    find_checkpoint,
)
from def_sim.engines.local.checkpoints.weight_files import num_parameters, weight_bytes
from def_sim.engines.local.loading.quantization import QUANTIZE_ABOVE, choose_quantization
from def_sim.engines.local.model_processes import ModelProcesses, most_processes
from def_sim.engines.local.opening import check_template_of
from def_sim.engines.local.settings import DTYPES, EngineSettings
from def_sim.engines.local.shared_worker import borrow, give_back_aside
from def_sim.engines.shared.notices import Notices
from def_sim.errors import EngineError
from def_sim.records import Capabilities, Completion, Request


class LocalEngine:
    """Answers with a transformers checkpoint, batching what waits.

    In float32 a request's tokens are the same alone, in any batch and in any order. In 16 bit
    rounding depends on the shape of the batch; the noise does not (`tokens_depend_on_batch` of `describe()`).

    Args:
        path: Folder of the checkpoint, a GGUF file, or a hub id that lies in the local hub cache.
        revision: Commit of the hub id; not used for a folder.
        dtype: "float32", "bfloat16", "float16", or "auto": 16 bit on a GPU, on a CPU float32 unless bfloat16
            is shown to be no slower there.
        device: "auto" (the first GPU, else the CPU), "cpu", "cuda", "cuda:1", ..., or "split": the layers
            spread over all GPUs, for a model that does not fit one.
        prompt_style: "chat" (the checkpoint's chat template), "text" (base models), or a style of ours
            for chat models without a template.
        max_batch_rows: Most rows written at once, fewer when memory runs out; a beam is a row; from 1.
        num_threads: CPU threads of one operation, for the whole process; None is one for models
            below 100 million parameters, else torch's own choice; from 1.
        quantization: "none", "nf4", "int8", "gptq", or "auto": as the checkpoint is stored, and in 16 bit
            nf4 above `quantize_above` parameters.
        quantize_above: Parameters above which `quantization` "auto" packs in 4 bit; from 1.
        loop: "auto" (slots where the model can), "slots", or "generate" (batches).
        reuses_prefixes: In slots, a respondent's next prompt is read from where it differs from its last.
        deterministic: Steps of one shape: batch-invariant in 16 bit, too; slower.
        num_processes: Most processes that answer, each with the model in its memory: on a CPU and where
            tokens do not depend on the batch. None is one a core, but at most four,
            for models below 100 million parameters, else one; from 1.
        template_arguments: What the chat template is given beside the turns (`{enable_thinking: false}`).

    Raises:
        ConfigError: A value that is none of the above.
    """

    def __init__(
        self,
        path: str,
        *,
        revision: str | None = None,
        dtype: str = "auto",
        device: str = "auto",
        prompt_style: str = "chat",
        max_batch_rows: int = 256,
        num_threads: int | None = None,
        quantization: str = "none",
        quantize_above: int = QUANTIZE_ABOVE,
        loop: str = "auto",
        reuses_prefixes: bool = True,
        deterministic: bool = False,
        num_processes: int | None = None,
        template_arguments: Mapping[str, Any] | None = None,
    ) -> None:
        self._settings = EngineSettings(
            path,
            revision=revision,
            dtype=dtype,
            device=device,
            prompt_style=prompt_style,
            max_batch_rows=max_batch_rows,
            num_threads=num_threads,
            quantization=quantization,
            quantize_above=quantize_above,
            loop=loop,
            reuses_prefixes=reuses_prefixes,
            deterministic=deterministic,
            num_processes=num_processes,
            template_arguments=json.dumps(template_arguments or {}, sort_keys=True),
        )
        self._worker: ModelProcesses | None = None
        self._num_expected = 0
        self._work_before: dict[str, int] = {}
        self._is_closed = False
        self.notices = Notices()

    @property
    def capabilities(self) -> Capabilities:
        """Beams with sampling, exactly addressed noise, top_k; option codes scored where there are slots.

        Codes are not scored inside a thought that the prompt opened and that we cannot close. Whether a
        model has slots is known once it is loaded; before that "auto" says that it has.
        """
        facts = self._loaded_facts()
        has_slots = not str(facts.get("loop", self._settings.loop)).startswith("generate")
        can_close = "opens_thought" not in facts or facts["closes_thought"] is not None
        scores = has_slots and can_close
        return Capabilities(
            beams="beam-sample", seed="exact", top_k=True, probabilities=scores, constrained=scores
        )

    def check(self) -> None:
        """Makes sure, without loading anything, that the checkpoint is here and whole, and the device there.

        Raises:
            ModelError: As for `check_files`, or this machine has no such device; says what to do.
        """
        self.check_files()
        if self._settings.device not in ("auto", "cpu"):
            from def_sim.engines.local.loading.placement import find_devices  # torch, which knows of GPUs

            find_devices(self._settings.device)

    def check_files(self) -> None:
        """Makes sure that the checkpoint is here and whole, whatever machine this is.

        Raises:
            ModelError: Weights, tokenizer or chat template are missing, the template does not write
                conversations within its limits, or the checkpoint cannot be loaded in that quantization;
                says what to do.
            ConfigError: An argument that the chat template does not use.
        """
        folder = find_checkpoint(self._settings.path, self._settings.revision)
        check_checkpoint(folder, needs_chat_template=self._settings.prompt_style == "chat")
        check_template_of(folder, self._settings)
        self._chosen_quantization(folder)

    @property
    def dtype(self) -> str:
        """The type that was asked for, or that a run goes on in."""
        return self._settings.dtype

    def go_on_in(self, dtype: str) -> None:
        """Takes the type that a run's stored answers were given in, where "auto" leaves it open."""
        if self._settings.dtype == "auto" and dtype in DTYPES:
            self._settings = replace(self._settings, dtype=dtype)

    def expect(self, num_requests: int) -> None:
        """Told before `start()` how many requests are likely: with many, further processes start at once."""
        self._num_expected = num_requests

    @property
    def work(self) -> dict[str, int]:
        """What this engine has done so far, in tokens and steps; empty before the first."""
        now = {} if self._worker is None else self._worker.work
        return {name: count - self._work_before.get(name, 0) for name, count in now.items()}

    def describe(self) -> dict[str, object]:
        """What was run, for the manifest; after `start()` with device, dtype and library versions too.

        Raises:
            ModelError: The checkpoint is not on this machine, or not whole.
        """
        folder = find_checkpoint(self._settings.path, self._settings.revision)
        facts: dict[str, object] = {
            "engine": "local",
            "path": self._settings.path,
            "revision": self._settings.revision,
            "prompt_style": self._settings.prompt_style,
            "quantization": self._chosen_quantization(folder),
            "stored_parameters": num_parameters(folder),
            "weight_bytes": weight_bytes(folder),
            "identity": self._identity(folder),
        }
        return facts | self._loaded_facts()

    def _loaded_facts(self) -> dict[str, object]:
        """What the loaded model says of itself; empty before."""
        if self._worker is None or not self._worker.loaded.done():
            return {}
        return self._worker.loaded.result()

    def _chosen_quantization(self, folder: Path) -> str:
        return choose_quantization(
            self._settings.quantization, folder, quantize_above=self._settings.quantize_above
        )

    def _identity(self, folder: Path) -> dict[str, str]:
        """What names the run; "auto" is named by what it chose."""
        identity = checkpoint_identity(folder, prompt_style=self._settings.prompt_style)
        if self._settings.quantization == "auto":
            identity["quantization"] = self._chosen_quantization(folder)
        return identity

    async def start(self) -> None:
        """Loads the model, once; later calls wait for it or return at once.

        Raises:
            ModelError: The checkpoint is missing, incomplete, of the wrong kind or too large.
            EngineError: The engine is closed.
        """
        if self._is_closed:
            raise EngineError("The engine is closed.", retryable=True)
        if self._worker is None:
            self._worker = borrow(self._settings, self._new_processes)
            self._worker.notices = self.notices
            self._work_before = dict(self._worker.work)
        if self._num_expected:
            self._worker.expect(self._num_expected)
            self._num_expected = 0
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
            await give_back_aside(self._settings, self._worker)

    def _new_processes(self) -> ModelProcesses:
        folder = find_checkpoint(self._settings.path, self._settings.revision)
        return ModelProcesses(
            self._settings, most_processes(self._settings, num_parameters(folder)), self.notices
        )
