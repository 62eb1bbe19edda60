"""The sections of a configuration that configure no class of ours: what each holds, and between which bounds.

Every parameter says its meaning here, once: `def-sim --help NAME` and the reference pages read it. Knows no
other section, and no stage.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from def_sim.app.choices import Count, DrawnItems, Strict
from def_sim.names import check_name
from def_sim.prompts import Offer


class PresentationRules(Strict):
    """How the questionnaire is shown."""

    option_order: Literal["listed", "reversed", "shuffled", "balanced"] = Field(
        description="Order of a question's options: listed as in the survey, reversed, shuffled for each "
        "respondent and question, or balanced: each order equally often. Scales keep theirs."
    )
    question_order: Literal["questionnaire", "rotated", "shuffled"] = Field(
        description="Order of the questions: as in the questionnaire, rotated (each respondent begins "
        "elsewhere), or shuffled for each respondent."
    )
    follow_up: Literal["fill", "placeholder"] = Field(
        description="What a follow-up question says of the answer before it: fill puts it in, placeholder "
        "leaves the gap."
    )
    # A default: runs stored before it existed stay readable.
    offer: Offer = Field(
        default="none",
        description="A line behind the options that lets respondents withhold an answer: none, dont_know, "
        "refuse, or both.",
    )


class Scoring(Strict):
    """How scores are computed from stored answers."""

    draws: Annotated[int, Field(ge=10, le=100_000)] = Field(
        description="Monte Carlo draws behind floors and controls; more are slower and steadier."
    )
    # A default: runs stored before it existed stay readable.
    stream_above: Count = Field(
        default=2_000_000,
        description="A run of more answers than this is reported shard by shard, in bounded memory.",
    )


class FigureRules(Strict):
    """How figures are written for papers.

    `width`: a journal's two columns (174 mm) or one (84 mm). `items`: how many of those that are furthest
    from people, or all, or a list of ids.
    """

    width: Literal["double", "single"] = Field(
        default="double",
        description="Width of figure files: a journal's two columns (174 mm) or one (84 mm).",
    )
    items: DrawnItems = Field(
        default=20,
        description="Single items that are drawn: so many that are furthest from people, all, or a list of "
        "ids.",
    )


Chance = Annotated[float, Field(gt=0.5, lt=1)]
Width = Annotated[float, Field(gt=0, lt=1)]


class WantedPrecision(Strict):
    """What `stage=plan power=true` plans for, on the scale of the Jensen-Shannon divergence."""

    half_width: Width = Field(
        default=0.01, description="Wanted half width of the 95 % interval of a mean score."
    )
    difference: Width = Field(default=0.02, description="Difference between two models that is to be found.")
    chance: Chance = Field(default=0.8, description="Chance of finding that difference.")
    correlation: Annotated[float, Field(ge=0, lt=1)] = Field(
        default=0.0, description="Correlation of two models' scores over the items; 0 is the safe assumption."
    )


class LeaseRules(Strict):
    """How a shard is taken that another process holds."""

    take_over: bool = Field(
        default=False,
        description="Takes a shard from a process that may be alive on another machine, which then stops.",
    )
    wait_s: Annotated[float, Field(ge=0, le=86_400)] | None = Field(
        default=None,
        # In a job of Slurm a job that was queued again may find the lease of its first try.
        description="How long to wait for a shard that another process holds, or for one that writes the "
        "report of a run in shards; null: 150 in a Slurm job and for the report, else 0.",
    )


class ClusterRules(Strict):
    """What plans suppose of a cluster."""

    read_gb_per_s: Annotated[float, Field(gt=0, le=10_000)] = Field(
        default=1.0,
        description="How fast a job reads weights; plans say by it what loading costs, until a job has "
        "measured it.",
    )


class Judging(Strict):
    """How a judge is asked."""

    num_repeats: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=1, description="How often each question is put to the judge."
    )
    format: Literal["json", "code"] = Field(
        default="json",
        description="What the judge replies: json, an object; code, a code alone, for small judges that "
        "write no JSON.",
    )
    max_new_tokens: Count = Field(default=256, description="Longest reply of the judge.")
    allow_self: bool = Field(default=False, description="A model may judge itself, which is then said.")
    allow_demonstration: bool = Field(
        default=False,
        description="The demo respondent may judge, to look at the way; its verdicts mean nothing.",
    )


class RephrasingRules(Strict):
    """How a model is asked for wordings (`stage=rephrase`)."""

    num_drafts: Annotated[int, Field(ge=1, le=20)] = Field(
        default=3, description="Wordings that the model drafts for an item."
    )
    temperature: Annotated[float, Field(gt=0, le=2)] = Field(
        default=0.7, description="Temperature of drafts; checks are made without chance."
    )
    max_new_tokens: Count = Field(default=512, description="Longest reply of the model.")


class AuditRules(Strict):
    """Which verdicts of a run people code (`stage=audit`)."""

    set: Annotated[str, AfterValidator(check_name)] | None = Field(
        default=None, description="Which set of verdicts of the run is coded; null: the only one there is."
    )
    per_stratum: Count = Field(
        default=25,
        description="Rows of each stratum of a question: defects by rule, defects by judge, answers without "
        "one.",
    )
