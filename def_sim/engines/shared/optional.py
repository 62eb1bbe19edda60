"""What only some engines can do, beside the contract that all keep: who asks looks for the method.

An engine that has one of these needs no base class and no entry anywhere.
"""

from typing import Protocol, runtime_checkable


@runtime_checkable
class HasFiles(Protocol):
    """An engine whose model lies on this machine."""

    def check_files(self) -> None:
        """Makes sure that the files are here and whole, whatever devices the machine has.

        Raises:
            ModelError: Something is missing; says what to do.
        """


@runtime_checkable
class GoesOn(Protocol):
    """An engine that chooses its type of number where the configuration leaves it open."""

    def go_on_in(self, dtype: str) -> None:
        """Takes the type that a run's stored answers were given in, unless another is asked for."""


@runtime_checkable
class Expects(Protocol):
    """An engine that is faster if it knows how much is to come."""

    def expect(self, num_requests: int) -> None:
        """Told before `start()` how many more requests are likely; more or fewer may come."""
