"""The configuration modification: each respondent's own way of decoding, drawn once."""

from dataclasses import dataclass, replace

import numpy as np

from def_sim.records import DecodingConfig, StopAfter


@dataclass(frozen=True, slots=True)
class DecodingRules:
    """How decoding is set, and how it is drawn where the configuration modification is on.

    Args:
        num_beams: Beams where nothing is drawn, from 1.
        do_sample: Sampling where nothing is drawn.
        temperature: Divides the logits; 1 leaves them; above 0.
        top_k: Candidates kept; 0 keeps all; from 0.
        top_p: Probability mass kept; 1 keeps all; above 0 to 1.
        max_new_tokens: Longest answer, from 1.
        max_num_beams: num_beams is drawn uniformly on 1..max_num_beams, from 1.
        do_sample_share: Probability of sampling; a single beam always samples, since a
            greedy respondent would repeat itself word for word; from 0 to 1.
        grid: (temperature, top_p) pairs of which one is drawn; empty: the two above.
        stop_after: How much of an answer is kept: all of it, or one sentence of the explanation.

    Raises:
        ValueError: A value out of its range.
    """

    num_beams: int = 1
    do_sample: bool = True
    temperature: float = 1.0
    top_k: int = 50
    top_p: float = 1.0
    max_new_tokens: int = 512
    max_num_beams: int = 5
    do_sample_share: float = 0.5
    grid: tuple[tuple[float, float], ...] = ()
    stop_after: StopAfter = StopAfter.END

    def __post_init__(self) -> None:
        pairs = [(self.temperature, self.top_p), *self.grid]
        if any(temperature <= 0 for temperature, _ in pairs):
            raise ValueError("temperature must be above 0; for no sampling set do_sample=false")
        if any(not 0 < top_p <= 1 for _, top_p in pairs):
            raise ValueError("top_p must lie in (0, 1]")
        if self.top_k < 0:
            raise ValueError("top_k must be 0 (off) or more")
        if min(self.num_beams, self.max_num_beams, self.max_new_tokens) < 1:
            raise ValueError("num_beams, max_num_beams and max_new_tokens must be at least 1")
        if not 0 <= self.do_sample_share <= 1:
            raise ValueError("do_sample_share must lie in [0, 1]")

    def fixed(self) -> DecodingConfig:
        """The configuration of everyone where nothing is drawn."""
        return DecodingConfig(
            num_beams=self.num_beams,
            do_sample=self.do_sample,
            temperature=self.temperature,
            top_k=self.top_k,
            top_p=self.top_p,
            max_new_tokens=self.max_new_tokens,
            stop_after=self.stop_after,
        )


def draw_decoding(rules: DecodingRules, rng: np.random.Generator) -> DecodingConfig:
    """One respondent's configuration."""
    num_beams = int(rng.integers(1, rules.max_num_beams + 1))
    # Both draws are always made, so that one respondent's sampling does not hang on its beams.
    samples = bool(rng.random() < rules.do_sample_share)
    drawn = replace(rules.fixed(), num_beams=num_beams, do_sample=samples or num_beams == 1)
    if not rules.grid:
        return drawn
    temperature, top_p = rules.grid[int(rng.integers(len(rules.grid)))]
    return replace(drawn, temperature=temperature, top_p=top_p)
