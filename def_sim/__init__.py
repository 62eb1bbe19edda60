"""def_sim measures how well language models stand in for people in social surveys.

From Python: `read_run`, `read_runs`, `compare`, `plan`, `interview`. They load when they are first used, so
that `import def_sim` costs nothing.
"""

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from def_sim.api import compare as compare
    from def_sim.api import interview as interview
    from def_sim.api import plan as plan
    from def_sim.api import read_run as read_run
    from def_sim.api import read_runs as read_runs
    from def_sim.errors import DefSimError as DefSimError

__version__ = "0.1.0"

_OF_THE_API: Final = ("compare", "interview", "plan", "read_run", "read_runs")


def __getattr__(name: str) -> Any:
    if name in _OF_THE_API:
        from def_sim import api

        return getattr(api, name)
    if name == "DefSimError":
        from def_sim.errors import DefSimError

        return DefSimError
    raise AttributeError(f"module 'def_sim' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_OF_THE_API, "DefSimError"])
