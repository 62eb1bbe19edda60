"""Each respondent's own way of decoding: what is drawn, how often, and what stays."""

from collections import Counter

import pytest

from def_sim.randomness import keyed_rng
from def_sim.records import DecodingConfig
from def_sim.respondents.decoding import DecodingRules, draw_decoding

NUM_DRAWS = 5000


def draws(rules: DecodingRules) -> list[DecodingConfig]:
    return [draw_decoding(rules, keyed_rng(1, f"r{i:05d}", "decoding")) for i in range(NUM_DRAWS)]


def test_the_number_of_beams_is_uniform_up_to_the_largest() -> None:
    # 1,000 of 5,000 for each of 5; standard deviation sqrt(5000 * 4/25) = 28.
    beams = Counter(config.num_beams for config in draws(DecodingRules()))
    assert set(beams) == {1, 2, 3, 4, 5}
    assert all(abs(count - 1000) < 130 for count in beams.values())


def test_a_single_beam_always_samples_and_more_beams_sample_by_the_given_share() -> None:
    drawn = draws(DecodingRules(do_sample_share=0.5))
    assert all(config.do_sample for config in drawn if config.num_beams == 1)
    several = [config.do_sample for config in drawn if config.num_beams > 1]
    # About 4,000 draws at .5: standard deviation .008.
    assert sum(several) / len(several) == pytest.approx(0.5, abs=0.04)


def test_a_share_of_one_makes_everyone_sample() -> None:
    assert all(config.do_sample for config in draws(DecodingRules(do_sample_share=1.0, max_num_beams=4)))


def test_without_a_grid_only_beams_and_sampling_differ() -> None:
    rules = DecodingRules(temperature=1.0, top_k=50, top_p=1.0, max_new_tokens=512)
    rest = {(c.temperature, c.top_k, c.top_p, c.max_new_tokens) for c in draws(rules)}
    assert rest == {(1.0, 50, 1.0, 512)}


def test_a_grid_gives_each_of_its_pairs_equally_often() -> None:
    grid = ((1.0, 1.0), (0.7, 1.0), (1.3, 1.0), (1.0, 0.9))
    drawn = draws(DecodingRules(max_num_beams=1, grid=grid, top_k=0))
    pairs = Counter((config.temperature, config.top_p) for config in drawn)
    # 1,250 of 5,000 for each of 4; standard deviation sqrt(5000 * 3/16) = 31.
    assert set(pairs) == set(grid)
    assert all(abs(count - 1250) < 140 for count in pairs.values())


def test_a_grid_does_not_change_who_draws_which_beams() -> None:
    without, with_grid = draws(DecodingRules()), draws(DecodingRules(grid=((0.7, 1.0),)))
    assert [(c.num_beams, c.do_sample) for c in without] == [(c.num_beams, c.do_sample) for c in with_grid]


def test_where_nothing_is_drawn_everyone_decodes_as_configured() -> None:
    rules = DecodingRules(num_beams=3, do_sample=False, temperature=0.7, top_k=0, top_p=0.9, max_new_tokens=9)
    assert rules.fixed() == DecodingConfig(3, False, 0.7, 0, 0.9, 9)
