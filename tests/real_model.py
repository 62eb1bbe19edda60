"""The real language model that tests marked `real` need: `stage=fetch model=smollm2` has fetched its file."""

from pathlib import Path

import pytest

from def_sim.app.composing import compose_config
from def_sim.app.fetching import fetched_file
from def_sim.app.schema import validate_config


def smollm2_gguf() -> Path:
    """SmolLM2-135M-Instruct as a GGUF file; skips the test, in words, where it was not fetched."""
    file = fetched_file(validate_config(compose_config(["model=smollm2"])).model)
    if file is None or not file.is_file():
        pytest.skip("SmolLM2 was not fetched: def-sim stage=fetch model=smollm2")
    return file
