"""The cells of a study's table: one country under one style of asking, with what was read of its run."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from def_sim.evaluation.compared_runs import ComparedRun
from def_sim.evaluation.style_scores import StyleScores
from def_sim.evaluation.style_studies import StyleStudy
from def_sim.randomness import keyed_rng


@dataclass(frozen=True)
class ReadRun:
    """What a study needs of one of its runs."""

    scores: StyleScores
    judge: str  # who read the answers, in words
    not_bare: float  # see `style_scores.share_not_bare`


@dataclass(frozen=True)
class StyleCell:
    """One country under one style."""

    run: ComparedRun
    style: str
    read: ReadRun

    @property
    def scores(self) -> StyleScores:
        """Of its items."""
        return self.read.scores


def cells_of(study: StyleStudy, read: Mapping[str, ReadRun]) -> list[StyleCell]:
    """Every run of a study with what was read of it, in the study's order."""
    return [StyleCell(run, study.styles[run.folder], read[run.folder]) for run in study.runs]


def published_rng(run: ComparedRun) -> np.random.Generator:
    """The same draws for all styles of a country."""
    return keyed_rng(run.seed, "study B", "items", run.population)
