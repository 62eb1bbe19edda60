"""What to say of a whole GGUF file that would be read wrongly."""

from def_sim.engines.local.checkpoints.gguf.header import GgufHeader
from def_sim.errors import ModelError


def unreadable(header: GgufHeader, what: str) -> ModelError:
    """The file is whole, but what would be loaded from it would not be the model."""
    return ModelError(
        f"{header.path} cannot be read rightly: it {what}.",
        fix="Ask the model through llama.cpp's server (`model=server` with its address), or use its "
        "checkpoint in safetensors.",
    )
