"""Pages name factors in words, tables by the last word of their setting."""

import pytest

from def_sim.evaluation.factor_words import in_words


@pytest.mark.parametrize(
    ("effect", "words"),
    [
        ("memory", "memory"),
        ("configuration x memory x prompt", "varied decoding × memory × place in the prompt"),
        ("items x frame_language", "items × language of the instruction"),
        ("strategy ccsv_lite", "strategy ccsv_lite"),
        ("max_capacity 5 x option_order reversed", "max capacity 5 × order of options reversed"),
    ],
)
def test_a_factor_has_its_words_and_its_value(effect: str, words: str) -> None:
    assert in_words(effect) == words
