"""The scores that study B printed, as they are read."""

from pathlib import Path

import pytest

from def_sim.errors import SurveyFormatError
from def_sim.resources import data_folder
from def_sim.surveys.published_scores import COLUMNS, STUDY_B_FILE, PublishedScore, read_study_b

STYLES = ("classification", "chain_of_thought", "scenarios")
HEADER = ",".join(COLUMNS)


def written(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / STUDY_B_FILE
    path.parent.mkdir()
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return tmp_path


def test_four_countries_under_three_styles_are_shipped() -> None:
    found = read_study_b(data_folder())
    assert set(found) == {(country, style) for country in ("USA", "CHN", "JPN", "IND") for style in STYLES}
    assert found["CHN", "scenarios"] == PublishedScore(0.65, 0.60, 0.70, 40.26 / 100)
    assert found["USA", "classification"] == PublishedScore(0.66, 0.62, 0.71, 0.97 / 100)


def test_the_printed_half_widths_are_those_of_a_bootstrap_over_items() -> None:
    widths = [(one.high - one.low) / 2 for one in read_study_b(data_folder()).values()]
    assert sum(widths) / len(widths) == pytest.approx(0.046, abs=0.002)  # 1.96 * .20 / sqrt(72)


def test_chain_of_thought_is_highest_and_classification_lowest_in_every_country() -> None:
    found = read_study_b(data_folder())
    for country in ("USA", "CHN", "JPN", "IND"):
        closed, reasoned, open_ended = (found[country, style].similarity for style in STYLES)
        assert closed < open_ended < reasoned


def is_share_of(percent: float, total: int) -> bool:
    """Whether some whole number of the total is that percentage, in two decimals."""
    return f"{100 * round(percent * total / 100) / total:.2f}" == f"{percent:.2f}"


def test_the_two_closed_styles_were_asked_twenty_times_an_item_and_one_cell_fits_no_number_of_replies() -> (
    None
):
    percent = {key: round(100 * one.unclassifiable, 2) for key, one in read_study_b(data_folder()).items()}
    closed = [value for (_, style), value in percent.items() if style != "scenarios"]
    assert all(is_share_of(value, 20 * 72) for value in closed)
    # Of a hundred replies an item any percentage would do; one of 1,440 meets two decimals one time in seven.
    assert sum(is_share_of(value / 100, 20 * 72) for value in range(10_000)) < 1500
    assert [key for key, value in percent.items() if not is_share_of(value, 7200)] == [("IND", "scenarios")]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (["USA,scenarios,0.7,0.8,0.9,3"], "line 2: expected 0 <= low"),
        (["USA,scenarios,0.7,0.6,0.8,much"], "line 2: expected four numbers"),
        (["USA,scenarios,0.7,0.6,0.8,nan"], "line 2: expected 0 <= low"),
        (["USA,scenarios,0.7,0.6,0.8,3"] * 2, "line 3: USA, scenarios stands there twice"),
    ],
)
def test_a_wrong_row_is_named(rows: list[str], words: str, tmp_path: Path) -> None:
    with pytest.raises(SurveyFormatError, match=words):
        read_study_b(written(tmp_path, *rows))


def test_another_header_is_refused(tmp_path: Path) -> None:
    folder = written(tmp_path)
    (folder / STUDY_B_FILE).write_text("country,style\n", encoding="utf-8")
    with pytest.raises(SurveyFormatError, match="expected the columns population, style"):
        read_study_b(folder)
