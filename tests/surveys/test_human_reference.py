"""Reading the people's side: rows become references, and what is wrong with a bad file."""

from pathlib import Path

import pytest
from toy_survey import HEADER, REFERENCE, SOURCE, broken, line_of, write_toy

from def_sim.errors import SurveyFormatError
from def_sim.records import ASSUMED_PEOPLE, ItemReference, ReferenceQuality
from def_sim.surveys.human_reference import HumanReference, merge_references, read_reference
from def_sim.surveys.item_bank import read_items

# --- reading ---


def read(folder: Path, reference: str = REFERENCE, source: str = SOURCE) -> HumanReference:
    write_toy(folder, reference=reference, source=source)
    of_source = {item.id: item for item in read_items(folder / "items" / "toy.yaml").items}
    return read_reference(folder / "references" / "USA" / "toy.csv", of_source, "USA")


def test_rows_of_an_item_and_group_become_one_reference(tmp_path: Path) -> None:
    reference = read(tmp_path)
    assert reference.items["toy.first", "all"] == ItemReference(
        "toy.first", "all", codes=(1, 2), shares=(0.25, 0.75), n=100, n_effective=80.5
    )
    assert reference.items["toy.degree", "all"].volunteered_share == 0.05
    assert set(reference.items) == {
        ("toy.first", "all"),
        ("toy.second", "all"),
        ("toy.degree", "all"),
        ("toy.degree", "male"),
    }


def test_where_weights_are_unknown_the_number_of_people_stands_in(tmp_path: Path) -> None:
    second = read(tmp_path).items["toy.second", "all"]
    assert second.n_effective is None
    assert second.n_for_uncertainty == 90.0


PUBLISHED = REFERENCE.replace(",100,80.50,0.000000,weighted", ",,,0.000000,published")


def test_shares_that_were_published_without_a_number_of_people_keep_it_unknown(tmp_path: Path) -> None:
    first = read(tmp_path, PUBLISHED).items["toy.first", "all"]
    assert (first.n, first.n_effective, first.quality) == (None, None, ReferenceQuality.PUBLISHED)
    assert first.shares == (0.25, 0.75)
    assert first.n_for_uncertainty == ASSUMED_PEOPLE == 1000  # what smoothing takes
    assert not first.is_without_weights


def test_references_of_several_sources_join(tmp_path: Path) -> None:
    one = read(tmp_path)
    joined = merge_references("USA", [one, one])
    assert joined.items == one.items
    assert joined.sources == one.sources * 2


WITHHELD = "\n".join(
    line + (",dont_know_share,refused_share" if place == 0 else ",0.040000,0.010000")
    for place, line in enumerate(REFERENCE.strip().splitlines())
)


