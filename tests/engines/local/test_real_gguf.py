"""A real model, SmolLM2, from its GGUF file: its tokens are those of transformers' `generate()`.

The file is fetched by `def-sim stage=fetch model=smollm2`; where it is not, these are left out.
"""

import math
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from def_sim.app.composing import compose_config
from def_sim.app.main import main
from def_sim.app.prompt_sheet import question_with_full_memory
from def_sim.app.run import prepare_run
from def_sim.app.schema import validate_config
from def_sim.engines.local.checkpoints.gguf.unpacking import unpack
from def_sim.engines.local.model import LocalModel
from def_sim.engines.local.settings import EngineSettings
from def_sim.engines.local.slot_support import make_runner
from def_sim.records import Completion, DecodingConfig, Message, Request, RequestKey, Role

sys.path.append(str(Path(__file__).parents[2]))
from real_model import smollm2_gguf

pytestmark = pytest.mark.real
NUM_QUESTIONS, MOST_TOKENS = 30, 16
# Tokens sampled on each side, at most: the whole number where time does not count.
NUM_SAMPLED = 5_000 if os.environ.get("CI_REAL") else 1_000


class Recording(LocalModel):
    """Keeps the tokens of every answer."""

    tokens: dict[RequestKey, list[int]]

    def completion(self, prompt: Any, token_ids: Sequence[int], **others: Any) -> Completion:
        self.tokens[prompt.request.key] = list(token_ids)
        return super().completion(prompt, token_ids, **others)


def load() -> Recording:
    folder = unpack(smollm2_gguf())
    settings = EngineSettings("", dtype="float32", device="cpu", prompt_style="chat", num_threads=1)
    model = Recording(folder, settings)
    model.tokens = {}
    return model


@pytest.fixture(scope="module")
def plain() -> Iterator[Recording]:
    """The model as transformers loads it, for `generate()`."""
    model = load()
    yield model
    model.close()


@pytest.fixture(scope="module")
def messages() -> list[tuple[Message, ...]]:
    """What 30 questions look like with one remembered exchange before each."""
    words = ["model=smollm2", "respondents=1", "memory.min_capacity=1", "memory.max_capacity=1"]
    run = prepare_run(validate_config(compose_config(words)))
    put = question_with_full_memory(run)
    system_and_memory = put.requests[0].messages[:-1]
    questions = run.survey.questions[:NUM_QUESTIONS]
    return [(*system_and_memory, Message(Role.USER, question.text)) for question in questions]


def requests(
    messages: Sequence[tuple[Message, ...]], decoding: DecodingConfig, *, call: int = 0
) -> list[Request]:
    return [
        Request(turns, decoding, RequestKey(1, f"r{number:05d}", "any.item", 0, call))
        for number, turns in enumerate(messages)
    ]


def in_slots(asked: Sequence[Request]) -> dict[RequestKey, list[int]]:
    """The tokens of the slot loop, all requests at once."""
    model = load()
    runner = make_runner(model, EngineSettings("", loop="slots", max_batch_rows=16))
    for ticket, request in enumerate(asked):
        runner.add(ticket, runner.prompt(request))
    while runner.has_work:
        runner.step()
    runner.close()
    return model.tokens


def by_generate(model: Recording, request: Request, **settings: Any) -> list[int]:
    prompt = list(model.prompt(request).token_ids)
    with torch.inference_mode():
        [output] = model.network.generate(
            torch.tensor([prompt]),
            attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
            max_new_tokens=request.decoding.max_new_tokens,
            eos_token_id=list(model.special.stop),
            pad_token_id=model.special.pad,
            **settings,
        )
    return [int(token) for token in output[len(prompt) :]]


def without_padding(tokens: Sequence[int], stops: Sequence[int]) -> list[int]:
    """Up to and with the first stop token: what follows in a batch is padding."""
    ends = [number for number, token in enumerate(tokens) if token in stops]
    return list(tokens[: ends[0] + 1]) if ends else list(tokens)


@pytest.mark.parametrize("num_beams", [1, 3])
def test_the_tokens_of_thirty_questions_with_memory_are_those_of_generate(
    plain: Recording, messages: list[tuple[Message, ...]], num_beams: int
) -> None:
    decoding = DecodingConfig(num_beams=num_beams, do_sample=False, max_new_tokens=MOST_TOKENS)
    asked = requests(messages, decoding)
    found, stops = in_slots(asked), plain.special.stop
    expected = {
        request.key: by_generate(plain, request, do_sample=False, num_beams=num_beams) for request in asked
    }
    assert len(expected) == NUM_QUESTIONS
    assert {key: without_padding(tokens, stops) for key, tokens in expected.items()} == {
        key: without_padding(tokens, stops) for key, tokens in found.items()
    }


def without_memory(turns: tuple[Message, ...]) -> tuple[Message, ...]:
    """System text and question alone: a short prompt, so that most of the work is what is sampled."""
    return tuple(turn for turn in turns[:1] if turn.role is Role.SYSTEM) + turns[-1:]


def sampled_by_generate(model: Recording, request: Request, count: int) -> list[list[int]]:
    """So many answers of `generate()` to one prompt, from the whole vocabulary at T = 1."""
    prompt = list(model.prompt(request).token_ids)
    with torch.inference_mode():
        output = model.network.generate(
            torch.tensor([prompt]),
            attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
            max_new_tokens=request.decoding.max_new_tokens,
            eos_token_id=list(model.special.stop),
            pad_token_id=model.special.pad,
            num_return_sequences=count,
            do_sample=True,
            temperature=1.0,
            top_k=0,
            top_p=1.0,
        )
    rows = output[:, len(prompt) :].tolist()
    return [without_padding(row, model.special.stop) for row in rows]


