"""Renders a chat template in a process of its own, which may be ended.

A template is a program that came with a checkpoint. Jinja's sandbox keeps it from files and names, but not
from loops without end or from filling the memory; the limits of a process do. Run as a script by
`template_trial.py`: a JSON object comes in, another goes out. Imports nothing of ours and neither torch nor
transformers, so that it starts in a tenth of a second.
"""

import json
import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any


def main() -> None:
    """Reads what to render and writes what came of it."""
    task = json.load(sys.stdin)
    _limit(task["seconds"], task["memory_bytes"])
    try:
        answer = _rendered(task)
    except MemoryError:
        answer = {"limit": "memory"}
    json.dump(answer, sys.stdout)


def _limit(seconds: int, memory_bytes: int) -> None:
    """From here on; where the system has no such limits the parent's clock is the only one."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        # The second number ends a process that ignores the first.
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def _rendered(task: dict[str, Any]) -> dict[str, Any]:
    """The names that the template looks up, and each conversation as text or with why it has none."""
    from jinja2.meta import find_undeclared_variables

    environment = make_environment()
    try:
        names = sorted(find_undeclared_variables(environment.parse(task["template"])))
        template = environment.from_string(task["template"])
    except MemoryError:
        raise
    except Exception as error:
        return {"unreadable": _in_words(error)}
    rendered = [_render(template, values, task["most_characters"]) for values in task["conversations"]]
    return {"names": names, "rendered": rendered}


def _render(template: Any, values: dict[str, Any], most_characters: int) -> dict[str, str]:
    """Piece by piece, so that a text without end ends at the limit."""
    pieces, length = [], 0
    try:
        for piece in template.generate(**values):
            length += len(piece)
            if length > most_characters:
                return {"limit": "text"}
            pieces.append(piece)
    except MemoryError:
        return {"limit": "memory"}
    except Exception as error:  # whatever the program raises
        return {"refused": _in_words(error)}
    return {"text": "".join(pieces)}


def _in_words(error: Exception) -> str:
    """What the template says itself, or what kind of mistake it makes."""
    is_its_own = type(error).__name__ == "TemplateError"
    return str(error)[:1000] if is_its_own else f"{type(error).__name__}: {error}"[:1000]


def make_environment() -> Any:
    """As transformers sets it up, which marks the assistant's part for training: of no effect on the text."""
    from jinja2 import nodes
    from jinja2.exceptions import TemplateError
    from jinja2.ext import Extension
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Generation(Extension):
        tags = {"generation"}  # noqa: RUF012 - as the class that it extends has it

        def parse(self, parser: Any) -> Any:
            line = next(parser.stream).lineno
            body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
            return nodes.Scope(body).set_lineno(line)

    def refuse(message: str) -> None:
        raise TemplateError(message)

    def tojson(value: Any, ensure_ascii: bool = False, **options: Any) -> str:
        return json.dumps(value, ensure_ascii=ensure_ascii, **options)

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, "jinja2.ext.loopcontrols"]
    )
    environment.filters["tojson"] = tojson
    environment.globals["raise_exception"] = refuse
    environment.globals["strftime_now"] = lambda form: datetime.now(UTC).strftime(form)
    return environment


if __name__ == "__main__":
    main()
