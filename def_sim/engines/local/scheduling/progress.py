"""The tokens of one answer: what is asked of the model next, and what becomes of what it says.

Knows prompts, beams and option codes, and nothing of caches, slots, pages or devices. Whatever runs
the model hands over what was chosen for the answer's rows and is told where the next rows come from.
"""

from dataclasses import dataclass, field

from def_sim.engines.local.sampling.beam_search import BeamSearch, Survivors
from def_sim.engines.local.sampling.option_codes import CodeScores
from def_sim.engines.local.sampling.token_choice import Choice
from def_sim.engines.local.sampling.token_request import TokenRequest
from def_sim.engines.local.scheduling.runner import Prompt
from def_sim.randomness import noise_key


@dataclass(slots=True, eq=False)
class Progress:
    """An answer as a growing text, or as several that compete.

    Attributes:
        prompt: Request and tokens to read.
        stop_tokens: Tokens that end a text.
        noise_key: Key of its randomness.
        answer: Its tokens, once the answer is found; none where codes are scored.
        next_tokens: Newest token of each row.
        num_steps: Choices taken so far.
    """

    prompt: Prompt
    stop_tokens: frozenset[int]
    noise_key: int = field(init=False)
    answer: tuple[int, ...] | None = None
    next_tokens: tuple[int, ...] = ()
    num_steps: int = 0
    _scores: tuple[float, ...] = (0.0,)
    _search: BeamSearch | None = None
    _codes: CodeScores | None = None
    _written: list[int] = field(default_factory=list)  # without beams
    _is_over: bool = False

    def __post_init__(self) -> None:
        self.noise_key = noise_key(self.prompt.request.key)
        self.restart()

    def restart(self) -> None:
        """Back to the end of the prompt; its draws will be the same."""
        self.answer, self.next_tokens, self.num_steps = None, (), 0
        self._scores, self._written, self._is_over = (0.0,), [], False
        decoding = self.prompt.request.decoding
        if self.prompt.codes is not None:
            self._codes = CodeScores(self.prompt.codes)
        elif decoding.num_beams > 1:
            self._search = BeamSearch(decoding.num_beams, decoding.max_new_tokens, self.stop_tokens)

    @property
    def num_rows(self) -> int:
        """Most rows it takes in a step, but for long codes, which take a few more once."""
        return 1 if self.prompt.codes is not None else self.prompt.request.decoding.num_beams

    @property
    def scores_codes(self) -> bool:
        """True if option codes are scored and nothing is written."""
        return self._codes is not None

    @property
    def code_paths(self) -> list[tuple[int, ...]]:
        """For each row of option codes the tokens that follow the prompt; none yet: one empty path."""
        return [] if self._codes is None else self._codes.paths

    @property
    def has_beams(self) -> bool:
        """True if several texts compete."""
        return self._search is not None

    @property
    def has_stopped(self) -> bool:
        """True if the answer ended by itself, or where it may be cut; only once it is found."""
        last = self.answer[-1:] if self.answer is not None else ()
        return self._is_over or not self.stop_tokens.isdisjoint(last)

    @property
    def code_probabilities(self) -> dict[int, float]:
        """Of each option code, once all are scored; only where codes are."""
        assert self._codes is not None
        return self._codes.probabilities()

    def token_request(self) -> TokenRequest:
        """What it needs from the logits of its rows."""
        wanted = None if self._codes is None else self._codes.wanted()
        return TokenRequest(
            self.prompt.request.decoding, self.noise_key, self.num_steps, self._scores, wanted
        )

    def advance(self, choice: Choice) -> tuple[int, ...] | None:
        """Takes what was chosen for its rows; sets `answer` if that was the last.

        Returns:
            For each row of the next step the row it goes on from, or None if the answer is found.
        """
        assert choice is not None
        self.num_steps += 1
        if isinstance(choice, int):
            return self._take_token(choice)
        if isinstance(choice, tuple):
            assert self._codes is not None
            return self._take_survivors(self._codes.advance(choice))
        assert self._search is not None
        return self._take_survivors(self._search.advance(choice))

    def _take_token(self, token: int) -> tuple[int, ...] | None:
        self._written.append(token)
        self.next_tokens = (token,)
        self._is_over = self.prompt.is_over is not None and self.prompt.is_over(self._written)
        is_full = len(self._written) == self.prompt.request.decoding.max_new_tokens
        if token in self.stop_tokens or self._is_over or is_full:
            self.answer = tuple(self._written)
            return None
        return (0,)

    def _take_survivors(self, survivors: Survivors | None) -> tuple[int, ...] | None:
        if survivors is None:
            self.answer = self._search.best() if self._search is not None else ()
            return None
        self.next_tokens, self._scores = survivors.tokens, survivors.scores
        return survivors.parents
