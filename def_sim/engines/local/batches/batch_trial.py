"""Does `generate()` compute what the model computes, beside a longer prompt, too? Found out by trying.

Prompts of a batch are filled up on the left to the longest. Some classes count that filling as positions, or
take it into their state: their answers would depend on who is asked beside them. Such a model gets prompts of
one length at a time. A class that cannot generate at all is refused before the first question.
"""

import logging
from typing import Any, Final

import torch
from torch import Tensor

from def_sim.engines.local.scheduling.device_failures import is_out_of_memory
from def_sim.engines.local.slots.slot_trial import difference, trial_tokens
from def_sim.errors import ModelError

_NUM_LEFT_OUT: Final = 5  # tokens that the shorter prompt of the trial lacks
_NUM_STEPS: Final = 2  # the second goes through the cache

_log = logging.getLogger(__name__)


def bears_padding(network: Any, pad: int) -> bool:
    """True if a prompt may be filled up on the left without a change of its logits.

    Args:
        network: A transformers causal language model in evaluation mode.
        pad: Token to fill up with.

    Raises:
        ModelError: `generate()` fails, or continues a text otherwise than the model itself.
    """
    longer = trial_tokens(network)
    shorter = longer[_NUM_LEFT_OUT:]
    filled = torch.cat([longer.new_full((_NUM_LEFT_OUT,), pad), shorter])
    seen = torch.ones_like(torch.stack([filled, longer]))
    seen[0, :_NUM_LEFT_OUT] = 0
    with torch.inference_mode():
        try:
            alone, written = _generated(network, shorter[None], seen[:1, _NUM_LEFT_OUT:])
            whole = network(input_ids=torch.cat([shorter, written[0, -_NUM_STEPS:-1]])[None], use_cache=False)
        except Exception as error:  # whatever a class may raise that is not made for this
            if is_out_of_memory(error):
                raise _does_not_fit() from error
            raise _cannot_generate(network, f"it fails ({_kind_of(error)})") from error
        if difference(alone[0], whole.logits[0, -_NUM_STEPS:].float(), network.dtype) is not None:
            raise _cannot_generate(network, "its logits are not those of the whole text")
        try:
            beside, _ = _generated(network, torch.stack([filled, longer]), seen)
        except Exception as error:  # as above
            _log.debug("The trial in a batch failed.", exc_info=error)
            return False
    return difference(beside[0, :1], alone[0, :1], network.dtype) is None


def _generated(network: Any, tokens: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
    """Logits of the next tokens, shape (N, steps, V); prompts and what was written, shape (N, T + steps)."""
    output = network.generate(
        input_ids=tokens,
        attention_mask=seen,
        max_new_tokens=_NUM_STEPS,
        min_new_tokens=_NUM_STEPS,
        do_sample=False,
        return_dict_in_generate=True,
        output_logits=True,
    )
    return torch.stack(output.logits, dim=1).float(), output.sequences


def _cannot_generate(network: Any, what: str) -> ModelError:
    return ModelError(
        f"transformers has a class for this model ({type(network).__name__}), but in its generate() {what}.",
        fix="Use another model, or a server that runs this one: `model=server`.",
    )


def _does_not_fit() -> ModelError:
    return ModelError(
        "The weights fit into the device, but a prompt of a few tokens beside them does not.",
        fix="Use 4 bit (`model.engine.quantization=nf4`), a smaller model, or a larger device.",
    )


def _kind_of(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
