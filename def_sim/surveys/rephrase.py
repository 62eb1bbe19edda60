"""Rephrasing one question: a generator that yields requests and receives completions, like a strategy.

First a model is asked for wordings, then, for each in which the rules find no fault, whether it asks the same
as the base. It sees no engine and no file; nothing that it gives is asked of a respondent until people have
accepted it.

Letters: K options.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from def_sim.records import FIRST_CHOICE_SLOT, Completion, DecodingConfig, Message, Request, RequestKey, Role
from def_sim.surveys.rephrase_replies import CheckReply, read_check, read_drafts
from def_sim.surveys.rephrase_rules import faults_of
from def_sim.surveys.rephrase_texts import RephraseTexts

DRAFTING, CHECKING = 0, 1  # the calls of a conversation, in a request's key
RESPONDENT: Final = "rephrase"  # in a request's key; nobody of a panel


@dataclass(frozen=True, slots=True)
class Rephrased:
    """An item in one language, as a model sees it that is to rephrase it.

    `known`: wordings and drafts that there are already, without the base. `first_number`: of the first draft.
    """

    item_id: str
    language: str
    base: str
    labels: tuple[str, ...]  # shape (K,)
    known: tuple[str, ...] = ()
    first_number: int = 1


@dataclass(frozen=True, slots=True)
class Draft:
    """A wording that a model proposes. `check` is None where no model was asked, since rules found faults."""

    item_id: str
    number: int
    base: str
    text: str
    faults: tuple[str, ...] = ()
    check: CheckReply | None = None


@dataclass(frozen=True, slots=True)
class Drafts:
    """What came of one question. `problem` says why there is no draft, or fewer than were asked for."""

    drafts: tuple[Draft, ...]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class RephraseSettings:
    """How a model is asked: with chance for wordings; for checks without, where the engine can do that."""

    seed: int
    num_drafts: int
    drafting: DecodingConfig
    checking: DecodingConfig


Rephrasing = Generator[Sequence[Request], Sequence[Completion], Drafts]
Checking = Generator[Sequence[Request], Sequence[Completion], tuple[Draft, ...]]


def drafting_request(item: Rephrased, texts: RephraseTexts, settings: RephraseSettings) -> Request:
    """The one call that asks for wordings of an item."""
    content = texts.drafting(
        settings.num_drafts, item.base, item.labels, has_slot=FIRST_CHOICE_SLOT in item.base
    )
    key = RequestKey(settings.seed, RESPONDENT, item.item_id, item.first_number, DRAFTING)
    return Request((Message(Role.USER, content),), settings.drafting, key)


def checking_request(
    draft: Draft, labels: tuple[str, ...], texts: RephraseTexts, settings: RephraseSettings
) -> Request:
    """The one call that asks whether a draft asks the same as its base."""
    content = texts.checking(draft.base, draft.text, labels)
    key = RequestKey(settings.seed, RESPONDENT, draft.item_id, draft.number, CHECKING)
    return Request((Message(Role.USER, content),), settings.checking, key)


def rephrase(item: Rephrased, texts: RephraseTexts, settings: RephraseSettings) -> Rephrasing:
    """Asks for wordings of one item, and has each checked that passes the rules.

    Returns:
        By yielding the request for wordings, then those for checks together: the drafts in the order they
        came, with a number each; at most `settings.num_drafts`.
    """
    [completion] = yield [drafting_request(item, texts, settings)]
    reply = read_drafts(completion)
    if reply.problem:
        return Drafts((), reply.problem)
    drafts = judged_by_rules(item, reply.drafts[: settings.num_drafts])
    checked = yield from check_drafts(drafts, item.labels, texts, settings)
    missing = settings.num_drafts - len(drafts)
    return Drafts(checked, f"{missing} of {settings.num_drafts} wordings did not come" if missing else "")


def check_drafts(
    drafts: Sequence[Draft], labels: tuple[str, ...], texts: RephraseTexts, settings: RephraseSettings
) -> Checking:
    """Has drafts of one item checked that no rule finds fault with; the others come back as they are."""
    sound = [draft for draft in drafts if not draft.faults]
    if not sound:
        return tuple(drafts)
    completions = yield [checking_request(draft, labels, texts, settings) for draft in sound]
    checks = {
        draft.number: read_check(completion) for draft, completion in zip(sound, completions, strict=True)
    }
    return tuple(replace(draft, check=checks.get(draft.number)) for draft in drafts)


def judged_by_rules(item: Rephrased, texts: Sequence[str]) -> tuple[Draft, ...]:
    """Drafts with their numbers and what rules find wrong with each; a text that came before is a double."""
    drafts = []
    for place, text in enumerate(texts):
        others = (*item.known, *texts[:place])
        faults = faults_of(text, item.base, language=item.language, labels=item.labels, others=others)
        drafts.append(Draft(item.item_id, item.first_number + place, item.base, text, tuple(faults)))
    return tuple(drafts)
