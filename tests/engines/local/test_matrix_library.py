"""Which library multiplies is chosen by the size of a step and the kind of card, and never left changed."""

from typing import Any

import pytest
import torch
from test_paged_loop import paged_loop_of
from test_slot_loop import llama, network_of, prompts_of, run

from def_sim.engines.local.paged import step
from def_sim.engines.local.paged.matrix_library import faster_for

CUDA = torch.device("cuda", 0)


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was chosen, in order, on a Hopper card; "as it was" is what stood before."""
    choices: list[Any] = []

    def choose(library: Any = None) -> Any:
        if library is None:
            return "as it was"
        choices.append(library)
        return library

    monkeypatch.setattr(torch.backends.cuda, "preferred_blas_library", choose)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (9, 0))
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    return choices


@pytest.mark.parametrize("num_rows", [32, 48, 64])
def test_from_32_to_64_rows_it_is_cublaslt_and_afterwards_what_it_was(
    chosen: list[Any], num_rows: int
) -> None:
    with faster_for(num_rows, CUDA):
        assert chosen == ["cublaslt"]
    assert chosen == ["cublaslt", "as it was"]


def test_a_step_that_fails_leaves_nothing_changed(chosen: list[Any]) -> None:
    with pytest.raises(torch.OutOfMemoryError), faster_for(64, CUDA):
        raise torch.OutOfMemoryError("no memory")
    assert chosen == ["cublaslt", "as it was"]


def test_a_torch_without_cublaslt_goes_on_with_what_it_has(
    chosen: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def choose(library: Any = None) -> Any:
        if library == "cublaslt":
            raise RuntimeError("Cannot set preferred backend to cuBLASLt")
        return library or "as it was"

    monkeypatch.setattr(torch.backends.cuda, "preferred_blas_library", choose)
    has_run = False
    with faster_for(64, CUDA):
        has_run = True
    assert has_run


@pytest.mark.parametrize("num_rows", [8, 24, 96, 256, 8192])
def test_for_other_sizes_nothing_is_chosen(chosen: list[Any], num_rows: int) -> None:
    with faster_for(num_rows, CUDA):
        pass
    assert chosen == []


@pytest.mark.parametrize(
    ("device", "capability", "cuda"),
    [(torch.device("cpu"), (9, 0), "13.0"), (CUDA, (8, 0), "13.0"), (CUDA, (9, 0), None)],
    ids=["a CPU", "an A100", "another maker's card"],
)
def test_where_it_was_not_measured_nothing_is_chosen(
    chosen: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    device: torch.device,
    capability: tuple[int, int],
    cuda: str | None,
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    monkeypatch.setattr(torch.version, "cuda", cuda)
    with faster_for(64, device):
        pass
    assert chosen == []


def test_every_step_of_the_paged_loop_asks_by_its_number_of_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def noting(num_rows: int, device: torch.device) -> Any:
        asked.append(num_rows)
        return faster_for(num_rows, device)

    monkeypatch.setattr(step, "faster_for", noting)
    loop = paged_loop_of(network_of(llama))
    run(loop, prompts_of([{"do_sample": False, "max_new_tokens": 3}], respondents=1))
    assert len(asked) == loop.work.num_steps
    assert set(asked[1:]) == {8}  # one row, in a step of the smallest size
