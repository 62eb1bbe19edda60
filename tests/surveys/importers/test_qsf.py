"""Qualtrics' survey file as the program writes it: what becomes an item, and what is left out by name."""

import json
from pathlib import Path
from typing import Any

import pytest

from def_sim.errors import SurveyFormatError
from def_sim.records import QuestionType
from def_sim.surveys.importers.contract import Imported
from def_sim.surveys.importers.table import Table
from def_sim.surveys.item_bank import Item

YES_NO = {"1": {"Display": "Yes"}, "2": {"Display": "No"}}
JA_NEIN = {"1": {"Display": "Ja"}, "2": {"Display": "Nein"}}


def question(tag: str, kind: str = "MC", selector: str = "SAVR", **changes: Any) -> dict[str, Any]:
    payload = {
        "QuestionText": f"Question <b>{tag}</b>?",
        "DataExportTag": tag,
        "QuestionType": kind,
        "Selector": selector,
        "SubSelector": "TX",
        "Choices": YES_NO,
        "ChoiceOrder": ["1", "2"],
        "Validation": {"Settings": {"ForceResponse": "OFF"}},
        "Language": [],
        "QuestionID": f"Q_{tag}",
    }
    return payload | changes


def qsf(*questions: dict[str, Any], trash: tuple[str, ...] = (), order: tuple[str, ...] | None = None) -> str:
    tags = order or tuple(one["DataExportTag"] for one in questions)
    blocks = [
        {
            "Type": "Default",
            "ID": "BL_1",
            "BlockElements": [{"Type": "Question", "QuestionID": f"Q_{tag}"} for tag in tags],
        },
        {
            "Type": "Trash",
            "ID": "BL_0",
            "BlockElements": [{"Type": "Question", "QuestionID": f"Q_{tag}"} for tag in trash],
        },
    ]
    elements = [
        {"Element": "BL", "PrimaryAttribute": "Survey Blocks", "Payload": blocks},
        {"Element": "FL", "PrimaryAttribute": "Survey Flow", "Payload": {"Type": "Root", "Flow": []}},
        *({"Element": "SQ", "PrimaryAttribute": one["QuestionID"], "Payload": one} for one in questions),
    ]
    return json.dumps(
        {"SurveyEntry": {"SurveyName": "Town", "SurveyLanguage": "EN"}, "SurveyElements": elements}
    )


def imported(folder: Path, text: str) -> Imported:
    path = folder / "town.qsf"
    path.write_text(text, encoding="utf-8")
    return Table(str(path), "town", ["USA"]).read()


def items(found: Imported) -> dict[str, Item]:
    assert found.items is not None
    return {item.variable: item for item in found.items.items}


def left_out(found: Imported) -> list[str]:
    return [line.removeprefix("left out      ") for line in found.summary if line.startswith("left out")]


def test_choices_are_options_with_their_recoded_values(tmp_path: Path) -> None:
    text = qsf(question("parks", RecodeValues={"1": "1", "2": "0"}), question("which", selector="MAVR"))
    found = items(imported(tmp_path, text))
    assert found["parks"].wordings == {"en": ["Question parks?"]}  # no markup
    assert [(one.code, one.labels["en"]) for one in found["parks"].options] == [(0, "No"), (1, "Yes")]
    assert (found["which"].type, found["which"].max_choices) == (QuestionType.MULTIPLE, 2)
    assert found["parks"].asked_in == ["USA"]  # asked and counted, not scored


def test_of_several_choices_no_more_than_the_survey_allows(tmp_path: Path) -> None:
    def at_most(most: object) -> dict[str, Any]:
        return question(f"q{most}", selector="MAVR", Validation={"Settings": {"MaxChoices": most}})

    endless = question("endless", selector="MAVR", Validation={"Settings": {"MaxChoices": "9" * 5000}})
    found = items(imported(tmp_path, qsf(at_most("2"), at_most(1), endless)))
    assert found["endless"].type is QuestionType.SINGLE  # which is none that the program writes
    assert (found["q2"].type, found["q2"].max_choices) == (QuestionType.MULTIPLE, 2)
    assert (found["q1"].type, found["q1"].max_choices) == (QuestionType.SINGLE, 1)


