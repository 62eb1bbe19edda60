"""A beat beside the work of a process: what is written goes to the disk, and others see a sign of life."""

import threading
from collections.abc import Callable


class Pulse:
    """Calls a function every `every_s` seconds until stopped, on a thread that dies with the process."""

    def __init__(self, beat: Callable[[], None], *, every_s: float) -> None:
        self._beat = beat
        self._every_s = every_s
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="answer store", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stopping.wait(self._every_s):
            self._beat()

    def stop(self) -> None:
        """Stops it, after the beat that may be under way."""
        self._stopping.set()
        self._thread.join()
