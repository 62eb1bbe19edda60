"""The Diversity-Enhanced Framework: each question is put once, after what is remembered.

What makes it diverse lies in the respondent (place, decoding, memory), not in the way of
asking. Source: Liu et al. 2025, IP&M 62(4) 104099.
"""

from def_sim.randomness import Address
from def_sim.records import Answer, Question, Respondent
from def_sim.respondents.memory import Memory
from def_sim.strategies.asking import OneCall, Presentation, put_question
from def_sim.strategies.contract import Conversation


class DiversityEnhanced(OneCall):
    """Asks each question once, with the respondent's remembered answers before it."""

    uses_memory = True

    def __init__(self, presentation: Presentation) -> None:
        self._presentation = presentation

    def ask(
        self, question: Question, respondent: Respondent, memory: Memory, address: Address
    ) -> Conversation[Answer]:
        """One request; its reading is the answer."""
        return put_question(question, respondent, memory, address, self._presentation)
