"""What local models think stays apart from what they answer, whatever parts the two and whoever opens it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from chain_models import (
    ANSWER,
    CHATML_OPEN,
    CHATML_TURNS,
    EXPLANATION,
    MORE_THOUGHT,
    THOUGHT,
    Chain,
    chain,
    save_chain,
)

from def_sim.engines.local.engine import LocalEngine
from def_sim.engines.local.prompts.thoughts import closing_of, opening_of, part
from def_sim.errors import ConfigError
from def_sim.records import AnswerMode, Completion, FinishReason, Message, Request, Role, StopAfter

MakeRequest = Callable[..., Request]
ANSWERED = ANSWER + EXPLANATION
LOOP = {THOUGHT: MORE_THOUGHT, MORE_THOUGHT: THOUGHT}
OPENED = CHATML_TURNS + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n<think>\n' }}{% endif %}"
SWITCHED = CHATML_OPEN + (
    "{% if add_generation_prompt and enable_thinking is defined and not enable_thinking %}"
    "{{ '<think>\n\n</think>\n\n' }}{% endif %}"
)
QWEN3: dict[str, Any] = {
    "config": "Qwen3Config",
    "named": {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"},
    "marks": ["<|im_start|>"],
    "plain_marks": ["<think>", "</think>"],
}
INST = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}{{ '[INST]' + m.content + '[/INST]' }}"
    "{% elif m.role == 'system' %}{{ '[SYSTEM_PROMPT]' + m.content + '[/SYSTEM_PROMPT]' }}"
    "{% else %}{{ m.content + eos_token }}{% endif %}{% endfor %}"
)
MISTRAL: dict[str, Any] = {
    "config": "MistralConfig",
    "settings": {"sliding_window": None},
    "template": INST,
    "named": {
        "bos_token": "<s>",
        "eos_token": "</s>",
        "additional_special_tokens": ["[INST]", "[/INST]", "[THINK]", "[/THINK]"],
    },
    "marks": ["[SYSTEM_PROMPT]", "[/SYSTEM_PROMPT]"],
    "ends": ["</s>"],
}
# As published: a turn of the past ends in <|end|>, like every message; the last one in <|return|>.
HARMONY = (
    "{% for m in messages %}{% if m.role == 'assistant' %}"
    "{{ '<|start|>assistant<|channel|>final<|message|>' + m.content }}"
    "{{ '<|return|>' if loop.last and not add_generation_prompt else '<|end|>' }}"
    "{% else %}{{ '<|start|>' + m.role + '<|message|>' + m.content + '<|end|>' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start|>assistant' }}{% endif %}"
)


def turns(begin: str, end: str, opens: str, assistant: str = "assistant") -> str:
    """A template whose turns stand between two marks, and the prompt's last words."""
    return (
        "{% for m in messages %}{% set role = '" + assistant + "' if m.role == 'assistant' else m.role %}"
        "{{ '" + begin + "' + role + '\n' + m.content + '" + end + "' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '" + opens + "' }}{% endif %}"
    )


COHERE = (
    "{% for m in messages %}{% if m.role == 'assistant' %}{{ '<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>"
    "<|START_RESPONSE|>' + m.content + '<|END_RESPONSE|><|END_OF_TURN_TOKEN|>' }}{% else %}"
    "{{ '<|START_OF_TURN_TOKEN|><|USER_TOKEN|>' + m.content + '<|END_OF_TURN_TOKEN|>' }}{% endif %}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>' }}{% endif %}"
)
COHERE_MARKS = [
    *("<|START_OF_TURN_TOKEN|>", "<|CHATBOT_TOKEN|>", "<|USER_TOKEN|>", "<|END_OF_TURN_TOKEN|>"),
    *("<|START_THINKING|>", "<|END_THINKING|>", "<|START_RESPONSE|>", "<|END_RESPONSE|>"),
]


def thinking(before: str, opens: Sequence[str], closes: Sequence[str], *ends: str) -> dict[str, str]:
    """The chain of a model that thinks and then answers."""
    return chain(before, *opens, THOUGHT, MORE_THOUGHT, *closes, ANSWER, EXPLANATION, *ends)


