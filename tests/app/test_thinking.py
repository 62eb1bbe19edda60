"""Models that think, by the command line: how much they may write, what a plan says, and what is read."""

import json
from pathlib import Path
from typing import Any

import pytest
from chain_models import ANSWER, CHATML_OPEN, CHATML_TURNS, MORE_THOUGHT, THOUGHT, Chain, chain, save_chain
from runs import run_folder

from def_sim.app.composing import compose_config
from def_sim.app.definition import what_defines
from def_sim.app.main import main
from def_sim.app.run import prepare_run
from def_sim.app.schema import validate_config
from def_sim.app.thinking import model_thinks, with_room_for_thought
from def_sim.engines.local.prompts.chat_templates import arguments_of, thinks

pytestmark = pytest.mark.slow

OPENED = CHATML_TURNS + "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n<think>\n' }}{% endif %}"
SWITCHED = CHATML_OPEN + (
    "{% if add_generation_prompt and enable_thinking is defined and not enable_thinking %}"
    "{{ '<think>\n\n</think>\n\n' }}{% endif %}"
)
MARKS = ["<|im_start|>", "<|im_end|>"]
ENDLESS = {"\n": THOUGHT, THOUGHT: MORE_THOUGHT, MORE_THOUGHT: THOUGHT}
OFF = "model.engine.template_arguments={enable_thinking: false}"


@pytest.fixture
def thinker(tmp_path: Path) -> Path:
    """A model whose prompt opens a thought that never ends, and that names an answer within."""
    folder = tmp_path / "thinker"
    folder.mkdir()
    return save_chain(
        folder, Chain(ENDLESS, template=OPENED, marks=MARKS, plain_marks=["<think>", "</think>"])
    )


@pytest.fixture
def switched(tmp_path: Path) -> Path:
    folder = tmp_path / "switched"
    folder.mkdir()
    return save_chain(folder, Chain(chain("\n", ANSWER, "<|im_end|>"), template=SWITCHED, marks=MARKS))


def words(tmp_path: Path, folder: Path, *more: str) -> list[str]:
    choice = ["model=hf", f"model.engine.path={folder}", "model.engine.dtype=float32", "strategy=single"]
    items = "items=[wvs7.Q1,wvs7.Q2,gss2022.happy]"
    return [*choice, items, "respondents=2", f"output={tmp_path / 'runs'}", *more]


