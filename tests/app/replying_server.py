"""A server on 127.0.0.1 that gives one planned reply, however broken, and answers all else well."""

import itertools
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from http_on_loopback import JsonHandler, serving

TEXT = "Answer: 2\nExplanation: It matters to us."
_LARGE = 256  # tokens; a limit above it is refused where a case says so
_SMALL = 64


def good_reply(text: str = TEXT) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    return {
        "id": "x",
        "object": "chat.completion",
        "model": "m",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 50, "completion_tokens": 10, "total_tokens": 60},
    }


@contextmanager
def replying(case: Mapping[str, Any]) -> Iterator[str]:
    """The address of a server for a case, without a path."""
    with serving(_handler(case)) as address:
        yield address


def _handler(case: Mapping[str, Any]) -> type[JsonHandler]:
    num_answers, chance = itertools.count(1), itertools.count()

    class Handler(JsonHandler):
        def answer(self) -> None:
            body = self.body()
            is_probe = "random" in body["messages"][-1]["content"]
            if _is_meant(case["when"], body, is_probe, num_answers):
                self._give_planned()
            else:
                text = _random_words(body, next(chance)) if is_probe else TEXT
                self.send_json(200, good_reply(text))

        def _give_planned(self) -> None:
            planned = case["body"]
            if isinstance(planned, dict) and ("$drip" in planned or "$endless" in planned):
                self._trickle(planned)
                return
            if isinstance(planned, dict) and "$repeat" in planned:
                planned = planned["$repeat"] * planned["times"]
            text = planned if isinstance(planned, str) else json.dumps(planned)
            key = str(self.headers.get("authorization", "")).removeprefix("Bearer ")
            self.send(case["http_status"], case["headers"], text.replace("{KEY}", key).encode())

        def _trickle(self, planned: Mapping[str, Any]) -> None:
            """Without an end; until the client has enough."""
            self.begin(200, case["headers"])
            try:
                for _ in range(10_000):
                    if "$drip" in planned:
                        self.wfile.write(planned["$drip"].encode())
                        time.sleep(0.05)
                    else:
                        part = planned["$endless"].encode() * 65536
                        self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))
                    self.wfile.flush()
            except OSError:
                self.close_connection = True

    return Handler


def _random_words(body: Mapping[str, Any], number: int) -> str:
    return "the likeliest word" if body.get("top_k") == 1 else f"word {number}"


def _is_meant(
    when: str, body: Mapping[str, Any], is_probe: bool, num_answers: "itertools.count[int]"
) -> bool:
    """Whether a request gets the planned reply."""
    limit = body.get("max_tokens") or body.get("max_completion_tokens") or 0
    match when:
        case "all":
            return True
        case "answers":
            return not is_probe
        case "fourth":
            return not is_probe and next(num_answers) == 4
        case "from_third":
            return not is_probe and next(num_answers) >= 3
        case "max_tokens":
            return "max_tokens" in body
        case "small_limit":
            return limit <= _SMALL
        case "large_limit":
            return limit > _LARGE
    raise ValueError(when)
