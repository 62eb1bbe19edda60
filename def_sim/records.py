"""The nouns of def_sim: the records that flow from folder to folder.

Everything else in the package is a verb acting on these. They are frozen: a record
says what was asked, drawn, sent or answered, and nobody downstream can change that.
No record reads a file, draws a number or knows a model.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Final

SEXES: Final = ("male", "female")
AGES: Final = ("<=29", "30-49", ">=50")  # bands of years, as references name them
NO_COUNTRY = "none"  # in place of a country's code: the model is asked to be nobody's citizen
_MOST_DIGITS = 18  # of a respondent's number
FIRST_CHOICE_SLOT = "{first_choice}"  # in the text of a follow-up, for the label of the first choice


class Dimension(StrEnum):
    """Topic group of an item, in the manner of Liu et al. 2025. Not a Hofstede index."""

    EVI = "EVI"
    IDV = "IDV"
    IVR = "IVR"
    LTO = "LTO"
    MAS = "MAS"
    PDI = "PDI"
    TDI = "TDI"
    UAI = "UAI"
    USI = "USI"


class NoDimension(StrEnum):
    """In place of a dimension: the item is in no topic group, and so in no mean of groups.

    As text it is empty, as is the dimension of every row of a table that has none.
    """

    NONE = ""


NO_DIMENSION_TITLE = "No topic group"
DIMENSION_TITLES: Mapping[Dimension, str] = {
    Dimension.EVI: "Emancipative values",
    Dimension.IDV: "Individualism",
    Dimension.IVR: "Indulgence",
    Dimension.LTO: "Long-term orientation",
    Dimension.MAS: "Masculinity",
    Dimension.PDI: "Power distance",
    Dimension.TDI: "Tradition",
    Dimension.UAI: "Uncertainty avoidance",
    Dimension.USI: "Universalism",
}


class InsensitivityDimension(StrEnum):
    """What can be wrong with an answer whatever it chooses, in the manner of Liu et al. 2025."""

    IU = "IU"
    QC = "QC"
    RP = "RP"
    CV = "CV"
    FF = "FF"
    IR = "IR"


INSENSITIVITY_TITLES: Mapping[InsensitivityDimension, str] = {
    InsensitivityDimension.IU: "Instruction understanding",
    InsensitivityDimension.QC: "Question type",
    InsensitivityDimension.RP: "Role playing",
    InsensitivityDimension.CV: "Value conflict",
    InsensitivityDimension.FF: "False facts",
    InsensitivityDimension.IR: "Irrelevant output",
}


class QuestionType(StrEnum):
    """How an answer is given: one option, several options, or a point on a numbered scale."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    SCALE = "scale"


class MeasurementLevel(StrEnum):
    """What the option codes mean: names, an order, or equal steps."""

    NOMINAL = "nominal"
    ORDINAL = "ordinal"
    INTERVAL = "interval"


class ReferenceQuality(StrEnum):
    """How far a reference is from the institute's own weighted figures."""

    WEIGHTED = "weighted"
    UNWEIGHTED = "unweighted"  # exact counts, but no weights could be had
    APPROXIMATE = "approximate"  # from a weighted resample: about 0.8 points at a share of one half
    PUBLISHED = "published"  # shares as somebody published them, without numbers of people


class AnswerStatus(StrEnum):
    """How an asked question ended. Every planned answer ends in exactly one of these.

    One that waits for a judge has not failed and is not answered: nobody has read its text.
    """

    ANSWERED = "answered"
    DONT_KNOW = "dont_know"
    REFUSED = "refused"
    ROLE_BREAK = "role_break"  # "as an AI ..."
    THIRD_PERSON = "third_person"  # "some ... others ...": a description, not a choice
    AMBIGUOUS = "ambiguous"
    OUT_OF_RANGE = "out_of_range"
    TOO_MANY = "too_many"
    NO_ANSWER = "no_answer"
    TRUNCATED = "truncated"  # ran into max_new_tokens before a choice was given
    ENGINE_ERROR = "engine_error"
    NOT_ASKED = "not_asked"  # a follow-up whose first question was not answered
    UNJUDGED = "unjudged"  # asked; the text waits for a judge, see `Strategy.needs_judge`


class ReadingMethod(StrEnum):
    """What in the text told us the choice."""

    NUMBER = "number"
    LABEL = "label"
    BOTH = "both"
    JUDGE = "judge"
    CONSTRAINED = "constrained"
    NONE = "none"


