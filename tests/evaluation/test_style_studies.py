"""Which runs make up one study of ways of asking, and how each style is called."""

from study_panels import style_run

from def_sim.evaluation.style_studies import STYLES, style_studies

OPEN = {"strategy.frames": "open_ended", "strategy.frame_texts": "a" * 16}
USES = {"strategy.frames": "use_cases", "strategy.frame_texts": "b" * 16}
COUNTRIES = ("USA", "CHN", "JPN", "IND")


def test_twelve_runs_of_one_model_are_one_study_in_the_order_of_the_published_table() -> None:
    runs = [style_run(style, country) for style in reversed(STYLES) for country in sorted(COUNTRIES)]
    [study], left_out = style_studies(runs)
    assert [(one.population, one.strategy) for one in study.runs] == [
        (country, style) for country in COUNTRIES for style in STYLES
    ]
    assert set(study.styles.values()) == set(STYLES)
    assert left_out == []
    assert study.are_independent


def test_another_model_seed_or_size_of_the_panel_is_another_study() -> None:
    runs = [
        style_run("scenarios", run_hash="a"),
        style_run("scenarios", run_hash="b", model="claude"),
        style_run("scenarios", run_hash="c", seed=2),
        style_run("scenarios", run_hash="d", settings={"respondents": "100"}),
    ]
    studies, left_out = style_studies(runs)
    assert [len(study.runs) for study in studies] == [1, 1, 1, 1]
    assert [study.number for study in studies] == [1, 2, 3, 4]
    assert left_out == []


def test_other_strategies_are_no_styles() -> None:
    assert style_studies([style_run("ccsv"), style_run("diversity_enhanced")]) == ([], [])


def test_frames_of_another_use_are_a_style_of_their_own() -> None:
    runs = [
        style_run("scenarios", folder="a", run_hash="a", settings=OPEN),
        style_run("scenarios", folder="b", run_hash="b", settings=USES),
        style_run("classification"),
    ]
    [study], _ = style_studies(runs)
    assert study.styles["a"] == "scenarios, frames open ended"
    assert study.styles["b"] == "scenarios, frames use cases"
    assert study.styles["outputs/classification-USA"] == "classification"


def test_two_runs_of_one_style_and_country_are_left_out_by_name() -> None:
    twice = [style_run("scenarios", folder=name, run_hash=name) for name in ("a", "b")]
    [study], left_out = style_studies([*twice, style_run("classification")])
    assert [one.strategy for one in study.runs] == ["classification"]
    assert [(one.folder, one.why) for one in left_out] == [
        ("a", "b is scenarios of USA, too: name one of them in runs=."),
        ("b", "a is scenarios of USA, too: name one of them in runs=."),
    ]


def test_copies_of_one_run_count_once_and_unfinished_runs_are_left_out() -> None:
    copies = [style_run("scenarios", folder=name) for name in ("a", "b")]
    half = style_run("classification", num_done=30)
    [study], left_out = style_studies([*copies, half])
    assert [one.folder for one in study.runs] == ["a"]
    assert [(one.folder, one.why) for one in left_out] == [(half.folder, "Not finished.")]


def test_a_modification_that_is_on_makes_answers_hang_together() -> None:
    settings = {"protocol.modifications.memory": "true"}
    [study], _ = style_studies([style_run("scenarios", settings=settings)])
    assert not study.are_independent
