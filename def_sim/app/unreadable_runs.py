"""A run that cannot be read is left out of a comparison with its reason, and takes no other with it."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from def_sim.errors import DefSimError, StoreError, VerificationError
from def_sim.evaluation.compared_runs import LeftOut

UNREADABLE = (StoreError, VerificationError)  # what a file of a run folder can be the cause of


class UnreadableRunsError(Exception):
    """Runs turned out to be unreadable after they were put into groups, which are to be made without them.

    Attributes:
        left_out: Each with its reason.
    """

    def __init__(self, left_out: Collection[LeftOut]) -> None:
        super().__init__(left_out)
        self.left_out = list(left_out)


def unreadable(folder: str, error: DefSimError) -> LeftOut:
    """A run as it is left out for an error of its files."""
    return LeftOut(folder, f"It cannot be read: {error.message}", error.fix)


@contextmanager
def reading(folder: str) -> Iterator[None]:
    """A block that reads files of one run.

    Raises:
        UnreadableRunsError: They are damaged, or not those that a mark vouches for.
    """
    try:
        yield
    except UNREADABLE as error:
        raise UnreadableRunsError([unreadable(folder, error)]) from error
