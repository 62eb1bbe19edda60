"""A plan says what fits into a card before anything is loaded."""

import json
from pathlib import Path

import pytest

from def_sim.app.composing import compose_config
from def_sim.app.plan import make_plan
from def_sim.app.plan_counts import CARDS
from def_sim.app.plan_lines import plan_lines
from def_sim.app.plan_memory import (
    RESERVE,
    cache_room,
    planned_quantization,
    respondents_at_once,
    weight_bytes,
)
from def_sim.app.run import Run, prepare_run
from def_sim.app.schema import validate_config
from def_sim.engines.local.loading.quantization import choose_quantization
from def_sim.resources import conf_folder

pytestmark = pytest.mark.slow

A100 = CARDS[0]
TEN = {  # gigabytes of weights
    "baichuan2_13b_chat": 9.1,  # 2 x 1.287 + 0.516 x 12.610 (billions, 4 bit)
    "chatglm2_6b": 12.5,  # 2 x 6.244
    "wizardlm_13b_v1_2": 7.2,  # 2 x 0.328 + 0.516 x 12.688
    "mistral7b": 14.5,
    "dolphin_2_2_1_mistral_7b": 14.5,
    "mixtral_8x7b": 24.5,  # 2 x 0.262 + 0.516 x 46.441
    "llama3_8b": 16.1,
    "llama3_8b_instruct": 16.1,
    "dolphin_2_9_1_llama3_8b": 16.1,
    "llama3_chinese_8b_instruct": 16.1,
}


def planned(*words: str) -> Run:
    return prepare_run(validate_config(compose_config(list(words))))


@pytest.mark.parametrize("model", TEN)
def test_each_of_the_ten_says_what_fits_an_a100(model: str) -> None:
    run = planned(f"model={model}", "respondents=3")
    assert weight_bytes(run) / 1e9 == pytest.approx(TEN[model], abs=0.05)
    [line] = [line for line in plan_lines(run, make_plan(run)) if line.startswith("fits")]
    assert f"A100 40 GB: {TEN[model]} GB of weights" in line
    assert "respondents at once" in line


def test_respondents_at_once_by_hand() -> None:
    run = planned("model=mistral7b", "respondents=3", "decoding.max_num_beams=1")
    plan = make_plan(run)
    # What is left of 40 GB after the reserve and the weights, over a longest prompt and 512 new tokens.
    free = 40e9 * (1 - RESERVE) - 2 * 7_241_732_096
    fewest, typical = respondents_at_once(run, plan, A100)
    assert fewest == int(free / (131_072 * (plan.largest_call.prompt + 512)))
    mean_tokens = (plan.tokens_in + plan.tokens_out) / plan.num_answers
    assert typical == int(free / (131_072 * mean_tokens)) > fewest


def test_a_packed_mixtral_needs_room_to_unpack_a_layers_experts() -> None:
    run = planned("model=mixtral_8x7b", "respondents=3")
    # 36.8 GB are to be had of 40; 24.5 of weights; 2 x 8 x 3 x 4096 x 14336 bytes: 2.8.
    assert cache_room(run, A100) / 1e9 == pytest.approx(36.8 - 24.49 - 2.82, abs=0.01)


def test_weights_that_do_not_fit_are_said_to() -> None:
    run = planned("model=mixtral_8x7b", "model.engine.quantization=none", "respondents=3")
    plan = make_plan(run)
    assert respondents_at_once(run, plan, A100) == (0, 0)
    assert any("93.4 GB of weights do not fit" in line for line in plan_lines(run, plan))


def test_auto_is_planned_as_the_engine_will_decide() -> None:
    words = ["model=hf", "model.engine.path=/folder", "respondents=2"]
    assert planned_quantization(planned(*words, "model.num_parameters=13000000000")) == "nf4"
    assert planned_quantization(planned(*words, "model.num_parameters=7000000000")) == "none"
    assert (
        planned_quantization(planned(*words, "model.num_parameters=1", "model.engine.quantization=int8"))
        == "int8"
    )


def test_where_option_codes_are_scored_a_plan_counts_one_token_an_answer() -> None:
    # Questions with several choices are always free text: 80 tokens.
    several = next(q.item_id for q in planned("respondents=1").survey.questions if q.max_choices > 1)
    words = ["model=mistral7b", "respondents=3", f"items=[wvs7.Q1,{several}]"]
    assert make_plan(planned(*words)).tokens_out == 3 * (80 + 80)
    assert make_plan(planned(*words, "answer_mode=probabilities")).tokens_out == 3 * (1 + 80)


LOCAL = [
    path.stem
    for path in sorted((conf_folder() / "model").glob("*.yaml"))
    if "LocalEngine" in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("packs", [True, False])
@pytest.mark.parametrize("parameter", ["planning.quantize_above_parameters", "engine.quantize_above"])
@pytest.mark.parametrize("model", LOCAL)
def test_a_plan_packs_what_the_engine_packs_wherever_the_limit_is(
    model: str, parameter: str, packs: bool, tmp_path: Path
) -> None:
    known = "model.num_parameters=5_000_000_000" if model == "hf" else "respondents=1"
    path = ["model.engine.path=/nowhere"] if model == "hf" else []
    number = int(validate_config(compose_config([f"model={model}", known, *path])).model.num_parameters)
    limit = f"model.{parameter}={number - packs}"
    run = planned(f"model={model}", known, *path, "model.engine.quantization=auto", limit, "items=[wvs7.Q1]")
    assert run.config.model.engine is not None
    folder = stored_in_16_bit(number, tmp_path)
    above = run.config.model.engine.arguments["quantize_above"]
    assert choose_quantization("auto", folder, quantize_above=above) == ("nf4" if packs else "none")
    assert planned_quantization(run) == ("nf4" if packs else "none")


def stored_in_16_bit(num_parameters: int, folder: Path) -> Path:
    """A checkpoint whose weights have that many numbers and take no room: a hole in the file."""
    tensor = {"dtype": "BF16", "shape": [num_parameters], "data_offsets": [0, 2 * num_parameters]}
    header = json.dumps({"weight": tensor}).encode()
    (folder / "config.json").write_text("{}", encoding="utf-8")
    with (folder / "model.safetensors").open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(file.tell() + 2 * num_parameters)
    return folder
