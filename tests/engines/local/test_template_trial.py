"""Chat templates are programs of strangers: they are tried within limits before anything is loaded."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from waiting import HANG_S

from def_sim.app.main import main
from def_sim.engines.local.engine import LocalEngine
from def_sim.engines.local.prompts import template_trial
from def_sim.engines.local.prompts.chat_templates import arguments_of, thinks
from def_sim.engines.local.prompts.template_trial import check_template, try_template
from def_sim.errors import ModelError
from def_sim.resources import data_folder

DEMO = data_folder() / "respondents" / "demo"
TURNS = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
ENDLESS = (
    "{% for a in range(99999) %}{% for b in range(99999) %}{% for c in range(99999) %}" + 3 * "{% endfor %}"
)
NEVER_ENDS = "does not end: it was stopped after 5 seconds of computing"
TOO_MUCH = "takes more than 1 GB of memory"

HARMFUL = {
    "a loop without end": (ENDLESS, NEVER_ENDS),
    "one that begins where memories are full": (
        TURNS + "{% if messages|length > 20 %}" + ENDLESS + "{% endif %}",
        NEVER_ENDS,
    ),
    "a text without end": (
        "{% for a in range(99999) %}{% for b in range(99999) %}x{% endfor %}{% endfor %}",
        "makes more than 1,000,000 characters of a short conversation",
    ),
    "a range of a billion": (
        "{% for a in range(10**9) %}{% endfor %}",
        "cannot write user and assistant turns: OverflowError: Range too big",
    ),
    "a billion letters": ("{{ 'a' * 10**9 }}", TOO_MUCH),
    "a text that doubles": (
        "{% set n = namespace(s='a') %}{% for i in range(60) %}{% set n.s = n.s + n.s %}{% endfor %}",
        TOO_MUCH,
    ),
    "a field a billion wide": ("{{ '%0999999999d' % 1 }}", TOO_MUCH),
    "a macro that calls itself": (
        "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}",
        "cannot write user and assistant turns: RecursionError",
    ),
    "three thousand conditions in each other": (
        "{% if 1 %}" * 3000 + "{% endif %}" * 3000,
        "cannot be read: RecursionError",
    ),
    "an unknown name": (
        "{{ nobody.name }}",
        "cannot write user and assistant turns: UndefinedError: 'nobody' is undefined",
    ),
    "a refusal": (
        "{{ raise_exception('no \x1b[31mway\u202e') }}",
        "cannot write user and assistant turns: no \\x1b[31mway\\u202e",
    ),
    "a division by zero": ("{{ 1 / 0 }}", "cannot write user and assistant turns: ZeroDivisionError"),
    "a way out of the sandbox": (
        "{{ ''.__class__.__mro__ }}",
        "cannot write user and assistant turns: SecurityError",
    ),
    "a tag without an end": ("{% for m in messages %}", "cannot be read: TemplateSyntaxError"),
    "a million characters": ("x" * 1_000_001, "has 1,000,001 characters, more than any that is known"),
}


@pytest.fixture(autouse=True)
def only_computing_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine the limit by the clock may come first, whose words are others."""
    monkeypatch.setattr(template_trial, "_WAITING_S", HANG_S)


@pytest.mark.parametrize(("template", "problem"), HARMFUL.values(), ids=HARMFUL.keys())
def test_a_template_that_would_hang_fill_the_memory_or_break_is_refused_in_words(
    template: str, problem: str
) -> None:
    with pytest.raises(ModelError) as caught:
        check_template(template, {}, of=Path("folder"))
    assert caught.value.message.startswith(f"The chat template of folder {problem}")
    assert "model.engine.prompt_style=" in caught.value.fix
    assert len(caught.value.message) < 500
    thinks(template, {})  # what is asked of it before that neither hangs nor breaks
    arguments_of(template)


def test_a_good_template_writes_a_conversation_and_says_what_it_looks_up() -> None:
    trial = try_template(
        TURNS + "{% if add_generation_prompt and tone %}{{ tone }}{% endif %}", {"tone": "calm"}
    )
    assert trial.problem == ""
    assert trial.names == {"messages", "add_generation_prompt", "tone"}
    assert trial.text.splitlines()[-2:] == ["user: third question", "calm"]


