"""The baseline of Cao et al. 2023: what would an average person of the country choose?

In the third person, with numbered options, the number alone and nothing before it. Source: Cao et al. 2023,
"Assessing Cross-Cultural Alignment between ChatGPT and Human Societies", arXiv 2303.17466. The words are
ours.
"""

from dataclasses import replace

from def_sim.randomness import Address
from def_sim.records import Answer, InsensitivityDimension, Question, Respondent
from def_sim.respondents.memory import Memory
from def_sim.strategies.asking import OneCall, Presentation, read_as_answer
from def_sim.strategies.contract import Conversation
from def_sim.strategies.instruction import CODE_TOKENS, INSTRUCTION_TEXTS, instructed_request
from def_sim.strategies.texts import StrategyTexts


class Cao2023(OneCall):
    """Asks once, without memory, for the choice of an average person; "most people would say 2" is 2.

    Args:
        presentation: How options are shown and the answer read.
        texts: The instruction, by type of question.
    """

    uses_memory = False
    meaningless_dimensions = (
        InsensitivityDimension.IU,
        InsensitivityDimension.RP,
    )  # a number alone, about others

    def __init__(self, presentation: Presentation, texts: StrategyTexts) -> None:
        texts.check(INSTRUCTION_TEXTS)
        self._presentation, self._texts = replace(presentation, is_about_others=True), texts

    def mean_tokens(self, question: Question) -> float | None:
        """Those of a number."""
        return CODE_TOKENS

    def ask(
        self, question: Question, respondent: Respondent, memory: Memory, address: Address
    ) -> Conversation[Answer]:
        """One request; its reading is the answer."""
        request = instructed_request(
            question, respondent, address, self._presentation, self._texts, respondent.decoding
        )
        [completion] = yield [request]
        nothing = Memory(capacity=0, rules=memory.rules)
        return read_as_answer(completion, request, question, nothing, self._presentation)