def test_a_file_may_say_how_many_did_not_know_or_did_not_answer(tmp_path: Path) -> None:
    first = read(tmp_path, WITHHELD + "\n").items["toy.first", "all"]
    assert (first.dont_know_share, first.refused_share) == (0.04, 0.01)
    assert first.shares == (0.25, 0.75)
    unknown = read(tmp_path, WITHHELD.replace("0.040000", "") + "\n").items["toy.first", "all"]
    assert (unknown.dont_know_share, unknown.refused_share) == (None, 0.01)
    silent = read(tmp_path).items["toy.first", "all"]
    assert (silent.dont_know_share, silent.refused_share) == (None, None)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("0.040000,0.010000", "1.2,0.010000", r"dont_know_share must lie in \[0, 1\], found '1.2'"),
        (
            "2,0.750000,100,80.50,0.000000,weighted,0.040000",
            "2,0.750000,100,80.50,0.000000,weighted,0.05",
            r"line 3: toy.first, group all: dont_know_share differs from line 2",
        ),
        (",dont_know_share,refused_share", ",refused_share,dont_know_share", "in this order and no others"),
    ],
)
def test_shares_of_the_silent_are_checked_as_others_are(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    with pytest.raises(SurveyFormatError, match=message):
        read(tmp_path, WITHHELD.replace(old, new, 1) + "\n")


ROW = "toy.first,overall,all,2,0.750000,100,80.50,0.000000,weighted"
BROKEN = {
    # name: (what is replaced, by what, where the error must point, what it must say)
    "a wrong header": (HEADER, HEADER.replace("share", "percent", 1), "item_id", "expected the columns"),
    "no header": (HEADER + "\n", "", "toy.first", "expected the columns"),
    "shares that do not sum to one": ("0.250000", "0.260000", "toy.first", "shares sum to 1.010000"),
    "a share above one": ("0.750000", "1.750000", "toy.first,overall,all,2", "share must lie in [0, 1]"),
    "a negative share": ("0.250000", "-0.25", "toy.first", "share must lie in [0, 1]"),
    "a share that is no number": ("0.750000", "75%", "toy.first,overall,all,2", "found '75%'"),
    "a share that is not a number": ("0.250000", "nan", "toy.first", "share must lie in [0, 1]"),
    "an unknown code": ("toy.first,overall,all,2", "toy.first,overall,all,9", "toy.first", "codes [1, 9]"),
    "a code nobody was shown": (
        ROW,
        f"{ROW}\ntoy.first,overall,all,3,0,100,80.5,0,weighted",
        "toy.first",
        "[1, 2]",
    ),
    "a code twice": (ROW, f"{ROW}\n{ROW}", "toy.first", "codes [1, 2, 2], but USA was shown [1, 2]"),
    "a missing code": (f"{ROW}\n", "", "toy.first", "codes [1], but USA was shown [1, 2]"),
    "codes out of order": ("toy.degree,sex,male,1", "toy.degree,sex,male,2", "toy.degree,sex", "codes [2, 2"),
    "a code with a fraction": ("all,2,0.75", "all,2.0,0.75", "toy.first,overall,all,2.0", "whole number"),
    "an unknown item": (
        "toy.first,overall,all,1",
        "toy.zero,overall,all,1",
        "toy.zero",
        "no item 'toy.zero'",
    ),
    "n that is no number": (",100,80.50", ",many,80.50", "toy.first", "n must be a whole number"),
    "n below one": (",100,80.50", ",0,80.50", "toy.first", "n must be at least 1"),
    "no n of weighted shares": (",100,80.50", ",,80.50", "toy.first", "an empty n and quality published"),
    "n of published shares": (
        "0.000000,weighted",
        "0.000000,published",
        "toy.first",
        "an empty n and quality",
    ),
    "a negative effective n": (",100,80.50", ",100,-1", "toy.first", "n_effective must lie in"),
    "an unknown quality": ("0.000000,weighted", "0.000000,good", "toy.first", "quality must be"),
    "two values of n for one item": (
        "2,0.750000,100",
        "2,0.750000,99",
        "toy.first,overall,all,2",
        "n differs",
    ),
    "too few fields": (ROW, "toy.first,overall,all,2,0.75", "toy.first,overall,all,2", "expected 9 fields"),
    "too many fields": (ROW, f"{ROW},1", "toy.first,overall,all,2", "expected 9 fields"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_malformed_reference_is_an_error_that_names_its_line(name: str, tmp_path: Path) -> None:
    old, new, where, what = BROKEN[name]
    text = broken(REFERENCE, old, new)
    with pytest.raises(SurveyFormatError) as caught:
        read(tmp_path, reference=text)
    assert f"toy.csv, line {line_of(text, where)}" in caught.value.message
    assert what in caught.value.message
    assert "\n" not in caught.value.message
    assert str(tmp_path / "references" / "USA" / "toy.csv") in caught.value.fix


def test_a_reference_without_its_provenance_is_an_error(tmp_path: Path) -> None:
    write_toy(tmp_path)
    path = tmp_path / "references" / "USA" / "toy.csv"
    path.with_suffix(".yaml").unlink()
    with pytest.raises(SurveyFormatError, match=r"toy\.yaml does not exist"):
        read_reference(path, {i.id: i for i in read_items(tmp_path / "items" / "toy.yaml").items}, "USA")


def test_provenance_without_terms_or_of_another_population_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SurveyFormatError, match=r"toy\.yaml, line 1, terms: Field required"):
        read(tmp_path, source=broken(SOURCE, "terms: invented\n", ""))
    with pytest.raises(SurveyFormatError, match="population CHN, but it stands in the folder of USA"):
        read(tmp_path, source=broken(SOURCE, "population: USA", "population: CHN"))


def test_a_missing_reference_says_that_the_population_was_not_asked(tmp_path: Path) -> None:
    with pytest.raises(SurveyFormatError, match="does not exist: the population was not asked this source"):
        read_reference(tmp_path / "toy.csv", {}, "USA")


def test_a_reference_in_another_encoding_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "toy.csv"
    path.write_bytes(f"{HEADER}\nß".encode("latin-1"))
    with pytest.raises(SurveyFormatError, match=r"toy\.csv is not UTF-8 text"):
        read_reference(path, {}, "USA")


DESIGN = "\n".join(
    line + (",n_asked,standard_error,design_effect,num_clusters" if place == 0 else ",120,0.050000,1.6000,40")
    for place, line in enumerate(REFERENCE.splitlines())
)


def test_where_the_design_effect_is_known_n_over_it_is_what_counts(tmp_path: Path) -> None:
    first = read(tmp_path, DESIGN + "\n").items["toy.first", "all"]
    assert (first.n_asked, first.num_clusters, first.design_effect) == (120, 40, 1.6)
    assert first.standard_errors == (0.05, 0.05)
    assert first.n_for_uncertainty == pytest.approx(100 / 1.6)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("1.6000", "1.7", "design_effect differs from line 2"),
        (",120,", ",90,", "n_asked differs from line 2"),
        ("40", "0", "num_clusters must be at least 1"),
        ("0.050000,1.6", "-0.05,1.6", "standard_error must lie in"),
    ],
)
def test_figures_of_the_design_are_checked_as_others_are(
    old: str, new: str, expected: str, tmp_path: Path
) -> None:
    lines = DESIGN.splitlines()
    lines[2 if "differs" in expected else 1] = lines[2 if "differs" in expected else 1].replace(old, new, 1)
    with pytest.raises(SurveyFormatError, match=expected):
        read(tmp_path, "\n".join(lines) + "\n")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (",120,", ",90,", "n_asked is 90, fewer than the 100 who answered"),
        (",1.6000,", ",0,", "design_effect must be above 0"),
    ],
)
def test_figures_that_cannot_be_true_at_once_are_refused(
    old: str, new: str, expected: str, tmp_path: Path
) -> None:
    with pytest.raises(SurveyFormatError, match=expected):
        read(tmp_path, DESIGN.replace(old, new) + "\n")
