"""A hosted model's rules and its end are read from the dated file."""

import datetime

import pytest

from def_sim.engines.hosted.hosted_models import HostedModel, check_not_retired, hosted_model, retirement_note
from def_sim.errors import ModelError

LAST_DAY = datetime.date(2026, 11, 29)


def test_a_model_is_served_until_the_day_it_retires() -> None:
    check_not_retired("claude-sonnet-4-5-20250929", today=LAST_DAY)
    with pytest.raises(ModelError, match="retired by its provider on 2026-11-30") as caught:
        check_not_retired("claude-sonnet-4-5-20250929", today=LAST_DAY + datetime.timedelta(days=1))
    assert "model.engine.model_name=claude-sonnet-5-5" in caught.value.fix


def test_an_announced_retirement_is_noted_and_a_past_one_is_not() -> None:
    assert retirement_note("claude-sonnet-4-5", today=LAST_DAY).startswith(
        "claude-sonnet-4-5 retires on 2026"
    )
    assert retirement_note("claude-3-5-sonnet-20241022", today=LAST_DAY) == ""
    assert retirement_note("claude-sonnet-5-5", today=LAST_DAY) == ""


@pytest.mark.parametrize("name", ["claude-3-5-sonnet-20241022", "claude-3-5-sonnet-20240620"])
def test_both_versions_of_the_studys_model_are_retired(name: str) -> None:
    assert hosted_model(name).retires == datetime.date(2025, 10, 28)


def test_successors_are_models_that_are_known_and_served_if_they_are_claudes() -> None:
    for name in (
        "claude-3-5-sonnet",
        "claude-3-5-haiku",
        "claude-3-7-sonnet",
        "claude-sonnet-4",
        "claude-opus-4",
    ):
        assert hosted_model(name).successors
        for successor in hosted_model(name).successors:
            assert hosted_model(successor) != HostedModel()
            assert hosted_model(successor).retires is None


def test_an_unknown_model_is_taken_as_the_newest_are() -> None:
    assert hosted_model("claude-of-next-year").sampling == "default_only"
