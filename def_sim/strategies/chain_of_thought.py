"""The reasoning style of Bravansky et al. 2025: someone from the country reasons, then chooses an option.

Numbered options, reasoning first, at temperature .7 and with up to 1,024 tokens. A judge reads the stance of
the whole text; without one the rules can read the number that the text ends in. The words are ours. Source:
Bravansky, Trhlik & Barez 2025, "Rethinking AI Cultural Alignment".
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final, Literal

from def_sim.randomness import Address
from def_sim.records import (
    Answer,
    AnswerMode,
    DecodingConfig,
    InsensitivityDimension,
    Question,
    Respondent,
)
from def_sim.respondents.memory import Memory
from def_sim.strategies.asking import OneCall, Presentation, left_to_judge, read_as_answer
from def_sim.strategies.contract import Conversation
from def_sim.strategies.instruction import INSTRUCTION_TEXTS, instructed_request
from def_sim.strategies.texts import StrategyTexts

_TEXTS: Final = {**INSTRUCTION_TEXTS, "anchor": frozenset[str]()}
_MEAN_TOKENS: Final = 160.0  # of a few sentences and a number; an estimate


class ChainOfThought(OneCall):
    """Asks once, without memory, for reasoning and then the number of an option.

    Args:
        presentation: How options are shown and the answer read.
        texts: The instruction, by type of question.
        read_by: Who reads the answers: "judge", by the rubric `stance`; "rules", as of other strategies.
        temperature: Temperature of all answers, whatever was drawn for a respondent; above 0.
        max_new_tokens: Longest reasoning and answer together, from 1.
    """

    uses_memory = False
    answer_modes: Collection[AnswerMode] = (AnswerMode.FREE,)
    meaningless_dimensions = (InsensitivityDimension.IU,)  # it is not asked for an explanation

    def __init__(
        self,
        presentation: Presentation,
        texts: StrategyTexts,
        *,
        read_by: Literal["judge", "rules"] = "judge",
        temperature: float = 0.7,
        max_new_tokens: int = 1024,
    ) -> None:
        texts.check(_TEXTS)
        self.needs_judge: str | None = "stance" if read_by == "judge" else None
        self._presentation, self._texts = presentation, texts
        self._decoding = DecodingConfig(temperature=temperature, top_k=0, max_new_tokens=max_new_tokens)

    def mean_tokens(self, question: Question) -> float | None:
        """Those of some sentences."""
        return min(_MEAN_TOKENS, self._decoding.max_new_tokens)

    def decodings(self, respondent: Respondent) -> Sequence[DecodingConfig]:
        """One, for everyone."""
        return (self._decoding,)

    def ask(
        self, question: Question, respondent: Respondent, memory: Memory, address: Address
    ) -> Conversation[Answer]:
        """One request; its text waits for the judge, or is read by the rules."""
        asked = instructed_request(
            question, respondent, address, self._presentation, self._texts, self._decoding
        )
        request = replace(asked, answer_anchor=self._texts.fill("anchor"))
        [completion] = yield [request]
        nothing = Memory(capacity=0, rules=memory.rules)
        answer = read_as_answer(completion, request, question, nothing, self._presentation)
        return answer if self.needs_judge is None else left_to_judge(answer)
