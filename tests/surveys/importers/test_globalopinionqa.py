"""GlobalOpinionQA becomes items and shares; expectations are computed by hand in the comments."""

import csv
import json
from ast import literal_eval
from dataclasses import replace
from pathlib import Path

import pytest
from opinion_files import (
    CHINA_NOT_NATIONAL,
    CURRENT,
    LADDER,
    LEADER,
    LEFT_OUT,
    NOT_NATIONAL,
    OLD,
    OPINIONS,
    PARKS,
    TRADE,
    Opinion,
    opinion_text,
    write_opinions,
)

from def_sim.errors import ConfigError, DefSimError, SurveyFormatError
from def_sim.records import MeasurementLevel, ReferenceQuality
from def_sim.resources import data_folder
from def_sim.surveys.importers.contract import GroupFigures, Imported
from def_sim.surveys.importers.documents import files_of
from def_sim.surveys.importers.globalopinionqa import GlobalOpinionQA
from def_sim.surveys.importers.opinion_samples import Rule, best_sample, read_countries
from def_sim.surveys.importers.option_kinds import OptionKind, option_kind
from def_sim.surveys.item_bank import Item

FOUR = ("USA", "CHN", "JPN", "IND")
LIST = Path(__file__).parents[4] / "shared" / "figures" / "globalopinionqa_codebook.csv"


def imported(
    folder: Path, *rows: Opinion, rule: Rule = Rule.PUBLISHED, countries: tuple[str, ...] = FOUR
) -> Imported:
    path = write_opinions(folder / "global_opinions.csv", rows or OPINIONS)
    return GlobalOpinionQA(str(path), list(countries), rule).read()


def item_of(found: Imported, opinion: Opinion) -> Item:
    assert found.items is not None
    first = str(opinion.options[0])
    alike = [item for item in found.items.items if item.wordings["en"] == [opinion.question]]
    [item] = [item for item in alike if item.options[0].labels["en"] == first]
    return item


def figures(found: Imported, population: str, opinion: Opinion) -> GroupFigures:
    [one] = [one for one in found.populations if one.provenance.population == population]
    [row] = [row for row in one.figures if row.item_id == item_of(found, opinion).id]
    return row


def binary(found: Imported) -> list[str]:
    return {survey.name: survey.items or [] for survey in found.surveys}.get("goqa_binary", [])


def log(found: Imported) -> list[dict[str, str]]:
    return list(csv.DictReader(found.tables["goqa.import_log.csv"].splitlines()))


# --- shares ---


def test_shares_are_those_of_the_answers_without_dont_know_and_add_up_to_1(tmp_path: Path) -> None:
    found = imported(tmp_path)
    assert figures(found, "USA", LEADER).shares == pytest.approx((2 / 3, 1 / 3))  # .6 and .3 of .9
    assert figures(found, "CHN", LEADER).shares == pytest.approx((2 / 3, 1 / 3))  # .5 and .25 of .75
    assert figures(found, "JPN", LEADER).shares == pytest.approx((0.5, 0.5))  # .4 and .4 of .8


def test_volunteered_answers_are_left_out_and_their_share_of_the_valid_ones_is_kept(tmp_path: Path) -> None:
    found = imported(tmp_path)
    row = figures(found, "USA", PARKS)
    assert row.shares == pytest.approx((0.6, 0.4))  # .45 and .3 of .75
    assert row.volunteered_share == pytest.approx(0.15 / 0.9)
    item = item_of(found, PARKS)
    assert [option.labels["en"] for option in item.options] == ["Yes, enough", "No, too few"]
    assert item.volunteered == [3]


def test_numbers_of_people_stay_unknown(tmp_path: Path) -> None:
    row = figures(imported(tmp_path), "USA", TRADE)
    assert (row.n, row.n_effective, row.quality) == (None, None, ReferenceQuality.PUBLISHED)
    assert (row.group_type, row.group, row.codes) == ("overall", "all", (1, 2))


def test_a_number_among_the_options_is_written_as_people_write_it(tmp_path: Path) -> None:
    item = item_of(imported(tmp_path), LADDER)
    assert [option.labels["en"] for option in item.options] == ["Not at all", "2", "3", "Very much"]


def test_two_options_have_an_order_and_more_have_none(tmp_path: Path) -> None:
    found = imported(tmp_path)
    levels = [item_of(found, one).level for one in (TRADE, PARKS, LADDER)]
    assert levels == [MeasurementLevel.ORDINAL, MeasurementLevel.ORDINAL, MeasurementLevel.NOMINAL]


