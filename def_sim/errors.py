"""Errors that tell the user the fix.

    DefSimError                 anything a user can mend: message + fix, exit code 2
    |- ConfigError              an option, a name or a value on the command line or in conf/
    |- SurveyFormatError        items, references, surveys, places, language packs
    |- ModelError               a checkpoint that is missing, incomplete or of the wrong kind
    |- EngineError              a call that failed; `retryable` says whether again may help
    |- CostCapError             the run may not spend more (engines/hosted/cost.py)
    |- StrategyError            a strategy that breaks its contract (strategies/contract.py)
    |- StoreError               the run folder: disk full, unwritable, damaged
       |- RunMismatchError      the folder belongs to another configuration
       |- RunInUseError         another process holds the shard
    |- VerificationError        a stored number is not what the raw answers give

`assert` is for our own invariants only.
"""


class DefSimError(Exception):
    """A problem a user can mend: what was expected and found, where, and what to do.

    Args:
        message: What was expected, what was found, where (file and line, item, option).
        fix: What to do next, as one imperative sentence or command.
    """

    def __init__(self, message: str, *, fix: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.message}\n{self.fix}" if self.fix else self.message

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows of it, by IPython's convention, in place of a way through our code."""
        told = [f"{type(self).__name__}: {self.message}"]
        return [*told, f"  do:  {self.fix}"] if self.fix else told


class ConfigError(DefSimError):
    """An option, a name or a value on the command line or in conf/."""


class SurveyFormatError(DefSimError):
    """Items, references, surveys, place lists or language packs that break their format."""


class ModelError(DefSimError):
    """A checkpoint that is missing, incomplete or of the wrong kind."""


class EngineError(DefSimError):
    """A call to a model that failed.

    Args:
        retryable: True if the same request may succeed later (overload, lost connection).
        is_of_request: True if it is this one reply that is of no use, so that others may well be: it is
            recorded as failed once it has been tried again, and the run goes on.
    """

    def __init__(
        self, message: str, *, fix: str = "", retryable: bool = False, is_of_request: bool = False
    ) -> None:
        super().__init__(message, fix=fix)
        self.retryable = retryable
        self.is_of_request = is_of_request


class StrategyError(DefSimError):
    """A strategy that does not keep to its contract; whoever wrote it can mend it."""


class StoreError(DefSimError):
    """The run folder: disk full, unwritable, damaged."""


class RunMismatchError(StoreError):
    """The run folder belongs to another configuration."""


class RunInUseError(StoreError):
    """Another process is writing this shard.

    Args:
        holder: Who that is, in words; empty if it cannot be known.
        silent_s: Seconds since its last sign of life; None for a process that is known to live.
    """

    def __init__(
        self, message: str, *, fix: str = "", holder: str = "", silent_s: float | None = None
    ) -> None:
        super().__init__(message, fix=fix)
        self.holder = holder
        self.silent_s = silent_s


class VerificationError(DefSimError):
    """A stored number is not what the raw answers give."""
