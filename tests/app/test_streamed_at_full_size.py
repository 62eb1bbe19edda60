"""Large runs at the size that was promised: 2,000 respondents x 620 questions, 1.2 million answers.

Minutes, and 3 GB of memory: marked `full`. `test_streamed_runs` holds the same at 60 x 6.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scripts_loaded import script
from test_streamed_runs import tables_of

from def_sim.answers.storage.division import Division
from def_sim.answers.storage.shards import no_search_for_cycles
from def_sim.app.read_panel import read_panel
from def_sim.app.run import Run
from def_sim.app.streaming import write_shard
from def_sim.evaluation.distributions import distributions_frame
from def_sim.evaluation.panel_arrays import PanelArrays
from def_sim.evaluation.score_intervals import resample

pytestmark = [pytest.mark.slow, pytest.mark.full]

NUM_RESPONDENTS, NUM_QUESTIONS = 2_000, 620
NUM_JOURNALS = 28  # the shards of 4 and of 7 each find their respondents in journals of their own
METRIC = "js_divergence"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Run, Path]]:
    """Invented answers, as short as they come, in journals as interviews leave them."""
    benchmark = script("benchmark_scale")
    words = [
        *("survey=us", "wordings=all", f"respondents={NUM_RESPONDENTS}", f"num_shards={NUM_JOURNALS}"),
        *("scoring.draws=20", f"output={tmp_path_factory.mktemp('large')}"),
    ]
    with pytest.MonkeyPatch.context() as patch, no_search_for_cycles():
        patch.setattr(benchmark, "EXPLANATION", "")
        benchmark.begin_run(words)
        for shard in range(NUM_JOURNALS):
            benchmark.make_journal([*words, f"shard={shard}"], shard)
        run = benchmark.prepared(words)
        yield run, benchmark.folder_of_run(run)


def streamed(run: Run, *, num_shards: int, stream_above: int = 1_000) -> Run:
    """The run in shards, reported part by part unless the limit says otherwise."""
    scoring = run.config.scoring.model_copy(update={"stream_above": stream_above})
    return replace(run, config=run.config.model_copy(update={"scoring": scoring, "num_shards": num_shards}))


def errors_of_items(arrays: PanelArrays) -> NDArray[np.float64]:
    """Standard errors of single items, from drawing respondents or their groups again."""
    assert arrays.drawn_again is not None
    resampled = resample(arrays.prompts, arrays.drawn_again, seed=1, num_draws=1_000)
    return np.asarray(np.nanstd(resampled.draws(METRIC).draws, axis=0))


def test_streamed_numbers_are_those_of_all_answers_at_once(made: tuple[Run, Path], tmp_path: Path) -> None:
    """Exactly for shares and statuses, whatever the number of shards; to 1e-12 for scores."""
    run, folder = made
    at_once = streamed(run, num_shards=1, stream_above=10**9)
    assert run.num_planned == NUM_RESPONDENTS * NUM_QUESTIONS
    arrays = read_panel(at_once, folder).arrays
    whole, by_respondents = tables_of(at_once, arrays), errors_of_items(arrays)
    contents = []
    for num_shards in (1, 4, 7):
        in_parts = streamed(run, num_shards=num_shards)
        for shard in range(num_shards):
            write_shard(in_parts, folder, Division(shard, num_shards))
        arrays = read_panel(in_parts, folder).arrays
        found = tables_of(in_parts, arrays)
        for name in ("distributions", "statuses"):
            pd.testing.assert_frame_equal(whole[name], found[name], check_exact=True)
        pd.testing.assert_frame_equal(whole["scores"], found["scores"], rtol=0, atol=1e-12)
        path = tmp_path / "distributions.parquet"
        distributions_frame(arrays.distributions).to_parquet(path, index=False)
        contents.append(path.read_bytes())
        for part in (folder / "answers").glob("*.parquet"):
            part.unlink()
    assert contents[0] == contents[1] == contents[2]
    by_groups = errors_of_items(arrays)
    assert by_groups.shape == by_respondents.shape == (NUM_QUESTIONS,)
    ratio = float(np.nanmean(by_groups) / np.nanmean(by_respondents))
    print(f"standard errors of items, groups over respondents: {ratio:.4f}")
    assert ratio == pytest.approx(1, abs=0.05)