class FinishReason(StrEnum):
    """Why a completion ended."""

    STOP = "stop"
    LENGTH = "length"
    REFUSAL = "refusal"  # the provider's filter or the model declined; the text may be empty
    ERROR = "error"
    NOT_SENT = "not_sent"


class AnswerMode(StrEnum):
    """How an engine may answer: free text, one of the option codes, or their probabilities."""

    FREE = "free"
    CONSTRAINED = "constrained"
    PROBABILITIES = "probabilities"


class StopAfter(StrEnum):
    """How much of an answer is kept: all of it, or up to the explanation's first sentence."""

    END = "end"
    FIRST_SENTENCE = "first_sentence"


class Role(StrEnum):
    """Who speaks in a chat turn."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that can be answered. `code` is the institute's; `label` is in the asked language."""

    code: int
    label: str


@dataclass(frozen=True, slots=True)
class Question:
    """One prompt of a questionnaire: an item in one wording and language, for one population.

    `options` are the ones this population was shown, in code order. Volunteered codes
    ("hard to say" that only an interviewer could note) are not among them.
    A scale labels its two ends only; the labels between are the code itself.
    A follow-up's text holds the slot `{first_choice}` for the label of the first choice.
    """

    item_id: str
    wording: int  # 0 is the base wording, 1.. its paraphrases
    language: str
    topic: str  # a few English words naming the item, for tables and figures
    text: str
    type: QuestionType
    level: MeasurementLevel
    dimension: Dimension | NoDimension
    direction: int  # +1: high codes mean more of the dimension; -1: less; 0: no direction
    options: tuple[Option, ...]
    max_choices: int = 1
    follow_up_of: str | None = None
    is_factual: bool = False
    factual_key: int | None = None  # the code that is right, of factual questions

    @property
    def id(self) -> str:
        """Address of the prompt, e.g. `wvs7.Q1#0`."""
        return f"{self.item_id}#{self.wording}"

    @property
    def codes(self) -> tuple[int, ...]:
        """Option codes in code order, shape (K,)."""
        return tuple(option.code for option in self.options)

    def label_of(self, code: int) -> str:
        """Label of an option code.

        Raises:
            KeyError: This population was not shown that code.
        """
        for option in self.options:
            if option.code == code:
                return option.label
        raise KeyError(f"{self.id} has no option {code}")


# How many people smoothing takes to be behind shares that were published without a number: a usual sample.
ASSUMED_PEOPLE: Final = 1000


def effective_number(n: int | None, design_effect: float | None, n_effective: float | None) -> float | None:
    """What people are worth: n / design_effect, else Kish's n_effective; None: not known.

    Args:
        n: People with a valid answer; None: not known, as the others.
        design_effect: Of their shares, weights and clusters in it.
        n_effective: Equal people that tell as much as these with their weights.
    """
    if n is not None and design_effect is not None:
        return n / design_effect
    return n_effective


@dataclass(frozen=True, slots=True)
class ItemReference:
    """How people answered one item: the weighted share of each shown option.

    For a multiple-choice item the shares are of people who mention the option and may
    sum to more than 1; otherwise they sum to 1. Volunteered codes are left out of both
    shares and n.
    """

    item_id: str
    group: str  # "all", "male", "<=29", "male|<=29", ...
    codes: tuple[int, ...]  # shape (K,), the codes of the question's options
    shares: tuple[float, ...]  # shape (K,), same order
    n: int | None  # people with a valid answer; None where the source has shares alone
    n_effective: float | None  # Kish; None where the weights are unknown
    volunteered_share: float = 0.0  # of valid answers, left out
    quality: ReferenceQuality = ReferenceQuality.WEIGHTED
    dont_know_share: float | None = None  # of those asked, weighted; None: not known
    refused_share: float | None = None
    missing_share: float | None = None  # both of them, where the source does not part them
    n_asked: int | None = None  # people who were asked, with or without an answer
    standard_errors: tuple[float, ...] | None = None  # of the shares, shape (K,); None: the design is unknown
    design_effect: float | None = None  # of the shares, weights and clusters in it; None: not known
    num_clusters: int | None = None

    @property
    def effective_people(self) -> float | None:
        """What the people are worth, by `effective_number`."""
        return effective_number(self.n, self.design_effect, self.n_effective)

    @property
    def n_for_uncertainty(self) -> float:
        """`effective_people`, or n where that is unknown (which understates the uncertainty).

        Where n is unknown, too, the shares are taken as exact but for smoothing, which needs a number:
        ASSUMED_PEOPLE.
        """
        if self.effective_people is not None:
            return self.effective_people
        return float(ASSUMED_PEOPLE if self.n is None else self.n)

    @property
    def is_without_weights(self) -> bool:
        """Whether n_effective is n itself: everyone weighs the same, and the sample's design is not in it."""
        if self.n is None or self.n_effective is None or self.design_effect is not None:
            return False
        return math.isclose(self.n_effective, self.n, abs_tol=0.01)


