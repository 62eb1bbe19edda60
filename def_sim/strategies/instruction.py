"""A question behind an instruction of the strategy's own, in place of the frame of the language pack.

The instruction depends on the type of question and speaks of a person of the respondent's place.
"""

from typing import Final

from def_sim.prompts import render_request, with_offer
from def_sim.randomness import Address
from def_sim.records import DecodingConfig, Message, Question, Request, Respondent, Role
from def_sim.strategies.asking import Presentation, mode_of, shown_order
from def_sim.strategies.texts import StrategyTexts

_SLOTS: Final = frozenset({"person", "num", "max_choices"})
# What `instructed_request` needs of a strategy's texts: name -> slots.
INSTRUCTION_TEXTS: Final = {
    "person": frozenset({"place"}),
    "person_of_no_country": frozenset[str](),
    "single": _SLOTS,
    "multiple": _SLOTS,
    "scale": _SLOTS,
}
CODE_TOKENS: Final = 2.0  # of an answer that is the number alone


def instructed_request(
    question: Question,
    respondent: Respondent,
    address: Address,
    presentation: Presentation,
    texts: StrategyTexts,
    decoding: DecodingConfig,
) -> Request:
    """The request that puts the question behind the instruction, with nothing remembered before it.

    Args:
        question: The question.
        respondent: Whose place the instruction names, if any.
        address: Of the question; the options' order is drawn there.
        presentation: How the options are shown and the answer given.
        texts: Which were checked to have `INSTRUCTION_TEXTS`.
        decoding: Of the answer.
    """
    pack, place = presentation.pack, respondent.persona.place
    shown = shown_order(question, respondent, address, presentation.option_order)
    person = texts.fill("person" if place else "person_of_no_country", place=place)
    numbers = {"num": len(question.options), "max_choices": question.max_choices}
    instruction = texts.fill(question.type.value, person=person, **numbers)
    asked = with_offer(render_request(question, shown, pack), presentation.offer)
    messages = (Message(Role.USER, f"{instruction}\n{asked}"),)
    mode = mode_of(question, presentation)
    return Request(messages, decoding, address.request_key(), pack.answer_anchor, mode, shown)
