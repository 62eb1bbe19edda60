"""Pairs of questions that two institutes asked alike: what the files promise, and what breaks them."""

from pathlib import Path

import pytest
import yaml
from library import FIGURES, items_of
from scripts_loaded import script

from def_sim.errors import SurveyFormatError
from def_sim.resources import data_folder
from def_sim.surveys.institute_pairs import (
    PAIRS_FILE,
    SHARES_FILE,
    PairKind,
    read_institute_pairs,
    read_pair_file,
)


def test_a_dozen_pairs_and_more_stand_between_institutes() -> None:
    pairs = read_institute_pairs(data_folder())
    between = [pair for pair in pairs if pair.kind is PairKind.INSTITUTE]
    assert len(between) >= 12
    assert len({pair.id for pair in pairs}) == len(pairs)
    for pair in between:
        assert pair.first.source != pair.second.source, pair.id
    for pair in pairs:
        if pair.kind is PairKind.WORDING:
            assert pair.first.source == pair.second.source, pair.id


def test_every_pair_says_what_differs_and_has_people_in_each_category_of_both_sides() -> None:
    for pair in read_institute_pairs(data_folder()):
        assert len(pair.differs) > 10, pair.id
        for side in (pair.first, pair.second):
            assert len(side.shares) == len(pair.categories) >= 2, pair.id
            assert all(0 < share < 1 for share in side.shares), pair.id
            assert sum(side.shares) == pytest.approx(1, abs=1e-5)


def test_a_code_of_an_item_of_ours_is_in_a_category_or_left_out() -> None:
    file = read_pair_file(data_folder())
    for pair in file.pairs:
        for place, name in enumerate((pair.first, pair.second)):
            item = items_of(name.partition(".")[0]).get(name)
            if item is not None:
                named = {code for one in file.categories_of(pair) for code in one[place + 1]}
                shown = {option.code for option in item.shown_options("USA")}
                assert shown <= named | set(pair.left_out[place]), (pair.id, name)


def test_people_of_other_countries_have_no_pairs() -> None:
    assert read_institute_pairs(data_folder(), "CHN") == ()


@pytest.mark.skipif(not FIGURES.is_dir(), reason="the tables are not beside the checkout")
def test_the_shipped_figures_are_what_the_script_makes() -> None:
    module, references = script("build_institute_pairs"), script("build_references")
    cells = {source: read(FIGURES) for source, read in references.READERS.items()}
    rows = [",".join(row) for row in module.pair_rows(read_pair_file(data_folder()), cells)]
    stored = (data_folder() / SHARES_FILE).read_text(encoding="utf-8").splitlines()
    assert rows == stored[1:]


def test_a_code_that_people_gave_and_no_category_has_stops_the_script() -> None:
    module, references = script("build_institute_pairs"), script("build_references")
    file = read_pair_file(data_folder())
    trust = next(pair for pair in file.pairs if pair.id == "trust_wvs_gss")
    cell = references.Cell(
        "overall",
        {1: 5, 2: 3, 9: 1},
        {1: 0.5, 2: 0.4, 9: 0.1},
        9,
        None,
        references.ReferenceQuality.UNWEIGHTED,
    )
    with pytest.raises(ValueError, match=r"codes \[9\] are in no category"):
        list(module.side_rows(file, trust, 0, cell))


# --- damaged files ---


def damaged(folder: Path, pairs: str | None = None, shares: str | None = None) -> Path:
    (folder / "institutes").mkdir()
    for name, text in ((PAIRS_FILE, pairs), (SHARES_FILE, shares)):
        whole = (data_folder() / name).read_text(encoding="utf-8") if text is None else text
        (folder / name).write_text(whole, encoding="utf-8")
    return folder


def changed_pair(**changes: object) -> str:
    content = yaml.safe_load((data_folder() / PAIRS_FILE).read_text(encoding="utf-8"))
    content["pairs"] = [{**content["pairs"][0], **changes}]
    return yaml.safe_dump(content)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"scale": "no such scale"}, "expected a `scale` of the file or `categories`"),
        ({"categories": [["a", [1], [1]]]}, "one of the two"),
        ({"scale": None, "categories": [["a", [1], [1]], ["b", [1], [2]]]}, "first side stands twice"),
        ({"left_out": [[], [2]]}, "second side stands twice"),
        ({"kind": "weather"}, "kind"),
    ],
)
def test_a_pair_that_contradicts_itself_is_named(
    changes: dict[str, object], words: str, tmp_path: Path
) -> None:
    with pytest.raises(SurveyFormatError, match=words):
        read_institute_pairs(damaged(tmp_path, pairs=changed_pair(**changes)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text.replace("pair,side", "side,pair"), "line 1: expected the columns"),
        (
            lambda text: text.replace(
                "military_wvs_pew,first,a great deal,0.", "military_wvs_pew,first,a great deal,x"
            ),
            "line 2",
        ),
        (
            lambda text: text.replace("military_wvs_pew,first,none", "military_wvs_pew,first,nobody"),
            "military_wvs_pew, first",
        ),
        (lambda text: "\n".join(text.splitlines()[:-1]) + "\n", "welfare_versions, second"),
    ],
)
def test_figures_that_are_damaged_are_named(change, words: str, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    text = (data_folder() / SHARES_FILE).read_text(encoding="utf-8")
    with pytest.raises(SurveyFormatError, match=words):
        read_institute_pairs(damaged(tmp_path, shares=change(text)))
