"""Whether the provider took a batch of which no reply told the id: a late one, or one lost in a crash.

A batch is paid for once it is taken, so it is looked for among those of the account before its requests are
sent again. The list says how many requests a batch has; whose they are stands in its results alone, so one
that may be it is waited for. Knows nothing of who waits for answers.
"""

import asyncio
import time
from collections.abc import Collection, Sequence
from typing import Final

from def_sim.engines.hosted.batch_replies import BatchCalls, UnknownBatchError

SETTLED_S: Final = 600.0  # after which a batch that was sent is in the provider's list, or never will be
_CLOCKS_DIFFER_S: Final = 3600.0


async def find_batch(
    calls: BatchCalls,
    custom_ids: Sequence[str],
    *,
    sent_at: float,
    known: Collection[str],
    poll_s: float,
) -> str | None:
    """The id of the batch that holds these requests, once that is certain.

    Args:
        calls: Reads the provider's list and results.
        custom_ids: Of all requests of the batch.
        sent_at: When it was sent, in seconds since 1970.
        known: Ids of batches whose requests are known; it is none of these.
        poll_s: Pause between two looks.

    Returns:
        None once no batch of the list can be it and none can still come.

    Raises:
        DefSimError: The list or results cannot be had.
    """
    others = set(known)
    while True:
        # Before the look: what comes between would be in neither.
        now = time.time()
        is_settled = not 0 <= now - sent_at <= SETTLED_S  # a clock that was put back says nothing
        listed = await calls.listed_since(min(sent_at, now) - _CLOCKS_DIFFER_S)
        alike = [one for one in listed if one.num_requests == len(custom_ids) and one.batch_id not in others]
        for one in alike:
            if one.has_ended:
                if await _holds(calls, one.batch_id, custom_ids):
                    return one.batch_id
                others.add(one.batch_id)
        if is_settled and all(one.has_ended for one in alike):
            return None
        await asyncio.sleep(poll_s)


async def _holds(calls: BatchCalls, batch_id: str, custom_ids: Sequence[str]) -> bool:
    try:
        return await calls.holds(batch_id, custom_ids)
    except UnknownBatchError:  # its results are not kept any more
        return False
