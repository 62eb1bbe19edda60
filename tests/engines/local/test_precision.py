"""Which type of number a model computes in, on processors with and without 16-bit instructions."""

from itertools import chain, cycle
from pathlib import Path

import pytest
import torch

from def_sim.engines.local.engine import LocalEngine
from def_sim.engines.local.loading import precision
from def_sim.engines.local.loading.precision import choose_precision, measured_speed, processor_flags

CPU = torch.device("cpu")
WITHOUT, WITH = frozenset({"avx2"}), frozenset({"avx2", "avx512_bf16"})


def never(dtype: torch.dtype) -> float:
    raise AssertionError("nothing is to be tried")


def test_a_processor_without_instructions_gets_float32_without_a_trial() -> None:
    chosen = choose_precision("auto", CPU, flags=WITHOUT, speed=never)
    assert (chosen.dtype, chosen.note) == (torch.float32, "")


@pytest.mark.parametrize("flag", ["avx512_bf16", "amx_bf16", "bf16"])
@pytest.mark.parametrize(("speed", "expected"), [(1.0, torch.bfloat16), (0.9, torch.float32)])
def test_with_instructions_the_trial_decides_and_what_it_measured_is_said(
    flag: str, speed: float, expected: torch.dtype
) -> None:
    chosen = choose_precision("auto", CPU, flags=frozenset({flag}), speed=lambda _: speed)
    assert chosen.dtype is expected
    assert f"bfloat16 ran at {speed:.2g} times the speed of float32" in chosen.note


@pytest.mark.parametrize("name", ["bfloat16", "float16"])
def test_16_bit_by_name_stays_and_is_warned_about_with_the_measured_ratio(name: str) -> None:
    chosen = choose_precision(name, CPU, flags=WITHOUT, speed=lambda _: 0.013)
    assert chosen.dtype is getattr(torch, name)
    assert f"{name} runs at 0.013 times the speed of float32" in chosen.note


def test_nothing_is_said_where_16_bit_is_no_slower_or_float32_was_asked_for() -> None:
    assert choose_precision("bfloat16", CPU, flags=WITHOUT, speed=lambda _: 1.2).note == ""
    assert choose_precision("bfloat16", CPU, flags=WITH, speed=never).note == ""
    assert choose_precision("float32", CPU, flags=WITHOUT, speed=never).note == ""


def test_a_trial_compares_the_quickest_of_each_after_the_first_and_leaves_the_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Seconds by hand: the first of each is slow or quick for reasons of its own and is left out."""
    float32, bfloat16 = chain([0.1], cycle([3.0, 1.0])), chain([9.0], cycle([4.0, 8.0]))
    seconds = {torch.float32: float32, torch.bfloat16: bfloat16}
    monkeypatch.setattr(precision, "_seconds", lambda rows, weight: next(seconds[rows.dtype]))
    before = torch.get_num_threads()
    assert measured_speed(torch.bfloat16) == 1.0 / 4.0
    assert torch.get_num_threads() == before


def test_what_the_processor_says_is_read_where_the_system_tells() -> None:
    listed = Path("/proc/cpuinfo")
    if not listed.is_file():
        pytest.skip("this system has no /proc/cpuinfo")
    assert processor_flags() <= set(listed.read_text(encoding="utf-8").split())


def test_a_type_that_was_asked_for_by_name_is_not_replaced_by_a_stored_one() -> None:
    open_ended, named = LocalEngine("x", dtype="auto"), LocalEngine("x", dtype="float32")
    for engine in (open_ended, named):
        engine.go_on_in("bfloat16")
    assert (open_ended.dtype, named.dtype) == ("bfloat16", "float32")


def test_a_type_whose_attention_fails_here_is_not_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    """As torch's does in bfloat16 where it was built for, or is told to use, older instructions."""

    def fail(*tensors: torch.Tensor, is_causal: bool) -> torch.Tensor:
        raise RuntimeError("pack_vnni2 is only supported when avx512 is supported")

    monkeypatch.setattr(precision.functional, "scaled_dot_product_attention", fail)
    assert measured_speed(torch.bfloat16) == 0
    chosen = choose_precision("auto", torch.device("cpu"), flags=frozenset({"avx512_bf16"}))
    assert (chosen.dtype, chosen.note) == (torch.float32, "in a trial bfloat16 did not run on this CPU")
