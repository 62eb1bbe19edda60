"""A chat template read as text: which arguments it takes, and whether its model thinks.

For `stage=plan` and for checks before anything loads: neither transformers nor the tokenizer is needed.
What the model reads is rendered by the tokenizer itself (`chat_format.py`).
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from def_sim.answers.reasoning import MARKS
from def_sim.engines.local.prompt_styles import PROBE
from def_sim.engines.local.thoughts import opening_of
from def_sim.errors import ConfigError, ModelError

# What transformers gives to every template, and what is ours to decide.
_GIVEN: Final = frozenset(
    {"messages", "add_generation_prompt", "raise_exception", "strftime_now"}
    | {f"{name}_token" for name in ("bos", "eos", "pad", "unk", "sep", "cls", "mask")}
)
# Marks the assistant's part for training; of no effect on the text.
_GENERATION: Final = re.compile(r"\{%-?\s*(?:end)?generation\s*-?%\}")
_OPENINGS: Final = re.compile(
    "|".join(f"(?:{marks.opens})" for marks in MARKS if not marks.begins_text), re.IGNORECASE
)


def arguments_of(template: str) -> frozenset[str]:
    """Names that a template looks up beyond what it is always given.

    Raises:
        ModelError: It is no template.
    """
    from jinja2 import TemplateSyntaxError
    from jinja2.meta import find_undeclared_variables

    try:
        tree = _environment().parse(_GENERATION.sub("", template))
    except TemplateSyntaxError as error:
        raise ModelError(
            f"The chat template cannot be read: {error}.",
            fix="Put the publisher's template into the folder as chat_template.jinja.",
        ) from error
    return frozenset(find_undeclared_variables(tree)) - _GIVEN


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
    """What stands behind the last question of a conversation; "" if the template refuses it."""
    from jinja2 import TemplateError

    turns = [{"role": str(message.role), "content": message.content} for message in PROBE]
    tokens = {name: "" for name in _GIVEN if name.endswith("_token")}
    try:
        written = _environment().from_string(_GENERATION.sub("", template))
        text: str = written.render(messages=turns, add_generation_prompt=True, **{**tokens, **arguments})
    except (TemplateError, TypeError, ValueError, LookupError, AttributeError):
        return ""
    return text.rpartition(PROBE[-1].content)[2]


@lru_cache(maxsize=1)
def _environment() -> Any:
    """As transformers sets it up."""
    from jinja2.exceptions import TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def refuse(message: str) -> None:
        raise TemplateError(message)

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    environment.globals["raise_exception"] = refuse
    environment.globals["strftime_now"] = lambda form: datetime.now(UTC).strftime(form)
    return environment
