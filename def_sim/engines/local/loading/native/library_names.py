"""Names that transformers has changed, by the release that is installed."""

from inspect import signature
from typing import Final

from transformers.masking_utils import create_causal_mask

# The argument and attribute for keys and values of before: `past_key_values` up to 5.23.
CACHE: Final = "cache" if "cache" in signature(create_causal_mask).parameters else "past_key_values"