def test_a_matrix_is_an_item_for_each_statement(tmp_path: Path) -> None:
    text = qsf(
        question(
            "m",
            "Matrix",
            "Likert",
            SubSelector="SingleAnswer",
            Choices={"1": {"Display": "The mayor"}, "2": {"Display": "The council"}},
            Answers={"1": {"Display": "Good"}, "2": {"Display": "Fair"}, "3": {"Display": "Poor"}},
            AnswerOrder=["1", "2", "3"],
        )
    )
    found = items(imported(tmp_path, text))
    assert list(found) == ["m_1", "m_2"]
    assert found["m_2"].wordings["en"] == ["Question m?\nThe council"]
    assert [one.labels["en"] for one in found["m_2"].options] == ["Good", "Fair", "Poor"]


def test_a_slider_of_whole_numbers_is_a_scale(tmp_path: Path) -> None:
    settings = {"CSSliderMin": 0, "CSSliderMax": 10, "NumDecimals": "0"}
    slider = question("s", "Slider", "HSLIDER", Choices={"1": {"Display": "Trust"}}, Configuration=settings)
    [item] = items(imported(tmp_path, qsf(slider))).values()
    assert item.scale is not None
    assert (item.scale.first, item.scale.last, item.wordings["en"]) == (0, 10, ["Question s?\nTrust"])


def test_a_slider_has_the_words_at_its_ends(tmp_path: Path) -> None:
    ends = {"1": {"Display": "Never"}, "2": {"Display": "Sometimes"}, "3": {"Display": "Always"}}
    settings = {"CSSliderMin": "0", "CSSliderMax": "4", "NumDecimals": "0"}
    slider = question("s", "Slider", "HSLIDER", Configuration=settings, Labels=ends)
    item = items(imported(tmp_path, qsf(slider)))["s_1"]
    assert [one.labels["en"] for one in item.options] == ["Never", "1", "2", "3", "Always"]


def test_how_likely_to_recommend_counts_from_0(tmp_path: Path) -> None:
    # The program writes these choices as a list without keys, whose first one is choice 0.
    recommend = question(
        "r",
        "MC",
        "NPS",
        Choices=[{"Display": str(point)} for point in range(11)],
        ChoiceOrder=[str(point) for point in range(11)],
        ColumnLabels=[{"Display": "Not at all likely"}, {"Display": "Extremely likely"}],
    )
    item = items(imported(tmp_path, qsf(recommend)))["r"]
    assert item.scale is not None
    assert (item.scale.first, item.scale.last) == (0, 10)
    assert (item.scale.low, item.scale.high) == ({"en": "Not at all likely"}, {"en": "Extremely likely"})


def test_a_statement_that_respondents_write_is_no_item(tmp_path: Path) -> None:
    statements = {"1": {"Display": "The mayor"}, "2": {"Display": "Other:", "TextEntry": "true"}}
    matrix = question("m", "Matrix", "Likert", Choices=statements, Answers=YES_NO, AnswerOrder=["1", "2"])
    assert list(items(imported(tmp_path, qsf(matrix)))) == ["m_1"]


def test_blocks_stand_in_the_order_of_the_flow_and_those_of_a_branch_are_left_out(tmp_path: Path) -> None:
    text = json.loads(qsf(question("a"), question("b"), question("c"), order=("a",)))
    [blocks] = [one for one in text["SurveyElements"] if one["Element"] == "BL"]
    for name, tag in (("BL_2", "b"), ("BL_3", "c")):
        blocks["Payload"].append(
            {
                "Type": "Standard",
                "ID": name,
                "BlockElements": [{"Type": "Question", "QuestionID": f"Q_{tag}"}],
            }
        )
    [flow] = [one for one in text["SurveyElements"] if one["Element"] == "FL"]
    branch = {"Type": "Branch", "FlowID": "FL_3", "Flow": [{"Type": "Block", "ID": "BL_3"}]}
    flow["Payload"]["Flow"] = [
        {"Type": "EmbeddedData", "FlowID": "FL_9"},
        {"Type": "Standard", "ID": "BL_2", "FlowID": "FL_2"},
        branch,
        {"Type": "BlockRandomizer", "Flow": [{"Type": "Block", "ID": "BL_1", "FlowID": "FL_4"}]},
    ]
    found = imported(tmp_path, json.dumps(text))
    assert list(items(found)) == ["b", "a"]
    assert left_out(found) == ["c: it is shown to some only (branch logic)"]