def test_a_question_keeps_its_quotes_and_line_ends(tmp_path: Path) -> None:
    assert item_of(imported(tmp_path), LEADER).wordings == {"en": [LEADER.question]}


def test_the_topic_is_the_question_in_short_with_its_end(tmp_path: Path) -> None:
    stem = "Please tell me whether your opinion is very favourable, somewhat favourable or neither:"
    long = replace(TRADE, question=f"{stem}\n\nb. the ministry of parks and gardens")
    topic = item_of(imported(tmp_path, long), long).topic
    assert topic == "Please tell me whether your opinion is very ... b. the ministry of parks and gardens"
    assert item_of(imported(tmp_path), PARKS).topic == PARKS.question


# --- samples and rules ---


def test_a_current_sample_goes_before_an_old_one_and_that_before_a_non_national_one(tmp_path: Path) -> None:
    found = imported(tmp_path)
    assert figures(found, "IND", LEADER).shares == pytest.approx((0.8, 0.2))  # current: .72 and .18 of .9
    assert figures(found, "IND", TRADE).shares == (0.5, 0.5)  # old
    assert figures(found, "IND", LADDER).shares == (0.25, 0.25, 0.25, 0.25)  # non-national
    [india] = [one.provenance for one in found.populations if one.provenance.population == "IND"]
    assert set(india.samples) == {CURRENT, OLD, NOT_NATIONAL}
    assert india.samples[OLD] == [item_of(found, TRADE).id]


def test_a_key_that_begins_like_a_country_but_is_another_one_is_not_its_sample() -> None:
    keys = ["Indiana", "Indian Ocean (Current national sample)"]
    assert best_sample(keys, ["India"], Rule.PUBLISHED) is None
    assert best_sample([CHINA_NOT_NATIONAL, "China"], ["China"], Rule.PUBLISHED) == "China"
    assert best_sample([CHINA_NOT_NATIONAL], ["China"], Rule.NATIONAL) is None
    assert best_sample([OLD], ["India"], Rule.NATIONAL) is None


@pytest.mark.parametrize(
    ("rule", "expected"),
    [(Rule.PUBLISHED, [TRADE]), (Rule.NATIONAL, [LEADER]), (Rule.NATIONAL_SHOWN, [LEADER, PARKS])],
)
def test_each_rule_takes_the_questions_it_says(tmp_path: Path, rule: Rule, expected: list[Opinion]) -> None:
    found = imported(tmp_path, rule=rule)
    assert binary(found) == sorted(item_of(found, opinion).id for opinion in expected)


def test_a_question_is_binary_where_all_countries_that_are_wanted_have_it(tmp_path: Path) -> None:
    two = Opinion("Two?", ["Yes", "No"], {"United States": [0.5, 0.5], "Germany": [0.1, 0.9]})
    assert len(binary(imported(tmp_path, TRADE, two, countries=("USA", "DEU")))) == 2
    assert len(binary(imported(tmp_path, TRADE, two))) == 1


@pytest.mark.parametrize(("rule", "count"), [("published", 72), ("national", 22), ("national_shown", 26)])
def test_the_rules_count_72_22_and_26_on_the_list_of_all_questions(
    tmp_path: Path, rule: str, count: int
) -> None:
    if not LIST.is_file():
        pytest.skip("the list of the 2,556 questions is not at hand")
    with LIST.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    wanted = tuple(name for code in FOUR for name in read_countries(data_folder())[code])
    opinions = []
    for row in rows:
        options = literal_eval(row["options"])
        keys = [key for key in json.loads(row["countries"]) if key.startswith(wanted)]
        if len(keys) >= len(FOUR):  # with fewer samples than countries a question is not binary
            shares = {key: [1 / len(options)] * len(options) for key in keys}
            opinions.append(Opinion(row["question"], options, shares))
    assert len(rows) == 2556
    assert len(binary(imported(tmp_path, *opinions, rule=Rule(rule)))) == count


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("DK/Refused", OptionKind.MISSING),
        ("Don’t know", OptionKind.MISSING),
        ('"Dont know"', OptionKind.MISSING),
        ("No answer/ refused", OptionKind.MISSING),
        ("Other missing; Multiple answers Mail (EVS)", OptionKind.MISSING),
        ("Missing; Not available; Not applicable", OptionKind.MISSING),
        ("Neither (VOL)", OptionKind.VOLUNTEERED),
        ("Same (VOL.)", OptionKind.VOLUNTEERED),
        ("Other (DO NOT READ)", OptionKind.VOLUNTEERED),
        ("No difference [ONLY IF VOLUNTEERED]", OptionKind.VOLUNTEERED),
        ("Don't know anyone (VOL)", OptionKind.VOLUNTEERED),
        ("None of these", OptionKind.ANSWER),
        ("Other reasons", OptionKind.ANSWER),
        ("I don't know anyone", OptionKind.ANSWER),
        ("Refused entry", OptionKind.ANSWER),
        ("Volunteered abroad", OptionKind.ANSWER),
    ],
)
def test_only_the_words_of_institutes_make_an_option_missing_or_volunteered(
    label: str, kind: OptionKind
) -> None:
    assert option_kind(label) is kind