@dataclass(frozen=True, slots=True)
class Survey:
    """A questionnaire joined with a population: what is asked, of whom, in which language."""

    name: str
    title: str
    population: str  # ISO 3166 alpha-3 code of the country whose people are the reference
    country_names: Mapping[str, str]  # language -> the country's name in it
    language: str  # of questions and options
    frame_language: str  # of the instruction around them
    questions: tuple[Question, ...]  # in the order they are asked
    short_of: str | None = None  # the questionnaire that this is a short form of
    persona_country: str | None = None  # whose citizens the panel is, or NO_COUNTRY; None: the population's
    persona_names: Mapping[str, str] | None = None  # of that country, as country_names; None: the same
    population_label: str = ""  # whom a survey of one's own asked, if not the whole country; "": that

    @property
    def persona_country_name(self) -> str:
        """The country whose citizens the panel is, in the language of the questions; "" for none."""
        names = self.country_names if self.persona_names is None else self.persona_names
        return "" if self.persona_country == NO_COUNTRY else names[self.language]

    def question(self, question_id: str) -> Question:
        """The question with that address (`item#wording`).

        Raises:
            KeyError: The survey does not ask it.
        """
        for question in self.questions:
            if question.id == question_id:
                return question
        raise KeyError(f"survey {self.name} has no question {question_id}")


@dataclass(frozen=True, slots=True)
class Persona:
    """Who the model is asked to be. `place` is the text put into the frame."""

    place: str  # "Columbus, Ohio, United States", or the country alone; "": nowhere, a person of no country
    is_drawn: bool  # False: prompt modification is off, everyone is from the country as a whole
    sex: str = ""  # one of SEXES; "": not said
    age: str = ""  # one of AGES, a band of years; "": not said

    @property
    def has_person(self) -> bool:
        """Whether the frame says of which sex and age the respondent is."""
        return bool(self.sex)

    @property
    def group(self) -> str:
        """Sex by age as a reference names it, e.g. `female|30-49`; "" where they are not said."""
        return f"{self.sex}|{self.age}" if self.has_person else ""


@dataclass(frozen=True, slots=True)
class DecodingConfig:
    """How text is decoded. Every field is sent explicitly: engines' silent defaults differ."""

    num_beams: int = 1
    do_sample: bool = True
    temperature: float = 1.0
    top_k: int = 50  # 0: off
    top_p: float = 1.0
    max_new_tokens: int = 512
    stop_after: StopAfter = StopAfter.END  # what follows is cut off, and not written where that saves time


@dataclass(frozen=True, slots=True)
class Respondent:
    """One simulated participant who goes through the whole questionnaire."""

    index: int
    persona: Persona
    decoding: DecodingConfig
    memory_capacity: int  # most exchanges remembered; 0: none

    @property
    def id(self) -> str:
        """Stable name, e.g. `r00007`; does not depend on the size of the panel."""
        return f"r{self.index:05d}"


def respondent_index(respondent_id: str) -> int | None:
    """The number of the respondent who has that name; None if no panel can have one."""
    digits = respondent_id.removeprefix("r")
    if not (5 <= len(digits) <= _MOST_DIGITS and digits.isascii() and digits.isdecimal()):
        return None
    index = int(digits)
    return index if respondent_id == f"r{index:05d}" else None


