"""The slot loop as the worker sees it: requests to prompts, sequences to completions, failures to words."""

from dataclasses import asdict
from math import isfinite

from def_sim.engines.local.model import LocalModel
from def_sim.engines.local.paged.paged_loop import PagedLoop
from def_sim.engines.local.paged.paged_sequence import PagedSequence
from def_sim.engines.local.sampling.option_codes import choose_code
from def_sim.engines.local.scheduling.device_failures import is_lost, is_out_of_memory
from def_sim.engines.local.scheduling.runner import Ended, Prompt
from def_sim.engines.local.scheduling.schedule import does_not_fit
from def_sim.engines.local.slots.slot_loop import SlotLoop
from def_sim.engines.local.slots.slot_sequence import SlotSequence
from def_sim.errors import EngineError
from def_sim.records import AnswerMode, Completion, FinishReason, Request


class SlotRunner:
    """A runner whose step is one step of the slot loop.

    Args:
        model: Model and tokenizer.
        loop: The loop over that model, in slots or in pages.
        why_not_paged: Why a model on a GPU has slots and no pages.
    """

    def __init__(
        self, model: LocalModel, loop: SlotLoop | PagedLoop, *, why_not_paged: str | None = None
    ) -> None:
        self._model = model
        self._loop = loop
        self._why_not_paged = why_not_paged

    def prompt(self, request: Request) -> Prompt:
        """See `Runner`."""
        return self._model.prompt(request)

    def add(self, ticket: int, prompt: Prompt) -> None:
        """See `Runner`."""
        self._loop.add(ticket, prompt)

    def cancel(self, ticket: int) -> None:
        """See `Runner`."""
        self._loop.schedule.cancel(ticket)

    @property
    def has_work(self) -> bool:
        """See `Runner`."""
        return self._loop.has_work

    def step(self) -> list[Ended]:
        """One step; if it fails, nothing is lost and fewer run in the next.

        Raises:
            EngineError: The device itself has failed; nothing more can be run in this process.
        """
        try:
            return [self._ended(sequence, error) for sequence, error in self._loop.step()]
        except (RuntimeError, ValueError, IndexError) as error:
            if is_lost(error):
                raise EngineError(
                    f"The device failed: {str(error).splitlines()[0]}",
                    fix="Run the same command again: it goes on where it stopped. If it fails again, use "
                    "`model.engine.loop=generate` and report it.",
                    retryable=True,
                ) from error
            # What torch and transformers raise: memory, kernels, shapes.
            reason, is_memory = f"{type(error).__name__}: {error}", is_out_of_memory(error)
        # Out here, because an error in flight keeps the frames, and with them the memory, of what failed.
        schedule = self._loop.schedule
        failed = schedule.shrink() if is_memory else schedule.isolate()
        if failed is None:
            return []
        if is_memory:
            return [(failed.ticket, does_not_fit(failed.prompt))]
        return [(failed.ticket, EngineError(f"{failed.prompt.request.key}: the model failed: {reason}"))]

    def facts(self) -> dict[str, object]:
        """See `Runner`."""
        facts = self._model.facts()
        is_fixed = self._loop.fixed_rows is not None
        return {
            **facts,
            "loop": "slots",
            **self._loop.facts,
            **({} if self._why_not_paged is None else {"why_not_paged": self._why_not_paged}),
            "reuses_prefixes": self._loop.reuses_prefixes,
            "tokens_depend_on_batch": bool(facts["tokens_depend_on_batch"]) and not is_fixed,
        }

    def work(self) -> dict[str, int]:
        """See `Runner`."""
        return asdict(self._loop.work)

    def close(self) -> None:
        """See `Runner`."""
        self._loop.close()
        self._model.close()

    def _ended(self, sequence: SlotSequence | PagedSequence, error: EngineError | None) -> Ended:
        if error is not None:
            return sequence.ticket, error
        if sequence.prompt.codes is not None:
            return sequence.ticket, _of_codes(sequence)
        assert sequence.text.answer is not None
        return sequence.ticket, self._model.completion(
            sequence.prompt, sequence.text.answer, has_stopped=sequence.text.has_stopped
        )


def _of_codes(sequence: SlotSequence | PagedSequence) -> Completion | EngineError:
    """The answer where only option codes may be given."""
    request, probabilities = sequence.prompt.request, sequence.text.code_probabilities
    if not all(map(isfinite, probabilities.values())):
        return EngineError(f"{request.key}: the model gives none of the option codes any probability.")
    code = choose_code(probabilities, request.decoding, sequence.text.noise_key)
    assert sequence.prompt.codes is not None
    return Completion(
        text=f"{request.answer_anchor} {code}",
        finish_reason=FinishReason.STOP,
        num_prompt_tokens=len(sequence.prompt.token_ids),
        num_generated_tokens=len(sequence.prompt.codes[code]),
        option_probabilities=probabilities if request.mode is AnswerMode.PROBABILITIES else None,
    )
