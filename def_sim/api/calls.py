"""A call from Python as a command: composed and checked from the same words, with the same errors."""

import signal
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from def_sim.api.plain_lines import plain_lines
from def_sim.app.composing import configured
from def_sim.app.schema import RunConfig
from def_sim.app.signals import Interrupted
from def_sim.app.surroundings import surroundings
from def_sim.app.terminal import visible_streams
from def_sim.app.words import mend_first_mistakes


class CallInterrupted(KeyboardInterrupt):
    """A call that was interrupted and ended in order. A notebook shows its sentence alone."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


@contextmanager
def as_command(words: Sequence[str], *, progress: bool) -> Iterator[RunConfig]:
    """Gives the configuration of a command, and what surrounds its work, for the time of a block.

    Args:
        words: Of the command.
        progress: Whether its lines are shown.

    Raises:
        DefSimError: As the command would tell it.
        CallInterrupted: The work was interrupted and ended in order; the message says where it stands.
    """
    try:
        with (
            plain_lines(is_shown=progress),
            visible_streams(),
            warnings.catch_warnings(),
            surroundings(words, is_call=True),
        ):
            # Of a library that would draw bars in a notebook; ours are lines.
            warnings.filterwarnings("ignore", message="IProgress not found")
            mend_first_mistakes(words)
            yield configured(words)
    except Interrupted as stop:
        if stop.number != signal.SIGINT:
            signal.raise_signal(stop.number)  # to end the process or not is for its owner to say
        raise CallInterrupted(f"{stop.as_error.message} The same call goes on where it stopped.") from None
