"""Which runs are so large that they are reported part by part. Light: interviews and reports both ask."""

from def_sim.app.run import Run


def is_streamed(run: Run) -> bool:
    """Whether a run is reported part by part.

    Not where a judge reads the answers, whose verdicts are laid over all of them, and not where answers are
    probabilities, whose sums hang on the order of adding.
    """
    is_large = run.num_planned > run.config.scoring.stream_above
    return is_large and run.strategy.needs_judge is None and run.config.answer_mode != "probabilities"