def test_a_second_language_of_the_same_two_letters_is_named(tmp_path: Path) -> None:
    british = {"EN-GB": {"QuestionText": "Question, please?", "Choices": YES_NO}}
    found = imported(tmp_path, qsf(question("a", Language=british | {"EN": {"QuestionText": "Own"}})))
    assert items(found)["a"].wordings == {"en": ["Question a?"]}
    assert left_out(found) == ["language EN-GB: another one is called en, too"]


def test_questions_stand_in_the_order_of_their_blocks_and_the_trash_is_left_out(tmp_path: Path) -> None:
    text = qsf(question("a"), question("b"), question("c"), trash=("c",), order=("b", "a"))
    assert list(items(imported(tmp_path, text))) == ["b", "a"]


def test_translations_of_all_questions_are_kept_and_partial_ones_named(tmp_path: Path) -> None:
    german = {"DE": {"QuestionText": "Frage?", "Choices": JA_NEIN}}
    french = {"FR": {"QuestionText": "Question ?", "Choices": {"1": {"Display": "Oui"}}}}
    found = imported(tmp_path, qsf(question("a", Language=german | french), question("b", Language=german)))
    assert items(found)["a"].wordings == {"en": ["Question a?"], "de": ["Frage?"]}
    assert [one.labels["de"] for one in items(found)["b"].options] == ["Ja", "Nein"]
    assert left_out(found) == ["language FR: not all is translated"]


def test_what_cannot_be_asked_is_named_with_the_reason(tmp_path: Path) -> None:
    text = qsf(
        question("kept"),
        question("free", "TE", "SL"),
        question("piped", QuestionText="Why ${q://QID1/ChoiceGroup/SelectedChoices}?"),
        question("some", DisplayLogic={"0": {}}),
        question("one", Choices={"1": {"Display": "Yes"}}),
        question("twice", Choices={"1": {"Display": "Yes"}, "2": {"Display": "yes"}}),
        question("odd", RecodeValues={"1": "-1", "2": "2"}),
        question("wide", "Slider", "HSLIDER", Configuration={"CSSliderMin": 0, "CSSliderMax": 1000}),
        question("carried", Choices=[], DynamicChoices={"Locator": "q://QID1/ChoiceGroup/SelectedChoices"}),
        question("option", Choices=YES_NO | {"3": {"Display": "Perhaps", "DisplayLogic": {}}}),
        question("several", "Matrix", "Likert", SubSelector="MultipleAnswer", Answers=YES_NO),
        question("skips", SkipLogic=[{}]),
    )
    found = imported(tmp_path, text)
    assert list(items(found)) == ["kept", "skips"]
    assert left_out(found) == [
        "free: it has no options to choose from (TE, SL)",
        "piped: it repeats earlier answers (piped text)",
        "some: it is shown to some only (display logic)",
        "one: fewer than two options, or one without words",
        "twice: two options with the same words or the same code",
        "odd: its code '-1' is no whole number of 0 or more",
        "wide: its slider runs from 0 to 1000; a scale lies between 0 and 100",
        "carried: its options are those of an earlier answer (carried forward)",
        "option: an option is shown to some only (display logic)",
        "several: several answers to each statement of a matrix",
        "skips: its skip logic; it is asked",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{}", "no survey of Qualtrics, or it is cut"),
        (qsf(question("a"))[:-40], "no survey of Qualtrics, or it is cut"),
        ('{"SurveyEntry": [], "SurveyElements": []}', "no survey of Qualtrics"),
        ("[" * 100_000, "no survey of Qualtrics"),
        (qsf(question("free", "TE", "SL")), "none of its 1 questions can be asked (free: it has no options"),
    ],
)
def test_another_or_a_broken_file_is_refused(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(SurveyFormatError) as raised:
        imported(tmp_path, text)
    assert said in raised.value.message
    assert raised.value.fix


def test_odd_shapes_of_a_payload_leave_a_question_out_and_never_fail(tmp_path: Path) -> None:
    odd = [[], {}, None, 1, "x", [[]], {"1": None}, {"1": {"Display": None}}]
    for value in odd:
        for name in ("Choices", "ChoiceOrder", "RecodeValues", "Language", "Validation", "QuestionText"):
            found = imported(tmp_path, qsf(question("kept"), question("odd", **{name: value})))
            assert "kept" in items(found)
