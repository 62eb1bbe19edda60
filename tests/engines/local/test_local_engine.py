"""The local engine gives a request the same tokens in any company, and those of `generate()`."""

import asyncio
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, MistralConfig, MistralForCausalLM

from def_sim.engines.local.batches.generation import SpecialTokens, generate_batch
from def_sim.engines.local.engine import LocalEngine
from def_sim.engines.local.model import LocalModel
from def_sim.engines.local.settings import EngineSettings
from def_sim.engines.local.shared_worker import keep_loaded
from def_sim.errors import ConfigError, EngineError, ModelError
from def_sim.records import Completion, FinishReason, Request, StopAfter

MakeRequest = Callable[..., Request]

DECODINGS: dict[str, dict[str, Any]] = {
    "greedy": {"do_sample": False},
    "sampling": {"do_sample": True},
    "sampling all": {"do_sample": True, "top_k": 0, "temperature": 0.8, "top_p": 0.9},
    "2 beams": {"num_beams": 2, "do_sample": False},
    "3 beams": {"num_beams": 3, "do_sample": False},
    "3 sampled beams": {"num_beams": 3, "do_sample": True},
}


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def model(checkpoint: Path) -> LocalModel:
    return LocalModel(checkpoint, EngineSettings("", dtype="float32", device="cpu", prompt_style="chat"))


def complete(model: LocalModel, requests: Sequence[Request]) -> list[Completion | EngineError]:
    return model.complete([model.prompt(request) for request in requests])


def ask(path: Path, requests: Sequence[Request], **settings: Any) -> list[Completion | BaseException]:
    """Submits all at once to a fresh engine."""

    async def run() -> list[Completion | BaseException]:
        engine = LocalEngine(str(path), dtype="float32", device="cpu", **settings)
        try:
            return await asyncio.gather(*map(engine.submit, requests), return_exceptions=True)
        finally:
            await engine.close()

    return asyncio.run(run())


def outcomes(completions: Sequence[Completion | BaseException]) -> list[tuple[str, int, FinishReason]]:
    assert all(isinstance(completion, Completion) for completion in completions), completions
    return [
        (completion.text, completion.num_generated_tokens, completion.finish_reason)
        for completion in completions
        if isinstance(completion, Completion)
    ]


def reference_tokens(checkpoint: Path, model: LocalModel, request: Request) -> list[int]:
    """What `generate()` gives for the prompt alone, without batch, processors or prepared cache."""
    plain: Any = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32)
    decoding = request.decoding
    prompt = torch.tensor([model.prompt(request).token_ids])
    sequences = plain.generate(
        prompt,
        attention_mask=torch.ones_like(prompt),
        max_new_tokens=decoding.max_new_tokens,
        num_beams=decoding.num_beams,
        do_sample=decoding.do_sample,
        pad_token_id=0,
    )
    return list(sequences[0, prompt.shape[1] :].tolist())


@pytest.mark.parametrize("name", ["greedy", "2 beams", "3 beams"])
def test_tokens_are_those_of_a_plain_generate(
    checkpoint: Path, model: LocalModel, make_request: MakeRequest, name: str
) -> None:
    special = SpecialTokens(stop=(2, *range(300, 315)), pad=0, begin=1)
    for number in range(6):
        request = make_request(number, **DECODINGS[name])
        [answer] = generate_batch(model.network, special, [request], [model.prompt(request).token_ids])
        assert not isinstance(answer, EngineError)
        assert list(answer.token_ids) == reference_tokens(checkpoint, model, request)


def test_an_answer_without_beams_may_end_with_the_first_sentence_of_its_explanation(
    checkpoint: Path, model: LocalModel, make_request: MakeRequest
) -> None:
    tokenizer: Any = AutoTokenizer.from_pretrained(checkpoint)
    texts = ("Answer: 2\nExplanation: I work hard. It", "Answer: 2\nExplanation: I work hard")
    over, under_way = (tokenizer.encode(text, add_special_tokens=False) for text in texts)
    is_over = model.prompt(make_request(0, stop_after=StopAfter.FIRST_SENTENCE)).is_over
    assert is_over is not None
    assert is_over(over)
    assert not is_over(under_way)
    assert model.prompt(make_request(0)).is_over is None
    assert model.prompt(make_request(0, num_beams=2, stop_after=StopAfter.FIRST_SENTENCE)).is_over is None


