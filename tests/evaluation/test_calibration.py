"""The table of rectified shares: every row right, or absent with its reason."""

import numpy as np
import pandas as pd
import pytest
from survey_examples import a_question

from def_sim.evaluation.calibration import GroupAnswers, calibrated_frame, gains
from def_sim.evaluation.distributions import QuestionDistribution
from def_sim.metrics.rectified_shares import FEWEST_ITEMS
from def_sim.records import AnswerStatus, MeasurementLevel, QuestionType
from def_sim.surveys.human_sample import HumanSample

NUM_ITEMS, NUM_PEOPLE = 40, 200
SHARES = np.random.default_rng(1).dirichlet(np.full(4, 3.0), NUM_ITEMS)


def counted(item: int, shares: np.ndarray, num: int = 500, **changes: object) -> QuestionDistribution:
    statuses = dict.fromkeys(AnswerStatus, 0.0) | {AnswerStatus.ANSWERED: float(num)}
    return QuestionDistribution(a_question(f"toy.q{item}", **changes), shares * num, statuses)


def sample_of(shares: np.ndarray, num_people: int = NUM_PEOPLE, seed: int = 2) -> HumanSample:
    rng = np.random.default_rng(seed)
    chosen = {
        f"toy.q{item}": np.eye(4, dtype=np.bool_)[rng.choice(4, num_people, p=one)]
        for item, one in enumerate(shares)
    }
    return HumanSample(chosen, np.ones(num_people), {})


def everyone(panel: list[QuestionDistribution], num_people: int = NUM_PEOPLE) -> GroupAnswers:
    return GroupAnswers("all", panel, np.ones(num_people, dtype=np.bool_))


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    panel = [counted(item, one) for item, one in enumerate(SHARES)]
    return calibrated_frame(sample_of(SHARES), [everyone(panel)])


def test_every_option_has_a_row_and_every_ordered_item_its_mean(frame: pd.DataFrame) -> None:
    assert len(frame) == NUM_ITEMS * 5
    assert frame.loc[frame["item"] == "toy.q0", "code"].tolist() == ["1", "2", "3", "4", "mean"]
    assert (frame["n"] == NUM_PEOPLE).all()


def test_estimates_lie_in_their_intervals_and_these_in_the_range_of_shares(frame: pd.DataFrame) -> None:
    assert (frame["low"] <= frame["rectified"]).all()
    assert (frame["rectified"] <= frame["high"]).all()
    shares = frame[frame["code"] != "mean"]
    assert shares["low"].min() >= 0
    assert shares["high"].max() <= 1
    assert shares.groupby("item")["rectified"].sum().to_numpy() == pytest.approx(np.ones(NUM_ITEMS))


def test_a_panel_like_people_is_worth_more_people_and_brings_shares_nearer(frame: pd.DataFrame) -> None:
    shares = frame[frame["code"] != "mean"]
    truth = SHARES.ravel()
    assert ((shares["rectified"] - truth) ** 2).mean() < 0.6 * ((shares["sample"] - truth) ** 2).mean()
    assert gains(frame)["median_gained"] > 100
    assert (frame["reason"] == "").mean() > 0.95


def test_means_are_those_of_positions_from_1(frame: pd.DataFrame) -> None:
    row = frame[(frame["item"] == "toy.q3") & (frame["code"] == "mean")].iloc[0]
    of_item = frame[(frame["item"] == "toy.q3") & (frame["code"] != "mean")]
    assert row["sample"] == pytest.approx((of_item["sample"] * [1, 2, 3, 4]).sum())
    assert row["panel"] == pytest.approx(SHARES[3] @ [1, 2, 3, 4])
    assert 1 <= row["low"] <= row["high"] <= 4


def test_nominal_and_several_choice_items_have_no_mean() -> None:
    panel = [
        counted(0, SHARES[0], level=MeasurementLevel.NOMINAL),
        counted(1, SHARES[1], type=QuestionType.MULTIPLE, max_choices=3),
    ]
    found = calibrated_frame(sample_of(SHARES[:2]), [everyone(panel)])
    assert "mean" not in set(found["code"])


