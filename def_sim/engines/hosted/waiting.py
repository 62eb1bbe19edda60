"""How long a provider asks to wait, and how long a run waits at most. Knows no SDK."""

import datetime
import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, Final

from def_sim.engines.shared.server_words import duration_in_words

_LONGEST_PAUSE_S: Final = 8.0
_WORTH_SAYING_S: Final = 30.0
_LONGEST_HEADER: Final = 400  # characters
_HEADERS: Final = (("retry-after-ms", 1000.0), ("retry-after", 1.0))


def asked_to_wait_s(headers: Mapping[str, str] | Any) -> float:
    """Seconds that a reply asks to wait; 0 where it does not say, or says what is no time to come."""
    for name, per_second in _HEADERS:
        value = str(headers.get(name, "")).strip()[:_LONGEST_HEADER]
        if re.fullmatch(r"\d+(\.\d+)?", value, re.ASCII):
            return float(value) / per_second
    return _seconds_until(str(headers.get("retry-after", ""))[:_LONGEST_HEADER])


def _seconds_until(date: str) -> float:
    try:
        moment = parsedate_to_datetime(date)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=datetime.UTC)
        return max(0.0, (moment - datetime.datetime.now(datetime.UTC)).total_seconds())
    except (TypeError, ValueError, OverflowError, IndexError):  # the standard library's for words
        return 0.0


def pause_after_s(attempt: int) -> float:
    """How long a run waits by itself after a failed try, in seconds: longer each time, up to a bound.

    Args:
        attempt: Tries so far, from 1.
    """
    return min(_LONGEST_PAUSE_S, 0.5 * 2.0 ** (attempt - 1))


def sentence_about(asked_s: float, longest_s: float, who: str) -> str:
    """What to tell the user of a wait that is long, or longer than the run waits; else empty.

    Args:
        asked_s: What was asked for.
        longest_s: What the run waits at most.
        who: Asks.
    """
    if asked_s < _WORTH_SAYING_S and asked_s <= longest_s:
        return ""
    asked = f"{who} asks to wait {duration_in_words(asked_s)} before the next request."
    if asked_s <= longest_s:
        return f"{asked} The run waits."
    return (
        f"{asked} The run waits {duration_in_words(longest_s)} at most (`model.engine.longest_wait_s`) and "
        "tries again sooner; if it has to stop, the same command goes on where it stopped."
    )
