"""Architectures compute what their eager attention computes, in slots or by `generate()`, with the reason.

Checkpoints, loading and comparison are those of `scripts/sweep_architectures.py`, which tries all classes.
"""

import copy
from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import torch
from scripts_loaded import script
from test_slot_loop import SHAPE
from transformers import (
    BartConfig,
    BartForCausalLM,
    Llama4ForCausalLM,
    Llama4TextConfig,
    LlamaConfig,
    LlamaForCausalLM,
    NemotronConfig,
    NemotronForCausalLM,
)
from transformers.masking_utils import (
    bidirectional_mask_function,
    causal_mask_function,
    chunked_causal_mask_function,
    sliding_window_causal_mask_function,
)

from def_sim.engines.local.batches.batch_trial import bears_padding
from def_sim.engines.local.settings import EngineSettings
from def_sim.engines.local.slot_support import make_runner
from def_sim.engines.local.slots import slot_trial
from def_sim.engines.local.slots.attention_watch import LayerCall, attending_by, hides_earlier_tokens, watch
from def_sim.engines.local.slots.slot_trial import needs_positions, trial_tokens, try_slots
from def_sim.errors import ModelError


def sweep() -> ModuleType:
    return script("sweep_architectures")


def network_of(make: Callable[[], Any]) -> Any:
    torch.manual_seed(5)
    return make().eval()


def llama(**changes: Any) -> Any:
    return network_of(lambda: LlamaForCausalLM(LlamaConfig(**{**SHAPE, **changes})))


def llama4(**changes: Any) -> Any:
    settings = {
        **SHAPE,
        "intermediate_size_mlp": 48,
        "head_dim": 8,
        "num_local_experts": 2,
        "no_rope_layers": [1, 1],
        "layer_types": ["chunked_attention", "full_attention"],
        **changes,
    }
    return network_of(lambda: Llama4ForCausalLM(Llama4TextConfig(**settings)))


# --- architectures, from a folder to an answer ---

SLOTS = "slots"
CHUNKS = "generate (some of its layers see a part of the text that is no window (chunks, for example))"
NO_ATTENTION = "generate (it has layers that are no attention)"
ROWS = {
    ("qwen3_moe", False): SLOTS,
    ("olmo2", False): SLOTS,
    ("olmo3", True): SLOTS,
    ("smollm3", False): SLOTS,
    ("gemma3", True): SLOTS,  # with a vision tower
    ("phi3, longrope", False): "generate (its positions depend on the longest text beside it)",
    ("gemma2", True): "generate (its attention caps its scores)",
    ("gpt_oss", True): "generate (its attention has a sink beside the tokens)",
    ("nemotron", False): "generate (its layers do not tell their attention which slots they work on)",
    ("falcon_h1", False): NO_ATTENTION,
    ("granitemoehybrid", False): NO_ATTENTION,
    ("lfm2", False): NO_ATTENTION,
    ("minimax", False): NO_ATTENTION,
    (
        "recurrent_gemma",
        False,
    ): "generate (it has layers that are no attention; only prompts of one length together)",
    ("llama4_text", False): SLOTS,
    ("llama4_text", True): "generate (its scores are scaled anew after 16 tokens)",
}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "is_short"), ROWS)
def test_an_architecture_computes_and_answers_as_its_eager_attention_does(name: str, is_short: bool) -> None:
    row = sweep().try_class(name, is_short=is_short)
    assert row.error == ""
    assert row.is_right
    assert row.loop == ROWS[name, is_short]


def test_a_table_of_the_sweep_calls_right_only_what_computes_and_answers() -> None:
    make = sweep().Row
    assert make("a", True, "slots", 0.5, True).is_right
    assert not make("a", True, "slots", 1.5, True).is_right
    assert not make("a", True, "slots", float("nan"), True).is_right
    assert not make("a", True, "slots", 0.5, False).is_right
    assert not make("a", False).is_right


# --- what a short text does not show ---


def call(sees: Any, window: int | None = None) -> LayerCall:
    return LayerCall(window, sees, torch.device("cpu"), frozenset())


@pytest.mark.parametrize(
    ("sees", "window", "context", "hides"),
    [
        (causal_mask_function, None, 4096, False),
        (sliding_window_causal_mask_function(64), 64, 4096, False),
        (sliding_window_causal_mask_function(64), None, 4096, True),  # attention is not told of it
        (sliding_window_causal_mask_function(64), 65, 4096, True),
        (sliding_window_causal_mask_function(4096), None, 4096, False),  # no text is longer
        (chunked_causal_mask_function(16, torch.zeros(1, dtype=torch.int64)), None, 512, True),
        (chunked_causal_mask_function(1000, torch.zeros(1, dtype=torch.int64)), None, 1002, True),
        (chunked_causal_mask_function(8192, torch.zeros(1, dtype=torch.int64)), None, 512, False),
        (bidirectional_mask_function, None, 512, True),
        (None, None, 512, False),
    ],
)
def test_what_a_layer_sees_is_known_to_the_end_of_its_context(
    sees: Any, window: int | None, context: int, hides: bool
) -> None:
    assert hides_earlier_tokens(call(sees, window), context) is hides


