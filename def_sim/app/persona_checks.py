"""Whether a strategy says what was drawn for a respondent: a sex and age that no prompt says are none."""

from dataclasses import replace

from def_sim.errors import ConfigError
from def_sim.randomness import Address
from def_sim.records import AGES, SEXES, Message, Question, Respondent
from def_sim.respondents.memory import Memory
from def_sim.strategies.contract import OpenConversation, Strategy


def check_says_sex_and_age(strategy: Strategy, name: str, respondent: Respondent, question: Question) -> None:
    """Makes sure that another sex and age make another prompt.

    Args:
        strategy: How questions are put.
        name: Of it, on the command line.
        respondent: Any of the panel, with a sex and an age.
        question: Any of the survey.

    Raises:
        ConfigError: The prompt stays the same.
    """
    persona = respondent.persona
    sex, age = (
        next(one for one in names if one != own) for names, own in ((SEXES, persona.sex), (AGES, persona.age))
    )
    other = replace(respondent, persona=replace(persona, sex=sex, age=age))
    if _prompt(strategy, respondent, question) == _prompt(strategy, other, question):
        raise ConfigError(
            f"strategy={name} does not say a respondent's sex and age, so modifications.persona=demographic "
            "would change nothing but the tables.",
            fix="Choose modifications.persona=place, or another strategy, such as single.",
        )


def _prompt(strategy: Strategy, respondent: Respondent, question: Question) -> tuple[Message, ...]:
    address = Address(0, respondent.id, question.item_id, question.wording)
    conversation = OpenConversation(strategy, question, respondent, Memory(0), address)
    messages = conversation.requests[0].messages
    conversation.close()
    return messages
