"""What an engine has to tell the user while it works, each thing once. Knows no terminal."""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from def_sim.engines.shared.secrets import redacted


class Notices:
    """Sentences for the user; said at once where somebody listens, kept until then."""

    def __init__(self) -> None:
        self._said: dict[str, None] = {}  # in their order
        self._tell: Callable[[str], None] | None = None

    def add(self, sentence: str) -> None:
        """Says something, unless it was said before; never a key."""
        sentence = redacted(sentence)
        if sentence in self._said:
            return
        self._said[sentence] = None
        if self._tell is not None:
            self._tell(sentence)

    def tell_to(self, tell: Callable[[str], None]) -> None:
        """From now on everything goes to `tell`; what nobody has heard yet goes there first."""
        if self._tell is None:
            for sentence in self._said:
                tell(sentence)
        self._tell = tell

    @property
    def said(self) -> tuple[str, ...]:
        """All of them so far, in their order."""
        return tuple(self._said)


@runtime_checkable
class HasNotices(Protocol):
    """An engine that has something to tell."""

    @property
    def notices(self) -> Notices:
        """What it has to say."""