@pytest.mark.parametrize("name", DECODINGS)
def test_alone_in_a_batch_reversed_and_in_other_company_the_tokens_are_the_same(
    checkpoint: Path, model: LocalModel, make_request: MakeRequest, name: str
) -> None:
    requests = [make_request(number, **DECODINGS[name]) for number in range(12)]
    alone = outcomes([completion for request in requests for completion in complete(model, [request])])
    assert {outcome[2] for outcome in alone} == {FinishReason.STOP, FinishReason.LENGTH}
    assert len({outcome[0] for outcome in alone}) > 4
    company = [
        make_request(number, **settings) for number, settings in enumerate(DECODINGS.values(), start=20)
    ]
    together = outcomes(ask(checkpoint, requests))
    reverse = outcomes(ask(checkpoint, requests[::-1]))
    mixed = outcomes(ask(checkpoint, [*company, *requests], max_batch_rows=7))
    assert together == alone
    assert reverse[::-1] == alone
    assert mixed[len(company) :] == alone


def test_another_seed_gives_other_answers(model: LocalModel, make_request: MakeRequest) -> None:
    for name in ("sampling", "3 sampled beams"):
        request = make_request(0, **DECODINGS[name])
        other = replace(request, key=replace(request.key, seed=12))
        assert outcomes(complete(model, [request])) != outcomes(complete(model, [other]))


def test_beam_sampling_leaves_the_global_generator_as_it_was(
    model: LocalModel, make_request: MakeRequest
) -> None:
    before = torch.random.get_rng_state()
    complete(model, [make_request(0, **DECODINGS["3 sampled beams"])])
    assert torch.equal(torch.random.get_rng_state(), before)


def test_nothing_of_the_checkpoints_own_decoding_leaks_in(
    checkpoint: Path, tmp_path: Path, make_request: MakeRequest
) -> None:
    folder = tmp_path / "opinionated"
    shutil.copytree(checkpoint, folder)
    own = json.loads((folder / "generation_config.json").read_text())
    own |= {
        "do_sample": True,
        "temperature": 0.1,
        "top_k": 5,
        "top_p": 0.2,
        "min_p": 0.3,
        "repetition_penalty": 1.3,
        "no_repeat_ngram_size": 1,
        "length_penalty": -4.0,
        "early_stopping": True,
        "num_beams": 4,
        "min_new_tokens": 9,
        "max_length": 30,
        "suppress_tokens": [290, 291, 292],
    }
    (folder / "generation_config.json").write_text(json.dumps(own))
    requests = [make_request(number, **settings) for number, settings in enumerate(DECODINGS.values())]
    assert outcomes(ask(folder, requests)) == outcomes(ask(checkpoint, requests))


def test_stop_tokens_are_taken_from_the_checkpoint(
    checkpoint: Path, tmp_path: Path, make_request: MakeRequest
) -> None:
    folder = tmp_path / "one stop"
    shutil.copytree(checkpoint, folder)
    (folder / "generation_config.json").unlink()  # config.json then names </s> alone
    many = outcomes(ask(checkpoint, [make_request(number) for number in range(12)]))
    one = outcomes(ask(folder, [make_request(number) for number in range(12)]))
    assert sum(num_tokens for _, num_tokens, _ in one) > sum(num_tokens for _, num_tokens, _ in many)


def test_generated_tokens_count_the_stop_token_and_its_text_is_left_out(
    model: LocalModel, make_request: MakeRequest
) -> None:
    [greedy] = outcomes(complete(model, [make_request(0, do_sample=False)]))
    text, num_tokens, _ = greedy
    [prompt] = [model.prompt(make_request(0, do_sample=False))]
    sequence = model.network.generate(
        torch.tensor([prompt.token_ids]), max_new_tokens=16, do_sample=False, eos_token_id=2, pad_token_id=0
    )
    tokens = sequence[0, len(prompt.token_ids) :].tolist()
    stops = [position for position, token in enumerate(tokens) if token == 2 or 300 <= token < 315]
    assert num_tokens == (stops[0] + 1 if stops else 16)
    assert text == model._tokenizer.decode(tokens[:num_tokens], skip_special_tokens=True)