@dataclass(frozen=True, slots=True)
class Message:
    """One chat turn."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """A remembered question and answer: what stands in later chats as an earlier turn."""

    question_id: str
    request: str
    answer: str


@dataclass(frozen=True, slots=True)
class RequestKey:
    """Address of a request's randomness: the same key gives the same token noise.

    The model is not in it (models are compared on common draws), nor is the number
    of respondents or shards. A retry keeps its key.
    """

    seed: int
    respondent_id: str
    item_id: str
    wording: int
    call: int = 0  # which call of the strategy for this question

    def __str__(self) -> str:
        return f"{self.seed}/{self.respondent_id}/{self.item_id}/{self.wording}/{self.call}"


@dataclass(frozen=True, slots=True)
class Request:
    """What a strategy asks of an engine.

    `messages` end with a user turn. An engine for a base model writes them as plain
    text that ends in the anchor after which the answer stands (`answer_anchor`).
    """

    messages: tuple[Message, ...]
    decoding: DecodingConfig
    key: RequestKey
    answer_anchor: str = "Answer:"
    mode: AnswerMode = AnswerMode.FREE
    option_codes: tuple[int, ...] = ()  # needed by the modes other than free


@dataclass(frozen=True, slots=True)
class Completion:
    """What came back from an engine. `error` is set only if `finish_reason` is ERROR.

    `text` is what was answered; what a thinking model thought before it is `reasoning`, with its marks as
    they came (`answers/reading/reasoning.py`), or the server's own field. It is kept, and never read as an
    answer.
    """

    text: str
    finish_reason: FinishReason = FinishReason.STOP
    num_prompt_tokens: int = 0
    num_generated_tokens: int = 0  # of the answer that was kept, one beam
    seconds: float = field(default=0.0, compare=False)  # from submission to completion, waiting included
    option_probabilities: Mapping[int, float] | None = None
    error: str | None = None
    reasoning: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One request of a strategy that makes several, and what came back: kept so that it is asked once."""

    respondent_id: str
    item_id: str
    wording: int
    call: int  # counts the requests of a conversation from 0
    prompt_hash: str  # of the messages sent, see prompts.hash_messages
    completion: Completion


@dataclass(frozen=True, slots=True)
class Reading:
    """What the rules made of a text: a status, and the codes if it is an answer."""

    status: AnswerStatus
    choices: tuple[int, ...] = ()  # option codes, empty unless status is ANSWERED
    method: ReadingMethod = ReadingMethod.NONE


@dataclass(frozen=True, slots=True)
class Answer:
    """What one respondent answered to one question, how it was asked, and how we know.

    `text` is the completion as it came: answers can be read again without a model. What was thought before
    it stands apart, in `reasoning`.
    `shown_codes` is the realised order of the options. `memory` names the questions
    (`item#wording`) whose exchanges stood before this one, in their order.
    """

    respondent_id: str
    item_id: str
    wording: int
    call: int  # the call whose text was read
    status: AnswerStatus
    choices: tuple[int, ...]
    method: ReadingMethod
    text: str
    shown_codes: tuple[int, ...] = ()
    memory: tuple[str, ...] = ()
    option_probabilities: tuple[float, ...] = ()  # of `shown_codes`, in their order, where asked for
    prompt_hash: str = ""  # of the messages sent, see prompts.hash_messages
    finish_reason: FinishReason = FinishReason.NOT_SENT
    num_prompt_tokens: int = 0
    num_generated_tokens: int = 0
    error: str | None = None
    reasoning: str = ""
    seconds: float = field(default=0.0, compare=False)  # timings are no part of "the same answers"

    @property
    def question_id(self) -> str:
        """Address of the question, `item#wording`."""
        return f"{self.item_id}#{self.wording}"


@dataclass(frozen=True, slots=True)
class RunIdentity:
    """What tells the rows of one run from those of another: the first columns of each of its tables."""

    run: str  # hash of what defines the run
    model: str  # its name in the configuration
    survey: str
    population: str  # ISO 3166 alpha-3 code
    strategy: str
    protocol: str
    seed: int
    num_respondents: int  # planned


RUN_COLUMNS: Final = tuple(field.name for field in fields(RunIdentity))


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an engine can do. What it cannot is an error at plan time, never a silent change.

    `deviations` names what the model's YAML lets it go without (`engines/deviations.py`).
    """

    beams: str  # "beam-sample", "beam-search" or "none"
    seed: str  # "exact", "best-effort" or "none"
    top_k: bool = True
    probabilities: bool = False
    constrained: bool = False
    top_p: bool = True
    lowest_temperature: float = 0.0  # above 0: no greedy decoding
    highest_temperature: float = math.inf
    temperature_with_top_p: bool = True  # False: one of the two may be given
    thinks_unasked: bool = False  # writes a chain of thought that cannot be switched off
    truncates_unasked: bool = False  # may leave unlikely tokens out by a limit that cannot be switched off
    penalises_unasked: bool = False  # may make repetitions less likely, alike
    answers_late: bool = False  # hours later: who remembers would wait for each answer
    deviations: tuple[str, ...] = ()
