"""A chat template read as text: which arguments it takes, and whether its model thinks.

For `stage=plan` and for checks before anything loads: neither transformers nor the tokenizer is needed.
What the model reads is rendered by the tokenizer itself (`chat_format.py`).
"""

import re
from collections.abc import Mapping
from typing import Final

from def_sim.answers.reading.reasoning import MARKS
from def_sim.engines.local.prompts.prompt_styles import PROBE
from def_sim.engines.local.prompts.template_trial import TOKENS, try_template
from def_sim.engines.local.prompts.thoughts import opening_of
from def_sim.errors import ConfigError

# What transformers gives to every template, and what is ours to decide.
_GIVEN: Final = frozenset({"messages", "add_generation_prompt", "raise_exception", "strftime_now", *TOKENS})
_OPENINGS: Final = re.compile(
    "|".join(f"(?:{marks.opens})" for marks in MARKS if not marks.begins_text), re.IGNORECASE
)


def arguments_of(template: str) -> frozenset[str]:
    """Names that a template looks up beyond what it is always given; none if it cannot be read."""
    return try_template(template, {}).names - _GIVEN


def check_arguments(template: str, given: Mapping[str, object]) -> None:
    """Makes sure that a template uses every argument that it is given.

    Raises:
        ConfigError: Naming the first that it does not use, and those that it would.
    """
    known = arguments_of(template)
    for name in given:
        if name not in known:
            takes = f"It takes {', '.join(sorted(known))}." if known else "It takes none."
            raise ConfigError(
                f"model.engine.template_arguments: the chat template does not use {name!r}. {takes}",
                fix="Correct the name, or leave it out.",
            )


def thinks(template: str, arguments: Mapping[str, object]) -> bool:
    """Whether the model of a template writes a thought before its answer, as far as the template tells.

    Args:
        template: The template's text.
        arguments: What it is given (`enable_thinking: false`).

    Returns:
        True if it leaves a thought open at the end of the prompt; false if it closes one there;
        else true if it mentions a mark that opens thoughts.
    """
    after = _after_last_question(template, arguments)
    if opening_of(after):
        return True
    return _OPENINGS.search(after) is None and _OPENINGS.search(template) is not None


def _after_last_question(template: str, arguments: Mapping[str, object]) -> str:
    """What stands behind the last question of a conversation; "" if the template fails."""
    return try_template(template, arguments).text.rpartition(PROBE[-1].content)[2]
