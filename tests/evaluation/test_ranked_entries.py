"""A model with several seeds has one place in a ranking: the mean over them, with their range."""

import math

import pandas as pd
import pytest
from some_runs import run, scores
from test_paired_runs import NUM_ITEMS, a_run, unread

from def_sim.evaluation.compared_runs import ComparedRun, group_runs
from def_sim.evaluation.comparison_table import comparison_table
from def_sim.evaluation.paired_runs import compare_pair
from def_sim.evaluation.ranked_entries import entries_table, ranked_entries
from def_sim.evaluation.ranks_at_as_many import shifts_of_groups


def seed(model: str, number: int, value: float, **more: object) -> ComparedRun:
    return run(model, value, seed=number, folder=f"{model}{number}", run_hash=f"{model}{number}", **more)


# Means: a .2 of .1 and .3, b .15, c .25 of .2 and .3. One seed of a alone would be first, the other third.
A, B = (seed("a", 1, 0.1), seed("a", 2, 0.3)), seed("b", 1, 0.15)
C = (seed("c", 1, 0.2), seed("c", 2, 0.3))


def ranks(*runs: ComparedRun) -> dict[str, tuple[float, bool, int]]:
    """Folder -> rank, whether it is tied, how many are ranked."""
    table = comparison_table(group_runs(runs)).set_index("folder")
    table = table[table["scope"] == "macro"]
    return {
        str(folder): (math.nan if pd.isna(row["rank"]) else row["rank"], row["is_tied"], row["num_ranked"])
        for folder, row in table.iterrows()
    }


def test_seeds_beside_other_models_share_the_rank_of_their_mean_and_count_once() -> None:
    assert ranks(*A, B, *C) == {
        "b1": (1, False, 3),
        **dict.fromkeys(("a1", "a2"), (2, False, 3)),
        **dict.fromkeys(("c1", "c2"), (3, False, 3)),
    }


def test_a_mean_that_is_printed_like_another_models_score_is_a_tie() -> None:
    found = ranks(seed("a", 1, 0.1), seed("a", 2, 0.3), seed("b", 1, 0.2004))
    assert found == dict.fromkeys(("a1", "a2", "b1"), (1, True, 2))


def test_an_unfinished_seed_is_in_no_mean_and_has_no_rank() -> None:
    runs = (seed("a", 1, 0.1), seed("a", 2, 0.9, num_done=3), seed("b", 1, 0.2))
    found = ranks(*runs)
    assert (found["a1"], found["b1"]) == ((1, False, 2), (2, False, 2))
    assert math.isnan(found["a2"][0])
    [group] = group_runs(runs)
    assert [[one.folder for one in entry.runs] for entry in ranked_entries(group)] == [["a1"], ["a2"], ["b1"]]


def test_seeds_of_one_model_alone_are_entries_without_a_rank() -> None:
    found = ranks(seed("a", 1, 0.1), seed("a", 2, 0.3))
    assert all(math.isnan(rank) for rank, _, _ in found.values())
    [group] = group_runs([seed("a", 1, 0.1), seed("a", 2, 0.3)])
    assert len(ranked_entries(group)) == 2


def test_a_copy_of_a_run_does_not_count_twice_in_the_mean() -> None:
    copy = run("a", 0.1, seed=1, folder="copy", run_hash="a1")
    found = ranks(seed("a", 1, 0.1), copy, seed("a", 2, 0.4), seed("b", 1, 0.22))
    assert (found["a1"][0], found["b1"][0]) == (3, 2)  # .25, not .2
    assert found["copy"][0] == 1


def test_an_entry_has_the_mean_and_the_range_of_its_seeds_and_no_interval_of_one_of_them() -> None:
    known = {"interval_low": 0.05, "interval_high": 0.35, "num_undefined": 1}
    runs = (
        seed("a", 1, 0.1),
        run("a", seed=2, folder="a2", run_hash="a2", scores=scores(0.3, **known)),
        seed("b", 1, 0.15),
    )
    groups = group_runs(runs)
    table = entries_table(groups, comparison_table(groups)).set_index("folder")
    assert list(table.index) == ["a1", "b1"]
    several, single = table.loc["a1"], table.loc["b1"]
    assert several["value"] == pytest.approx(0.2)
    assert (several["lowest"], several["highest"], several["num_seeds"]) == (0.1, 0.3, 2)
    assert math.isnan(several["interval_low"])
    assert several["num_undefined"] == 1
    assert single["num_seeds"] == 1
    assert math.isnan(single["lowest"])


def test_without_runs_there_are_no_entries() -> None:
    assert entries_table([], comparison_table([])).empty


def test_ranks_are_at_as_many_answers_where_fewer_of_one_run_could_be_read() -> None:
    groups = group_runs([run("m", 0.1, folder="whole"), run("o", 0.12, folder="part")])
    whole, part = unread(a_run("whole"), [], 10), unread(a_run("part"), range(NUM_ITEMS), 10)
    shifts = shifts_of_groups(groups, {"whole": whole, "part": part})
    js = shifts[(shifts["metric"] == "js_divergence") & (shifts["scope"] == "macro")].set_index("folder")
    own = compare_pair(whole, whole).values[0]
    assert js["shift"]["part"] == 0
    assert js["shift"]["whole"] == pytest.approx(compare_pair(whole, part).values[0] - own)
    assert js["shift"]["whole"] > 0.02

    plain, moved = (
        table[(table["metric"] == "js_divergence") & (table["scope"] == "macro")].set_index("folder")
        for table in (comparison_table(groups), comparison_table(groups, shifts))
    )
    assert plain["rank"].to_dict() == {"whole": 1, "part": 2}
    assert moved["rank"].to_dict() == {"whole": 2, "part": 1}
    assert (moved["value"] == plain["value"]).all()
    assert moved["at_as_many"]["whole"] == pytest.approx(0.1 + js["shift"]["whole"])


def test_runs_with_as_many_answers_are_ranked_as_they_are() -> None:
    groups = group_runs([run("m", 0.1, folder="whole"), run("o", 0.15, folder="part")])
    both = {name: unread(a_run(name), range(20), 10) for name in ("whole", "part")}
    assert shifts_of_groups(groups, both).empty
    assert shifts_of_groups(groups, {}).empty
    table = comparison_table(groups)
    assert (table["at_as_many"] == table["value"]).all()