@pytest.mark.parametrize(
    "template",
    [
        "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}" + TURNS,
        "{{ bos_token + eos_token }}{% if tools %}{{ tools[0].x }}{% endif %}" + TURNS,
        "{% for m in messages %}{% generation %}{{ m.content }}{% endgeneration %}{% endfor %}",
        "{% for m in messages %}{% if loop.last %}{% break %}{% endif %}{{ m|tojson(indent=2) }}{% endfor %}",
        "{{ strftime_now('%d %b %Y') }}{% set n = namespace(i=0) %}" + TURNS,
    ],
    ids=["no system turn", "tokens and tools", "marks for training", "loop controls", "date and namespace"],
)
def test_what_publishers_do_in_their_templates_is_fine(template: str) -> None:
    check_template(template, {}, of=Path("folder"))


def test_a_trial_reads_as_transformers_does() -> None:
    """The same text, but for tokens that only a tokenizer knows."""
    from transformers.utils.chat_template_utils import render_jinja_template

    from def_sim.engines.local.prompts.prompt_styles import PROBE
    from def_sim.engines.local.prompts.template_trial import turns_of

    template = (
        "{% for m in messages %}\n  {% generation %}\n{{ m.content|trim|tojson }}\n  {% endgeneration %}\n"
        "{%- set x = loop.index %}\n[{{ x }}]{% endfor %}"
        "\n{{- {'ü': '<'}|tojson }}{% if tools is none %}-{% endif %}"
    )
    [[expected], _] = render_jinja_template([turns_of(PROBE)], chat_template=template)
    assert try_template(template, {}).text == expected


def test_trying_a_template_loads_no_model_library() -> None:
    code = (
        "import sys; from def_sim.engines.local.prompts.template_trial import try_template\n"
        "assert try_template('x', {}).text == 'x'\n"
        "print(sorted({'torch', 'transformers', 'jinja2'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=HANG_S)
    assert done.stdout == "[]\n", done.stderr


# --- the engine and the command line ---


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """The demo respondent's folder, whose template tests replace."""
    return Path(shutil.copytree(DEMO, tmp_path / "model"))


def test_the_shipped_template_is_good() -> None:
    LocalEngine(str(DEMO)).check()


@pytest.mark.parametrize(
    "name", ["a loop without end", "a billion letters", "a refusal", "a tag without an end"]
)
def test_a_run_with_a_harmful_template_ends_in_one_message_before_anything_is_written(
    name: str, checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    template, problem = HARMFUL[name]
    (checkpoint / "chat_template.jinja").write_text(template, encoding="utf-8")
    words = [f"model.engine.path={checkpoint}", f"output={tmp_path / 'runs'}", "items=[wvs7.Q1]"]
    assert main(words) == 2
    message = capsys.readouterr().err
    assert f"error: The chat template of {checkpoint} {problem}" in message
    assert message.count("error:") == 1
    assert not (tmp_path / "runs").exists()


def test_showing_the_prompts_of_a_harmful_template_says_why_there_are_none(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkpoint / "chat_template.jinja").write_text(ENDLESS, encoding="utf-8")
    assert main(["stage=plan", "show=prompts", f"model.engine.path={checkpoint}", f"output={tmp_path}"]) == 0
    shown = capsys.readouterr().out
    assert f"not ready     The chat template of {checkpoint} {NEVER_ENDS}" in shown
    assert "the turns without the model's template" in shown


def test_a_style_of_ours_never_tries_the_folders_template(checkpoint: Path) -> None:
    (checkpoint / "chat_template.jinja").write_text(ENDLESS, encoding="utf-8")
    LocalEngine(str(checkpoint), prompt_style="text").check()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\xff\xfe{\x00", "no text in UTF-8"),
        (None, "has no chat template"),
    ],
)
def test_a_template_in_another_encoding_or_form_is_an_error_in_words(
    content: bytes | None, expected: str, checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    template = checkpoint / "chat_template.jinja"
    if content is None:
        template.unlink()
        settings = checkpoint / "tokenizer_config.json"
        entries = ["x", {"name": "tool_use", "template": "x"}, {"name": "default"}]
        settings.write_text(json.dumps({**json.loads(settings.read_text()), "chat_template": entries}))
    else:
        template.write_bytes(content)
    assert main([f"model.engine.path={checkpoint}", f"output={tmp_path / 'runs'}"]) == 2
    assert expected in capsys.readouterr().err