THINKS = {
    "Qwen 3": Chain(thinking("\n", ["<think>"], ["</think>"], "<|im_end|>"), **QWEN3),
    "Qwen 3, opened by the prompt": Chain(
        thinking("\n", [], ["</think>"], "<|im_end|>"), template=OPENED, **QWEN3
    ),
    "Mistral": Chain(thinking("[/INST]", ["[THINK]"], ["[/THINK]"], "</s>"), **MISTRAL),
    "Mistral, no list names its marks": Chain(
        thinking("[/INST]", ["[THINK]"], ["[/THINK]"], "</s>"),
        **{
            **MISTRAL,
            "named": {"bos_token": "<s>", "eos_token": "</s>"},
            "marks": ["[INST]", "[/INST]", "[THINK]", "[/THINK]"],
        },
    ),
    "harmony": Chain(
        thinking(
            "assistant",
            ["<|channel|>", "analysis", "<|message|>"],
            ["<|end|>", "<|start|>", "assistant<|channel|>final<|message|>"],
            "<|return|>",
        ),
        template=HARMONY,
        named={"eos_token": "<|return|>", "pad_token": "<|endoftext|>"},
        marks=["<|start|>", "<|end|>", "<|message|>", "<|channel|>", "<|call|>"],
        ends=["<|return|>", "<|endoftext|>", "<|call|>"],
    ),
    "Cohere": Chain(
        thinking(
            "<|CHATBOT_TOKEN|>",
            ["<|START_THINKING|>"],
            ["<|END_THINKING|>", "<|START_RESPONSE|>"],
            *("<|END_RESPONSE|>", "<|END_OF_TURN_TOKEN|>"),
        ),
        template=COHERE,
        named={"eos_token": "<|END_OF_TURN_TOKEN|>", "additional_special_tokens": COHERE_MARKS},
        ends=["<|END_OF_TURN_TOKEN|>"],
    ),
    "Seed-OSS": Chain(
        thinking("\n", ["<seed:think>"], ["</seed:think>"], "<seed:eos>"),
        template=turns("<seed:bos>", "<seed:eos>", "<seed:bos>assistant\n"),
        named={"bos_token": "<seed:bos>", "eos_token": "<seed:eos>"},
        marks=["<seed:think>", "</seed:think>"],
        ends=["<seed:eos>"],
    ),
    "Gemma 4": Chain(
        thinking("\n", ["<|channel>", "thought\n"], ["<channel|>"], "<turn|>"),
        template=turns("<|turn>", "<turn|>\n", "<|turn>model\n", "model"),
        named={"eos_token": "<eos>"},
        marks=["<|turn>", "<turn|>", "<|channel>", "<channel|>"],
        ends=["<eos>"],
    ),
    "Kimi, opened by the prompt": Chain(
        thinking("◁think▷", [], ["◁/think▷"], "<|im_end|>"),
        template=CHATML_OPEN.replace("assistant\n' }}", "assistant\n◁think▷' }}"),
        named={"eos_token": "<|im_end|>"},
        marks=["<|im_start|>", "◁think▷", "◁/think▷"],
        ends=["<|im_end|>"],
    ),
    "Apertus": Chain(
        thinking("<|assistant_start|>", ["<|inner_prefix|>"], ["<|inner_suffix|>"], "<|assistant_end|>"),
        template="{% for m in messages %}{{ '<|' + m.role + '_start|>' + m.content + '<|' + m.role "
        "+ '_end|>' }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant_start|>' }}{% endif %}",
        named={"eos_token": "</s>"},
        marks=["<|assistant_start|>", "<|assistant_end|>", "<|inner_prefix|>", "<|inner_suffix|>"],
        ends=["</s>"],
    ),
    "Granite": Chain(
        thinking(
            "<|end_of_role|>",
            ["Here is my thought process:\n"],
            ["\nHere is my response:\n"],
            "<|end_of_text|>",
        ),
        template="{% for m in messages %}{{ '<|start_of_role|>' + m.role + '<|end_of_role|>' + m.content "
        "+ '<|end_of_text|>' }}{% endfor %}{% if add_generation_prompt %}"
        "{{ '<|start_of_role|>assistant<|end_of_role|>' }}{% endif %}",
        named={"eos_token": "<|end_of_text|>"},
        marks=["<|start_of_role|>", "<|end_of_role|>"],
        ends=["<|end_of_text|>"],
    ),
}


