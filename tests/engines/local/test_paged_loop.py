"""The loop for GPUs gives the tokens of `generate()` too, with plain torch in place of its kernels."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from typing import Any

import pytest
import torch
from rounding import furthest, logit_tolerance, share_tolerance
from test_slot_loop import (
    ARCHITECTURES,
    DECODINGS,
    STOP,
    by_generate,
    by_keyed_generate,
    llama,
    loop_of,
    network_of,
    prompts_of,
    run,
    run_through,
)
from torch.utils._python_dispatch import TorchDispatchMode

from def_sim.engines.local.paged.paged_attention import NAME
from def_sim.engines.local.paged.paged_loop import PagedLoop
from def_sim.engines.local.paged.pages import PAGE
from def_sim.engines.local.paged.step_inputs import Shape, StepInputs, num_words, views
from def_sim.engines.local.paged.trial import graph_obstacle, logits_in_pages
from def_sim.engines.local.scheduling.runner import Prompt
from def_sim.engines.local.slot_support import try_slots
from def_sim.engines.local.slots.key_values import bytes_per_token
from def_sim.records import DecodingConfig, Message, Request, RequestKey, Role


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def network() -> Any:
    return network_of(llama)


def paged_loop_of(network: Any, **changes: Any) -> PagedLoop:
    reason, layers = try_slots(network)
    assert reason is None, reason
    paged = copy.deepcopy(network)
    paged.set_attn_implementation(NAME)
    is_gpu = network.device.type == "cuda"
    page_bytes = PAGE * bytes_per_token(layers, network.dtype)
    settings: dict[str, Any] = {"max_rows": 64, "max_read": 512, "uses_kernels": is_gpu, "captures": is_gpu}
    # One page is nobody's.
    settings |= {"max_bytes": (changes.pop("num_pages", 500) + 1) * page_bytes, **changes}
    return PagedLoop(paged, frozenset(STOP), layers=layers, **settings)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_greedy_and_beam_search_give_the_tokens_of_generate(architecture: str) -> None:
    network = network_of(ARCHITECTURES[architecture])
    prompts = prompts_of(DECODINGS[name] for name in ("greedy", "2 beams", "5 beams"))
    assert run(paged_loop_of(network), prompts) == [by_generate(network, prompt) for prompt in prompts]


@pytest.mark.parametrize("architecture", ["Llama", "Mistral with a sliding window"])
def test_sampling_with_and_without_beams_gives_the_tokens_of_the_reference(architecture: str) -> None:
    network = network_of(ARCHITECTURES[architecture])
    prompts = prompts_of(DECODINGS.values())
    assert run(paged_loop_of(network), prompts) == [by_keyed_generate(network, prompt) for prompt in prompts]


@pytest.mark.parametrize("num_tokens", [64, 5123])
@pytest.mark.parametrize("num_rows", [1, 24])
def test_fields_of_a_step_begin_where_no_kernel_needs_another_compilation(
    num_tokens: int, num_rows: int
) -> None:
    shape = Shape(num_tokens, num_rows, 7, 3, 16, True)
    block = torch.zeros(num_words(shape), dtype=torch.int64)
    inputs = views(block, shape)
    begins = [
        getattr(inputs, field.name).storage_offset() * block.element_size() for field in fields(StepInputs)
    ]
    assert [begin % 16 for begin in begins] == [0] * len(begins)
    assert inputs.tables.storage_offset() + inputs.tables.numel() <= len(block)


@pytest.mark.parametrize("make_loop", [loop_of, paged_loop_of])
def test_an_answer_ends_where_nothing_more_of_it_is_needed(
    network: Any, make_loop: Callable[..., Any]
) -> None:
    prompts = prompts_of(DECODINGS[name] for name in ("greedy", "sampled"))
    whole = run(make_loop(network), prompts)
    short = [replace(prompt, is_over=lambda tokens: len(tokens) == 5) for prompt in prompts]
    assert run(make_loop(network), short) == [tokens[:5] for tokens in whole]
    assert max(map(len, whole)) > 5


COMPANIES: dict[str, dict[str, Any]] = {
    "five rows": {"max_rows": 5},
    "prompts read seven tokens at a time": {"max_read": 7},
    "five pages": {"num_pages": 5},
}


@pytest.mark.parametrize("company", COMPANIES)
def test_the_tokens_do_not_depend_on_rows_chunks_or_pages(network: Any, company: str) -> None:
    prompts = prompts_of(DECODINGS.values())
    together = run(paged_loop_of(network), prompts)
    assert len(set(together)) > 15
    assert run(paged_loop_of(network, **COMPANIES[company]), prompts) == together


def test_the_tokens_are_the_same_alone_and_in_reverse_order(network: Any) -> None:
    prompts = prompts_of(DECODINGS.values())
    together = run(paged_loop_of(network), prompts)
    assert [run(paged_loop_of(network), [prompt])[0] for prompt in prompts] == together
    assert run(paged_loop_of(network), prompts[::-1])[::-1] == together


def test_steps_of_one_shape_give_the_same_tokens(network: Any) -> None:
    prompts = prompts_of(DECODINGS.values())
    fixed = paged_loop_of(network, max_rows=24, fixed_rows=24, reuses_prefixes=False)
    assert run(fixed, prompts) == run(paged_loop_of(network), prompts)


def test_too_few_pages_send_the_youngest_back_and_lose_nothing(network: Any) -> None:
    prompts = prompts_of([{"do_sample": False, "max_new_tokens": 150}], respondents=4)
    together = run(paged_loop_of(network), prompts)
    assert max(map(len, together)) > 100  # outgrows its first two pages
    scarce = paged_loop_of(network, num_pages=7)
    assert run(scarce, prompts) == together
    assert scarce.work.num_restarts > 0
    assert scarce._cache.num_spare == 7  # every page has come back


class _FailsAt:
    """Steps that raise at some times, and run otherwise."""

    def __init__(self, run_step: Callable[..., Any], error: Exception, times: set[int]) -> None:
        self._run_step, self._error, self._times, self._count = run_step, error, times, 0

    def __call__(self, *arguments: Any) -> Any:
        self._count += 1
        if self._count in self._times:
            raise self._error
        return self._run_step(*arguments)


def test_five_times_out_of_memory_change_no_token(network: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    prompts = prompts_of(DECODINGS.values())
    expected = run(paged_loop_of(network), prompts)
    loop = paged_loop_of(network)
    failing = _FailsAt(loop._runner.run, torch.OutOfMemoryError("no memory"), {2, 3, 9, 30, 31})
    monkeypatch.setattr(loop._runner, "run", failing)
    answers = run_through(loop, prompts, loop.schedule.shrink)
    assert [answers[ticket] for ticket in range(len(prompts))] == expected
    assert loop.work.num_restarts > 0
    assert loop.max_read < 512


def test_of_steps_that_fail_only_the_guilty_request_fails(
    network: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompts = prompts_of([{"do_sample": False}], respondents=4)
    expected = run(paged_loop_of(network), prompts)
    loop = paged_loop_of(network)
    guilty = prompts[2].token_ids
    plain = loop._launcher.launch

    def launch(plan: Any) -> Any:
        if any(sequence.prompt.token_ids == guilty for sequence, _ in plan.reading):
            raise RuntimeError("a kernel failed")
        return plain(plan)

    monkeypatch.setattr(loop._launcher, "launch", launch)
    answers = run_through(loop, prompts, loop.schedule.isolate)
    assert answers == {0: expected[0], 1: expected[1], 2: None, 3: expected[3]}


def test_a_token_that_the_model_does_not_have_is_told_before_it_reaches_the_device(network: Any) -> None:
    [good, bad] = prompts_of([{"do_sample": False}], respondents=2)
    loop = paged_loop_of(network)
    loop.add(0, good)
    loop.add(1, Prompt(bad.request, (*bad.token_ids, 4711)))
    ended: dict[int, Any] = {}
    while loop.has_work:
        ended.update((sequence.ticket, (sequence.text.answer, error)) for sequence, error in loop.step())
    assert ended[0] == (by_generate(network, good), None)
    assert "token 4711 is unknown to the model, which has 90" in str(ended[1][1])


def test_a_prompt_that_does_not_fit_even_alone_is_told_and_the_others_go_on(network: Any) -> None:
    [short, long] = prompts_of([{"do_sample": False}], respondents=2)
    long = Prompt(long.request, long.token_ids * 20)  # 360 tokens in a room for 192
    loop = paged_loop_of(network, num_pages=3)
    for ticket, prompt in enumerate([short, long]):
        loop.add(ticket, prompt)
    ended: dict[int, Any] = {}
    while loop.has_work:
        ended.update((sequence.ticket, (sequence.text.answer, error)) for sequence, error in loop.step())
    assert ended[0][0] == by_generate(network, short)
    assert "not enough memory for a prompt of 360 tokens" in str(ended[1][1])


def test_logits_that_are_no_numbers_fail_their_request_and_no_other(network: Any) -> None:
    prompts = prompts_of([{"do_sample": False}, {"num_beams": 3}], respondents=3)
    expected = run(paged_loop_of(network), prompts)
    loop = paged_loop_of(network)
    loop.model.get_input_embeddings().weight.data[89] = torch.nan
    spoilt = [2, 3]  # one greedy, one with beams
    for ticket, prompt in enumerate(prompts):
        tokens = (*prompt.token_ids[:-1], 89) if ticket in spoilt else prompt.token_ids
        loop.add(ticket, Prompt(prompt.request, tokens))
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

    def prompt_of(respondent: str) -> Prompt:
        key = RequestKey(3, respondent, "q1", 0)
        request = Request(first.request.messages, first.request.decoding, key)
        return Prompt(request, (*first.token_ids[:6], 17, 18, 19))

    longer, stranger = prompt_of("r00000"), prompt_of("r00001")
    loop = paged_loop_of(network)
    run(loop, [first])
    assert run(loop, [longer]) == [by_generate(network, longer)]
    assert loop.work.num_reused_tokens == 6
    assert run(loop, [stranger]) == [by_generate(network, stranger)]
    assert loop.work.num_reused_tokens == 6  # others' tokens are never reused
    without = paged_loop_of(network, reuses_prefixes=False)
    run(without, [first])
    run(without, [longer])
    assert without.work.num_reused_tokens == 0
    assert without._cache.pool.num_free == without._cache.pool.num_pages


def test_beams_drop_the_tokens_that_none_of_them_sees(network: Any) -> None:
    # 5 beams x 200 steps cache 1,000 tokens: 16 pages each; what the beams still see needs far fewer.
    prompts = prompts_of([{"num_beams": 5, "do_sample": False, "max_new_tokens": 200}], respondents=2)
    loop = paged_loop_of(network, num_pages=19)
    loop.stop_tokens = frozenset()  # none ends early
    swept = run(loop, prompts)
    assert loop.work.num_restarts == 0
    roomy = paged_loop_of(network)
    roomy.stop_tokens = frozenset()
    monkey = pytest.MonkeyPatch()
    monkey.setattr("def_sim.engines.local.paged.paged_loop._SWEEP", 10_000)
    assert run(roomy, prompts) == swept
    monkey.undo()


def test_what_is_cancelled_frees_its_place(network: Any) -> None:
    prompts = prompts_of([{"do_sample": False}], respondents=3)
    loop = paged_loop_of(network, max_rows=1)
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


def test_option_codes_of_several_tokens_score_as_in_slots_beside_other_answers(network: Any) -> None:
    codes = {1: (7,), 10: (7, 8), 2: (9,), 100: (7, 8, 8), 11: (7, 7)}
    company = prompts_of(DECODINGS.values(), respondents=2)
    probed = [
        Prompt(prompt.request, prompt.token_ids, codes)
        for prompt in prompts_of([{"do_sample": True}], respondents=4)
    ]
    found = probabilities(paged_loop_of(network), [*company, *probed], len(company))
    expected = probabilities(loop_of(network), [*company, *probed], len(company))
    assert len(found) == 4
    logits = network(torch.tensor([company[0].token_ids], device=network.device)).logits
    bound = share_tolerance(network, logits, num_tokens=max(map(len, codes.values())))
    for ticket, shares in expected.items():
        assert found[ticket] == pytest.approx(shares, rel=bound)


def probabilities(loop: Any, prompts: Sequence[Prompt], begin: int) -> dict[int, dict[int, float]]:
    for ticket, prompt in enumerate(prompts):
        loop.add(ticket, prompt)
    found = {}
    while loop.has_work:
        for sequence, error in loop.step():
            assert error is None, error
            if sequence.ticket >= begin:
                found[sequence.ticket] = sequence.text.code_probabilities
    return found


def test_a_model_in_pages_gives_the_logits_of_its_own_attention(network: Any) -> None:
    _, layers = try_slots(network)
    paged = copy.deepcopy(network)
    paged.set_attn_implementation(NAME)
    tokens = list(range(6, 30))
    found = logits_in_pages(paged, layers, tokens, uses_kernels=False)
    longer = torch.tensor([[*tokens, int(found[0].argmax())]])
    expected = network(longer).logits[0, -2:]
    assert furthest(found, expected) < logit_tolerance(network, expected)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there graphs can be captured")
def test_where_no_graph_can_be_captured_the_reason_is_told(network: Any) -> None:
    _, layers = try_slots(network)
    paged = copy.deepcopy(network)
    paged.set_attn_implementation(NAME)
    reason = graph_obstacle(paged, layers, range(6, 30), uses_kernels=False)
    assert reason is not None
    assert paged_loop_of(network, why_no_graphs=reason).facts["graphs"] == f"none: {reason}"


@pytest.mark.slow
def test_two_thousand_respondents_with_three_questions_keep_to_their_pages(network: Any) -> None:
    loop = paged_loop_of(network, max_rows=128, num_pages=199)
    settings = DecodingConfig(max_new_tokens=2)
    ticket, num_ended = 0, 0
    for question in range(3):
        for number in range(2000):
            key = RequestKey(3, f"r{number:05d}", f"q{question}", 0)
            loop.add(ticket, Prompt(Request((Message(Role.USER, ""),), settings, key), (7, 8, 9 + question)))
            ticket += 1
    while loop.has_work:
        num_ended += len(loop.step())
    assert num_ended == 6000
    assert loop._cache.num_spare == 199


class _Coarse(torch.nn.Module):
    """A head whose logits are multiples of one half: as in 16 bit, many are equal."""

    def __init__(self, head: Any) -> None:
        super().__init__()
        self._head = head
        self.weight = head.weight

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        return torch.round(2 * self._head(states)) / 2


def test_of_equal_logits_all_stay_in_the_draw_and_the_first_is_the_greedy_one(network: Any) -> None:
    coarse = copy.deepcopy(network)
    coarse.lm_head = _Coarse(coarse.lm_head)
    prompts = prompts_of([{"do_sample": False}, {"top_k": 5}, {"top_k": 1}, {"top_k": 3, "temperature": 3.0}])
    assert run(paged_loop_of(coarse), prompts) == run(loop_of(coarse), prompts)


class _NoLooks(TorchDispatchMode):
    """Fails where a value is asked of a tensor: on a GPU that waits for the device, and ends a capture."""

    FORBIDDEN = ("aten._local_scalar_dense.default", "aten.nonzero.default", "aten.equal.default")

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        assert str(func) not in self.FORBIDDEN, f"a step looks at a value: {func}"
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("decodings", ["all", "without top_p"])
def test_a_step_looks_at_no_value_so_that_it_can_be_a_graph(
    architecture: str, decodings: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = paged_loop_of(network_of(ARCHITECTURES[architecture]))
    compute = loop._runner._compute

    def watched(*arguments: Any) -> Any:
        with _NoLooks():
            return compute(*arguments)

    # The kernels stand in for these on a GPU.
    monkeypatch.setattr("def_sim.engines.local.paged.paged_attention.attend_by_torch", lambda *_: None)
    monkeypatch.setattr("def_sim.engines.local.paged.step.reorder_by_torch", lambda *_: None)
    monkeypatch.setattr(loop._runner, "_compute", watched)
    chosen = [one for one in DECODINGS.values() if decodings == "all" or one.get("top_p", 1) == 1]
    assert len(run(loop, prompts_of(chosen))) == 4 * len(chosen)
