"""A text that was cut within a thought is no answer, also where the server's template opened the thought."""

from typing import Any

import pytest
from hosted_examples import a_request, ask, hosted
from loopback import Loopback

from def_sim.engines.hosted.chat_replies import Choice, OpenThoughts
from def_sim.records import FinishReason

CUT = "I would say\nAnswer: 1 but then"
WHOLE = "Perhaps 1.</think>\n\nAnswer: 2"


def choice(text: str, reason: FinishReason = FinishReason.STOP) -> Choice:
    return Choice(text, "", reason)


def test_a_text_that_closes_what_it_did_not_open_gives_the_template_away() -> None:
    thoughts = OpenThoughts()
    assert not thoughts.is_open
    thoughts.look_at(choice("<think>a</think>Answer: 2"))
    assert not thoughts.is_open
    thoughts.look_at(choice(WHOLE))
    assert thoughts.is_open
    thoughts.look_at(choice("Answer: 2"))
    assert thoughts.is_open  # a template does not change


def test_a_suspicion_ends_with_a_text_that_ends_by_itself() -> None:
    thoughts = OpenThoughts()
    thoughts.suspect()
    assert thoughts.is_open
    thoughts.look_at(choice(CUT, FinishReason.LENGTH))
    assert thoughts.is_open
    thoughts.look_at(choice("Answer: 2"))
    assert not thoughts.is_open


def replies(*texts: tuple[str, str]) -> Any:
    """Changes of a server's replies, one after another; the last one again and again."""
    left = list(texts)

    def change(body: dict[str, Any]) -> dict[str, Any]:
        text, reason = left.pop(0) if len(left) > 1 else left[0]
        return {"choices": [{"index": 0, "finish_reason": reason, "message": {"content": text}}]}

    return change


def test_after_one_whole_thought_a_cut_one_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOPBACK_KEY", "")
    with Loopback(key="", changes=replies((WHOLE, "stop"), (CUT, "length"))) as server:
        engine = hosted("openai", server, key_variable=None, max_concurrent=1)
        first, second = ask(engine, [a_request(1), a_request(2)])
    assert (first.text, first.reasoning) == ("Answer: 2", "Perhaps 1.</think>")
    assert (second.text, second.reasoning) == ("", CUT)
    assert second.finish_reason is FinishReason.LENGTH


def test_a_probe_that_is_cut_without_a_mark_leaves_cut_texts_unread() -> None:
    with Loopback(key="", changes=replies((CUT, "length"))) as server:
        engine = hosted(
            "openai", server, key_variable=None, probes=True, deviations=["beams", "seed", "top_k"]
        )
        [completion] = ask(engine, [a_request(1, top_k=0)])
        assert engine.describe()["probe"]["thought"] == "unknown"  # type: ignore[index]
    assert (completion.text, completion.reasoning) == ("", CUT)