# --- ids, doubled rows, the log ---


def test_the_order_of_rows_changes_neither_items_nor_figures(tmp_path: Path) -> None:
    one = files_of(imported(tmp_path))
    other = files_of(imported(tmp_path, *reversed(OPINIONS)))
    assert one.keys() == other.keys()
    differing = {name for name, content in one.items() if content != other[name]}
    # The log goes by row, and the provenance holds the file's SHA-256.
    assert differing == {"imports/goqa.import_log.csv", *(f"references/{code}/goqa.yaml" for code in FOUR)}


def test_a_text_that_comes_twice_with_other_options_or_of_another_source_is_two_items(tmp_path: Path) -> None:
    found = imported(tmp_path)
    assert TRADE.question == LADDER.question
    assert item_of(found, TRADE).id != item_of(found, LADDER).id
    both = imported(tmp_path, TRADE, replace(TRADE, source="WVS")).items
    assert both is not None
    assert len({item.id for item in both.items}) == 2


def test_the_same_row_twice_counts_once_and_with_other_figures_not_at_all(tmp_path: Path) -> None:
    changed = replace(PARKS, shares=PARKS.shares | {"Japan": [0.1, 0.3, 0.5, 0.1]})
    found = imported(tmp_path, TRADE, TRADE, PARKS, changed)
    assert found.items is not None
    assert [item.wordings["en"] for item in found.items.items] == [[TRADE.question]]
    assert [row["outcome"] for row in log(found)] == [
        "kept",
        "the same as row 1",
        "the same question with other figures in row 4",
        "the same question with other figures in row 3",
    ]


def test_the_log_says_of_every_row_whether_it_is_kept_or_why_not(tmp_path: Path) -> None:
    rows = log(imported(tmp_path))
    assert [row["row"] for row in rows] == [str(number) for number in range(1, len(OPINIONS) + 1)]
    assert [row["outcome"] for row in rows] == [
        *["kept"] * 4,
        "none of the countries has figures that count",
        "fewer than two options that are answers",
        "braces in the question, which stand for slots here",
        "no question",
        "two options with the same words",
        "nobody chose an option that is kept",
    ]
    assert [row["binary"] for row in rows[:4]] == ["yes", "no", "no", "no"]
    assert (rows[2]["dropped"], rows[2]["volunteered"]) == ("Don't know", "Neither (VOL)")
    assert [rows[0][code] for code in FOUR] == ["United States", CHINA_NOT_NATIONAL, "Japan", OLD]


def test_no_cell_of_the_log_is_a_formula(tmp_path: Path) -> None:
    row = replace(TRADE, question='=HYPERLINK("http://x")')
    assert log(imported(tmp_path, row))[0]["question"].startswith("'=")


def test_the_summary_counts_items_and_samples(tmp_path: Path) -> None:
    lines = "\n".join(imported(tmp_path).summary)
    assert f"4 of {len(OPINIONS)} rows" in lines
    assert "1 item (rule=published): survey=goqa_binary" in lines
    assert f"CHN           3 items, binary by sample: {CHINA_NOT_NATIONAL} 1" in lines
    none = "\n".join(imported(tmp_path, LADDER, countries=("USA", "IND")).summary)
    assert "0 items (rule=published): there is no goqa_binary" in none


# --- what is refused ---


def refusal(folder: Path, text: str) -> DefSimError:
    path = folder / "global_opinions.csv"
    path.write_text(text, encoding="utf-8", newline="")
    with pytest.raises((SurveyFormatError, ConfigError)) as raised:
        GlobalOpinionQA(str(path), list(FOUR)).read()
    assert raised.value.fix
    return raised.value


