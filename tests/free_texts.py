"""A strategy of free texts that a judge reads, for tests."""

from def_sim.randomness import Address
from def_sim.records import Answer, AnswerMode, Question, Respondent
from def_sim.respondents.memory import Memory
from def_sim.strategies.asking import OneCall, Presentation, ask_request, left_to_judge, read_as_answer
from def_sim.strategies.contract import Conversation


class Essay(OneCall):
    """Puts the question once, without memory, and leaves the text to the judge of `needs_judge`."""

    uses_memory = False
    needs_judge = "stance"
    answer_modes = (AnswerMode.FREE,)

    def __init__(self, presentation: Presentation) -> None:
        self._presentation = presentation

    def ask(
        self, question: Question, respondent: Respondent, memory: Memory, address: Address
    ) -> Conversation[Answer]:
        nothing = Memory(capacity=0, rules=memory.rules)
        request = ask_request(question, respondent, nothing, address, self._presentation)
        [completion] = yield [request]
        return left_to_judge(read_as_answer(completion, request, question, nothing, self._presentation))
