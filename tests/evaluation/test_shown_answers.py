"""Whose single answers a report shows: respondents drawn by the run's seed."""

from def_sim.evaluation.shown_answers import drawn_respondents

PANEL = [f"r{number:02d}" for number in range(50)]


def test_the_seed_alone_draws_whose_answers_come_first() -> None:
    first, again, other = (drawn_respondents(names, seed=seed) for names, seed in (
        (PANEL, 1), (PANEL[::-1], 1), (PANEL, 2),
    ))  # fmt: skip
    assert first == again != other


def test_everybody_is_drawn_once() -> None:
    assert sorted(drawn_respondents([*PANEL, *PANEL], seed=1)) == PANEL
