"""Texts are cut where a file ends them, between characters, and say so."""

from hypothesis import given
from hypothesis import strategies as st

from def_sim.exports.cut_texts import cut_to_bytes, cut_to_characters, told_apart


def test_a_text_that_fits_stays_as_it_is() -> None:
    assert cut_to_bytes("12345", 5) == cut_to_characters("12345", 5) == "12345"


def test_a_longer_one_ends_with_a_sign_within_the_limit() -> None:
    # Three bytes are the sign's: of eight, five are left, which hold one Chinese character and two bytes.
    assert cut_to_bytes("中文字", 8) == "中…"
    assert cut_to_characters("123456", 5) == "1234…"


def test_what_is_invisible_is_written_out_before_it_is_measured() -> None:
    assert cut_to_characters("a\nb", 6) == "a\\x0ab"
    assert cut_to_characters("a\nb", 5) == "a\\x0…"


@given(st.text(), st.integers(min_value=3, max_value=40))
def test_no_text_is_longer_than_it_may_be(text: str, most: int) -> None:
    assert len(cut_to_bytes(text, most).encode()) <= most
    assert len(cut_to_characters(text, most)) <= most


@given(st.lists(st.sampled_from(["yes", "y" * 30, "y" * 31, "y (2)", "y" * 18 + "… (3)"]), max_size=6))
def test_labels_are_told_apart_and_stay_within_the_limit(labels: list[str]) -> None:
    found = told_apart(dict(enumerate(labels, start=1)), cut_to_characters, 20)
    assert len(set(found.values())) == len(labels)
    assert all(len(label) <= 20 for label in found.values())


def test_a_label_like_an_earlier_one_ends_with_its_code() -> None:
    found = told_apart({1: "yes", 2: "yes", 7: "yes (2)"}, cut_to_characters, 20)
    assert found == {1: "yes", 2: "yes (2)", 7: "yes (2) (7)"}
