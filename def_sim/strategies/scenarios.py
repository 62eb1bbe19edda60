"""The open style of Bravansky et al. 2025: somebody from the country says what they think in a scene.

The scene is one of a file of open frames, chosen by the respondent's number; the question stands in it
without its options, and a judge says which option the text takes. Up to 1,024 tokens at temperature .7. The
words are ours. Source: Bravansky, Trhlik & Barez 2025, "Rethinking AI Cultural Alignment".
"""

from collections.abc import Collection, Sequence
from typing import Final

from def_sim.randomness import Address
from def_sim.records import (
    Answer,
    AnswerMode,
    DecodingConfig,
    InsensitivityDimension,
    Message,
    Question,
    Request,
    Respondent,
    Role,
)
from def_sim.respondents.memory import Memory
from def_sim.strategies.asking import OneCall, Presentation, left_to_judge, read_as_answer
from def_sim.strategies.contract import Conversation
from def_sim.strategies.frames import FramesFile
from def_sim.strategies.texts import StrategyTexts

_TEXTS: Final = {
    "request": frozenset({"place", "scene"}),
    "request_of_no_country": frozenset({"scene"}),
    "anchor": frozenset[str](),
}
_MEAN_TOKENS: Final = 300.0  # of some paragraphs; an estimate


class Scenarios(OneCall):
    """Asks once, without memory, for a text in which somebody takes a stance on the question.

    Args:
        presentation: Says the language of the frames.
        texts: What the scene stands in: its place, and the anchor of the text.
        frames: The scenes; a configuration names their file in data/frames.
        temperature: Temperature of all texts, whatever was drawn for a respondent; above 0.
        max_new_tokens: Longest text, from 1.
    """

    uses_memory = False
    needs_judge: str | None = "stance"
    answer_modes: Collection[AnswerMode] = (AnswerMode.FREE,)
    # Nobody is asked for a choice with an explanation, nor, in a leading article, for an I.
    meaningless_dimensions = (
        InsensitivityDimension.IU,
        InsensitivityDimension.QC,
        InsensitivityDimension.RP,
        InsensitivityDimension.CV,
    )

    def __init__(
        self,
        presentation: Presentation,
        texts: StrategyTexts,
        frames: FramesFile,
        *,
        temperature: float = 0.7,
        max_new_tokens: int = 1024,
    ) -> None:
        texts.check(_TEXTS)
        self._language = presentation.pack.language
        self._presentation, self._texts, self._frames = presentation, texts, frames
        self._decoding = DecodingConfig(temperature=temperature, top_k=0, max_new_tokens=max_new_tokens)

    def mean_tokens(self, question: Question) -> float | None:
        """Those of some paragraphs."""
        return min(_MEAN_TOKENS, self._decoding.max_new_tokens)

    def decodings(self, respondent: Respondent) -> Sequence[DecodingConfig]:
        """One, for everyone."""
        return (self._decoding,)

    def ask(
        self, question: Question, respondent: Respondent, memory: Memory, address: Address
    ) -> Conversation[Answer]:
        """One request; its text waits for the judge."""
        request = self._request(question, respondent, address)
        [completion] = yield [request]
        nothing = Memory(capacity=0, rules=memory.rules)
        return left_to_judge(read_as_answer(completion, request, question, nothing, self._presentation))

    def _request(self, question: Question, respondent: Respondent, address: Address) -> Request:
        """The question in the respondent's scene. No option is shown, so none has a place in an order."""
        place = respondent.persona.place
        scene = self._frames.frame_of(respondent.index).scene(question.text, self._language)
        words = self._texts.fill("request" if place else "request_of_no_country", place=place, scene=scene)
        message, anchor = Message(Role.USER, words), self._texts.fill("anchor")
        return Request((message,), self._decoding, address.request_key(), anchor)