@pytest.mark.parametrize(
    ("num_beams", "do_sample"), [(1, False), (1, True), (3, False)], ids=["greedy", "sampling", "3 beams"]
)
def test_logits_that_are_not_numbers_fail_their_request_and_no_other(
    checkpoint: Path, make_request: MakeRequest, num_beams: int, do_sample: bool
) -> None:
    model = LocalModel(checkpoint, EngineSettings("", dtype="float32", device="cpu", prompt_style="chat"))
    requests = [make_request(number, num_beams=num_beams, do_sample=do_sample) for number in range(4)]
    good = outcomes(complete(model, requests))
    bad = replace(requests[1], messages=(replace(requests[1].messages[-1], content="#"),))
    [token] = (
        set(model.prompt(bad).token_ids)
        - {token for request in requests for token in model.prompt(request).token_ids}
        - {0}
    )
    with torch.no_grad():
        model.network.get_input_embeddings().weight[token] = torch.nan
    results = complete(model, [requests[0], bad, *requests[2:]])
    assert isinstance(results[1], EngineError)
    assert "not finite" in results[1].message
    assert outcomes([results[0], *results[2:]]) == [good[0], *good[2:]]
    sampled_beams = replace(bad, decoding=replace(bad.decoding, num_beams=3, do_sample=True))
    [result] = complete(model, [sampled_beams])
    assert isinstance(result, EngineError)
    assert "not finite" in result.message


def test_a_sliding_window_model_gives_the_tokens_of_a_plain_generate(
    checkpoint: Path, model: LocalModel, tmp_path: Path, make_request: MakeRequest
) -> None:
    folder = tmp_path / "mistral"
    shutil.copytree(checkpoint, folder)
    torch.manual_seed(8)
    config = MistralConfig(
        vocab_size=model.network.config.vocab_size,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        sliding_window=12,  # shorter than the prompts
        initializer_range=0.3,
    )
    MistralForCausalLM(config).save_pretrained(folder)
    sliding = LocalModel(folder, EngineSettings("", dtype="float32", device="cpu", prompt_style="chat"))
    requests = [make_request(number, num_beams=3, do_sample=False) for number in range(4)]
    batch = generate_batch(
        sliding.network,
        SpecialTokens(stop=(2,), pad=0, begin=1),
        requests,
        [sliding.prompt(request).token_ids for request in requests],
    )
    for request, answer in zip(requests, batch, strict=True):
        assert not isinstance(answer, EngineError)
        assert list(answer.token_ids) == reference_tokens(folder, sliding, request)


def test_nothing_is_printed_on_the_users_terminal(
    checkpoint: Path, make_request: MakeRequest, capfd: pytest.CaptureFixture[str]
) -> None:
    requests = [make_request(number, **settings) for number, settings in enumerate(DECODINGS.values())]
    outcomes(ask(checkpoint, [*requests, make_request(9, do_sample=False)]))
    assert capfd.readouterr() == ("", "")


def test_a_base_model_continues_plain_text(checkpoint: Path, make_request: MakeRequest) -> None:
    [chat] = outcomes(ask(checkpoint, [make_request(1)]))
    [text] = outcomes(ask(checkpoint, [make_request(1)], prompt_style="text"))
    assert chat != text


def test_a_cancelled_interview_leaves_the_engine_usable(checkpoint: Path, make_request: MakeRequest) -> None:
    async def run() -> Completion:
        engine = LocalEngine(str(checkpoint), dtype="float32", device="cpu")
        await engine.start()
        settings = {"num_beams": 3, "max_new_tokens": 300}  # longer than anybody waits for here
        tasks = [asyncio.create_task(engine.submit(make_request(number, **settings))) for number in range(6)]
        await asyncio.sleep(0.01)
        for task in tasks:
            task.cancel()
        assert all(
            isinstance(result, asyncio.CancelledError)
            for result in await asyncio.gather(*tasks, return_exceptions=True)
        )
        completion = await engine.submit(make_request(7))
        await engine.close()
        return completion

    assert outcomes([asyncio.run(run())]) == outcomes(ask(checkpoint, [make_request(7)]))


