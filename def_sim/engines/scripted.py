"""A respondent whose true opinions are known: the fake engine for tests and calibration.

It answers each item by a keyed draw from planted shares, so that what the pipeline reports
can be compared with the truth. It reads nothing of the prompt but the item's name in the key
and the anchor, and so answers in the institute's codes whatever order was shown.
"""

import asyncio
import math
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

from def_sim.errors import ConfigError, EngineError
from def_sim.randomness import keyed_rng
from def_sim.records import AnswerMode, Capabilities, Completion, FinishReason, Request, RequestKey

_CHINESE_ANCHOR: Final = "答案："

Planted = Mapping[str, Mapping[int, float]]
PlantedSets = Mapping[str, Mapping[tuple[int, ...], float]]


class ScriptedEngine:
    """Answers from planted distributions, or with the texts of a given function.

    Args:
        planted: Item id -> option code -> share, the shares of an item summing to 1.
        planted_sets: Multiple-choice item id -> set of codes -> share, summing to 1.
        planted_mentions: Multiple-choice item id -> code -> probability of mentioning it,
            independently. Nobody mentions nothing: such draws are repeated, so the share of
            people who mention an option is p / (1 - product of all 1 - p).
        failure_share: Share of requests that get `failure_text`, a text without an answer.
        failure_text: What those get.
        reply: Gives the text instead of the planted shares.
        failures: Item id -> how often a request for it fails before it succeeds (math.inf:
            always). The error is retryable.
        delay_s: Seconds a request takes, the same for all or by request.

    Attributes:
        num_asked: How often each key was asked, failures included.

    Raises:
        ConfigError: Shares that are no distribution.
    """

    def __init__(
        self,
        planted: Planted | None = None,
        *,
        planted_sets: PlantedSets | None = None,
        planted_mentions: Planted | None = None,
        failure_share: float = 0.0,
        failure_text: str = "I would rather not say.",
        reply: Callable[[Request], str] | None = None,
        failures: Mapping[str, float] | None = None,
        delay_s: float | Callable[[Request], float] = 0.0,
    ) -> None:
        self._sets: dict[str, Mapping[tuple[int, ...], float]] = dict(planted_sets or {})
        for item_id, shares in (planted or {}).items():
            self._sets[item_id] = {(code,): share for code, share in shares.items()}
        self._mentions = planted_mentions or {}
        for item_id, set_shares in self._sets.items():
            _check_sums_to_one(item_id, set_shares)
        for item_id, mentions in self._mentions.items():
            _check_mentions(item_id, mentions)
        self._failure_share = failure_share
        self._failure_text = failure_text
        self._reply = reply
        self._failures = failures or {}
        self._delay_s = delay_s
        self.num_asked: Counter[RequestKey] = Counter()

    @property
    def capabilities(self) -> Capabilities:
        """Everything in free text: decoding does not concern it."""
        return Capabilities(beams="beam-sample", seed="exact", top_k=True)

    def check(self) -> None:
        """Nothing can be missing."""

    def describe(self) -> dict[str, object]:
        """For the manifest; the planted truth is the identity."""
        planted = f"{sorted(self._sets.items())} {sorted(self._mentions.items())}"
        return {"engine": "scripted", "identity": {"planted": planted}}

    async def start(self) -> None:
        """Nothing to load."""

    async def submit(self, request: Request) -> Completion:
        """Answers after the delay.

        Raises:
            EngineError: A planned failure (retryable), an item without shares, or a mode other than free.
        """
        self.num_asked[request.key] += 1
        delay_s = self._delay_s(request) if callable(self._delay_s) else self._delay_s
        await asyncio.sleep(delay_s)
        if request.mode is not AnswerMode.FREE:
            raise EngineError(f"{request.key}: the scripted engine has no mode {request.mode}.")
        if self.num_asked[request.key] <= self._failures.get(request.key.item_id, 0):
            raise EngineError(f"{request.key}: a planned failure.", retryable=True)
        text = self._reply(request) if self._reply is not None else self._planted_text(request)
        return Completion(
            text=text,
            finish_reason=FinishReason.STOP,
            num_prompt_tokens=sum(len(message.content.split()) for message in request.messages),
            num_generated_tokens=len(text.split()),
            seconds=delay_s,
        )

    async def close(self) -> None:
        """Nothing to give back."""

    def _planted_text(self, request: Request) -> str:
        key = request.key
        rng = keyed_rng(key.seed, key.respondent_id, key.item_id, key.wording, key.call, "scripted")
        if rng.random() < self._failure_share:
            return self._failure_text
        if key.item_id in self._mentions:
            mentions = self._mentions[key.item_id]
            codes: tuple[int, ...] = ()
            while not codes:
                codes = tuple(code for code, share in mentions.items() if rng.random() < share)
        elif key.item_id in self._sets:
            shares = self._sets[key.item_id]
            codes = list(shares)[int(rng.choice(len(shares), p=list(shares.values())))]
        else:
            raise EngineError(f"{key}: no shares are planted for {key.item_id}.")
        return answer_text(codes, request.answer_anchor)


def answer_text(codes: tuple[int, ...], anchor: str) -> str:
    """The codes in the asked format, in Chinese where the anchor is."""
    if anchor == _CHINESE_ANCHOR:
        return f"{anchor}{'、'.join(map(str, codes))}\n解释：我就是这样看的。"
    return f"{anchor} {', '.join(map(str, codes))}\nExplanation: That is how I see it."


def _check_sums_to_one(item_id: str, shares: Mapping[tuple[int, ...], float]) -> None:
    if min(shares.values(), default=-1.0) < 0 or not math.isclose(sum(shares.values()), 1.0, abs_tol=1e-9):
        raise ConfigError(f"{item_id}: planted shares must be at least 0 and sum to 1, found {dict(shares)}.")


def _check_mentions(item_id: str, mentions: Mapping[int, float]) -> None:
    if not any(share > 0 for share in mentions.values()) or not all(
        0 <= share <= 1 for share in mentions.values()
    ):
        raise ConfigError(f"{item_id}: mentions must be probabilities, not all 0, found {dict(mentions)}.")
