"""Collective critique and self-voting (Lahoti et al. 2023, arXiv 2310.16523): 16 calls a question.

A greedy draft; five critiques of whom it leaves out; five rewrites that heed all of them; five votes for the
rewrite that does most justice to the range of views. The winner's text is read as the answer. The words are
ours; the study's `ccsv_lite` is the same with one sampled draft, one critique, one rewrite and no vote.
"""

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from def_sim.errors import ConfigError
from def_sim.randomness import Address
from def_sim.records import (
    Answer,
    AnswerMode,
    Completion,
    DecodingConfig,
    FinishReason,
    Message,
    Question,
    Request,
    Respondent,
    Role,
)
from def_sim.respondents.memory import Memory
from def_sim.strategies.asking import Presentation, ask_request, read_as_answer
from def_sim.strategies.contract import Conversation
from def_sim.strategies.texts import StrategyTexts

TEXTS: Final = {
    "critique": {"place"},
    "critique_of_no_country": set[str](),
    "critique_anchor": set[str](),
    "numbered_critique": {"number", "critique"},
    "rewrite": {"critiques"},
    "numbered_rewrite": {"number", "rewrite"},
    "vote": {"request", "rewrites", "num"},
    "vote_anchor": set[str](),
}
_Numbers = Iterator[int]  # of the calls of a conversation: 0, 1, 2, ...
_VOTE: Final = re.compile(r"\s*[(\[\"'*#]*\s*(\d{1,2})\s*[)\]\"'*.:]*\s*")


@dataclass(frozen=True, slots=True)
class _Rewrite:
    """A rewrite that came back, and the request that it answers."""

    request: Request
    completion: Completion


