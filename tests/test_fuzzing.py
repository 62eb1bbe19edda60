"""Random and damaged input for all that reads what others wrote. More of it: scripts/soak.py --fuzz."""

import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripts_loaded import script

pytestmark = pytest.mark.slow

NUM_EXAMPLES = 400 if os.environ.get("CI_FULL") else 100
TARGETS = script("fuzz_targets").TARGETS


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_whatever_is_read_is_a_value_or_an_error_in_words(target: Any) -> None:
    @settings(derandomize=True, max_examples=NUM_EXAMPLES)
    @given(target.inputs)
    def read(content: Any) -> None:
        script("fuzz_targets").check(target, content)

    read()


def test_a_reader_with_a_fault_is_found_and_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    module = script("fuzz_targets")
    broken = module.Target("a reader with a fault", st.integers(), lambda number: 1 // number)
    assert not module.fuzz(60, 1, [broken])  # ends long before: nothing is left to be read
    assert "a reader with a fault, seed 1:" in capsys.readouterr().out


def test_words_in_place_of_an_error_of_ours_are_no_fault() -> None:
    module = script("fuzz_targets")
    manifest = next(target for target in TARGETS if target.name == "manifest")
    module.check(manifest, b"no manifest at all")
