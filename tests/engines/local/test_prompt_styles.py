"""What old chat models read, id by id, against their authors' descriptions."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sentencepiece import SentencePieceProcessor
from tiny_models import (
    CHATML,
    baichuan2_13b_chat,
    chatglm2_6b,
    dolphin_2_2_1_mistral_7b,
    dolphin_2_9_1_llama3_8b,
    llama3_8b,
    llama3_8b_instruct,
    mistral7b,
    wizardlm_13b_v1_2,
)

from def_sim.engines.local.loading.networks import load_tokenizer
from def_sim.engines.local.prompts.chat_format import PromptFormat
from def_sim.engines.local.prompts.prompt_styles import PROMPT_STYLES, STYLES, style_digest
from def_sim.engines.local.prompts.written_text import WrittenText
from def_sim.errors import ModelError
from def_sim.records import Message, Request, Role

MakeRequest = Callable[..., Request]
MODELS = {
    "chatglm2": chatglm2_6b,
    "baichuan2": baichuan2_13b_chat,
    "vicuna": wizardlm_13b_v1_2,
    "chatml": dolphin_2_2_1_mistral_7b,
    "chatml llama": dolphin_2_9_1_llama3_8b,
    "mistral": mistral7b,
    "llama3": llama3_8b_instruct,
    "llama3 base": llama3_8b,
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {name: make(tmp_path_factory.mktemp("model")) for name, make in MODELS.items()}


@pytest.fixture(scope="module")
def pieces(folders: dict[str, Path]) -> Callable[[str], SentencePieceProcessor]:
    """The sentencepiece library itself, on the file of a model."""
    return lambda name: SentencePieceProcessor(model_file=str(folders[name] / "tokenizer.model"))


@pytest.fixture
def ask(make_request: MakeRequest) -> Callable[..., Request]:
    """A request with these turns, user first, after a system turn if there is one."""

    def request(*turns: str, system: str | None = None) -> Request:
        messages = [Message(Role.SYSTEM, system)] if system else []
        for number, turn in enumerate(turns):
            messages.append(Message(Role.ASSISTANT if number % 2 else Role.USER, turn))
        return replace(make_request(0), messages=tuple(messages))

    return request


def prompt_format(folder: Path, style: str) -> PromptFormat:
    return PromptFormat(load_tokenizer(folder, style), style=style, max_positions=None)


def test_vicuna_writes_the_authors_line_and_ends_each_reply_with_the_end_token(
    folders: dict[str, Path], pieces: Callable[[str], Any], ask: Callable[..., Request]
) -> None:
    wizard = prompt_format(folders["vicuna"], "vicuna")
    request = ask("Hi", "Hello.", "Who are you?", "I am WizardLM.", "家庭 1 2\n\n?")
    instruction = (
        "A chat between a curious user and an artificial intelligence assistant. "
        "The assistant gives helpful, detailed, and polite answers to the user's questions."
    )
    assert wizard.text(request) == (
        f"<s>{instruction} USER: Hi ASSISTANT: Hello.</s>USER: Who are you? ASSISTANT: I am WizardLM.</s>"
        "USER: 家庭 1 2\n\n? ASSISTANT:"
    )
    encode = pieces("vicuna").encode
    assert list(wizard.token_ids(request)) == [
        *(1, *encode(f"{instruction} USER: Hi ASSISTANT: Hello."), 2),
        *(*encode("USER: Who are you? ASSISTANT: I am WizardLM."), 2),
        *encode("USER: 家庭 1 2\n\n? ASSISTANT:"),
    ]


def test_a_system_turn_takes_the_place_of_vicunas_instruction(
    folders: dict[str, Path], ask: Callable[..., Request]
) -> None:
    wizard = prompt_format(folders["vicuna"], "vicuna")
    assert wizard.text(ask("Hi", system="You live in Lyon.")) == "<s>You live in Lyon. USER: Hi ASSISTANT:"


def test_baichuan_puts_195_before_the_user_and_196_before_the_assistant(
    folders: dict[str, Path], pieces: Callable[[str], Any], ask: Callable[..., Request]
) -> None:
    baichuan = prompt_format(folders["baichuan2"], "baichuan2")
    encode = pieces("baichuan2").encode
    exchange = ask("家庭重要吗？", "很重要。\n1", "How  are you?")
    assert list(baichuan.token_ids(exchange)) == [
        *(195, *encode("家庭重要吗？"), 196, *encode("很重要。\n1"), 195, *encode("How  are you?"), 196)
    ]
    with_system = ask("Hi", system="你来自北京。")
    assert list(baichuan.token_ids(with_system)) == [*encode("你来自北京。"), 195, *encode("Hi"), 196]


def test_chatglm_numbers_its_rounds_after_gmask_and_sop(
    folders: dict[str, Path], pieces: Callable[[str], Any], ask: Callable[..., Request]
) -> None:
    chatglm = prompt_format(folders["chatglm2"], "chatglm2")
    processor = pieces("chatglm2")
    # The authors' own example of build_prompt, with its history.
    request = ask("Q1", "A1", "Q2", "A2", "Q3")
    text = "[Round 1]\n\n问：Q1\n\n答：A1\n\n[Round 2]\n\n问：Q2\n\n答：A2\n\n[Round 3]\n\n问：Q3\n\n答："
    assert chatglm.text(request) == "[gMASK]sop" + text
    # After the vocabulary come [MASK], [gMASK], [sMASK], sop, eop.
    size = len(processor)
    assert list(chatglm.token_ids(request)) == [size + 1, size + 3, *processor.encode(text)]


def test_chatglm_reads_a_system_text_before_the_first_question(
    folders: dict[str, Path], ask: Callable[..., Request]
) -> None:
    chatglm = prompt_format(folders["chatglm2"], "chatglm2")
    assert "[Round 1]\n\n问：You live in Lyon.\n\nHi\n\n答：" in chatglm.text(
        ask("Hi", system="You live in Lyon.")
    )
    assert chatglm.facts()["system_turn"] == "merged into the first user turn"


@pytest.mark.parametrize("name", ["chatml", "chatml llama"])
def test_chatml_is_what_the_publishers_template_writes(
    folders: dict[str, Path], ask: Callable[..., Request], name: str
) -> None:
    request = ask("Hi", "Hello.", "Who?", system="You live in Lyon.")
    by_template, by_style = (prompt_format(folders[name], style) for style in ("chat", "chatml"))
    assert by_style.text(request) == by_template.text(request)
    assert by_style.token_ids(request) == by_template.token_ids(request)
    assert by_style.text(request).endswith("<|im_start|>user\nWho?<|im_end|>\n<|im_start|>assistant\n")
    assert load_tokenizer(folders[name], "chat").get_chat_template() == CHATML


@pytest.mark.parametrize("style", ["chat", "chatml"])
def test_the_token_that_ends_a_turn_ends_an_answer_whatever_generation_config_says(
    folders: dict[str, Path], style: str
) -> None:
    for name in ("chatml", "chatml llama"):
        tokenizer = load_tokenizer(folders[name], style)
        end = tokenizer.convert_tokens_to_ids("<|im_end|>")
        assert PromptFormat(tokenizer, style=style, max_positions=None).turn_ends == (end,)


def test_llama_3_turns_end_in_eot_and_a_base_model_has_none(folders: dict[str, Path]) -> None:
    tokenizer = load_tokenizer(folders["llama3"], "chat")
    chat = PromptFormat(tokenizer, style="chat", max_positions=None)
    assert chat.turn_ends == (tokenizer.convert_tokens_to_ids("<|eot_id|>"),)
    assert prompt_format(folders["llama3 base"], "text").turn_ends == ()


def test_a_base_model_reads_its_first_token_once_and_then_plain_text(
    folders: dict[str, Path], ask: Callable[..., Request]
) -> None:
    tokenizer = load_tokenizer(folders["llama3 base"], "text")
    ids = PromptFormat(tokenizer, style="text", max_positions=None).token_ids(ask("Q1", "Answer: 1", "Q2"))
    assert ids.count(tokenizer.bos_token_id) == 1
    assert tokenizer.decode(ids) == "<|begin_of_text|>Q1\nAnswer: 1\n\nQ2\nAnswer:"


def test_mistral_refuses_a_system_turn_so_its_text_goes_before_the_first_question(
    folders: dict[str, Path], ask: Callable[..., Request]
) -> None:
    mistral = prompt_format(folders["mistral"], "chat")
    request = ask("Hi", "Hello.", "Who?", system="You live in Lyon.")
    assert mistral.text(request) == "<s>[INST] You live in Lyon.\n\nHi [/INST]Hello.</s>[INST] Who? [/INST]"
    assert mistral.facts()["system_turn"] == "merged into the first user turn"
    assert prompt_format(folders["llama3"], "chat").facts()["system_turn"] == "a turn of its own"


@pytest.mark.parametrize("style", ["baichuan2", "chatglm2", "chatml"])
def test_a_style_whose_tokens_the_tokenizer_has_not_is_refused(folders: dict[str, Path], style: str) -> None:
    with pytest.raises(ModelError, match=f"prompt_style={style} needs"):
        prompt_format(folders["vicuna"], style)


TEXTS = (
    "Act as a citizen",
    " two  spaces and a tail ",
    "家庭在您的生活中有多重要？",
    "1234567890 10 1",
    "a\nb\n\n c\n",
    "\n",
    " ",
    "tab\tand 😀 and é",
    "</s><s>[gMASK] sop",
)


@pytest.mark.parametrize("name", ["chatglm2", "baichuan2", "vicuna"])
def test_ids_are_those_of_the_sentencepiece_library_and_decode_to_the_text(
    folders: dict[str, Path], pieces: Callable[[str], Any], name: str
) -> None:
    tokenizer, processor = load_tokenizer(folders[name], name), pieces(name)
    for text in TEXTS:
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        assert ids == processor.encode(text)
        assert tokenizer.decode(ids) == text


def test_what_is_no_piece_is_bytes_and_digits_are_never_joined(folders: dict[str, Path]) -> None:
    """By hand: byte pieces follow <unk>, <s>, </s>, so byte b has id 3 + b."""
    tokenizer = load_tokenizer(folders["chatglm2"], "chatglm2")
    assert ids_of(tokenizer, "\r")[-1] == 3 + 0x0D
    assert len(ids_of(tokenizer, "1010")) == len(ids_of(tokenizer, "10")) + 2
    smile = [3 + byte for byte in "😀".encode()]
    assert ids_of(tokenizer, "😀")[-4:] == smile


def ids_of(tokenizer: Any, text: str) -> Sequence[int]:
    ids: Sequence[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return ids


@pytest.mark.parametrize("is_legacy", [True, False])
def test_text_after_a_written_token_is_split_as_the_tokenizer_of_its_time_did(
    folders: dict[str, Path], pieces: Callable[[str], Any], tmp_path: Path, is_legacy: bool
) -> None:
    """Legacy: each stretch is encoded by itself and begins with a space. Later: only the first one does."""
    folder = Path(shutil.copytree(folders["chatml"], tmp_path / "model"))
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps(settings | {"legacy": is_legacy}))
    processor = pieces("chatml")
    end, start = len(processor), len(processor) + 1
    found = ids_of(load_tokenizer(folder, "chat"), "Hi<|im_start|>work 1<|im_end|>")
    assert found[0 : found.index(start)] == processor.encode("Hi")
    assert found[-1] == end
    stretch = "".join(processor.id_to_piece(token) for token in found[found.index(start) + 1 : -1])
    assert stretch == ("▁work▁1" if is_legacy else "work▁1")


def test_marks_of_turns_never_reach_the_text_of_an_answer(folders: dict[str, Path]) -> None:
    baichuan = load_tokenizer(folders["baichuan2"], "baichuan2")
    answer = ids_of(baichuan, "答案：2")
    assert baichuan.decode([196, *answer, 195, 2, 0]) == "答案：2"
    chatglm = load_tokenizer(folders["chatglm2"], "chatglm2")
    assert chatglm.decode([len(chatglm) - 1, *ids_of(chatglm, "答：2"), 2]) == "答：2"


def test_marks_of_thoughts_outlive_decoding_from_a_sentencepiece_file_too(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    """Other tokens beside the vocabulary do not: they end and begin turns."""
    folder = Path(shutil.copytree(folders["chatml"], tmp_path / "model"))
    added = json.loads((folder / "added_tokens.json").read_text())
    size = max(added.values()) + 1
    more = {"<think>": size, "</think>": size + 1}
    (folder / "added_tokens.json").write_text(json.dumps(added | more))
    tokenizer = load_tokenizer(folder, "chat")
    text = "<think>1<|im_start|></think>2<|im_end|>"
    assert WrittenText(tokenizer, [])(ids_of(tokenizer, text)) == "<think>1</think>2"
    assert tokenizer.decode(ids_of(tokenizer, text)) == "1 2"
    assert WrittenText(tokenizer, [size + 1])(ids_of(tokenizer, text)) == "<think>1 2"


def test_each_style_has_a_name_of_its_own_in_the_manifest() -> None:
    assert PROMPT_STYLES == ("chat", "text", "vicuna", "chatml", "baichuan2", "chatglm2")
    assert len({style_digest(style) for style in STYLES}) == len(STYLES)
    assert all(len(style_digest(style)) == 16 for style in STYLES)


def test_the_manifest_names_the_rendered_template(folders: dict[str, Path]) -> None:
    digests = {
        name: prompt_format(folders[name], style).facts()["rendered_template_sha256"]
        for name, style in [("vicuna", "vicuna"), ("chatml", "chat"), ("mistral", "chat"), ("llama3", "chat")]
    }
    assert len(set(digests.values())) == 4
