"""One JSON object alone is read, and on every Python the same texts are."""

import pytest

from def_sim.answers.reading.strict_objects import Fault, NotOneObjectError, only_object


def nested(levels: int) -> str:
    """An object in so many levels of brackets, its own among them."""
    return '{"a":' + "[" * (levels - 1) + "]" * (levels - 1) + "}"


def test_a_hundred_levels_are_read_and_one_more_is_no_answer() -> None:
    assert list(only_object(nested(100))) == ["a"]
    for text in (nested(101), nested(5_000), '{"a":' * 3_000):
        with pytest.raises(NotOneObjectError) as told:
            only_object(text)
        assert told.value.fault is Fault.PROSE


def test_brackets_within_a_string_are_no_levels() -> None:
    words = "[" * 300 + '\\"' + "{" * 300
    assert only_object('{"a":"' + words + '"}') == {"a": words.replace('\\"', '"')}


def test_many_objects_beside_each_other_are_not_deep() -> None:
    assert only_object('{"a":[' + ",".join(["{}"] * 300) + "]}") == {"a": [{}] * 300}
