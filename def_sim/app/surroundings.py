"""What surrounds the work of a command, and of a call from Python that does the same.

Signals end it in order, the user's home is found, keys are kept out of what is said, and errors of files
and of memory come with a fix.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from def_sim.app.composing import HOME, parse_words
from def_sim.app.home import at_home
from def_sim.app.key_guard import guard_keys
from def_sim.app.signals import heeding_signals
from def_sim.engines.shared.lack_of_memory import lack_of_memory
from def_sim.errors import ConfigError, StoreError


@contextmanager
def surroundings(words: Sequence[str], *, is_call: bool = False) -> Iterator[None]:
    """Everything around the work of a command.

    Args:
        words: Of the command.
        is_call: Whether the process goes on afterwards; see `heeding_signals`.

    Raises:
        Interrupted: A signal has arrived.
        DefSimError: Whatever the work raises, or the home is none.
        StoreError: An error of the operating system, in the user's words.
        EngineError: Memory ran out, as the work's libraries say it.
    """
    guard_keys()
    try:
        with heeding_signals(is_call=is_call), at_home(*_given_home(words)):
            yield
    except (MemoryError, ImportError, RuntimeError) as error:
        if (lack := lack_of_memory(error)) is None:
            raise
        raise lack from error
    except BrokenPipeError:
        raise  # the reader of what is printed has seen enough: no fault of a disk
    except OSError as error:
        if (lack := lack_of_memory(error)) is not None:
            raise lack from error
        what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        raise StoreError(
            f"{what}.", fix="Choose another output folder, or free space, and run again."
        ) from error


def _given_home(words: Sequence[str]) -> list[str | None]:
    """What `home=` says, if it stands on the command line; it must be known before conf/ is read."""
    given = [word for word in words if word.lstrip("+").startswith(f"{HOME}=")]
    values = [None if one.is_sweep_override() else one.value() for one in parse_words(given)]
    if len(values) > 1 or any(one.is_sweep_override() for one in parse_words(given)):
        raise ConfigError(
            f"{HOME} takes one folder, found several.", fix="Gather what you need in one home folder."
        )
    return [None if value is None else str(value) for value in values]