class CollectiveCritique:
    """A draft, critiques of its diversity, rewrites that heed them, and votes among the rewrites.

    Args:
        presentation: How the question is shown and its answer read.
        texts: The words around draft, critiques and rewrites.
        draft: "greedy", or "sampled" at temperature 1.
        num_critiques: Critiques of a round, from 1.
        num_rewrites: Rewrites of a round, from 1.
        num_votes: Votes of a round; 0: the first rewrite is taken; from 0.
        num_rounds: Rounds of critique; each after the first criticises the winner again; from 1.
        temperature: Temperature of all calls but the draft; above 0.
        draft_tokens: Longest draft, from 1.
        critique_tokens: Longest critique, from 1.
        rewrite_tokens: Longest rewrite, from 1.
        vote_tokens: Longest vote, from 1.

    Raises:
        ConfigError: Too few critiques, rewrites, votes or rounds.
    """

    uses_memory = False
    answer_modes = (AnswerMode.FREE,)
    needs_judge: str | None = None

    def __init__(
        self,
        presentation: Presentation,
        texts: StrategyTexts,
        *,
        draft: Literal["greedy", "sampled"] = "greedy",
        num_critiques: int = 5,
        num_rewrites: int = 5,
        num_votes: int = 5,
        num_rounds: int = 1,
        temperature: float = 0.7,
        draft_tokens: int = 512,
        critique_tokens: int = 256,
        rewrite_tokens: int = 512,
        vote_tokens: int = 8,
    ) -> None:
        _check_at_least(1, num_critiques=num_critiques, num_rewrites=num_rewrites, num_rounds=num_rounds)
        _check_at_least(0, num_votes=num_votes)
        texts.check(TEXTS)
        self._presentation, self._texts = presentation, texts
        self._num_critiques, self._num_rewrites = num_critiques, num_rewrites
        self._num_votes, self._num_rounds = num_votes, num_rounds
        self._draft = DecodingConfig(
            do_sample=draft == "sampled", temperature=1.0, top_k=0, max_new_tokens=draft_tokens
        )
        self._critique = DecodingConfig(temperature=temperature, top_k=0, max_new_tokens=critique_tokens)
        self._rewrite = replace(self._critique, max_new_tokens=rewrite_tokens)
        self._vote = replace(self._critique, max_new_tokens=vote_tokens)

    def num_calls(self, question: Question) -> int:
        """A draft, and critiques, rewrites and votes of each round: 16."""
        return 1 + self._num_rounds * (self._num_critiques + self._num_rewrites + self._num_votes)

    def mean_tokens(self, question: Question) -> float | None:
        """As many a call as an answer has; votes are shorter, critiques about as long."""
        return None

    def decodings(self, respondent: Respondent) -> Sequence[DecodingConfig]:
        """Those of draft, critiques, rewrites and votes, whatever was drawn for the respondent."""
        votes = (self._vote,) if self._num_votes else ()
        return tuple(dict.fromkeys((self._draft, self._critique, self._rewrite, *votes)))

    def ask(
        self, question: Question, respondent: Respondent, memory: Memory, address: Address
    ) -> Conversation[Answer]:
        """Draft, critiques, rewrites, votes; calls that fail are left out where others came back."""
        nothing = Memory(capacity=0, rules=memory.rules)
        numbers = itertools.count()
        asked = ask_request(question, respondent, nothing, address, self._presentation)
        [request] = _times(replace(asked, decoding=self._draft), 1, address, numbers)
        [completion] = yield [request]
        best = _Rewrite(request, completion)
        for number in range(self._num_rounds):
            if not _came_back(best.completion):
                break
            best = yield from self._round(asked, best, respondent.persona.place, address, numbers, number)
        return read_as_answer(best.completion, best.request, question, nothing, self._presentation)

    def _round(
        self, asked: Request, draft: _Rewrite, place: str, address: Address, numbers: _Numbers, number: int
    ) -> Conversation[_Rewrite]:
        """The rewrite that wins; a failed call where nothing else came back."""
        said = (*asked.messages, Message(Role.ASSISTANT, draft.completion.text))
        words = self._texts.fill("critique" if place else "critique_of_no_country", place=place)
        critique = replace(
            asked,
            messages=(*said, Message(Role.USER, words)),
            decoding=self._critique,
            answer_anchor=self._texts.fill("critique_anchor"),
        )
        requests = _times(critique, self._num_critiques, address, numbers)
        critiques = yield requests
        if not any(map(_came_back, critiques)):
            return _Rewrite(requests[0], critiques[0])
        heeding = (*said, Message(Role.USER, self._heed(critiques)))
        rewrite = replace(asked, messages=heeding, decoding=self._rewrite)
        requests = _times(rewrite, self._num_rewrites, address, numbers)
        completions = yield requests
        rewrites = [_Rewrite(*pair) for pair in zip(requests, completions, strict=True)]
        rewrites = [one for one in rewrites if _came_back(one.completion)] or rewrites[:1]
        if len(rewrites) == 1 or not self._num_votes:
            return rewrites[0]
        return (yield from self._election(asked, rewrites, address, numbers, number))

    def _heed(self, critiques: Sequence[Completion]) -> str:
        """The order to rewrite, with all critiques that came back."""
        texts = [critique.text.strip() for critique in critiques if _came_back(critique)]
        listed = [
            self._texts.fill("numbered_critique", number=number, critique=text)
            for number, text in enumerate(texts, start=1)
        ]
        return self._texts.fill("rewrite", critiques="\n".join(listed))

    def _election(
        self,
        asked: Request,
        rewrites: Sequence[_Rewrite],
        address: Address,
        numbers: _Numbers,
        number: int,
    ) -> Conversation[_Rewrite]:
        """The rewrite with most votes, the earlier of a tie; each vote sees them in an order of its own."""
        orders = [
            address.rng("vote order", number, vote).permutation(len(rewrites)).tolist()
            for vote in range(self._num_votes)
        ]
        votes = yield [
            request
            for order in orders
            for request in _times(self._ballot(asked, rewrites, order), 1, address, numbers)
        ]
        counts = Counter(
            order[place - 1]
            for order, vote in zip(orders, votes, strict=True)
            if (place := vote_of(vote, len(rewrites))) is not None
        )
        return rewrites[max(range(len(rewrites)), key=lambda one: (counts[one], -one))]

    def _ballot(self, asked: Request, rewrites: Sequence[_Rewrite], order: Sequence[int]) -> Request:
        """A chat of its own, in which the question is quoted and not put."""
        listed = [
            self._texts.fill("numbered_rewrite", number=place, rewrite=rewrites[one].completion.text.strip())
            for place, one in enumerate(order, start=1)
        ]
        request, num = asked.messages[-1].content, len(rewrites)
        words = self._texts.fill("vote", request=request, rewrites="\n\n".join(listed), num=num)
        return replace(
            asked,
            messages=(Message(Role.USER, words),),
            decoding=self._vote,
            answer_anchor=self._texts.fill("vote_anchor"),
        )


def vote_of(completion: Completion, num_rewrites: int) -> int | None:
    """The number that a vote consists of, from 1 to the number of rewrites; None: it is void."""
    match = _VOTE.fullmatch(completion.text) if _came_back(completion) else None
    number = int(match[1]) if match else 0
    return number if 1 <= number <= num_rewrites else None


def _came_back(completion: Completion) -> bool:
    return completion.finish_reason not in (FinishReason.ERROR, FinishReason.REFUSAL)


def _times(request: Request, times: int, address: Address, numbers: _Numbers) -> list[Request]:
    """The same request several times, each with the next number and so with noise of its own."""
    return [replace(request, key=address.request_key(next(numbers))) for _ in range(times)]


def _check_at_least(least: int, **counts: int) -> None:
    for name, count in counts.items():
        if count < least:
            raise ConfigError(
                f"strategy.{name}={count}: expected at least {least}.",
                fix="Rewrites heed critiques, so a round has one of each at least; num_votes may be 0.",
            )
