"""What all tests share: one thread an operation, kernels interpreted; set before anything imports torch.

And which of them run: those that need a device, a browser, a cluster or a real model where `-m` names them,
those that take long and have a short sister where `-m full` or CI_FULL=1 asks for them.
"""

import os
import re
import shutil
from collections.abc import Generator
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, settings

TIERS: Final = ("gpu", "slurm", "browser", "real", "soak", "docs")
_LACKS_TORCH: Final = re.compile("No module named '(torch|accelerate)'")  # the second needs the first
_LOAD_TORCH: Final = Path(__file__).parent / "engines"

# Two OpenMP threads on two busy cores stall each other for seconds.
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.pop("DEF_SIM_HOME", None)  # of whoever runs the tests
# Triton reads it when it is first imported. With it kernels run on a CPU, slowly.
if shutil.which("nvidia-smi") is None:
    os.environ.setdefault("TRITON_INTERPRET", "1")

# An example may take as long as a slow or busy machine needs: what is tested is what comes out.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@pytest.fixture(scope="session")
def whole_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of `survey=us`, 310 questions and 20 respondents, with its report: made once."""
    from whole_report import make_whole_report  # late: it takes seconds

    return make_whole_report(tmp_path_factory.mktemp("whole_report"), "survey=us")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Nothing of the engines is quick, and reading their tests imports torch."""
    return True if config.option.markexpr == "quick" and collection_path == _LOAD_TORCH else None


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, pytest.CollectReport]:
    """Leaves out the modules that import torch where it is not installed; the summary of -rs names them."""
    report = yield
    if report.failed and find_spec("torch") is None and _LACKS_TORCH.search(str(report.longrepr)):
        report.outcome = "skipped"
        report.longrepr = (str(collector.path), 0, "Skipped: needs torch, which is not installed here")
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Marks the quick tests, and leaves out those of a tier that the marker expression does not name."""
    named = set(re.findall(r"\w+", config.option.markexpr or ""))
    leaves_out_full = "full" not in named and not os.environ.get("CI_FULL")
    left_out = []
    for item in items:
        tiers = {tier for tier in TIERS if item.get_closest_marker(tier) is not None}
        if not tiers and item.get_closest_marker("slow") is None and _LOAD_TORCH not in item.path.parents:
            item.add_marker(pytest.mark.quick)
        if tiers - named or (item.get_closest_marker("full") is not None and leaves_out_full):
            left_out.append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]