def test_a_useless_panel_is_worth_next_to_nobody() -> None:
    panel = [counted(item, one[::-1]) for item, one in enumerate(SHARES)]
    found = calibrated_frame(sample_of(SHARES), [everyone(panel)])
    assert gains(found)["median_gained"] < 0.2 * NUM_PEOPLE
    shares = found[found["code"] != "mean"]
    covered = (shares["low"] <= SHARES.ravel()) & (SHARES.ravel() <= shares["high"])
    assert covered.mean() > 0.9  # 160 intervals of 95 %


def test_too_few_people_leave_an_item_absent_with_the_reason() -> None:
    sample = sample_of(SHARES)
    silent = np.arange(NUM_PEOPLE) >= 29
    sample.chosen["toy.q0"][silent] = False
    panel = [counted(item, one) for item, one in enumerate(SHARES)]
    found = calibrated_frame(sample, [everyone(panel)])
    absent = found[found["item"] == "toy.q0"]
    assert absent["rectified"].isna().all()
    assert set(absent["reason"]) == {"29 people answered; at least 30 are needed."}
    assert set(absent["n"]) == {29}
    assert found.loc[found["item"] == "toy.q1", "rectified"].notna().all()


def test_people_whose_weights_leave_too_few_of_them_are_too_few() -> None:
    sample = sample_of(SHARES)
    weights = np.where(np.arange(NUM_PEOPLE) < 10, 100.0, 1.0)
    panel = [counted(item, one) for item, one in enumerate(SHARES)]
    found = calibrated_frame(HumanSample(sample.chosen, weights, {}), [everyone(panel)])
    # (1000 + 190)^2 / (100000 + 190) = 14.1
    assert set(found["reason"]) == {
        "200 people answered, worth 14.1 with equal weights; at least 30 are needed."
    }


def test_equal_weights_of_any_size_leave_thirty_people_thirty() -> None:
    sample = sample_of(SHARES, num_people=30)
    panel = [counted(item, one) for item, one in enumerate(SHARES)]
    found = calibrated_frame(HumanSample(sample.chosen, np.full(30, 0.3), {}), [everyone(panel, 30)])
    assert found["rectified"].notna().all()


def test_items_that_the_panel_did_not_answer_do_not_tell_how_good_it_is() -> None:
    num = FEWEST_ITEMS
    panel = [counted(item, one, num=500 if item < num else 0) for item, one in enumerate(SHARES)]
    found = calibrated_frame(sample_of(SHARES), [everyone(panel)])
    [reason] = set(found.loc[found["item"] == "toy.q0", "reason"])
    assert reason.startswith(f"{num - 1} other items, of {num}")


def test_few_items_leave_the_sample_alone_and_say_so() -> None:
    num = FEWEST_ITEMS
    panel = [counted(item, one) for item, one in enumerate(SHARES[:num])]
    found = calibrated_frame(sample_of(SHARES[:num]), [everyone(panel)])
    assert found["rectified"].to_numpy() == pytest.approx(found["sample"].to_numpy())
    assert set(found["reason"]) == {f"{num - 1} other items, of {num} that are needed: the sample alone."}


def test_an_item_that_nobody_of_the_panel_answered_is_the_samples() -> None:
    panel = [counted(item, one, num=0 if item == 0 else 500) for item, one in enumerate(SHARES)]
    found = calibrated_frame(sample_of(SHARES), [everyone(panel)])
    row = found[found["item"] == "toy.q0"].iloc[0]
    assert row["rectified"] == pytest.approx(row["sample"])
    assert row["reason"] == "Nobody of the panel answered: the sample alone."


def test_groups_are_estimated_from_their_own_people_and_members() -> None:
    num = 2 * NUM_PEOPLE
    first, second = sample_of(SHARES), sample_of(SHARES[:, ::-1], seed=3)
    chosen = {item: np.concatenate([first.chosen[item], second.chosen[item]]) for item in first.chosen}
    is_first = np.arange(num) < NUM_PEOPLE
    panel = [counted(item, one) for item, one in enumerate(SHARES)]
    groups = [GroupAnswers("sex=male", panel, is_first), GroupAnswers("sex=female", panel, ~is_first)]
    found = calibrated_frame(HumanSample(chosen, np.ones(num), {}), groups)
    alone = calibrated_frame(first, [everyone(panel)])
    of_first = found[found["group"] == "sex=male"].reset_index(drop=True)
    pd.testing.assert_frame_equal(of_first.drop(columns="group"), alone.drop(columns="group"))
