"""A limit on memory: one message that says so, nothing half written, and the same command goes on."""

import errno
import os
import resource
from pathlib import Path

import pytest
from runs import num_lines, run, words

from def_sim.engines.shared.lack_of_memory import lack_of_memory


def at_most_400_mb() -> None:
    """Of addresses: less than torch's libraries take, more than Python and this package."""
    resource.setrlimit(resource.RLIMIT_AS, (400_000_000, 400_000_000))


def test_a_process_that_may_not_have_the_memory_says_so_and_goes_on_once_it_may(
    tmp_path: Path,
) -> None:
    arguments = words(tmp_path, "stage=interview", respondents=1)
    limited = run(arguments, preexec_fn=at_most_400_mb)
    assert limited.returncode == 2, limited.stderr
    assert "error: Out of memory: " in limited.stderr
    assert "hydra.launcher.mem_gb=" in limited.stderr
    assert "Traceback" not in limited.stderr
    assert num_lines(tmp_path) == 0
    assert list(tmp_path.glob("*/*/*/answers/*.lease")) == []
    assert run(arguments).returncode == 0
    assert num_lines(tmp_path) == 8


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)),
        ImportError("libtorch_cpu.so: failed to map segment from shared object"),
        RuntimeError("can't start new thread"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes."),
    ],
)
def test_what_libraries_say_of_memory_is_known_by_whatever_came_of_it(error: Exception) -> None:
    later = ValueError("no such model")
    later.__cause__ = error
    for one in (error, later):
        found = lack_of_memory(one)
        assert found is not None
        assert found.message.startswith("Out of memory: ")


@pytest.mark.parametrize(
    "error",
    [ValueError("cannot allocate memory"), ImportError("no module of that name"), OSError(errno.ENOENT, "")],
)
def test_other_errors_are_left_as_they_are(error: Exception) -> None:
    assert lack_of_memory(error) is None