def test_chunks_below_the_context_are_refused_however_long_they_are() -> None:
    long = {"max_position_embeddings": 16_384, "attention_chunk_size": 8_192}
    refused = "some of its layers see a part of the text that is no window (chunks, for example)"
    assert try_slots(llama4(**long, attn_temperature_tuning=False, floor_scale=20_000))[0] == refused
    assert try_slots(llama4(attention_chunk_size=8_192))[0] is None  # the context is 256


def test_a_scale_that_begins_below_the_context_is_refused() -> None:
    assert try_slots(llama4(floor_scale=100))[0] == "its scores are scaled anew after 100 tokens"
    assert try_slots(llama4(floor_scale=256))[0] is None


def test_positions_by_layer_that_depend_on_the_longest_text_are_found() -> None:
    network = llama()
    network.config.rope_parameters = {
        "full_attention": {"rope_type": "longrope"},
        "sliding_attention": {"rope_type": "default"},
    }
    assert try_slots(network)[0] == "its positions depend on the longest text beside it"


def test_watching_leaves_the_model_as_it_was() -> None:
    network = llama()
    tokens = trial_tokens(network)
    before = network(tokens[None], use_cache=False).logits
    calls = watch(network, tokens)
    assert [call.window for call in calls] == [None, None]
    assert torch.equal(network(tokens[None], use_cache=False).logits, before)


def test_each_part_of_a_model_has_its_own_attention_again() -> None:
    network = llama()
    network.model.config = copy.deepcopy(network.config)
    network.config._attn_implementation, network.model.config._attn_implementation = "eager", "sdpa"
    with attending_by(network, "def_sim_watch"):
        assert network.model.config._attn_implementation == "def_sim_watch"
    assert network.config._attn_implementation == "eager"
    assert network.model.config._attn_implementation == "sdpa"


def test_cached_tokens_of_a_model_without_windows_need_no_positions() -> None:
    assert not needs_positions(llama())


# --- whatever fails is a reason in words ---


@pytest.mark.parametrize(
    "error", [AssertionError("no"), KeyError("no"), ZeroDivisionError("no"), OSError("no")]
)
def test_an_error_of_any_kind_in_the_trial_means_no_slots(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*arguments: Any) -> Any:
        raise error

    monkeypatch.setattr(slot_trial, "_in_slots", fails)
    assert try_slots(llama()) == ("its attention cannot be replaced", [])


def test_slots_that_are_asked_for_of_a_model_that_cannot_are_one_message() -> None:
    network = network_of(lambda: NemotronForCausalLM(NemotronConfig(**SHAPE)))
    model: Any = SimpleNamespace(network=network)
    with pytest.raises(ModelError, match="its layers do not tell their attention which slots") as caught:
        make_runner(model, EngineSettings("", loop="slots", max_batch_rows=4))
    assert "model.engine.loop=auto" in caught.value.fix


def test_logits_that_are_all_zero_are_equal_logits() -> None:
    network = llama()
    network.lm_head.weight.data.zero_()
    assert try_slots(network)[0] is None


def test_padding_is_not_among_the_tokens_of_the_trial() -> None:
    network = llama(pad_token_id=50)
    assert 50 not in trial_tokens(network)


# --- batches ---


def bart() -> Any:
    config = BartConfig(
        vocab_size=90,
        d_model=32,
        decoder_layers=2,
        decoder_attention_heads=4,
        decoder_ffn_dim=48,
        max_position_embeddings=256,
        init_std=0.3,
    )
    return network_of(lambda: BartForCausalLM(config))


def test_a_model_that_masks_its_padding_bears_it() -> None:
    assert bears_padding(llama(), pad=0)


def test_a_model_that_counts_padding_as_positions_does_not_bear_it() -> None:
    assert not bears_padding(bart(), pad=0)


def test_a_class_that_cannot_generate_is_refused_with_what_to_do() -> None:
    network = llama()

    def fails(**arguments: Any) -> Any:
        raise AttributeError("no cache of this kind")

    network.generate = fails
    with pytest.raises(ModelError, match=r"LlamaForCausalLM.* fails \(AttributeError: no cache") as caught:
        bears_padding(network, pad=0)
    assert "model=server" in caught.value.fix


def test_a_class_that_generates_otherwise_than_it_reads_is_refused() -> None:
    network = llama()
    generate = network.generate

    def shifted(**arguments: Any) -> Any:
        output = generate(**arguments)
        output.logits = tuple(logits.roll(1, dims=-1) for logits in output.logits)
        return output

    network.generate = shifted
    with pytest.raises(ModelError, match="its logits are not those of the whole text"):
        bears_padding(network, pad=0)
