"""def_sim from Python: runs are held, read and compared by the same code as on the command line.

Sits on top of `app/`. Nothing that a run folder names is imported; whatever a user can mend is a
`DefSimError` with what to do.
"""

from def_sim.api.comparison import ComparedRuns, compare
from def_sim.api.interviews import interview
from def_sim.api.planning import PlannedRun, plan
from def_sim.api.run_figures import Figures, SavableFigure
from def_sim.api.stored_run import StoredRun, read_run
from def_sim.api.stored_runs import StoredRuns, read_runs

__all__ = [
    "ComparedRuns",
    "Figures",
    "PlannedRun",
    "SavableFigure",
    "StoredRun",
    "StoredRuns",
    "compare",
    "interview",
    "plan",
    "read_run",
    "read_runs",
]
