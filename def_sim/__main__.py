"""Entry point of `python -m def_sim`."""

import sys


def main() -> None:
    """Runs the command line and ends the process with its code."""
    # Imported late so that importing def_sim.__main__ (as spawned workers do) costs nothing.
    from def_sim.app.main import main as run

    sys.exit(run())


if __name__ == "__main__":
    main()
