"""An XLSForm as KoboToolbox and ODK write it: what becomes an item, and what is left out by name."""

from pathlib import Path

import pytest
from workbook_files import CELLS, write_workbook

from def_sim.errors import SurveyFormatError
from def_sim.records import QuestionType
from def_sim.surveys.importers.contract import Imported
from def_sim.surveys.importers.table import Table
from def_sim.surveys.item_bank import Item

pytest.importorskip("python_calamine")

HEADER = ("type", "name", "label::English (en)", "label::中文 (zh)", "relevant", "constraint", "parameters")
CHOICES: CELLS = (
    ("list_name", "name", "label::English (en)", "label::中文 (zh)"),
    ("parks", "more", "More", "更多"),
    ("parks", "same", "As many", "一样多"),
    ("parks", "fewer", "Fewer", "更少"),
    ("yes_no", 1, "Yes", "是"),
    ("yes_no", 0, "No", "否"),
    ("ends", 0, "Not at all", "完全不"),
    ("ends", 10, "Completely", "完全"),
)
START = ("start", "start", "", "", "", "", "")
PARKS = ("select_one parks", "parks", "More parks, or <b>fewer</b>?", "公园应该更多还是更少？", "", "", "")
VOTED = ("select_one yes_no", "voted", "Did you vote?", "您投票了吗？", "", "", "")
WHICH = (
    "select_multiple parks",
    "which",
    "Which would you accept?",
    "您能接受哪些？",
    "",
    "count-selected(.) <= 2",
    "",
)
TRUST = (
    "range",
    "trust",
    "How far do you trust the council?",
    "您多信任议会？",
    "",
    "",
    "start=0 end=10 step=1 tick_labelset=ends",
)
SETTINGS: CELLS = (("form_title", "form_id", "default_language"), ("Town", "town", "English (en)"))


def imported(
    folder: Path, *questions: tuple[str | float, ...], choices: CELLS = CHOICES, header: CELLS = (HEADER,)
) -> Imported:
    names = ("survey", "choices", "settings")
    path = write_workbook(folder / "town.xlsx", (*header, *questions), choices, SETTINGS, names=names)
    return Table(str(path), "town", ["USA"]).read()


def items(found: Imported) -> dict[str, Item]:
    assert found.items is not None
    return {item.variable: item for item in found.items.items}


def left_out(found: Imported) -> list[str]:
    return [line.removeprefix("left out      ") for line in found.summary if line.startswith("left out")]


def test_selects_and_ranges_are_items_in_all_languages(tmp_path: Path) -> None:
    found = imported(tmp_path, START, PARKS, VOTED, WHICH, TRUST)
    parks, voted, which, trust = items(found).values()
    assert parks.wordings == {"en": ["More parks, or fewer?"], "zh": ["公园应该更多还是更少？"]}
    # Names that are no numbers are counted in their order.
    assert [(one.code, one.labels["zh"]) for one in parks.options] == [
        (1, "更多"),
        (2, "一样多"),
        (3, "更少"),
    ]
    assert [(one.code, one.labels["en"]) for one in voted.options] == [(0, "No"), (1, "Yes")]
    assert (which.type, which.max_choices) == (QuestionType.MULTIPLE, 2)
    assert trust.scale is not None
    assert (trust.scale.first, trust.scale.last, trust.scale.high["zh"]) == (0, 10, "完全")
    assert left_out(found) == []


def test_a_range_without_numbers_runs_from_1_to_10_and_is_labelled_by_them(tmp_path: Path) -> None:
    [item] = items(imported(tmp_path, (*TRUST[:6], ""))).values()
    assert item.scale is not None
    assert (item.scale.low, item.scale.high) == ({"en": "1", "zh": "1"}, {"en": "10", "zh": "10"})


def test_a_form_may_say_of_which_level_an_item_is(tmp_path: Path) -> None:
    header: CELLS = ((*HEADER, "level"),)
    found = items(imported(tmp_path, (*PARKS, "ordinal"), (*VOTED, ""), header=header))
    assert [str(item.level) for item in found.values()] == ["ordinal", "nominal"]


def test_labels_without_a_language_are_in_that_of_the_settings(tmp_path: Path) -> None:
    choices: CELLS = (("list_name", "name", "label"), ("yes_no", "y", "Yes"), ("yes_no", "n", "No"))
    found = imported(
        tmp_path, ("select_one yes_no", "q", "Well?"), choices=choices, header=(("type", "name", "label"),)
    )
    assert items(found)["q"].wordings == {"en": ["Well?"]}


