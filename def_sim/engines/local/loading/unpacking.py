"""4-bit weights as the 16-bit numbers that they stand for, on a device that has room for them.

bitsandbytes unpacks a matrix each time more than one row is multiplied with it: in a step of a 13B model
26 GB are written and read again beside the 7 GB that are stored. Unpacked once, the same numbers are
multiplied; what the study's rule of 4 bit means for an answer stays, and what it saves is given up
where nobody needs it.
"""

from typing import Any

import torch
from torch import nn

_PACKED = "Linear4bit"  # bitsandbytes' class; by name, so that nothing imports it where nothing is packed


def unpack_linear_layers(network: Any, *, most_bytes: int) -> int:
    """Puts plain linear layers in the place of 4-bit ones; all of them or none.

    Args:
        network: A loaded model; experts that are packed together stay as they are.
        most_bytes: Nothing is done if the unpacked matrices would take more.

    Returns:
        Bytes of the unpacked matrices; 0: nothing was done.
    """
    packed = {name: module for name, module in network.named_modules() if type(module).__name__ == _PACKED}
    num_weights = sum(int(module.weight.quant_state.shape.numel()) for module in packed.values())
    num_bytes = num_weights * torch.finfo(network.dtype).bits // 8
    if num_bytes == 0 or num_bytes > most_bytes:
        return 0
    for name, module in packed.items():
        parent, _, child = name.rpartition(".")
        setattr(network.get_submodule(parent), child, _unpacked(module, network.dtype))
    return num_bytes


def _unpacked(module: Any, dtype: torch.dtype) -> nn.Linear:
    from bitsandbytes.functional import dequantize_4bit

    with torch.device("meta"):
        linear = nn.Linear(module.in_features, module.out_features, bias=module.bias is not None)
    weight = dequantize_4bit(module.weight.data, module.weight.quant_state).to(dtype)
    linear.weight = nn.Parameter(weight, requires_grad=False)
    if module.bias is not None:
        linear.bias = nn.Parameter(module.bias.data.to(dtype), requires_grad=False)
    return linear.eval()
