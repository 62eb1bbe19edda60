"""Everything the respondent was told reaches the model, once, in its order."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from transformers import AutoTokenizer

from def_sim.engines.local.prompts.chat_format import PromptFormat, plain_text
from def_sim.errors import EngineError, ModelError
from def_sim.records import Message, Request, Role

MakeRequest = Callable[..., Request]


@pytest.fixture
def tokenizer(checkpoint: Path) -> Any:
    return AutoTokenizer.from_pretrained(checkpoint)


def test_a_chat_prompt_is_the_rendered_template_and_begins_with_one_bos(
    tokenizer: Any, make_request: MakeRequest
) -> None:
    chat = PromptFormat(tokenizer, style="chat", max_positions=None)
    request = make_request(1)  # one remembered exchange
    assert chat.text(request) == (
        "<s><|user|>How important is thing 0 to you?</s><|assistant|>Answer: 1</s>"
        "<|user|>Act as citizen 1. How important is work? 1 2 3 4</s><|assistant|>"
    )
    token_ids = chat.token_ids(request)
    assert token_ids.count(tokenizer.bos_token_id) == 1
    assert tokenizer.decode(token_ids) == chat.text(request)


def test_a_base_model_reads_plain_text_that_ends_in_the_anchor(make_request: MakeRequest) -> None:
    request = make_request(1)
    assert plain_text(request.messages, "Answer:") == (
        "How important is thing 0 to you?\nAnswer: 1\n\n"
        "Act as citizen 1. How important is work? 1 2 3 4\nAnswer:"
    )


def test_an_anchor_that_is_there_already_is_not_doubled() -> None:
    message = Message(Role.USER, "Wie wichtig?\n答案：")
    assert plain_text([message], "答案：") == "Wie wichtig?\n答案："


def test_plain_text_needs_no_chat_template(tokenizer: Any, make_request: MakeRequest) -> None:
    tokenizer.chat_template = None
    text = PromptFormat(tokenizer, style="text", max_positions=None)
    assert tokenizer.decode(text.token_ids(make_request(0))).endswith("1 2 3 4\nAnswer:")


@pytest.mark.parametrize(
    "template",
    [
        "{{ messages[-1].content }}",  # the last turn only
        "{% for m in messages %}{% if m.role == 'user' %}{{ m.content }}{% endif %}{% endfor %}",
        "{{ raise_exception('only one turn') if messages|length > 1 else messages[0].content }}",
    ],
)
def test_a_template_that_drops_or_refuses_history_is_a_model_error(tokenizer: Any, template: str) -> None:
    tokenizer.chat_template = template
    with pytest.raises(ModelError, match="chat template"):
        PromptFormat(tokenizer, style="chat", max_positions=None)


def test_a_tokenizer_without_template_is_a_model_error(tokenizer: Any) -> None:
    tokenizer.chat_template = None
    with pytest.raises(ModelError, match="cannot write user and assistant turns"):
        PromptFormat(tokenizer, style="chat", max_positions=None)


WITHOUT_SYSTEM = "{% for m in messages %}{% if m.role != 'system' %}{{ m.content }}{% endif %}{% endfor %}"
REFUSES_SYSTEM = (
    "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
    "{{ m.content }}{% endfor %}"
)


@pytest.mark.parametrize("template", [WITHOUT_SYSTEM, REFUSES_SYSTEM])
def test_a_system_turn_that_a_template_drops_or_refuses_goes_before_the_first_question(
    tokenizer: Any, make_request: MakeRequest, template: str
) -> None:
    tokenizer.chat_template = template
    chat = PromptFormat(tokenizer, style="chat", max_positions=None)
    request = make_request(0)
    with_system = replace(request, messages=(Message(Role.SYSTEM, "You live in Lyon."), *request.messages))
    assert chat.text(with_system) == f"You live in Lyon.\n\n{chat.text(request)}"
    assert chat.facts()["system_turn"] == "merged into the first user turn"


def test_a_template_that_writes_the_date_gives_the_same_prompt_on_any_day(
    tokenizer: Any, make_request: MakeRequest
) -> None:
    tokenizer.chat_template = (
        "{% if not date_string is defined %}{% set date_string = strftime_now('%d %b %Y') %}{% endif %}"
        "{{ date_string }}, {{ strftime_now('%Y-%m-%d') }}: "
        "{% for m in messages %}{{ m.content }}{% endfor %}"
    )
    chat = PromptFormat(tokenizer, style="chat", max_positions=None)
    assert chat.text(make_request(0)).startswith("26 Jul 2024, 2024-07-26: Act")


def test_a_prompt_that_leaves_no_room_for_the_answer_is_an_error_naming_item_and_memory(
    tokenizer: Any, make_request: MakeRequest
) -> None:
    length = len(PromptFormat(tokenizer, style="chat", max_positions=None).token_ids(make_request(3)))
    fits = PromptFormat(tokenizer, style="chat", max_positions=length + 16)  # max_new_tokens is 16
    assert len(fits.token_ids(make_request(3))) == length
    too_small = PromptFormat(tokenizer, style="chat", max_positions=length + 15)
    with pytest.raises(EngineError, match=r"wvs7.Q3, respondent r00003: .*3 remembered exchanges") as caught:
        too_small.token_ids(make_request(3))
    assert "memory.max_capacity" in caught.value.fix
    assert not caught.value.retryable
