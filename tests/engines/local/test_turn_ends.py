"""Answers stop where the model ends its turn, whichever file names the token, and prompts never end so."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from chain_models import ANSWER, CHATML_OPEN, EXPLANATION, Chain, chain, save_chain
from transformers import AutoTokenizer

from def_sim.engines.local.engine import LocalEngine
from def_sim.engines.local.prompts.chat_format import PromptFormat
from def_sim.engines.local.prompts.turn_ends import NOT_FOUND
from def_sim.records import Completion, FinishReason, Request

MakeRequest = Callable[..., Request]
ON = "\nuser asks again"  # what a model writes that is not stopped, again and again


def answering(before: str, *ends: str) -> dict[str, str]:
    return {**chain(before, ANSWER, EXPLANATION, *ends, ON), ON: ON}


PHI3 = (
    "{% for m in messages %}{{ '<|' + m.role + '|>\n' + m.content + '<|end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% else %}{{ eos_token }}{% endif %}"
)
PHI3_MARKS = ["<|end|>", "<|system|>", "<|user|>", "<|assistant|>"]
GEMMA = (
    "{{ bos_token }}{% for m in messages %}{{ '<start_of_turn>' + ('model' if m.role == 'assistant' else "
    "m.role) + '\n' + m.content | trim + '<end_of_turn>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}"
)
# The end of text behind an assistant's turn that is not the last.
OLMO = (
    "{% for m in messages %}{% if m.role == 'assistant' %}{{ '<|assistant|>\n' + m.content }}"
    "{% if not loop.last %}{{ eos_token + '\n' }}{% endif %}"
    "{% else %}{{ '<|' + m.role + '|>\n' + m.content + '\n' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}"
)
# Nothing ends a turn but who speaks next.
GLM = (
    "{% for m in messages %}{{ '<|' + m.role + '|>\n' + m.content }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}"
)
NEWLINE = (
    "{% for m in messages %}{{ '### ' + m.role + ':\n' + m.content + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '### assistant:\n' }}{% endif %}"
)
ENDS: dict[str, tuple[str, Chain]] = {
    "special and in no list": (
        "<|im_end|>",
        Chain(answering("\n", "<|im_end|>"), marks=["<|im_start|>", "<|im_end|>"]),
    ),
    "added and not special": (
        "<|im_end|>",
        Chain(answering("\n", "<|im_end|>"), plain_marks=["<|im_start|>", "<|im_end|>"]),
    ),
    "Phi 3, in no list": (
        "<|end|>",
        Chain(answering("\n", "<|end|>"), template=PHI3, config="Phi3Config", marks=PHI3_MARKS,
              settings={"pad_token_id": 0}),
    ),
    "Phi 3, in the list of the generation settings": (
        "<|end|>",
        Chain(answering("\n", "<|end|>"), template=PHI3, config="Phi3Config", marks=PHI3_MARKS,
              settings={"pad_token_id": 0}, ends=["<|endoftext|>", "<|end|>"]),
    ),
    "Gemma 3": (
        "<end_of_turn>",
        Chain(
            answering("\n", "<end_of_turn>"),
            template=GEMMA,
            config="Gemma3TextConfig",
            settings={"sliding_window": 64, "layer_types": ["sliding_attention", "full_attention"]},
            named={"bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>"},
            marks=["<start_of_turn>", "<end_of_turn>"],
            ends=["<eos>"],
        ),
    ),
    "OLMo 2": (
        "<|endoftext|>",
        Chain(answering("\n", "<|endoftext|>"), template=OLMO, config="Olmo2Config",
              marks=["<|user|>", "<|assistant|>"]),
    ),
    "GLM, by who speaks next": (
        "<|user|>",
        Chain(answering("\n", "<|user|>"), template=GLM, marks=["<|user|>", "<|assistant|>"]),
    ),
    "the tokenizer's own end, which no settings name": (
        "<|done|>",
        Chain(answering("\n", "<|done|>"), template=NEWLINE, named={"eos_token": "<|done|>"},
              marks=["<|endoftext|>"]),
    ),
}  # fmt: skip


def answer(folder: Path, request: Request, **settings: Any) -> tuple[Completion, dict[str, object]]:
    async def run() -> tuple[Completion, dict[str, object]]:
        engine = LocalEngine(str(folder), dtype="float32", device="cpu", **settings)
        try:
            return await engine.submit(request), engine.describe()
        finally:
            await engine.close()

    return asyncio.run(run())


@pytest.mark.parametrize("name", ENDS)
def test_an_answer_stops_where_the_turn_ends(name: str, tmp_path: Path, make_request: MakeRequest) -> None:
    end, made_of = ENDS[name]
    save_chain(tmp_path, made_of)
    completion, facts = answer(tmp_path, make_request(1))
    assert completion.finish_reason is FinishReason.STOP
    assert completion.text == ANSWER + EXPLANATION
    stops = facts["stop_tokens"]
    assert isinstance(stops, list)
    assert end in stops
    if made_of.template != NEWLINE:
        assert facts["turn_ends"] == [end]
        assert "why_no_turn_end" not in facts


def test_a_template_that_ends_turns_in_ordinary_text_is_named(
    tmp_path: Path, make_request: MakeRequest
) -> None:
    save_chain(tmp_path, Chain(answering("\n"), template=NEWLINE))
    completion, facts = answer(tmp_path, make_request(0))
    assert completion.finish_reason is FinishReason.LENGTH
    assert (facts["turn_ends"], facts["why_no_turn_end"]) == ([], NOT_FOUND)
    assert facts["stop_tokens"] == ["<|endoftext|>"]


def test_a_message_that_ends_within_a_turn_ends_no_answer(tmp_path: Path) -> None:
    """In harmony a thought is a message of the same turn, and both end alike."""
    template = (
        "{% for m in messages %}{{ '<|start|>' + m.role + '<|message|>' + m.content }}"
        "{{ '<|return|>' if loop.last and m.role == 'assistant' else '<|end|>' }}{% endfor %}"
    )
    marks = ["<|start|>", "<|message|>", "<|end|>"]
    made_of = Chain(
        {}, template=template, named={"eos_token": "<|return|>"}, marks=marks, ends=["<|return|>"]
    )
    folders = {name: tmp_path / name for name in ("harmony", "other")}
    for name, folder in folders.items():
        folder.mkdir()
        more = ["<|channel|>"] if name == "harmony" else []
        save_chain(folder, replace(made_of, marks=[*marks, *more]))

    def ends(folder: Path) -> list[str]:
        tokenizer: Any = AutoTokenizer.from_pretrained(folder)
        return list(PromptFormat(tokenizer, style="chat", max_positions=None).facts()["turn_ends"])  # type: ignore[call-overload]

    assert ends(folders["harmony"]) == ["<|return|>"]
    assert ends(folders["other"]) == ["<|end|>", "<|return|>"]


# --- what a tokenizer appends ---


@pytest.mark.parametrize("appends", [("<s>", "</s>"), ("<s>", "<sep>"), ("<s>", "<s>")])
def test_a_base_models_prompt_ends_in_its_anchor_whatever_the_tokenizer_appends(
    appends: tuple[str, str], tmp_path: Path, make_request: MakeRequest
) -> None:
    follows = {
        **chain(":", " 2", "</s>", "nonsense"),
        **dict.fromkeys(["nonsense", "<sep>", "<s>"], "nonsense"),
    }
    named = {"bos_token": "<s>", "eos_token": "</s>", "sep_token": "<sep>"}
    save_chain(
        tmp_path,
        Chain(follows, template=None, config="LlamaConfig", named=named, ends=["</s>"], appends=appends),
    )
    tokenizer: Any = AutoTokenizer.from_pretrained(tmp_path)
    text = PromptFormat(tokenizer, style="text", max_positions=None)
    ids = text.token_ids(make_request(1))
    assert tokenizer("a").input_ids[-1] == tokenizer.convert_tokens_to_ids(appends[1])
    assert tokenizer.decode(ids) == f"<s>{text.text(make_request(1))}"
    completion, _ = answer(tmp_path, make_request(1), prompt_style="text")
    assert (completion.text, completion.finish_reason) == (" 2", FinishReason.STOP)


def test_a_chat_prompt_ends_as_its_template_ends_it(tmp_path: Path, make_request: MakeRequest) -> None:
    """Also where a tokenizer puts tokens around every text: one begin from the template, and no end."""
    named = {"bos_token": "<s>", "eos_token": "</s>"}
    marks = ["<|im_start|>", "<|im_end|>"]
    template = "{{ bos_token }}" + CHATML_OPEN
    save_chain(
        tmp_path,
        Chain({}, template=template, named=named, marks=marks, ends=["</s>"], appends=("<s>", "</s>")),
    )
    tokenizer: Any = AutoTokenizer.from_pretrained(tmp_path)
    ids = PromptFormat(tokenizer, style="chat", max_positions=None).token_ids(make_request(1))
    assert ids.count(tokenizer.bos_token_id) == 1
    assert tokenizer.decode(ids).endswith("<|im_start|>assistant\n")
