"""What a report says about a run besides its numbers: what was run, and single answers as read.

Knows nothing of files, surveys or HTML: whoever writes the report fills these in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

WAY_OF_ASKING: Final = "Way of asking"


@dataclass(frozen=True, slots=True)
class SettingInWords:
    """One setting as a reader without our code understands it.

    `terms` are the words of the study and of the configuration for the same; "" where there are none.
    """

    name: str
    words: str
    terms: str = ""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What was run, in words and counts that a reader can check.

    `created` is a date as text: a report is the same bytes whenever it is written.
    `num_answering` are the respondents with an answer that could be read; 0 leaves it at the plan.
    `deviations` are what the engine could not do and the model's configuration allowed.
    """

    model_label: str
    survey_title: str
    population: str  # ISO 3166 alpha-3 code
    language: str  # of questions and options, e.g. "en", "zh"
    strategy: str
    protocol: str
    num_respondents: int
    num_planned: int  # answers
    num_done: int  # answers on file, whatever their status
    is_complete: bool
    is_demonstration: bool
    seed: int
    run_hash: str
    code_version: str
    created: str
    deviations: tuple[str, ...] = ()
    citations: tuple[str, ...] = ()
    bibliography: str = ""  # BibTeX of software, study and surveys
    effective_n: Mapping[str, str] = field(default_factory=dict)  # source -> what its effective n is
    country: str = ""  # name of the population's, as it stands in a sentence; "": not known
    population_label: str = ""  # whom a survey of one's own asked, behind "people of"; "": the country's
    settings: tuple[SettingInWords, ...] = ()  # how respondents were made and asked
    num_answering: int = 0
    max_beams: int = 1  # most beams any respondent was given
    resume_command: str = ""  # finishes an incomplete run
    planted_summary: str = ""  # of a demonstration: how far its answers lie from the planted truth
    parameters: Mapping[str, str] = field(default_factory=dict)
    other_country: str = ""  # name of the country whose people stand beside as others; "": none do
    short_of: str | None = None  # the questionnaire whose short form was asked
    notes: tuple[str, ...] = ()  # sentences on personas and people's figures, to be read before the numbers
    people: tuple[str, ...] = ()  # whose figures stand beside the panel, each with its year
    precision: str = ""  # in which the model was loaded, e.g. "bfloat16"; "": not known, as of a server
    figures_hash: str = ""  # of the people's figures
    figures_changed: str = ""  # a sentence: these are others than before; "": they are not
    readings: str = ""  # which judge read the answers, and how many of them; "": rules did

    @property
    def has_notes(self) -> bool:
        """Whether there is something to read before the numbers."""
        texts = (self.figures_changed, self.readings, self.short_of, self.planted_summary)
        return bool(self.notes or self.deviations or any(texts))

    @property
    def people_of(self) -> str:
        """Whose figures stand beside the panel, as it stands behind "people of"."""
        return self.population_label or self.country or self.population

    @property
    def num_questions(self) -> int:
        """Questions put to each respondent, wordings counted apart."""
        return self.num_planned // self.num_respondents if self.num_respondents else 0

    @property
    def num_scored(self) -> int:
        """N of scores and floors: fewer than planned while a run is unfinished or some never answer."""
        return self.num_answering or self.num_respondents

    def for_captions(self) -> str:
        """What a figure alone must say of its run: model, survey, people, N, protocol, seed and hash."""
        people = f" People: {'; '.join(self.people)}." if self.people else ""
        unfinished = (
            "" if self.is_complete else f" Unfinished: {self.num_done} of {self.num_planned} answers."
        )
        invented = " Demonstration: trained on an invented population." if self.is_demonstration else ""
        noun = "respondent" if self.num_scored == 1 else "respondents"
        return (
            f"Model: {self.model_label}. Survey: {self.survey_title}.{people} N = {self.num_scored} "
            f"simulated {noun}; protocol {self.protocol}, strategy {self.strategy}, seed {self.seed}; "
            f"run {self.run_hash}.{unfinished}{invented}"
        )

    @property
    def share_done(self) -> float:
        """Answers on file over answers planned, in [0, 1]; 0 for an empty plan."""
        return self.num_done / self.num_planned if self.num_planned else 0.0


@dataclass(frozen=True, slots=True)
class AnswerView:
    """One answer as a reader checks it: what was asked, what came back, how it was read.

    `memory` holds the earlier exchanges that stood before the question, oldest first,
    each as (request, answer). `prompt` is the newest user turn as shown; `text` the
    completion as it came.
    """

    respondent_id: str
    question_id: str
    topic: str
    decoding: str  # short, e.g. "5 beams, sampled"
    place: str
    memory: tuple[tuple[str, str], ...]
    prompt: str
    text: str
    status: str
    choices: tuple[int, ...]
    choice_labels: tuple[str, ...]
    method: str
