"""What `generate()` calls once a step, so that its tokens are drawn with addressed noise.

A row's token depends on its own logits, its own parameters and the noise of its own request
(docs/reference/randomness.md), never on the rows beside it. Letters: R requests, W beams of each,
B = R x W rows, V vocabulary. These are logits processors, which is all that transformers' public interface
has for this; they know no prompt and no text.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

from def_sim.engines.local.sampling.beam_search import num_candidates
from def_sim.engines.local.sampling.top_k import ranked
from def_sim.engines.local.sampling.warping import warp_logits
from def_sim.randomness import gumbel_noise, noise_key
from def_sim.records import DecodingConfig, Request

_FAR_BELOW: Final = -1e4  # log-probability of what a failed row must not choose; finite: beams survive it
_OUT_OF_THE_RACE: Final = -1e9  # what `generate()` takes from the score of a beam that must not go on


class KeyedSampler:
    """Chooses the token of every row and leaves it as the only possible one.

    With a single possible token left, `generate(do_sample=False)` takes it: the noise is
    ours, the loop is theirs. Rows that do not sample take their largest logit.

    Args:
        requests: The request of each row, length B; none of them has beams.
        prompt_length: Length of the padded prompts, so that steps count from 0.
        device: Where the logits are.
    """

    def __init__(self, requests: Sequence[Request], prompt_length: int, device: torch.device) -> None:
        self._prompt_length = prompt_length
        self._rows = [row for row, request in enumerate(requests) if request.decoding.do_sample]
        self._keys = [noise_key(requests[row].key) for row in self._rows]
        decodings = [requests[row].decoding for row in self._rows]
        self._temperature = torch.tensor([decoding.temperature for decoding in decodings], device=device)
        self._top_k = torch.tensor([decoding.top_k for decoding in decodings], device=device)
        # 1 - top_p is taken in double precision first, as transformers does.
        self._top_p = torch.tensor(
            [decoding.top_p for decoding in decodings], dtype=torch.float64, device=device
        )

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """Scores of shape (B, V) that leave one token a row."""
        chosen = scores.argmax(dim=-1)
        if self._rows:
            drawn = self._draw(scores[self._rows], step=input_ids.shape[1] - self._prompt_length)
            chosen[self._rows] = torch.as_tensor(drawn, device=scores.device)
        return torch.full_like(scores, -torch.inf).scatter_(1, chosen[:, None], 0.0)

    def _draw(self, logits: Tensor, step: int) -> list[int]:
        """Gumbel-max: the largest of log-probability plus noise is a draw from the softmax."""
        warped = warp_logits(logits, temperature=self._temperature, top_k=self._top_k, top_p=self._top_p)
        rows, tokens = torch.nonzero(warped > -torch.inf, as_tuple=True)
        values = warped[rows, tokens].double().cpu().numpy()
        ends = np.cumsum(torch.bincount(rows, minlength=len(self._rows)).cpu().numpy())[:-1]
        drawn = []
        for key, row_tokens, row_values in zip(
            self._keys, np.split(tokens.cpu().numpy(), ends), np.split(values, ends), strict=True
        ):
            noisy = row_values + gumbel_noise(key, step=step, beam=0, tokens=row_tokens)
            drawn.append(int(row_tokens[noisy.argmax()]))
        return drawn


class KeyedBeamSampler:
    """Draws the continuations of sampled beams: several without replacement, with addressed noise.

    The n largest of log-probability plus Gumbel noise are a draw of n without replacement, in
    proportion to the probabilities. All others are ruled out, so that the beam search of `generate()` has
    the drawn ones left and takes them sorted by score, as in transformers 4 (the study's time);
    transformers 5 leaves them in the order drawn.

    A draw is of whole texts, and a processor is shown the newest log-probabilities only. The score of the
    text before them is therefore kept here, from step to step.

    Args:
        requests: The requests of the batch, equal in their decoding.
        prompt_length: Length of the padded prompts, so that steps count from 0.
        stop_tokens: Tokens that end a text.
    """

    def __init__(
        self, requests: Sequence[Request], prompt_length: int, stop_tokens: Sequence[int] = ()
    ) -> None:
        self._keys = [noise_key(request.key) for request in requests]
        decoding = requests[0].decoding
        self._num_beams = decoding.num_beams
        self._prompt_length = prompt_length
        self._stop_tokens = tuple(stop_tokens)
        self._num_drawn = num_candidates(self._num_beams, len(self._stop_tokens))
        # As `generate()` itself warps beams: never fewer tokens than those that end a text, and one.
        self._warpers = _warpers(decoding, at_least=max(2, 1 + len(self._stop_tokens)))
        self._texts: Tensor | None = None  # of the step before, shape (R, W, length)
        self._kept: Tensor | None = None  # their continuations' scores, shape (R, W, V)

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """Log-probabilities of shape (B, V), -inf for all that was not drawn."""
        for warper in self._warpers:
            scores = warper(input_ids, scores)
        shape = (len(self._keys), self._num_beams, scores.shape[-1])
        texts = input_ids.view(*shape[:2], -1)
        accumulated = scores.view(shape) + self._running(texts, scores)[:, :, None]
        kept = self.keep_drawn(
            accumulated.view(shape[0], -1), length=input_ids.shape[1], num_drawn=self._num_drawn
        )
        self._texts, self._kept = texts.clone(), kept.view(shape)
        return scores.masked_fill(kept.view_as(scores) == -torch.inf, -torch.inf)

    def _running(self, texts: Tensor, like: Tensor) -> Tensor:
        """Score of each beam's text so far, shape (R, W): that of the first prompt alone is in the race."""
        running = torch.full(texts.shape[:2], _OUT_OF_THE_RACE, dtype=like.dtype, device=like.device)
        if self._texts is None or self._kept is None:
            running[:, 0] = 0
            return running
        for row, beams in enumerate(texts):
            running[row] = self._scores_of(beams, self._texts[row], self._kept[row])
        return running

    def _scores_of(self, beams: Tensor, before: Tensor, kept: Tensor) -> Tensor:
        """Score of each text of a request, found by the text that it goes on from.

        Texts may be equal where few tokens are in the race: they then come with falling scores.
        """
        is_parent = (beams[:, None, :-1] == before[None]).all(dim=-1)  # (W, W)
        newest = beams[:, -1]
        found = kept[:, newest].T.masked_fill(~is_parent, -torch.inf).sort(dim=-1, descending=True).values
        equal = (beams[:, None] == beams[None]).all(dim=-1)
        place = equal.tril(diagonal=-1).sum(dim=-1)
        scores = found.gather(1, place[:, None])[:, 0]
        ends = torch.tensor(self._stop_tokens, dtype=torch.long, device=newest.device)
        has_ended = torch.isin(newest, ends)
        return scores + has_ended.to(scores.dtype) * _OUT_OF_THE_RACE

    def keep_drawn(self, accumulated: Tensor, *, length: int, num_drawn: int) -> Tensor:
        """The scores with -inf for every candidate that was not drawn.

        Args:
            accumulated: Log-probability of each continuation of each beam, shape
                (requests, beams * V); -inf for tokens that the warpers took out.
            length: Tokens so far, prompt included.
            num_drawn: Candidates to draw for each request.
        """
        vocabulary = accumulated.shape[1] // self._num_beams
        kept = torch.full_like(accumulated, -torch.inf)
        for row, key in enumerate(self._keys):
            candidates = torch.nonzero(accumulated[row] > -torch.inf).flatten()
            values = accumulated[row, candidates].double().cpu().numpy()
            beams, tokens = np.divmod(candidates.cpu().numpy(), vocabulary)
            noisy = values + self._noise(key, length - self._prompt_length, beams, tokens)
            drawn = candidates[torch.as_tensor(ranked(noisy, beams, tokens, num_drawn))]
            kept[row, drawn] = accumulated[row, drawn]
        return kept

    def _noise(
        self, key: int, step: int, beams: NDArray[np.int64], tokens: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        noise = np.empty(tokens.shape)
        for beam in range(self._num_beams):
            of_beam = beams == beam
            noise[of_beam] = gumbel_noise(key, step=step, beam=beam, tokens=tokens[of_beam])
        return noise


def _warpers(decoding: DecodingConfig, *, at_least: int) -> list[Any]:
    """Transformers' own, in its order."""
    warpers: list[Any] = []
    if decoding.temperature != 1:
        warpers.append(TemperatureLogitsWarper(decoding.temperature))
    if decoding.top_k:
        warpers.append(TopKLogitsWarper(decoding.top_k, min_tokens_to_keep=at_least))
    if decoding.top_p < 1:
        warpers.append(TopPLogitsWarper(decoding.top_p, min_tokens_to_keep=at_least))
    return warpers


class FiniteLogitsGuard:
    """Notes the requests whose logits are not numbers, and ends them without harm to the others.

    A model in half precision can overflow on one prompt. Left alone, that row would give
    token 0 in silence, or stop the whole batch.

    Args:
        num_requests: Requests in the batch.
        num_beams: Rows of each request, side by side.
        stop_token: Token that ends a row; None if the model has none.
        prompt_length: Length of the padded prompts.

    Attributes:
        failed_at: Index of the request -> step at which its logits first were not finite.
    """

    def __init__(self, num_requests: int, num_beams: int, stop_token: int | None, prompt_length: int) -> None:
        self.failed_at: dict[int, int] = {}
        self.num_beams = num_beams
        self._shape = (num_requests, num_beams)
        self._stop_token = 0 if stop_token is None else stop_token
        self._prompt_length = prompt_length

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """Scores of shape (B, V), those of failed requests replaced by a certain end."""
        # The maximum is nan, inf or (for a row of -inf) -inf exactly where a row is unusable.
        is_bad = ~torch.isfinite(scores.amax(dim=-1)).view(self._shape)
        for index in torch.nonzero(is_bad.any(dim=1)).flatten().tolist():
            self.failed_at.setdefault(index, input_ids.shape[1] - self._prompt_length)
        if not self.failed_at:
            return scores
        grouped = scores.clone().view(*self._shape, -1)
        for index in self.failed_at:
            grouped[index] = _FAR_BELOW
            grouped[index, :, self._stop_token] = 0.0
        return grouped.view_as(scores)
