"""The next token of every row: warped as transformers warps, drawn with addressed noise.

A row's token depends on its own logits, its own parameters and the noise of its own request
(docs/statistics.md, keys of randomness), never on the rows beside it. Letters: B rows, V vocabulary.

The processors here are called by `generate()` once a step. They know no prompt and no text.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from def_sim.randomness import gumbel_noise, noise_key
from def_sim.records import Request

_FAR_BELOW = -1e4  # log-probability of what a failed row must not choose; finite, so that beams survive it


def warp_logits(
    logits: Tensor, *, temperature: Tensor, top_k: Tensor, top_p: Tensor, most_top_k: int | None = None
) -> Tensor:
    """Temperature, then top_k, then top_p: order and ties as in transformers, each row its own.

    Ties at the k-th place all stay; at least one token of a row stays.

    Args:
        logits: Shape (B, V), finite.
        temperature: Shape (B,), above 0.
        top_k: Shape (B,), integers; 0 is off.
        top_p: Shape (B,), in (0, 1]; 1 is off.
        most_top_k: The largest of `top_k` where it is known: nothing then depends on a value, as a CUDA
            graph needs it. None: look.

    Returns:
        Logits over temperature, shape (B, V), with -inf where a token is out.
    """
    warped = logits / temperature[:, None]
    most = int(top_k.max()) if most_top_k is None else most_top_k
    if most > 0:
        most = min(most, logits.shape[-1])
        places = top_k.clamp(max=most)
        largest = torch.topk(warped, most).values  # (B, max k), falling
        kth = largest.gather(1, (places - 1).clamp(min=0)[:, None])
        warped = warped.masked_fill((warped < kth) & (places > 0)[:, None], -torch.inf)
    if most_top_k is not None:
        return torch.where((top_p < 1)[:, None], without_tail(warped, top_p), warped)
    limited = torch.nonzero(top_p < 1).flatten()  # sorting a whole vocabulary takes its time
    if len(limited):
        warped = warped.index_copy(0, limited, without_tail(warped[limited], top_p[limited]))
    return warped


def without_tail(logits: Tensor, top_p: Tensor) -> Tensor:
    """-inf for the least probable tokens that together have at most 1 - top_p.

    Args:
        logits: Shape (B, V).
        top_p: Shape (B,), float64.
    """
    rising, order = torch.sort(logits, descending=False)
    below = rising.softmax(dim=-1).cumsum(dim=-1) <= (1 - top_p)[:, None]
    below[:, -1] = False
    return logits.masked_fill(below.scatter(1, order, below), -torch.inf)


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
    proportion to the probabilities. The drawn candidates go on sorted by score, as in transformers 4
    (the study's time); transformers 5 leaves them in the order drawn.

    Args:
        requests: The requests of the batch, equal in their decoding.
        prompt_length: Length of the padded prompts, so that steps count from 0.
    """

    def __init__(self, requests: Sequence[Request], prompt_length: int) -> None:
        self._keys = [noise_key(request.key) for request in requests]
        self._num_beams = requests[0].decoding.num_beams
        self._prompt_length = prompt_length

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
            places = candidates.cpu().numpy()
            noisy = values + self._noise(key, length - self._prompt_length, places, vocabulary)
            drawn = candidates[torch.as_tensor(np.argsort(-noisy, kind="stable")[:num_drawn].copy())]
            kept[row, drawn] = accumulated[row, drawn]
        return kept

    def _noise(self, key: int, step: int, places: NDArray[np.int64], vocabulary: int) -> NDArray[np.float64]:
        beams, tokens = places // vocabulary, places % vocabulary
        noise = np.empty(places.shape)
        for beam in range(self._num_beams):
            of_beam = beams == beam
            noise[of_beam] = gumbel_noise(key, step=step, beam=beam, tokens=tokens[of_beam])
        return noise


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
