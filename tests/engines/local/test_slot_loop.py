"""The slot loop gives `generate()`'s tokens, whoever shares the step and whatever memory does."""

import copy
from collections.abc import Callable, Iterable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from transformers import (
    DynamicCache,
    GenerationConfig,
    GlmConfig,
    GlmForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    MixtralConfig,
    MixtralForCausalLM,
)

from def_sim.engines.local.batches.generation import Generated, SpecialTokens, generate_batch
from def_sim.engines.local.loading.native.baichuan2 import Baichuan2Config, Baichuan2ForCausalLM
from def_sim.engines.local.loading.native.library_names import CACHE
from def_sim.engines.local.paged.paged_loop import PagedLoop
from def_sim.engines.local.scheduling.runner import Prompt
from def_sim.engines.local.settings import EngineSettings
from def_sim.engines.local.slot_support import make_runner, try_slots
from def_sim.engines.local.slots.key_values import bytes_per_token
from def_sim.engines.local.slots.slot_attention import NAME
from def_sim.engines.local.slots.slot_loop import SlotLoop
from def_sim.errors import ModelError
from def_sim.records import DecodingConfig, Message, Request, RequestKey, Role

STOP = (2, 3, 4, 5)
SHAPE: dict[str, Any] = {
    "vocab_size": 90,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 256,
    "initializer_range": 0.3,  # far from flat, so that there is something to choose
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
DECODINGS: dict[str, dict[str, Any]] = {
    "greedy": {"do_sample": False},
    "sampled": {"do_sample": True},
    "sampled by top_p": {"do_sample": True, "top_k": 0, "temperature": 0.8, "top_p": 0.9},
    "2 beams": {"num_beams": 2, "do_sample": False},
    "5 beams": {"num_beams": 5, "do_sample": False, "max_new_tokens": 40},
    "3 sampled beams": {"num_beams": 3, "do_sample": True},
    "5 warm sampled beams": {"num_beams": 5, "do_sample": True, "temperature": 1.3, "top_p": 0.95},
}


def llama(**changes: Any) -> Any:
    return LlamaForCausalLM(LlamaConfig(**{**SHAPE, **changes}))


def mistral_with_a_window() -> Any:
    return MistralForCausalLM(MistralConfig(**SHAPE, sliding_window=12))  # shorter than the prompts


def mixtral() -> Any:
    return MixtralForCausalLM(MixtralConfig(**SHAPE, num_local_experts=4, num_experts_per_tok=2))


def glm() -> Any:
    return GlmForCausalLM(GlmConfig(**SHAPE, head_dim=8, attention_bias=True))


def baichuan2() -> Any:
    return Baichuan2ForCausalLM(Baichuan2Config(**{**SHAPE, "num_key_value_heads": 4}))


ARCHITECTURES: dict[str, Callable[[], Any]] = {
    "Llama": llama,
    "Llama without shared key-value heads": lambda: llama(num_key_value_heads=4),
    "Mistral with a sliding window": mistral_with_a_window,
    "Mixtral": mixtral,
    "GLM": glm,
    "Baichuan2 with ALiBi": baichuan2,
}


def network_of(make: Callable[[], Any]) -> Any:
    torch.manual_seed(5)
    network = make().eval()
    make_settings: Any = GenerationConfig  # untyped upstream
    network.generation_config = make_settings()
    return network


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def network() -> Any:
    return network_of(llama)


def prompts_of(decodings: Iterable[dict[str, Any]], *, respondents: int = 4) -> list[Prompt]:
    """Prompts of 8 to 38 tokens; every decoding meets every length."""
    torch.manual_seed(9)
    return [
        Prompt(
            Request(
                messages=(Message(Role.USER, ""),),
                decoding=DecodingConfig(**{"max_new_tokens": 20, **decoding}),
                key=RequestKey(3, f"r{number:05d}", f"q{kind}", 0),
            ),
            tuple(torch.randint(6, 90, (8 + 10 * (number % 4),)).tolist()),
        )
        for number in range(respondents)
        for kind, decoding in enumerate(decodings)
    ]


def loop_of(network: Any, **changes: Any) -> SlotLoop:
    reason, layers = try_slots(network)
    assert reason is None, reason
    slots = copy.deepcopy(network)
    slots.set_attn_implementation(NAME)
    settings: dict[str, Any] = {"max_rows": 64, "max_read": 512, "max_bytes": 1 << 28, **changes}
    keeps = any(getattr(network.config, name, None) for name in ("sliding_window", "alibi"))
    num_bytes = bytes_per_token(layers, slots.dtype)
    return SlotLoop(slots, frozenset(STOP), bytes_per_token=num_bytes, keeps_positions=keeps, **settings)


def run(loop: SlotLoop | PagedLoop, prompts: Sequence[Prompt]) -> list[tuple[int, ...]]:
    for ticket, prompt in enumerate(prompts):
        loop.add(ticket, prompt)
    answers: dict[int, tuple[int, ...]] = {}
    while loop.has_work:
        for sequence, error in loop.step():
            assert error is None, error
            assert sequence.text.answer is not None
            answers[sequence.ticket] = sequence.text.answer
    return [answers[ticket] for ticket in range(len(prompts))]


def by_generate(network: Any, prompt: Prompt) -> tuple[int, ...]:
    """Plain `generate()`, alone; only for decoding without chance."""
    decoding, tokens = prompt.request.decoding, torch.tensor([prompt.token_ids])
    sequences = network.generate(
        tokens,
        attention_mask=torch.ones_like(tokens),
        max_new_tokens=decoding.max_new_tokens,
        num_beams=decoding.num_beams,
        do_sample=False,
        eos_token_id=list(STOP),
        pad_token_id=0,
    )
    row = sequences[0, tokens.shape[1] :].tolist()
    end = next((place for place, token in enumerate(row) if token in STOP), len(row) - 1)
    return tuple(row[: end + 1])


def by_keyed_generate(network: Any, prompt: Prompt) -> tuple[int, ...]:
    """`generate()` with our noise in it, alone: the reference for decoding with chance."""
    special = SpecialTokens(stop=STOP, pad=0, begin=1)
    [answer] = generate_batch(network, special, [prompt.request], [prompt.token_ids])
    assert isinstance(answer, Generated)
    return answer.token_ids


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_greedy_and_beam_search_give_the_tokens_of_generate(architecture: str) -> None:
    network = network_of(ARCHITECTURES[architecture])
    prompts = prompts_of(DECODINGS[name] for name in ("greedy", "2 beams", "5 beams"))
    assert run(loop_of(network), prompts) == [by_generate(network, prompt) for prompt in prompts]


@pytest.mark.parametrize("architecture", ["Llama", "Mistral with a sliding window"])
def test_sampling_with_and_without_beams_gives_the_tokens_of_the_reference(architecture: str) -> None:
    network = network_of(ARCHITECTURES[architecture])
    prompts = prompts_of(DECODINGS.values())
    assert run(loop_of(network), prompts) == [by_keyed_generate(network, prompt) for prompt in prompts]


COMPANIES: dict[str, dict[str, Any]] = {
    "five rows": {"max_rows": 5},
    "prompts read seven tokens at a time": {"max_read": 7},
    "three slots": {"max_bytes": 3 * 128 * 256},  # slots x cache positions x bytes of a token
}


@pytest.mark.parametrize("company", COMPANIES)
def test_the_tokens_do_not_depend_on_rows_chunks_or_slots(network: Any, company: str) -> None:
    prompts = prompts_of(DECODINGS.values())
    together = run(loop_of(network), prompts)
    assert len(set(together)) > 15
    assert run(loop_of(network, **COMPANIES[company]), prompts) == together


def test_the_tokens_are_the_same_alone_and_in_reverse_order(network: Any) -> None:
    prompts = prompts_of(DECODINGS.values())
    together = run(loop_of(network), prompts)
    assert [run(loop_of(network), [prompt])[0] for prompt in prompts] == together
    assert run(loop_of(network), prompts[::-1])[::-1] == together


def test_a_budget_below_what_runs_sends_the_youngest_back_and_loses_nothing(network: Any) -> None:
    prompts = prompts_of([{"do_sample": False, "max_new_tokens": 150}], respondents=3)
    together = run(loop_of(network), prompts)
    assert max(map(len, together)) > 100  # outgrows its first 128 cache positions
    scarce = loop_of(network, max_bytes=3 * 128 * 256)  # three slots, until one needs more cache positions
    assert run(scarce, prompts) == together
    assert scarce.work.num_restarts > 0


class _FailsAt:
    """A model that raises at some steps, and works otherwise."""

    def __init__(self, network: Any, error: Exception, steps: set[int]) -> None:
        self._network, self._error, self._steps, self._count = network, error, steps, 0
        self.device = network.device

    def __call__(self, **inputs: Any) -> Any:
        self._count += 1
        if self._count in self._steps:
            raise self._error
        return self._network(**inputs)


def run_through(
    loop: SlotLoop | PagedLoop, prompts: Sequence[Prompt], recover: Callable[[], Any]
) -> dict[int, Any]:
    for ticket, prompt in enumerate(prompts):
        loop.add(ticket, prompt)
    answers: dict[int, Any] = {}
    while loop.has_work:
        try:
            ended = loop.step()
        except RuntimeError:
            failed = recover()
            if failed is not None:
                answers[failed.ticket] = None
        else:
            answers.update((sequence.ticket, sequence.text.answer) for sequence, _ in ended)
    return answers


def test_five_times_out_of_memory_change_no_token(network: Any) -> None:
    prompts = prompts_of(DECODINGS.values())
    expected = run(loop_of(network), prompts)
    loop = loop_of(network)
    loop.model = _FailsAt(loop.model, torch.OutOfMemoryError("no memory"), {2, 3, 9, 30, 31})
    answers = run_through(loop, prompts, loop.schedule.shrink)
    assert [answers[ticket] for ticket in range(len(prompts))] == expected
    assert loop.work.num_restarts > 0
    assert loop.max_read < 512


def test_a_prompt_that_does_not_fit_even_alone_is_told_and_the_others_go_on(network: Any) -> None:
    [short, long] = prompts_of([{"do_sample": False}], respondents=2)
    long = Prompt(long.request, long.token_ids * 20)  # 360 tokens in a room for 128
    loop = loop_of(network, max_bytes=128 * 256)
    for ticket, prompt in enumerate([short, long]):
        loop.add(ticket, prompt)
    ended: dict[int, Any] = {}
    while loop.has_work:
        ended.update((sequence.ticket, (sequence.text.answer, error)) for sequence, error in loop.step())
    assert ended[0][0] == by_generate(network, short)
    assert "not enough memory for a prompt of 360 tokens" in str(ended[1][1])


def test_of_a_step_that_fails_only_the_guilty_request_fails(network: Any) -> None:
    prompts = prompts_of([{"do_sample": False}], respondents=4)
    guilty = Prompt(prompts[2].request, (*prompts[2].token_ids, 4711))  # a token the model does not have
    loop = loop_of(network)
    loop.model = _Translates(loop.model)
    answers = run_through(loop, [*prompts[:2], guilty, prompts[3]], loop.schedule.isolate)
    expected = run(loop_of(network), prompts)
    assert answers == {0: expected[0], 1: expected[1], 2: None, 3: expected[3]}


class _Translates:
    """torch's IndexError for an unknown token, as the RuntimeError that a GPU would raise."""

    def __init__(self, network: Any) -> None:
        self._network = network
        self.device = network.device

    def __call__(self, **inputs: Any) -> Any:
        try:
            return self._network(**inputs)
        except IndexError as error:
            raise RuntimeError(str(error)) from None


def test_logits_that_are_no_numbers_fail_their_request_and_no_other(network: Any) -> None:
    prompts = prompts_of([{"do_sample": False}, {"num_beams": 3}], respondents=3)
    expected = run(loop_of(network), prompts)
    loop = loop_of(network)
    loop.model.get_input_embeddings().weight.data[89] = torch.nan
    spoilt = [2, 3]  # one greedy, one with beams
    prompts = [
        Prompt(prompt.request, (*prompt.token_ids[:-1], 89 if ticket in spoilt else prompt.token_ids[-1]))
        for ticket, prompt in enumerate(prompts)
    ]
    # Token 89 is in no other prompt, and no answer expected below has it.
    assert not any(89 in prompt.token_ids[:-1] for prompt in prompts)
    assert not any(89 in answer for answer in expected)
    for ticket, prompt in enumerate(prompts):
        loop.add(ticket, prompt)
    ended: dict[int, Any] = {}
    while loop.has_work:
        ended.update((sequence.ticket, (sequence.text.answer, error)) for sequence, error in loop.step())
    for ticket, answer in enumerate(expected):
        if ticket in spoilt:
            assert "not finite" in str(ended[ticket][1])
        else:
            assert ended[ticket] == (answer, None)


def test_a_respondents_next_prompt_is_read_from_where_it_differs(network: Any) -> None:
    [first] = prompts_of([{"do_sample": False}], respondents=1)
    longer = Prompt(
        Request(first.request.messages, first.request.decoding, RequestKey(3, "r00000", "q1", 0)),
        (*first.token_ids[:6], 17, 18, 19),
    )
    stranger = Prompt(
        Request(first.request.messages, first.request.decoding, RequestKey(3, "r00001", "q1", 0)),
        longer.token_ids,
    )
    loop = loop_of(network)
    run(loop, [first])
    assert loop.work.num_reused_tokens == 0
    assert run(loop, [longer]) == [by_generate(network, longer)]
    assert loop.work.num_reused_tokens == 6
    assert run(loop, [stranger]) == [by_generate(network, stranger)]
    assert loop.work.num_reused_tokens == 6  # others' tokens are never reused
    assert run(loop, [longer]) == [by_generate(network, longer)]
    assert loop.work.num_reused_tokens == 6 + 8  # all but the last token, whose logits are needed
    without = loop_of(network, reuses_prefixes=False)
    run(without, [first])
    run(without, [longer])
    assert without.work.num_reused_tokens == 0


def test_beams_drop_the_tokens_that_none_of_them_sees(network: Any) -> None:
    # 5 beams x 100 steps cache 500 tokens; a text of 100 tokens and its newest branches need fewer.
    prompts = prompts_of([{"num_beams": 5, "do_sample": False, "max_new_tokens": 100}], respondents=3)
    loop = loop_of(network)
    loop.stop_tokens = frozenset()  # none ends early
    run(loop, prompts)
    assert loop.work.num_written_tokens == 3 * 5 * 99
    assert loop._cache.num_cache_positions < 300


def test_what_is_cancelled_frees_its_place(network: Any) -> None:
    prompts = prompts_of([{"do_sample": False}], respondents=3)
    loop = loop_of(network, max_rows=1)
    for ticket, prompt in enumerate(prompts):
        loop.add(ticket, prompt)
    loop.step()
    loop.schedule.cancel(0)  # runs
    loop.schedule.cancel(1)  # waits
    loop.schedule.cancel(7)  # is not known
    ended = []
    while loop.has_work:
        ended += [sequence.ticket for sequence, _ in loop.step()]
    assert ended == [2]


def test_in_16_bit_steps_of_one_shape_give_the_same_tokens_in_any_company(network: Any) -> None:
    rounded = copy.deepcopy(network).to(torch.bfloat16)
    prompts = prompts_of(DECODINGS.values())
    fixed: dict[str, Any] = {"max_rows": 24, "fixed_rows": 24, "reuses_prefixes": False}
    together = run(loop_of(rounded, **fixed), prompts)
    assert [run(loop_of(rounded, **fixed), [prompt])[0] for prompt in prompts] == together
    assert run(loop_of(rounded, **fixed), prompts[::-1])[::-1] == together


def test_a_respondent_asked_many_questions_side_by_side_leaves_one_slot_behind(network: Any) -> None:
    loop = loop_of(network)
    side_by_side = prompts_of([{"do_sample": False, "max_new_tokens": 2}] * 6, respondents=1)
    run(loop, side_by_side)
    assert len(loop._slots) == 6
    others = prompts_of([{"do_sample": False, "max_new_tokens": 2}], respondents=6)[1:]
    run(loop, others)
    assert len(loop._slots) == 6  # five found a slot that nobody keeps
    assert len({slot.owner for slot in loop._slots}) == 6


@pytest.mark.slow
def test_two_thousand_respondents_with_five_questions_do_not_grow_the_memory(network: Any) -> None:
    loop = loop_of(network, max_rows=128, max_bytes=128 * 128 * 256)
    settings = DecodingConfig(max_new_tokens=2)
    ticket, num_slots = 0, set()
    for question in range(5):
        for number in range(2000):
            key = RequestKey(3, f"r{number:05d}", f"q{question}", 0)
            loop.add(ticket, Prompt(Request((Message(Role.USER, ""),), settings, key), (7, 8, 9 + question)))
            ticket += 1
    num_ended = 0
    while loop.has_work:
        num_ended += len(loop.step())
        num_slots.add(len(loop._slots))
    assert num_ended == 10_000
    assert max(num_slots) == 128
    assert loop._cache.keys[0].shape[:3:2] == (128, 128)


def test_a_model_whose_positions_depend_on_the_batch_has_no_slots() -> None:
    scaled = network_of(
        lambda: llama(rope_parameters={"rope_type": "dynamic", "factor": 2.0, "rope_theta": 1e4})
    )
    reason, _ = try_slots(scaled)
    assert reason == "its positions depend on the longest text beside it"


def test_a_model_that_attends_in_a_way_of_its_own_has_no_slots(network: Any) -> None:
    stubborn = copy.deepcopy(network)
    stubborn._supports_attention_backend = False
    assert try_slots(stubborn)[0] == "its attention cannot be replaced"


def test_slots_that_were_asked_for_and_cannot_be_had_are_an_error_with_the_reason(network: Any) -> None:
    stubborn = copy.deepcopy(network)
    stubborn._supports_attention_backend = False
    model: Any = SimpleNamespace(network=stubborn)
    with pytest.raises(ModelError, match=r"loop=slots, .*: its attention cannot be replaced\.") as caught:
        make_runner(model, EngineSettings("", loop="slots", max_batch_rows=4))
    assert "model.engine.loop=auto" in caught.value.fix


def test_a_model_that_gives_other_logits_in_slots_has_no_slots(network: Any) -> None:
    biased = copy.deepcopy(network)

    class _Recurrent(torch.nn.Module):
        """Adds what came before, as a layer with a state of its own would."""

        def __init__(self, inner: Any) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, states: torch.Tensor) -> torch.Tensor:
            out: torch.Tensor = self.inner(states)
            return out + out.cumsum(dim=1)

    biased.model.layers[0].mlp = _Recurrent(biased.model.layers[0].mlp)
    reason, _ = try_slots(biased)
    assert reason is not None
    assert reason.startswith("its logits change in slots")


def test_trying_slots_leaves_the_model_as_it_was(network: Any) -> None:
    tokens = torch.arange(6, 20)[None]
    before = network(tokens, **{CACHE: DynamicCache(config=network.config)}).logits
    assert try_slots(network)[0] is None
    assert torch.equal(network(tokens, **{CACHE: DynamicCache(config=network.config)}).logits, before)
