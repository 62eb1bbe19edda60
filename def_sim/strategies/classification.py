"""The closed style of Bravansky et al. 2025: the number of an option, as someone from the country gives it.

Numbered options, the number alone, at temperature .7. The words are ours. Source: Bravansky, Trhlik &
Barez 2025, "Rethinking AI Cultural Alignment".
"""

from collections.abc import Sequence

from def_sim.randomness import Address
from def_sim.records import Answer, DecodingConfig, InsensitivityDimension, Question, Respondent
from def_sim.respondents.memory import Memory
from def_sim.strategies.asking import OneCall, Presentation, read_as_answer
from def_sim.strategies.contract import Conversation
from def_sim.strategies.instruction import CODE_TOKENS, INSTRUCTION_TEXTS, instructed_request
from def_sim.strategies.texts import StrategyTexts


class Classification(OneCall):
    """Asks once, without memory, for the number of an option and nothing else.

    Args:
        presentation: How options are shown and the answer read.
        texts: The instruction, by type of question.
        temperature: Temperature of all answers, whatever was drawn for a respondent; above 0.
        max_new_tokens: Longest answer, from 1.
    """

    uses_memory = False
    meaningless_dimensions = (InsensitivityDimension.IU,)  # a number alone

    def __init__(
        self,
        presentation: Presentation,
        texts: StrategyTexts,
        *,
        temperature: float = 0.7,
        max_new_tokens: int = 8,
    ) -> None:
        texts.check(INSTRUCTION_TEXTS)
        self._presentation, self._texts = presentation, texts
        self._decoding = DecodingConfig(temperature=temperature, top_k=0, max_new_tokens=max_new_tokens)

    def mean_tokens(self, question: Question) -> float | None:
        """Those of a number."""
        return CODE_TOKENS

    def decodings(self, respondent: Respondent) -> Sequence[DecodingConfig]:
        """One, for everyone."""
        return (self._decoding,)

    def ask(
        self, question: Question, respondent: Respondent, memory: Memory, address: Address
    ) -> Conversation[Answer]:
        """One request; its reading is the answer."""
        request = instructed_request(
            question, respondent, address, self._presentation, self._texts, self._decoding
        )
        [completion] = yield [request]
        nothing = Memory(capacity=0, rules=memory.rules)
        return read_as_answer(completion, request, question, nothing, self._presentation)
