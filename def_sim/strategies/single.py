"""The plain baseline: each question is put once, on its own, to nobody in particular.

Its YAML also switches the three modifications off.
"""

from def_sim.randomness import Address
from def_sim.records import Answer, Question, Respondent
from def_sim.respondents.memory import Memory
from def_sim.strategies.asking import OneCall, Presentation, put_question
from def_sim.strategies.contract import Conversation


class Single(OneCall):
    """Asks each question once, with nothing before it."""

    uses_memory = False

    def __init__(self, presentation: Presentation) -> None:
        self._presentation = presentation

    def ask(
        self, question: Question, respondent: Respondent, memory: Memory, address: Address
    ) -> Conversation[Answer]:
        """One request without any memory; its reading is the answer."""
        forgetful = Memory(capacity=0, rules=memory.rules)
        return put_question(question, respondent, forgetful, address, self._presentation)
