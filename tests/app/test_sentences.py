"""Sentences as values of a command: what a shell hands over arrives as it was typed."""

import pytest

from def_sim.app.composing import parse_words
from def_sim.app.sentences import with_sentences


@pytest.mark.parametrize(
    "typed",
    [
        "Springfield, Illinois",
        "the town of O'Neill (2026): [all]",
        "Smith, J. {1}, a=b",
        r"ends in a backslash \ ",
        "a backslash before a quote \\' and one at the end \\",
        "Düsseldorf, 上海",
    ],
)
def test_a_sentence_arrives_as_it_was_typed(typed: str) -> None:
    [word] = with_sentences([f"population_label={typed}"])
    [override] = parse_words([word])
    assert override.value() == typed
    assert not override.is_sweep_override()


def test_what_is_quoted_empty_or_another_parameter_stays() -> None:
    words = ["population_label='a, b'", 'population_label="a, b"', "population_label=null", "model=a,b", "-m"]
    assert with_sentences(words) == words
