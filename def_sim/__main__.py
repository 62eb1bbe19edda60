"""Entry point of `python -m def_sim`."""

import os
import sys


def main() -> None:
    """Runs the command line and ends the process with its code."""
    # Imported late so that importing def_sim.__main__ (as spawned workers do) costs nothing.
    from def_sim.app.main import main as run
    from def_sim.app.signals import is_stopping
    from def_sim.app.terminal import make_streams_visible

    # A traceback, too, quotes texts of strangers; colours of its own would be written out with them.
    os.environ.setdefault("PYTHON_COLORS", "0")
    make_streams_visible()
    try:
        code = run()
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader (`| head`) has seen enough; nothing is lost, and nothing more can be said.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    if is_stopping():
        # Whoever stops a process does not wait for a thread that is in the middle of a long call of torch.
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    main()
