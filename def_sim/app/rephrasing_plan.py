"""What rephrasing will ask and cost, worked out before anything is sent: `stage=plan show=rephrasing`."""

from collections.abc import Iterable, Sequence

from def_sim.app.plan import token_counter
from def_sim.app.plan_costs import hosted_lines
from def_sim.app.rephrasing_work import Numbers, RephrasingWork, drafts_to_check
from def_sim.app.thinking import TYPICAL_THOUGHT, model_thinks
from def_sim.prompts import hash_messages
from def_sim.records import Request
from def_sim.surveys.item_bank import Item
from def_sim.surveys.rephrase import DRAFTING, Draft, checking_request, rephrase

_CHECK_TOKENS = 40  # typical of one object with a short reason; an estimate
_TOKENS_BETWEEN = 6  # quotes and commas of a list


def calls_of(work: RephrasingWork, numbers: Numbers) -> list[Request]:
    """The calls that are still to be made, at most: checks as if every wording passed the rules.

    A wording that is not there yet stands in its check as the base does, which is about as long.
    """
    requests = _checks(work, numbers) if work.config.check else _rephrasings(work, numbers)
    return [
        request
        for request in requests
        if (request.key.item_id, hash_messages(request.messages)) not in numbers.stored
    ]


def _checks(work: RephrasingWork, numbers: Numbers) -> Iterable[Request]:
    for item, drafts in drafts_to_check(work, numbers):
        sound = [draft for draft in drafts if not draft.faults]
        yield from (checking_request(one, work.labels_of(item), work.texts, work.settings) for one in sound)


def _rephrasings(work: RephrasingWork, numbers: Numbers) -> Iterable[Request]:
    for item in work.items:
        talk = rephrase(work.rephrased(item, numbers), work.texts, work.settings)
        [drafting] = next(talk)
        yield drafting
        stored = numbers.stored.get((item.id, hash_messages(drafting.messages)))
        if stored is None:
            yield from _expected_checks(work, item, drafting)
            continue
        try:
            yield from talk.send([stored.completion])
        except StopIteration:  # no wording that a model is asked about
            continue


def _expected_checks(work: RephrasingWork, item: Item, drafting: Request) -> Iterable[Request]:
    base, first = item.wordings[work.language][0], drafting.key.wording
    for number in range(first, first + work.settings.num_drafts):
        draft = Draft(item.id, number, base, base)
        yield checking_request(draft, work.labels_of(item), work.texts, work.settings)


def plan_lines_of(works: Sequence[RephrasingWork]) -> list[str]:
    """The plan in words: of each source, then what all of it costs."""
    lines: list[str] = []
    tokens_in = tokens_out = 0
    for work in works:
        count, how = token_counter(work.config.model)
        requests = calls_of(work, Numbers(work))
        drafting = sum(request.key.call == DRAFTING for request in requests)
        read = sum(count(message.content) for request in requests for message in request.messages)
        bases = [count(item.wordings[work.language][0]) + _TOKENS_BETWEEN for item in work.items]
        of_list = round(work.settings.num_drafts * sum(bases) / len(bases))
        checking = len(requests) - drafting
        written = drafting * _written(work, of_list) + checking * _written(work, _CHECK_TOKENS)
        tokens_in, tokens_out = tokens_in + read, tokens_out + written
        lines += [
            f"source        {work.source}, language {work.language}: {len(work.items):,} items",
            f"model         {work.config.model.label}",
            (
                f"calls         {len(requests):,} at most: {drafting:,} for wordings, "
                f"{checking:,} for checks of those that pass the rules"
            ),
            f"tokens        about {read:,} in, {written:,} out ({how})",
            f"sheet         {work.sheet}",
            *(f"note          {note}" for note in work.notes),
        ]
    engine = works[0].config.model.engine if works else None
    if engine is not None and "model_name" in engine.arguments:
        lines += hosted_lines(engine.arguments, tokens_in, tokens_out)
    return lines


def _written(work: RephrasingWork, typical: int) -> int:
    """Tokens of a reply, with the thought before it where the model has one."""
    thought = TYPICAL_THOUGHT if model_thinks(work.config.model) else 0
    return min(typical + thought, work.config.rephrasing.max_new_tokens)