def engine_facts(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["engine"]
    return content


def statuses(folder: Path) -> list[str]:
    lines = (folder / "answers" / "shard-00-of-01.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["status"] for line in lines]


# --- the whole way ---


def test_nothing_is_read_out_of_a_thought_that_the_limit_cuts(tmp_path: Path, thinker: Path) -> None:
    assert main(words(tmp_path, thinker, "stage=interview", "decoding.max_new_tokens=30")) == 0
    assert statuses(run_folder(tmp_path / "runs")) == ["truncated"] * 6


@pytest.mark.parametrize("mode", ["constrained", "probabilities"])
def test_codes_are_scored_behind_the_closed_thought_and_the_manifest_says_so(
    mode: str, tmp_path: Path, thinker: Path
) -> None:
    assert main(words(tmp_path, thinker, "stage=interview", f"answer_mode={mode}")) == 0
    folder = run_folder(tmp_path / "runs")
    assert statuses(folder) == ["answered"] * 6
    facts = engine_facts(folder)
    assert (facts["opens_thought"], facts["closes_thought"]) == ("<think>\n", "\n</think>\n\n")


def test_where_the_thought_cannot_be_closed_scoring_codes_is_refused(
    tmp_path: Path, thinker: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("def_sim.engines.local.prompts.chat_format.closing_of", lambda opening: None)
    assert main(words(tmp_path, thinker, "stage=interview", "answer_mode=constrained")) == 2
    assert "cannot answer with answer_mode=constrained" in capsys.readouterr().err


def test_a_model_whose_turns_end_in_ordinary_text_is_warned_about(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    template = (
        "{% for m in messages %}{{ m.role + ':\n' + m.content + '\n' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ 'assistant:\n' }}{% endif %}"
    )
    folder = tmp_path / "endless"
    folder.mkdir()
    save_chain(folder, Chain({"\n": ANSWER, ANSWER: " and", " and": " and"}, template=template))
    assert main(words(tmp_path, folder, "stage=interview", "decoding.max_new_tokens=8")) == 0
    warnings = [line for line in capsys.readouterr().out.splitlines() if line.startswith("warning")]
    assert len(warnings) == 1
    assert "no token ends a turn" in warnings[0]
    facts = engine_facts(run_folder(tmp_path / "runs"))
    assert facts["turn_ends"] == []
    assert facts["why_no_turn_end"] in warnings[0]


# --- how much such a model may write ---


def test_a_model_that_thinks_has_room_for_thoughts_unless_a_limit_is_given(
    tmp_path: Path, thinker: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The protocol's 512, and 2,048: a quarter of the 8,192 positions that the model has."""
    assert main(words(tmp_path, thinker, "stage=plan")) == 0
    free = capsys.readouterr().out
    assert "decoding.max_new_tokens=2560" in free
    # Six answers of about 80 tokens and a thought of about 600 each.
    assert "4,080 out" in free
    assert main(words(tmp_path, thinker, "stage=plan", "decoding.max_new_tokens=100")) == 0
    given = capsys.readouterr().out
    assert "decoding.max_new_tokens=100" in given
    assert " 600 out" in given  # thought and answer together are no longer than the limit
    assert [line for line in free.splitlines() if line.startswith("folder")] != [
        line for line in given.splitlines() if line.startswith("folder")
    ]


def test_a_models_yaml_may_say_whether_it_thinks(tmp_path: Path, thinker: Path, switched: Path) -> None:
    def configured(folder: Path, *more: str) -> Any:
        return validate_config(compose_config(words(tmp_path, folder, *more)))

    assert model_thinks(configured(thinker).model)
    assert not model_thinks(configured(thinker, "model.thinks=false").model)
    assert model_thinks(configured(switched).model)
    assert not model_thinks(configured(switched, OFF).model)
    with_room = with_room_for_thought(configured(switched, OFF, "model.thinks=true"), given=())
    assert with_room.decoding.max_new_tokens == 2560
    assert not model_thinks(validate_config(compose_config([])).model)


def test_a_template_tells_whether_its_model_thinks() -> None:
    assert thinks(OPENED, {})
    assert thinks(SWITCHED, {})  # it mentions the marks, and closes nothing
    assert thinks(SWITCHED, {"enable_thinking": True})
    assert not thinks(SWITCHED, {"enable_thinking": False})
    assert not thinks(CHATML_OPEN, {})
    assert thinks("{{ '[SYSTEM_PROMPT]Think as [THINK]...[/THINK]' }}{{ messages[-1].content }}", {})
    assert thinks("{# <|channel|>analysis<|message|> #}{{ raise_exception('no') }}", {})


def test_the_names_that_a_template_looks_up_are_known() -> None:
    template = (
        "{% if date is not defined %}{% set date = strftime_now('%d') %}{% endif %}{{ bos_token + date }}"
        "{% for m in messages %}{% set content = m.content %}{% generation %}{{ content }}{% endgeneration %}"
        "{% endfor %}{% if add_generation_prompt and thinking_budget > 0 %}{{ reasoning }}{% endif %}"
    )
    assert arguments_of(template) == {"date", "thinking_budget", "reasoning"}


# --- arguments of the template ---


def test_arguments_of_the_template_are_part_of_what_defines_a_run(tmp_path: Path, switched: Path) -> None:
    def model(*more: str) -> Any:
        run = prepare_run(validate_config(compose_config(words(tmp_path, switched, *more))))
        return what_defines(run, {})["model"]

    assert model().keys() == {"identity", "dtype", "quantization", "prompt_style"}
    assert model(OFF)["template_arguments"] == {"enable_thinking": False}


def test_the_prompts_show_what_an_argument_does(
    tmp_path: Path, switched: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(tmp_path, switched, "stage=plan", "show=prompts")) == 0
    assert "</think>" not in capsys.readouterr().out
    assert main(words(tmp_path, switched, "stage=plan", "show=prompts", OFF)) == 0
    assert "<|im_start|>assistant\n<think>\n\n</think>\n\n" in capsys.readouterr().out


@pytest.mark.parametrize("stage", ["plan", "interview"])
def test_an_unknown_argument_of_the_template_is_one_message(
    stage: str, tmp_path: Path, switched: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = "model.engine.template_arguments={enable_thoughts: false}"
    assert main(words(tmp_path, switched, f"stage={stage}", wrong)) == 2
    told = capsys.readouterr().err
    assert "does not use 'enable_thoughts'. It takes enable_thinking." in told
    assert "Traceback" not in told
