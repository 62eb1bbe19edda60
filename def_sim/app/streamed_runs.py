"""Which runs are so large that they are reported part by part. Light: interviews and reports both ask."""

from def_sim.app.run import Run
from def_sim.errors import ConfigError


def is_streamed(run: Run) -> bool:
    """Whether a run is reported part by part.

    Not where a judge reads the answers, whose verdicts are laid over all of them, and not where answers are
    probabilities, whose sums hang on the order of adding.
    """
    is_large = run.num_planned > run.config.scoring.stream_above
    return is_large and run.strategy.needs_judge is None and run.config.answer_mode != "probabilities"


def check_no_verdicts(run: Run) -> None:
    """Makes sure that no judge's readings are asked for beside scores that are made of counts.

    Raises:
        ConfigError: `verdicts=` names a set.
    """
    if run.config.verdicts is not None:
        limit = run.config.scoring.stream_above
        raise ConfigError(
            f"verdicts={run.config.verdicts}: this run has {run.num_planned:,} answers. Above "
            f"scoring.stream_above={limit:,} scores are made of counts, over which no verdicts are laid.",
            fix="Leave verdicts= out, or give a larger scoring.stream_above= where so many answers fit into "
            "memory (about 2 kB each).",
        )
