"""One panel as a comparison of runs needs it: its place on the maps, and scores to pair."""

from dataclasses import dataclass

from def_sim.evaluation.arm_panels import ArmPanel, arm_panel
from def_sim.evaluation.map_tables import CountedRun, PanelAnswers, counted_panel, panel_on_map
from def_sim.evaluation.paired_runs import RunScores
from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.evaluation.score_intervals import resample
from def_sim.surveys.human_cells import HumanCells, PeopleBeside, people_beside


@dataclass(frozen=True)
class ComparedPanel:
    """What is kept of one run's answers."""

    on_map: PanelAnswers
    counted: CountedRun
    scores: RunScores | None  # None: not finished, or answers are probabilities
    beside: PeopleBeside | None = None  # its people, if the map is not fitted on them
    arm: ArmPanel | None = None  # of a finished arm or one of several seeds


def compare_panel(
    arrays: PanelArrays,
    people: HumanCells,
    *,
    folder: str,
    model: str,
    survey: str,
    country: str,
    seed: int,
    is_complete: bool,
    is_arm: bool = False,
) -> ComparedPanel:
    """Counts and resamples one panel.

    Args:
        arrays: Its answers.
        people: Of all countries, on the rows of the map.
        folder: Names the run among the others.
        model: As the maps name it.
        survey: As the maps name it.
        country: Whose people the run is compared with, in words.
        seed: Of the run.
        is_complete: Whether every planned answer is there; scores of a part are not paired.
        is_arm: Whether other metrics and diversity are wanted as well; its answers must have their texts.
    """
    panel = arrays.drawn_again if is_complete else None
    resampled = resample(arrays.prompts, panel, seed=seed) if panel is not None else None
    return ComparedPanel(
        panel_on_map(arrays, people, model=model, survey=survey),
        counted_panel(arrays, model=model, survey=survey, country=country),
        RunScores.of(folder, resampled) if resampled is not None else None,
        people_beside(people, arrays.reference),
        arm_panel(folder, arrays, resampled) if is_arm and resampled is not None else None,
    )