def scored(
    model: Recording, request: Request, answers: Sequence[Sequence[int]]
) -> list[list[tuple[float, float]]]:
    """Log-probability and entropy at every token of answers to one prompt, under the model at T = 1."""
    prompt = list(model.prompt(request).token_ids)
    longest = max(map(len, answers))
    # What fills up stands behind, where nothing of the answer looks.
    rows = [[*prompt, *answer, *[model.special.pad] * (longest - len(answer))] for answer in answers]
    with torch.inference_mode():
        logits = model.network(torch.tensor(rows), logits_to_keep=longest + 1).logits
    logs = logits[:, :-1].double().log_softmax(-1)
    entropies = -(logs.exp() * logs).sum(-1)
    return [
        [(float(logs[row, i, token]), float(entropies[row, i])) for i, token in enumerate(answer)]
        for row, answer in enumerate(answers)
    ]


def mean_and_error(answers: Sequence[Sequence[float]]) -> tuple[float, float]:
    """Mean over tokens, and its standard error over answers: tokens of an answer hang together."""
    count = sum(map(len, answers))
    mean = sum(map(sum, answers)) / count
    residuals = [sum(answer) - mean * len(answer) for answer in answers]
    return mean, math.sqrt(sum(residual**2 for residual in residuals)) / count


def test_sampled_tokens_are_as_likely_and_as_uncertain_as_those_of_generate(
    plain: Recording, messages: list[tuple[Message, ...]]
) -> None:
    decoding = DecodingConfig(do_sample=True, top_k=0, max_new_tokens=MOST_TOKENS)
    prompts = list(map(without_memory, messages))
    rounds = NUM_SAMPLED // (len(prompts) * MOST_TOKENS) + 1
    asked = [requests(prompts, decoding, call=call) for call in range(rounds)]
    found = in_slots([request for one_round in asked for request in one_round])
    torch.manual_seed(1)
    ours, theirs = [], []
    for same_prompt in zip(*asked, strict=True):
        written = [without_padding(found[request.key], plain.special.stop) for request in same_prompt]
        ours += scored(plain, same_prompt[0], written)
        theirs += scored(plain, same_prompt[0], sampled_by_generate(plain, same_prompt[0], rounds))
    # What is drawn from a distribution has its entropy as mean surprise, whatever was drawn before.
    surprises = [[log + entropy for log, entropy in answer] for answer in ours]
    mean, error = mean_and_error(surprises)
    print(
        f"log-probability and entropy of ours add up to {mean:.4f}, {abs(mean) / error:.2f} standard errors"
    )
    assert abs(mean) < 4 * error
    for which, name in enumerate(("log-probability", "entropy")):
        (mean, error), (expected, other) = (
            mean_and_error([[values[which] for values in answer] for answer in side])
            for side in (ours, theirs)
        )
        distance = abs(mean - expected) / math.hypot(error, other)
        num_tokens = sum(map(len, ours))
        print(f"{name} of {num_tokens} tokens: {mean:.4f} and {expected:.4f}, {distance:.2f} standard errors")
        # Rounding of another processor makes other texts: 4 is passed by chance once in 16,000 times.
        assert distance < 4


def test_four_items_and_four_respondents_go_the_whole_way_by_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    smollm2_gguf()
    items = "items=[wvs7.Q1,wvs7.Q2,wvs7.Q106,wvs7.Q46]"
    limits = ["decoding.max_num_beams=1", "decoding.max_new_tokens=24", "model.engine.device=cpu"]
    assert main(["model=smollm2", "respondents=4", items, *limits, f"output={tmp_path}"]) == 0
    [journal] = tmp_path.glob("smollm2/us/*/answers/shard-00-of-01.jsonl")
    lines = journal.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 16
    assert not any('"engine_error"' in line for line in lines)
    assert "<|im_end|>" not in journal.read_text(encoding="utf-8")
    out = capsys.readouterr().out
    assert "float32" in out or "bfloat16" in out  # whichever this processor is faster in


@pytest.mark.parametrize("name", ["Qwen2.5-Coder-0.5B-Instruct.gguf", "gemma-3-270m.gguf"])
def test_the_optional_models_unpack_and_answer(tmp_path: Path, name: str) -> None:
    folder = os.environ.get("DEF_SIM_REAL_MODELS")
    if folder is None:
        pytest.skip("set DEF_SIM_REAL_MODELS=FOLDER after scripts/fetch_real_models.py FOLDER")
    base = ["model.is_tuned=false", "model.engine.prompt_style=text"] if name.startswith("gemma") else []
    model = ["model=hf", f"model.engine.path={Path(folder) / name}", "model.engine.device=cpu", *base]
    limits = ["decoding.max_num_beams=1", "decoding.max_new_tokens=24", "items=[wvs7.Q1,wvs7.Q2]"]
    assert main([*model, *limits, "respondents=2", "survey=cn", f"output={tmp_path}"]) == 0
    [journal] = tmp_path.glob("hf/cn/*/answers/shard-00-of-01.jsonl")
    assert '"engine_error"' not in journal.read_text(encoding="utf-8")