def on_and_on(made_of: Chain) -> Chain:
    """The same model, whose thought never ends."""
    return replace(made_of, follows={**made_of.follows, **LOOP})


def ask(folder: Path, requests: Sequence[Request], **settings: Any) -> list[Any]:
    async def run() -> list[Any]:
        engine = LocalEngine(str(folder), dtype="float32", device="cpu", **settings)
        try:
            return await asyncio.gather(*map(engine.submit, requests), return_exceptions=True)
        finally:
            await engine.close()

    return asyncio.run(run())


def described(folder: Path, **settings: Any) -> tuple[dict[str, object], bool]:
    """What the loaded engine says of itself, and whether it scores option codes."""

    async def run() -> tuple[dict[str, object], bool]:
        engine = LocalEngine(str(folder), dtype="float32", device="cpu", **settings)
        await engine.start()
        try:
            return engine.describe(), engine.capabilities.constrained
        finally:
            await engine.close()

    return asyncio.run(run())


def scoring(request: Request, mode: AnswerMode) -> Request:
    return replace(request, mode=mode, option_codes=(1, 2, 3, 4))


# --- free text ---


@pytest.mark.parametrize("name", THINKS)
def test_the_thought_is_kept_and_the_answer_stands_alone(
    name: str, tmp_path: Path, make_request: MakeRequest
) -> None:
    save_chain(tmp_path, THINKS[name])
    [plain, remembering] = ask(tmp_path, [make_request(0), make_request(1)])
    for completion in (plain, remembering):
        assert isinstance(completion, Completion), completion
        assert completion.text.split("\n") == ANSWERED.split("\n")
        assert completion.finish_reason is FinishReason.STOP
        assert THOUGHT + MORE_THOUGHT in completion.reasoning
        assert ANSWER not in completion.reasoning


@pytest.mark.parametrize("name", THINKS)
def test_a_thought_that_the_limit_cuts_leaves_no_answer(
    name: str, tmp_path: Path, make_request: MakeRequest
) -> None:
    save_chain(tmp_path, on_and_on(THINKS[name]))
    for completion in ask(tmp_path, [make_request(0), make_request(1)]):
        assert (completion.text, completion.finish_reason) == ("", FinishReason.LENGTH)
        assert THOUGHT in completion.reasoning


@pytest.mark.parametrize("settings", [{"loop": "generate"}, {"loop": "slots"}])
@pytest.mark.parametrize("num_beams", [1, 3])
@pytest.mark.parametrize("name", ["Mistral", "Qwen 3, opened by the prompt"])
def test_loops_and_beams_keep_thoughts_apart_alike(
    name: str, num_beams: int, settings: dict[str, Any], tmp_path: Path, make_request: MakeRequest
) -> None:
    save_chain(tmp_path, THINKS[name])
    [completion] = ask(tmp_path, [make_request(0, num_beams=num_beams, do_sample=False)], **settings)
    assert completion.text == ANSWERED
    assert "Answer: 1" in completion.reasoning


def test_marks_in_remembered_turns_open_nothing(tmp_path: Path, make_request: MakeRequest) -> None:
    save_chain(tmp_path, Chain(chain("\n", ANSWER, EXPLANATION, "<|im_end|>"), **QWEN3))
    request = make_request(0)
    past = (Message(Role.USER, "What does <think> mean?"), Message(Role.ASSISTANT, "<think> opens."))
    [completion] = ask(tmp_path, [replace(request, messages=(*past, *request.messages))])
    assert (completion.text, completion.reasoning) == (ANSWERED, "")


def test_an_answer_that_stops_early_does_not_stop_within_the_thought(
    tmp_path: Path, make_request: MakeRequest
) -> None:
    """The thought has an explained answer of its own, and after the real one the model would go on."""
    thought = "Answer: 1\nExplanation: No. "
    follows = chain("\n", thought, "</think>", ANSWER, EXPLANATION, "\nAnd more.", "\nAnd yet more.")
    save_chain(tmp_path, Chain(follows, template=OPENED, **QWEN3))
    [completion] = ask(tmp_path, [make_request(0, stop_after=StopAfter.FIRST_SENTENCE)])
    assert completion.text.startswith(ANSWERED)
    assert "yet more" not in completion.text
    assert completion.reasoning == f"{thought}</think>"
    assert completion.finish_reason is FinishReason.STOP