RUNS_CODE = "__import__('os').mkdir('run')"
BEGIN = "defaultdict(<class 'list'>, "


@pytest.mark.parametrize(
    ("column", "field", "said"),
    [
        (1, RUNS_CODE, "selections: expected a written-out list or dictionary"),
        (1, f"{BEGIN}{{'Japan': [{RUNS_CODE}, .5]}})", "selections: expected a written-out list"),
        (1, f"{BEGIN}{{'Japan': [.5, .5]}}) or {RUNS_CODE}", "selections: expected a written-out list"),
        (1, f"{BEGIN}{{'Japan': [.5, .5]", "selections: expected a written-out list"),
        (1, "[0.5, 0.5]", "selections: expected countries with lists of shares"),
        (1, "{'Japan': ['a', 'b']}", "'Japan': expected a list of numbers"),
        (1, "{'Japan': [True, False]}", "'Japan': expected a list of numbers"),
        (1, "{'Japan': [1e999, 0.1]}", "'Japan': expected a list of numbers"),
        (1, f"{{'Japan': [{'9' * 4000}, 0.1]}}", "'Japan': expected a list of numbers"),
        (2, f"['Yes', {'9' * 4000}]", "options: expected a list of texts or numbers"),
        (1, "(" * 100_000, "selections: expected a written-out list"),
        (1, "{'Japan': [0.5, 0.3, 0.2]}", "Japan: 3 shares for 2 options"),
        (1, "{'Japan': [1.2, -0.2]}", "Japan: a share below 0 (-0.2)"),
        (1, "{'Japan': [0.0, 0.0]}", "Japan: shares that add up to 0, expected about 1"),
        (1, "{'Japan': [0.9, 0.3]}", "Japan: shares that add up to 1.2, expected about 1"),
        (2, RUNS_CODE, "options: expected a written-out list or dictionary"),
        (2, "{'a': 1}", "options: expected a list of texts or numbers"),
        (2, "[]", "options: expected a list of texts or numbers"),
        (3, "GA", "source: expected GAS or WVS, found 'GA'; the file may be cut there"),
    ],
)
def test_a_bad_field_is_refused_with_its_row_and_runs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, column: int, field: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    fields = TRADE.fields
    fields[column] = field
    error = refusal(tmp_path, opinion_text([LEADER, fields]))
    assert error.message.startswith("global_opinions.csv, row 2 (line 4): ")  # the row before has two lines
    assert said in error.message
    assert not (tmp_path / "run").exists()


def test_shares_of_a_country_that_is_not_wanted_are_not_looked_at(tmp_path: Path) -> None:
    row = replace(TRADE, shares=TRADE.shares | {"Germany": [5.0]})
    assert figures(imported(tmp_path, row), "USA", TRADE).shares == (0.7, 0.3)


def test_another_file_and_a_missing_column_are_told_by_the_header(tmp_path: Path) -> None:
    error = refusal(tmp_path, "item_id,code\nwvs7.Q1,1\n")
    assert "it lacks question, selections, options, source" in error.message
    assert "This is not GlobalOpinionQA" in error.fix
    columns = ("question", "selections", "options", "kind")
    assert "it lacks source" in refusal(tmp_path, opinion_text([TRADE], columns)).message


@pytest.mark.parametrize("cut", [3, 12, 60])
def test_a_truncated_last_row_is_refused(tmp_path: Path, cut: int) -> None:
    refusal(tmp_path, opinion_text([TRADE, LEADER])[:-cut])


def test_a_file_with_none_of_the_countries_says_which_it_has(tmp_path: Path) -> None:
    error = refusal(tmp_path, opinion_text([LEFT_OUT[0]]))
    assert "no row is kept for USA, CHN, JPN, IND" in error.message
    assert "the file has Germany" in error.message


def test_a_country_without_a_row_is_named(tmp_path: Path) -> None:
    assert "no row is kept for CHN, JPN" in refusal(tmp_path, opinion_text([LADDER])).message


def test_a_file_without_rows_is_refused(tmp_path: Path) -> None:
    assert "0 rows; the file has no country" in refusal(tmp_path, opinion_text([])).message


def test_a_country_that_the_source_does_not_have_is_refused() -> None:
    with pytest.raises(ConfigError, match="GlobalOpinionQA has no 'XYZ'"):
        GlobalOpinionQA("any.csv", ["USA", "XYZ"])
