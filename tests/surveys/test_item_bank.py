"""The items: what is shipped, and what is wrong with a bad file."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from library import LANGUAGES, every_item
from toy_survey import ITEMS, broken, line_of

from def_sim.errors import SurveyFormatError
from def_sim.records import Option
from def_sim.surveys.item_bank import Item, ItemFile, read_items


def read(folder: Path, text: str) -> ItemFile:
    path = folder / "toy.yaml"
    path.write_text(text, encoding="utf-8")
    return read_items(path)


# --- what is shipped ---


@pytest.mark.parametrize("item", every_item(), ids=lambda item: item.id)
def test_a_shipped_item_has_two_wordings_in_every_language(item: Item) -> None:
    assert set(item.wordings) >= set(LANGUAGES)
    assert all(len(set(texts)) >= 2 for texts in item.wordings.values())


@pytest.mark.parametrize("item", every_item(), ids=lambda item: item.id)
def test_chinese_is_written_in_chinese_and_english_in_latin_letters(item: Item) -> None:
    labels = [option.labels for option in item.options]
    english = [*item.wordings["en"], *(label["en"] for label in labels)]
    chinese = [*item.wordings["zh"], *(label["zh"] for label in labels if not label["zh"].isdigit())]
    assert not [text for text in english if re.search(r"[\u3000-\u9fff\uff00-\uffef]", text)]
    assert not [text for text in chinese if not re.search(r"[\u4e00-\u9fff]", text)]


def test_every_follow_up_stands_right_behind_its_first_question() -> None:
    items = every_item()
    pairs = [(before, item) for before, item in pairwise(items) if item.follow_up_of]
    assert len(pairs) >= 2
    assert all(item.follow_up_of == before.id for before, item in pairs)


def test_codes_that_only_an_interviewer_could_note_are_not_shown() -> None:
    by_id = {item.id: item for item in every_item()}
    assert by_id["wvs7.Q111"].volunteered == [3]
    assert by_id["wvs7.Q254"].volunteered == [5]
    assert [option.code for option in by_id["wvs7.Q254"].options] == [1, 2, 3, 4]


def test_americans_were_shown_three_of_the_five_options_on_jobs() -> None:
    item = next(item for item in every_item() if item.id == "wvs7.Q33")
    assert [option.code for option in item.shown_options("USA")] == [2, 3, 4]
    assert [option.code for option in item.shown_options("CHN")] == [1, 2, 3, 4, 5]


# --- from an item to a question ---


def test_an_item_becomes_a_question_in_one_wording_language_and_population(tmp_path: Path) -> None:
    first, second, degree = read(tmp_path, ITEMS).items
    question = first.question(wording=1, language="zh", population="USA")
    assert (question.id, question.text) == ("toy.first#1", "哪一个最重要？")
    assert question.options == (Option(1, "增长"), Option(2, "秩序"))
    assert len(first.question(wording=0, language="en", population="CHN").options) == 3
    assert second.question(wording=0, language="en", population="USA").follow_up_of == "toy.first"
    assert degree.question(wording=0, language="en", population="USA").codes == (1, 2, 3)


def test_a_scale_labels_its_ends_and_numbers_what_lies_between(tmp_path: Path) -> None:
    degree = read(tmp_path, ITEMS).items[2].question(wording=0, language="en", population="USA")
    assert [option.label for option in degree.options] == ["Never", "2", "Always"]


def test_an_item_has_no_wording_in_a_language_nobody_wrote(tmp_path: Path) -> None:
    item = read(tmp_path, ITEMS).items[0]
    with pytest.raises(KeyError):
        item.question(wording=0, language="fr", population="USA")
    with pytest.raises(IndexError):
        item.question(wording=2, language="en", population="USA")


# --- what is wrong with a bad file, and where ---

FIRST, SECOND, DEGREE = "- id: toy.first", "- id: toy.second", "- id: toy.degree"
WORDINGS_EN = 'en: ["What comes first?", "Which of these is on top?"]'
BROKEN = {
    # name: (what is replaced, by what, where the error must point, what it must say)
    "a code twice": ("{code: 2,", "{code: 1,", FIRST, "codes must rise and be distinct, found [1, 1, 3]"),
    "a negative code": ("{code: 1,", "{code: -1,", FIRST, "negative codes are missing values"),
    "a code in quotes": ("{code: 1,", '{code: "1",', '{code: "1",', "valid integer"),
    "a label missing in a language": (', zh: "美丽"', "", FIRST, "differ in language(s) ['zh']"),
    "an empty label": ('zh: "美丽"', 'zh: ""', "{code: 3", "at least 1 character"),
    "two equal labels": ('en: "Order"', 'en: "growth"', FIRST, "the same label in en"),
    "a label that YAML takes for a truth": ('en: "Growth"', "en: yes", "{code: 1", "Found: True"),
    "a wording missing in a language": (
        '      zh: ["哪个第一？", "哪一个最重要？"]\n',
        "",
        FIRST,
        "differ in language(s) ['zh']",
    ),
    "an unfinished line": ("dimension: TDI", "dimension:", "dimension:", "name one of EVI"),
    "a direction of nothing": (
        "dimension: PDI",
        "dimension: none",
        SECOND,
        "a direction is one of a dimension",
    ),
    "no wording": (WORDINGS_EN, "en: []", "en: []", "at least 1 item"),
    "the same wording twice": (
        WORDINGS_EN,
        'en: ["What comes first?", "What comes first?"]',
        FIRST,
        "1 distinct wording(s)",
    ),
    "a follow-up without its slot": (
        "You chose {first_choice}. What",
        "What",
        SECOND,
        "the slot {first_choice} belongs into every wording",
    ),
    "a slot in a question that follows nothing": (
        "What comes first?",
        "What is {first_choice}?",
        FIRST,
        "the slot {first_choice} belongs",
    ),
    "braces of another kind": ("What comes first?", "What is {it}?", FIRST, "no other braces anywhere"),
    "a follow-up of nothing": (
        "follow_up_of: toy.first",
        "follow_up_of: toy.zero",
        SECOND,
        "toy.second follows toy.zero, which does not stand before it",
    ),
    "an unknown option set": (
        "options: aims3",
        "options: aims4",
        "options: aims4",
        "option set 'aims4' is not among",
    ),
    "option sets without any": (
        ITEMS[ITEMS.index("  aims3") : ITEMS.index("\nitems:")],
        "",
        "option_sets:",
        "option_sets",
    ),
    "an item twice": (SECOND, FIRST, "- id: toy.first\n    variable: V2", "toy.first stands twice"),
    "an item of another source": (SECOND, "- id: other.second", "- id: other.second", "begin with 'toy'"),
    "an unknown dimension": ("dimension: TDI", "dimension: XYZ", "dimension: XYZ", "Found: 'XYZ'"),
    "a direction of two": ("direction: 1", "direction: 2", "direction: 2", "less than or equal to 1"),
    "an unknown key": ("topic: first aim", "topik: first aim", FIRST, "topic: Field required"),
    "no topic": ("    topic: first aim\n", "", FIRST, "topic: Field required"),
    "a key twice": ("    topic: first aim", "    topic: a\n    topic: b", "topic: b", "'topic' stands twice"),
    "a scale without its last point": ("last: 3, ", "", DEGREE, "last: Field required"),
    "a scale and options": ("    scale: {", "    options: aims3\n    scale: {", DEGREE, "not both"),
    "a scale of another type": ("type: scale", "type: single", DEGREE, "go together"),
    "several choices of a single-choice item": (
        "direction: 0",
        "direction: 0\n    max_choices: 2",
        FIRST,
        "max_choices above 1 and type multiple go together",
    ),
    "a code both shown and volunteered": (
        "volunteered: [0]",
        "volunteered: [3]",
        DEGREE,
        "codes [3] are both shown and volunteered",
    ),
    "a population shown what is no option": (
        "shown: {USA: [1, 2]}",
        "shown: {USA: [1, 7]}",
        FIRST,
        "USA was shown [1, 7], the options are [1, 2, 3]",
    ),
    "a fact without its key": (
        "direction: 0",
        "direction: 0\n    is_factual: true",
        FIRST,
        "`is_factual: true` and `factual_key` go together",
    ),
    "a key of what is no fact": (
        "direction: 0",
        "direction: 0\n    factual_key: 1",
        FIRST,
        "`is_factual: true` and `factual_key` go together",
    ),
    "a key that some were not shown": (
        "direction: 0",
        "direction: 0\n    is_factual: true\n    factual_key: 3",
        FIRST,
        "factual_key 3 is no code that is shown",
    ),
    "a right point of a scale": (
        "    volunteered: [0]",
        "    is_factual: true\n    factual_key: 1\n    volunteered: [0]",
        DEGREE,
        "an item with a right answer is of type single",
    ),
    "no items": (ITEMS[ITEMS.index("items:") :], "items: []\n", "items: []", "at least 1 item"),
    "a tab for indentation": ("    topic: first", "\ttopic: first", "\ttopic: first", "tab"),
    "a wrong indentation": ("    topic: first", "   topic: first", "   topic: first", "not readable as YAML"),
    "a control character": ("first aim", "first \x07 aim", "topic: first", "control characters"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_malformed_file_is_an_error_that_names_its_line(name: str, tmp_path: Path) -> None:
    old, new, where, what = BROKEN[name]
    text = broken(ITEMS, old, new)
    with pytest.raises(SurveyFormatError) as caught:
        read(tmp_path, text)
    assert f"toy.yaml, line {line_of(text, where)}" in caught.value.message
    assert what in caught.value.message
    assert "\n" not in caught.value.message  # one message
    assert str(tmp_path / "toy.yaml") in caught.value.fix


@pytest.mark.parametrize("text", ["", "- a list\n", "a word\n"])
def test_a_file_that_is_no_mapping_is_an_error(text: str, tmp_path: Path) -> None:
    with pytest.raises(SurveyFormatError, match=r"toy\.yaml, line 1, the file: "):
        read(tmp_path, text)


def test_further_violations_are_counted(tmp_path: Path) -> None:
    text = broken(broken(ITEMS, "dimension: TDI", "dimension: X"), "dimension: PDI", "dimension: Y")
    with pytest.raises(SurveyFormatError, match=r"Found: 'X'\. \(1 more below it\)"):
        read(tmp_path, text)


def test_a_missing_file_a_folder_and_another_encoding_are_errors_with_a_fix(tmp_path: Path) -> None:
    with pytest.raises(SurveyFormatError, match=r"toy\.yaml does not exist"):
        read_items(tmp_path / "toy.yaml")
    with pytest.raises(SurveyFormatError, match="cannot be read"):
        read_items(tmp_path)
    (tmp_path / "toy.yaml").write_bytes(ITEMS.encode("gb18030"))
    with pytest.raises(SurveyFormatError, match=r"toy\.yaml is not UTF-8 text"):
        read_items(tmp_path / "toy.yaml")