# --- option codes ---


@pytest.mark.parametrize("mode", [AnswerMode.CONSTRAINED, AnswerMode.PROBABILITIES])
def test_codes_are_scored_behind_a_closed_thought(
    mode: AnswerMode, tmp_path: Path, make_request: MakeRequest
) -> None:
    save_chain(tmp_path, THINKS["Qwen 3, opened by the prompt"])
    [completion] = ask(tmp_path, [scoring(make_request(0), mode)])
    assert completion.text.startswith("Answer: ")
    facts, scores_codes = described(tmp_path)
    assert scores_codes
    assert (facts["opens_thought"], facts["closes_thought"]) == ("<think>\n", "\n</think>\n\n")


def test_where_a_thought_cannot_be_closed_codes_are_refused(
    tmp_path: Path, make_request: MakeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("def_sim.engines.local.prompts.chat_format.closing_of", lambda opening: None)
    save_chain(tmp_path, THINKS["Qwen 3, opened by the prompt"])
    facts, scores_codes = described(tmp_path)
    assert facts["closes_thought"] is None
    assert not scores_codes
    [failed] = ask(tmp_path, [scoring(make_request(0), AnswerMode.CONSTRAINED)])
    assert "leaves a thought open" in str(failed)


# --- what is known of marks ---

OPENINGS = (
    *("<think>\n", "<think>", "<thought>", "<seed:think>", "[THINK]", "◁think▷", "<|START_THINKING|>"),
    *("<|channel>thought\n", "<|inner_prefix|>", "<|channel|>analysis<|message|>"),
    "Here is my thought process:",
)


@pytest.mark.parametrize("opening", OPENINGS)
def test_what_a_prompt_opens_is_known_and_can_be_closed(opening: str) -> None:
    assert opening_of(f"<|im_start|>{opening}" if "Here" not in opening else opening) == opening
    closing = closing_of(opening)
    assert closing is not None
    assert opening_of(opening + closing) == ""
    assert part(f"Hm.\nAnswer: 1{closing}{ANSWERED}", opening).answer.strip() == ANSWERED
    assert part("Hm.\nAnswer: 1", opening).is_open


def test_an_empty_thought_between_tags_is_written_as_an_empty_line() -> None:
    assert "<think>\n" + str(closing_of("<think>\n")) == "<think>\n\n</think>\n\n"
    assert "<think>" + str(closing_of("<think>")) == "<think>\n\n</think>\n\n"
    assert closing_of("(thinks)") is None


# --- arguments of the template ---


def test_an_argument_reaches_the_template_and_the_manifest(tmp_path: Path, make_request: MakeRequest) -> None:
    """Told not to think, the template closes an empty thought: behind it this model answers at once."""
    follows = chain("\n", "<think>", THOUGHT, "</think>", "\n\n", ANSWER, EXPLANATION, "<|im_end|>")
    save_chain(tmp_path, Chain(follows, template=SWITCHED, **QWEN3))
    off = {"template_arguments": {"enable_thinking": False}}
    [thought, at_once] = [ask(tmp_path, [make_request(0)], **given)[0] for given in ({}, off)]
    assert (thought.text, at_once.text) == (ANSWERED, ANSWERED)
    assert THOUGHT in thought.reasoning
    assert at_once.reasoning == ""
    facts, _ = described(tmp_path, **off)
    assert facts["template_arguments"] == {"enable_thinking": False}
    assert "template_arguments" not in described(tmp_path)[0]


def test_an_argument_that_the_template_does_not_use_is_an_error_before_anything_loads(tmp_path: Path) -> None:
    save_chain(tmp_path, Chain({"\n": ANSWER}, template=SWITCHED, **QWEN3))
    engine = LocalEngine(str(tmp_path), template_arguments={"enable_thinkin": False})
    with pytest.raises(ConfigError, match=r"'enable_thinkin'. It takes enable_thinking\."):
        engine.check()
    LocalEngine(str(tmp_path), template_arguments={"enable_thinking": False}).check()


def test_arguments_belong_to_chat_templates(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="prompt_style=text has none"):
        LocalEngine(str(tmp_path), prompt_style="text", template_arguments={"enable_thinking": False})