def test_a_cancelled_start_does_not_stop_the_loading(checkpoint: Path, make_request: MakeRequest) -> None:
    async def run() -> Completion:
        engine = LocalEngine(str(checkpoint), dtype="float32", device="cpu")
        starting = asyncio.create_task(engine.start())
        await asyncio.sleep(0)
        starting.cancel()
        completion = await engine.submit(make_request(0))
        await engine.close()
        return completion

    assert asyncio.run(run()).num_generated_tokens > 0


def test_a_closed_engine_says_so_and_may_be_closed_again(checkpoint: Path, make_request: MakeRequest) -> None:
    async def run() -> None:
        engine = LocalEngine(str(checkpoint), dtype="float32", device="cpu")
        await engine.submit(make_request(0))
        await engine.close()
        await engine.close()
        await engine.submit(make_request(1))

    with pytest.raises(EngineError, match="The engine is closed"):
        asyncio.run(run())


def test_a_missing_checkpoint_is_a_model_error_for_each_request(make_request: MakeRequest) -> None:
    results = ask(Path("/no/such/model"), [make_request(0), make_request(1)])
    assert all(isinstance(result, ModelError) for result in results)


def test_out_of_memory_is_told_apart_from_other_failures(
    model: LocalModel, make_request: MakeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_memory(*arguments: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr("def_sim.engines.local.model.generate_batch", no_memory)
    with pytest.raises(EngineError, match="Not enough memory on cpu for 1 prompts") as caught:
        complete(model, [make_request(0)])
    assert type(caught.value).__name__ == "BatchTooLargeError"
    assert caught.value.__context__ is None  # or the failed batch's tensors would stay in memory
    assert "decoding.max_num_beams" in caught.value.fix


def test_old_weight_files_give_the_same_answers(
    checkpoint: Path, model: LocalModel, tmp_path: Path, make_request: MakeRequest
) -> None:
    folder = tmp_path / "old"
    shutil.copytree(checkpoint, folder)
    (folder / "model.safetensors").unlink()
    torch.save(model.network.state_dict(), folder / "pytorch_model.bin")
    requests = [make_request(number) for number in range(4)]
    assert outcomes(ask(folder, requests)) == outcomes(complete(model, requests))


def test_the_manifest_learns_files_and_machine(checkpoint: Path) -> None:
    async def run() -> dict[str, object]:
        engine = LocalEngine(str(checkpoint), dtype="float32", device="cpu")
        before = engine.describe()
        await engine.start()
        after = engine.describe()
        await engine.close()
        assert "torch" not in before
        return after

    facts = asyncio.run(run())
    assert facts["dtype"] == "float32"
    assert facts["num_threads"] == 1  # a small model
    assert facts["parameters"] == facts["stored_parameters"]
    assert facts["weight_bytes"] == 4 * int(str(facts["stored_parameters"]))
    assert facts["tokens_depend_on_batch"] is False
    assert isinstance(facts["identity"], dict)
    assert "chat template" in facts["identity"]


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"quantization": "nf5"}, ConfigError, "quantization='nf5'"),
        ({"loop": "while"}, ConfigError, "loop='while'"),
        ({"dtype": "float8"}, ConfigError, "dtype='float8'"),
        ({"prompt_style": "alpaca"}, ConfigError, "prompt_style='alpaca'"),
        ({"max_batch_rows": 0}, ConfigError, "max_batch_rows=0"),
        ({"num_threads": 0}, ConfigError, "num_threads=0"),
    ],
)
def test_settings_that_are_not_offered_fail_before_a_model_loads(
    settings: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        LocalEngine("anything", **settings)


def test_runs_of_one_process_load_a_model_once(
    checkpoint: Path, make_request: MakeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[Path] = []
    really_load = LocalModel.__init__

    def load(self: LocalModel, folder: Path, settings: EngineSettings) -> None:
        loaded.append(folder)
        really_load(self, folder, settings)

    monkeypatch.setattr(LocalModel, "__init__", load)
    requests = [make_request(number) for number in range(3)]
    with keep_loaded():
        first = outcomes(ask(checkpoint, requests))
        assert outcomes(ask(checkpoint, requests)) == first
        assert len(loaded) == 1
        ask(checkpoint, requests, prompt_style="text")  # another model, as far as prompts go
        assert len(loaded) == 2
    assert outcomes(ask(checkpoint, requests)) == first
    assert len(loaded) == 3  # outside the block each engine has its own
