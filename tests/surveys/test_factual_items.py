"""Items with a right answer: which they are, where they are asked, and that nothing else changed by them."""

import pytest
from library import every_item, items_of

from def_sim.resources import data_folder
from def_sim.surveys.map_rows import map_rows
from def_sim.surveys.survey import LoadedSurvey, load_survey

FACTS = ["wvs7.Q91", "wvs7.Q92", "wvs7.Q93"]


def survey(name: str, **choices: object) -> LoadedSurvey:
    return load_survey(data_folder() / "surveys" / f"{name}.yaml", data_folder(), **choices)  # type: ignore[arg-type]


def asked(loaded: LoadedSurvey) -> list[str]:
    return [question.id for question in loaded.survey.questions]


def test_the_keys_are_india_washington_and_human_rights() -> None:
    facts = {item.id: item for item in every_item() if item.is_factual}
    right = {
        item_id: next(o.labels["en"] for o in item.options if o.code == item.factual_key)
        for item_id, item in facts.items()
    }
    assert right == dict(zip(FACTS, ["India", "Washington DC", "Human rights"], strict=True))


@pytest.mark.parametrize("name", ["us", "cn", "us_short", "cn_short"])
def test_a_survey_of_opinions_asks_none_of_them_and_has_no_figures_of_them(name: str) -> None:
    loaded = survey(name)
    assert all(question.factual_key is None for question in loaded.survey.questions)
    assert not {item_id for item_id, _ in loaded.reference.items} & set(FACTS)


@pytest.mark.parametrize("name", ["us", "us_short"])
@pytest.mark.parametrize("wordings", ["base", "all"])
def test_with_facts_a_survey_asks_them_behind_its_last_question(name: str, wordings: str) -> None:
    plain, more = survey(name, wordings=wordings), survey(name, wordings=wordings, factual=True)
    num = len(plain.survey.questions)
    assert asked(more)[:num] == asked(plain)
    assert {question_id.split("#")[0] for question_id in asked(more)[num:]} == set(FACTS)
    assert len(asked(more)) == num + (6 if wordings == "all" else 3)
    assert {key: one for key, one in more.reference.items.items() if key[0] not in FACTS} == dict(
        plain.reference.items
    )


def test_the_survey_of_facts_asks_them_alone_whatever_is_said_besides() -> None:
    assert asked(survey("facts")) == [f"{item_id}#0" for item_id in FACTS]
    assert asked(survey("facts", factual=True)) == asked(survey("facts"))


def test_the_chinese_were_not_asked_what_amnesty_works_on() -> None:
    loaded = survey("facts", population="CHN", language="zh")
    assert asked(loaded) == ["wvs7.Q91#0", "wvs7.Q92#0"]
    assert loaded.survey.questions[0].label_of(3) == "印度"


def test_people_are_as_often_wrong_as_the_institute_counted() -> None:
    # Weighted, of those who answered: 66.0, 35.4 and 88.2 % are right in the United States.
    shares = survey("facts").reference.for_everyone()
    right = {item_id: items_of("wvs7")[item_id].factual_key for item_id in FACTS}
    wrong = [
        sum(s for c, s in zip(shares[i].codes, shares[i].shares, strict=True) if c != right[i]) for i in FACTS
    ]
    assert wrong == pytest.approx([0.340, 0.646, 0.118], abs=0.0005)


def test_no_row_of_the_map_is_one_of_them() -> None:
    assert not [row for row in map_rows(items_of("wvs7").values()) if row.id in FACTS]
