"""The offer to withhold an answer, read from its language's file, and refused where nobody could take it."""

from def_sim.app.home import home_folder
from def_sim.app.schema import RunConfig
from def_sim.errors import ConfigError
from def_sim.prompts import read_offers
from def_sim.randomness import Address
from def_sim.records import Question, Respondent, Survey
from def_sim.resources import data_folder, look_up
from def_sim.respondents.memory import Memory
from def_sim.strategies.contract import OpenConversation, Strategy


def read_offer(config: RunConfig, survey: Survey) -> str:
    """The line behind the options, in the language of the frame; "" where nothing is offered.

    Raises:
        ConfigError: Only option codes can be answered, or there is no such file.
        SurveyFormatError: The file breaks its format.
    """
    offer = config.presentation.offer
    if offer == "none":
        return ""
    if config.answer_mode != "free":
        raise ConfigError(
            f"presentation.offer={offer} with answer_mode={config.answer_mode}: only option codes can be "
            "given, so nobody could take the offer.",
            fix="Choose answer_mode=free, or presentation.offer=none.",
        )
    path = look_up(f"prompts/offers/{survey.frame_language}.yaml", data_folder(), home_folder())
    if not path.is_file():
        raise ConfigError(
            f"presentation.offer={offer}: there are no offers in {survey.frame_language!r}.",
            fix=f"Choose another frame_language, or write {path}.",
        )
    return read_offers(path).line(offer)


def check_offers(
    strategy: Strategy, config: RunConfig, offer: str, respondent: Respondent, question: Question
) -> None:
    """Makes sure that a strategy shows the offer where there is one.

    Raises:
        ConfigError: Its respondents would never see it.
    """
    if not offer:
        return
    address = Address(config.seed, respondent.id, question.item_id, question.wording)
    conversation = OpenConversation(strategy, question, respondent, Memory(0, config.memory), address)
    shown = any(offer in turn.content for one in conversation.requests for turn in one.messages)
    conversation.close()
    if not shown:
        raise ConfigError(
            f"strategy={config.strategy.name} does not show the options' last line, so "
            f"presentation.offer={config.presentation.offer} would offer nothing.",
            fix="Choose strategy=diversity_enhanced, single or cao2023, or presentation.offer=none.",
        )