def test_what_cannot_be_asked_is_named_with_the_reason(tmp_path: Path) -> None:
    found = imported(
        tmp_path,
        PARKS,
        ("text", "why", "Why?", "为什么？", "", "", ""),
        ("note", "thanks", "Thank you", "谢谢", "", "", ""),
        (*VOTED[:1], "some", *VOTED[2:4], "${parks} = 'more'", "", ""),
        (*VOTED[:1], "piped", "You said ${parks}?", "您说${parks}？", "", "", ""),
        ("select_one yes_no or_other", "other", "Else?", "其他？", "", "", ""),
        ("select_one_from_file towns.csv", "file", "Where?", "哪里？", "", "", ""),
        ("range", "steps", "How far?", "多远？", "", "", "start=0 end=1 step=0.1"),
        ("begin_group", "g", "Only for some", "", "${voted} = 1", "", ""),
        (*VOTED[:1], "inside", *VOTED[2:]),
        ("end_group", "", "", "", "", "", ""),
        ("begin_repeat", "r", "Each child", "", "", "", ""),
        (*VOTED[:1], "again", *VOTED[2:]),
        ("end_repeat", "", "", "", "", "", ""),
    )
    assert list(items(found)) == ["parks"]
    assert left_out(found) == [
        "why: it has no options to choose from (text)",
        "thanks: it has no options to choose from (note)",
        "some: it is shown to some only (relevant)",
        "piped: it repeats earlier answers (${...})",
        "other: an option with free text (or_other)",
        "file: it has no options to choose from (select_one_from_file towns.csv)",
        "steps: its range runs from 0 to 1 by 0.1; a scale has whole numbers from 0 to 100",
        "inside: it is shown to some only (relevant)",
        "again: it is asked several times (repeat)",
    ]


def test_partial_translations_and_languages_without_a_code_are_named(tmp_path: Path) -> None:
    header: CELLS = (("type", "name", "label::English (en)", "label::中文 (zh)", "label::Plattdeutsch"),)
    found = imported(tmp_path, (*PARKS[:4], "Mehr?"), (*VOTED[:3], "", ""), header=header)
    assert items(found)["voted"].wordings == {"en": ["Did you vote?"]}
    assert left_out(found) == [
        "column label::Plattdeutsch: its language has no code; write it as in label::English (en)",
        "language zh: not all is translated",
    ]


@pytest.mark.parametrize(
    ("questions", "said"),
    [
        ((("select_one towns", "q", "Where?", "", "", "", ""),), "row 2: q: no list 'towns' on the sheet"),
        ((PARKS, VOTED, PARKS), "row 4: the name 'parks' stands there twice"),
        ((PARKS, ("end_group", "", "", "", "", "", "")), "row 3: end group without its beginning"),
        ((("begin_group", "g", "", "", "", "", ""), PARKS), "the group 'g' is not closed"),
        ((("text", "q", "Why?", "", "", "", ""),), "none of its 1 questions can be asked (q: it has no opt"),
    ],
)
def test_a_form_that_breaks_its_rules_is_refused_with_the_row(
    questions: tuple[tuple[str | float, ...], ...], said: str, tmp_path: Path
) -> None:
    with pytest.raises(SurveyFormatError) as raised:
        imported(tmp_path, *questions)
    assert said in raised.value.message
    assert raised.value.message.startswith("town.xlsx")
    assert raised.value.fix


def test_a_choice_that_stands_twice_is_refused_with_the_second_row(tmp_path: Path) -> None:
    with pytest.raises(SurveyFormatError, match=r"row 9: sheet choices: the name 'more' stands twice"):
        imported(tmp_path, PARKS, choices=(*CHOICES, ("parks", "more", "More again", "")))


def test_a_list_of_thousands_of_places_is_no_list_of_options(tmp_path: Path) -> None:
    """For each question with it, comparing each name with each other would take minutes."""
    places: CELLS = tuple(("places", f"p{number}", f"Place {number}", "") for number in range(30_000))
    where = tuple(
        ("select_one places", f"where{number}", "Where do you live?", "您住在哪里？", "", "", "")
        for number in range(30)
    )
    found = imported(tmp_path, PARKS, *where, choices=(*CHOICES, *places))
    assert list(items(found)) == ["parks"]
    assert left_out(found)[0] == "where0: 30,000 options; at most 1,000 are asked"
