"""A checkpoint is found without downloading and checked without loading."""

import hashlib
import json
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from def_sim.engines.local.checkpoints.checkpoint import (
    check_checkpoint,
    checkpoint_identity,
    context_length,
    find_checkpoint,
)
from def_sim.engines.local.checkpoints.weight_files import num_parameters, weight_bytes
from def_sim.errors import ModelError

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def write_safetensors(path: Path, shape: tuple[int, ...], cut: int = 0) -> None:
    """A float32 tensor of zeros by the format's own definition, `cut` bytes short."""
    num_bytes = 4
    for size in shape:
        num_bytes *= size
    header = json.dumps({"w": {"dtype": "F32", "shape": shape, "data_offsets": [0, num_bytes]}}).encode()
    path.write_bytes((struct.pack("<Q", len(header)) + header + bytes(num_bytes))[: -cut or None])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A whole checkpoint as far as its files tell."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text('{"model_type": "llama"}')
    (folder / "tokenizer.json").write_text("{}")
    (folder / "tokenizer_config.json").write_text('{"chat_template": "{{ messages }}"}')
    write_safetensors(folder / "model.safetensors", (3, 5))
    return folder


@pytest.fixture
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    repository = tmp_path / "hf" / "hub" / "models--lab--tiny"
    (repository / "snapshots" / COMMIT).mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT)
    return tmp_path / "hf" / "hub"


def shard(folder: Path) -> None:
    """Replaces the single weight file by two shards and their index."""
    (folder / "model.safetensors").unlink()
    names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    for name in names:
        write_safetensors(folder / name, (2, 2))
    index = {"weight_map": {"a": names[0], "b": names[1]}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def test_a_folder_is_its_own_checkpoint(folder: Path) -> None:
    assert find_checkpoint(str(folder), None) == folder.resolve()


@pytest.mark.parametrize("revision", [COMMIT, "main", None])
def test_a_hub_id_is_found_in_the_cache_by_commit_or_branch(hub_cache: Path, revision: str | None) -> None:
    expected = hub_cache / "models--lab--tiny" / "snapshots" / COMMIT
    assert find_checkpoint("lab/tiny", revision) == expected


def test_hf_hub_cache_goes_before_hf_home(
    hub_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "elsewhere"))
    with pytest.raises(ModelError, match="elsewhere"):
        find_checkpoint("lab/tiny", COMMIT)


def test_another_revision_is_not_taken_and_the_fix_is_the_download_command(hub_cache: Path) -> None:
    other = "f" * 40
    with pytest.raises(ModelError) as caught:
        find_checkpoint("lab/tiny", other)
    assert f"hf download lab/tiny --revision {other}" in caught.value.fix
    assert "model.engine.path=/folder" in caught.value.fix


@pytest.mark.parametrize("path", ["/no/such/folder", "./tiny", "../models/tiny", "tiny"])
def test_a_path_that_is_not_there_is_not_taken_for_a_hub_id(hub_cache: Path, path: str) -> None:
    with pytest.raises(ModelError, match="neither a folder on this machine nor a hub id"):
        find_checkpoint(path, None)


def test_a_whole_checkpoint_passes(folder: Path) -> None:
    check_checkpoint(folder, needs_chat_template=True)


def test_a_sharded_checkpoint_passes(folder: Path) -> None:
    shard(folder)
    check_checkpoint(folder, needs_chat_template=True)


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (lambda folder: (folder / "config.json").unlink(), "config.json is missing"),
        (lambda folder: (folder / "config.json").write_text("{"), "config.json is not valid JSON"),
        (lambda folder: (folder / "config.json").write_text("[]"), "JSON object"),
        (lambda folder: (folder / "tokenizer.json").unlink(), "has no tokenizer"),
        (lambda folder: (folder / "tokenizer.json").write_text('{"a'), "tokenizer.json is not valid JSON"),
        (lambda folder: (folder / "model.safetensors").unlink(), "has no weights"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"abc"), "model.safetensors is cut off"),
        (lambda folder: write_safetensors(folder / "model.safetensors", (3, 5), cut=1), "not complete"),
    ],
)
def test_what_is_missing_or_damaged_is_named(folder: Path, damage: object, named: str) -> None:
    assert callable(damage)
    damage(folder)
    with pytest.raises(ModelError, match=named):
        check_checkpoint(folder, needs_chat_template=True)


def with_header(folder: Path, header: bytes, num_bytes: int = 60) -> None:
    content = struct.pack("<Q", len(header)) + header + bytes(num_bytes)
    (folder / "model.safetensors").write_bytes(content)


DEEP = b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"


@pytest.mark.parametrize(
    ("header", "named"),
    [
        (DEEP, "nested too deep"),
        (b'{"a":' + b"1" * 5000 + b"}", "is not valid JSON"),  # Python reads no number of 5,000 digits
        (b"[1, 2]", "should hold a JSON object, found list"),
        (b'{"a": 5}', "without a shape and a place"),
        (b'{"a": {"dtype": "F32", "shape": [3, 5]}}', "without a shape and a place"),
        (b'{"a": {"shape": [3, 5], "data_offsets": [0, "60"]}}', "without a shape and a place"),
        (b'{"a": {"shape": [3, 5], "data_offsets": [0, 30, 60]}}', "without a shape and a place"),
        (b'{"a": {"shape": ["x"], "data_offsets": [0, 60]}}', "without a shape and a place"),
        (b'{"a": {"shape": [3, 5], "data_offsets": [60, -60]}}', "without a shape and a place"),
        (b'{"a": {"shape": [3, 5], "data_offsets": [60, 0]}}', "more numbers than its bytes can hold"),
        (b'{"a": {"shape": [481], "data_offsets": [0, 60]}}', "more numbers than its bytes can hold"),
    ],
    ids=lambda value: ascii(value[:40]),
)
def test_a_header_that_says_anything_else_is_refused_in_words(
    folder: Path, header: bytes, named: str
) -> None:
    with_header(folder, header)
    for read in (lambda: check_checkpoint(folder, needs_chat_template=True), lambda: num_parameters(folder)):
        with pytest.raises(ModelError, match=named) as caught:
            read()
        assert caught.value.fix


def test_the_smallest_numbers_that_a_byte_can_hold_are_counted(folder: Path) -> None:
    with_header(folder, b'{"a": {"dtype": "F4", "shape": [120], "data_offsets": [0, 60]}}')
    assert num_parameters(folder) == 120


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "tokenizer_config.json"])
def test_a_file_of_a_checkpoint_that_is_too_deep_or_none_is_refused_in_words(folder: Path, name: str) -> None:
    (folder / name).write_bytes(DEEP)
    with pytest.raises(ModelError, match="nested too deep"):
        check_checkpoint(folder, needs_chat_template=True)
    (folder / name).unlink()
    (folder / name).mkdir()
    with pytest.raises(ModelError, match=r"is a folder or a device|has no tokenizer|has no chat template"):
        check_checkpoint(folder, needs_chat_template=True)


@pytest.mark.parametrize(
    "names", [["../model.safetensors"], ["/dev/zero"], ["a\ud800"], [1], [["a"]], [""], ["a", 2]]
)
def test_an_index_that_names_no_files_beside_it_is_refused(folder: Path, names: list[object]) -> None:
    (folder / "model.safetensors").rename(folder.parent / "model.safetensors")
    weight_map = {f"w{number}": name for number, name in enumerate(names)}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    with pytest.raises(ModelError, match="names shards that are no files beside it"):
        check_checkpoint(folder, needs_chat_template=True)


def test_halves_of_signs_in_a_chat_template_are_refused(folder: Path) -> None:
    (folder / "tokenizer_config.json").write_text('{"chat_template": "{{ messages }} \\ud800"}')
    for read in (
        lambda: check_checkpoint(folder, needs_chat_template=True),
        lambda: checkpoint_identity(folder),
    ):
        with pytest.raises(ModelError, match="halves of signs"):
            read()


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2048", 2048),
        ("2048.0", 2048),
        ("true", None),
        ('"x"', None),
        ("[1]", None),
        ("-1", None),
        ("1e999", None),
    ],
)
def test_a_context_that_is_no_length_is_not_known(folder: Path, written: str, expected: int | None) -> None:
    (folder / "config.json").write_text(f'{{"max_position_embeddings": {written}}}')
    assert context_length(folder) == expected


def test_a_missing_shard_is_named_with_the_interrupted_download(folder: Path) -> None:
    shard(folder)
    lost = folder / "model-00002-of-00002.safetensors"
    lost.rename(folder / f"{lost.name}.incomplete")
    with pytest.raises(ModelError, match=r"1 of 2 shards are missing \(model-00002.*interrupted"):
        check_checkpoint(folder, needs_chat_template=True)


def test_bin_shards_that_are_shorter_than_their_index_promises_are_not_whole(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model-00001-of-00001.bin").write_bytes(bytes(70))
    index = folder / "pytorch_model.bin.index.json"
    weight_map = {"a": "pytorch_model-00001-of-00001.bin"}
    for total, is_whole in ((64, True), (100, False)):
        index.write_text(json.dumps({"metadata": {"total_size": total}, "weight_map": weight_map}))
        if is_whole:
            check_checkpoint(folder, needs_chat_template=True)
        else:
            with pytest.raises(ModelError, match=r"have 70 bytes together.*promises 100"):
                check_checkpoint(folder, needs_chat_template=True)


def test_a_chat_model_without_a_template_is_refused_and_a_base_model_is_not(folder: Path) -> None:
    (folder / "tokenizer_config.json").write_text("{}")
    check_checkpoint(folder, needs_chat_template=False)
    with pytest.raises(ModelError, match="no chat template") as caught:
        check_checkpoint(folder, needs_chat_template=True)
    assert "prompt_style=text" in caught.value.fix
    assert "vicuna, chatml, baichuan2, chatglm2" in caught.value.fix


def test_a_template_in_a_file_of_its_own_counts(folder: Path) -> None:
    (folder / "tokenizer_config.json").write_text("{}")
    (folder / "chat_template.jinja").write_text("{{ messages }}")
    check_checkpoint(folder, needs_chat_template=True)


def test_an_adapter_is_not_a_model(folder: Path) -> None:
    (folder / "config.json").rename(folder / "adapter_config.json")
    with pytest.raises(ModelError, match="an adapter, not a whole model"):
        check_checkpoint(folder, needs_chat_template=True)


def test_old_weight_files_are_accepted_but_do_not_tell_their_parameters(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(bytes(100))
    check_checkpoint(folder, needs_chat_template=True)
    assert weight_bytes(folder) == 100
    assert num_parameters(folder) is None


def test_parameters_and_bytes_come_from_the_headers(folder: Path) -> None:
    assert num_parameters(folder) == 15  # 3 x 5
    assert weight_bytes(folder) == 60  # in float32
    shard(folder)
    assert num_parameters(folder) == 8  # twice 2 x 2
    assert weight_bytes(folder) == 32


def test_the_identity_is_the_hash_of_each_file(folder: Path) -> None:
    identity = checkpoint_identity(folder)
    weights = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    assert identity["model.safetensors"] == weights
    assert identity["chat template"] == hashlib.sha256(b"{{ messages }}").hexdigest()
    assert set(identity) == {
        "config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "chat template",
        "model.safetensors",
    }


@pytest.mark.parametrize("place", ["first", "last"])
def test_a_large_weight_file_is_sampled_at_both_ends(
    folder: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr("def_sim.engines.local.checkpoints.checkpoint._WHOLE_FILE_LIMIT", 3_000_000)
    weights = folder / "model.safetensors"
    write_safetensors(weights, (1000, 1000))  # 4 MB
    before = checkpoint_identity(folder)["model.safetensors"]
    content = bytearray(weights.read_bytes())
    content[500 if place == "first" else -1] ^= 1
    weights.write_bytes(content)
    assert before.startswith("sampled:")
    assert checkpoint_identity(folder)["model.safetensors"] != before


def test_checking_a_checkpoint_imports_neither_torch_nor_transformers(folder: Path) -> None:
    program = (
        "import sys; from pathlib import Path; "
        "from def_sim.engines.local.engine import LocalEngine; "
        "from def_sim.engines.local.checkpoints.checkpoint import check_checkpoint; "
        f"check_checkpoint(Path({str(folder)!r}), needs_chat_template=True); "
        f"print(sorted(LocalEngine({str(folder)!r}).describe()['identity'])); "
        "assert not {'torch', 'transformers', 'huggingface_hub'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[3])


def test_a_prompt_style_of_ours_is_part_of_the_identity(folder: Path) -> None:
    by_template, vicuna, chatml = (
        checkpoint_identity(folder, prompt_style=style) for style in ("chat", "vicuna", "chatml")
    )
    assert "prompt style" not in by_template
    assert vicuna["prompt style"] != chatml["prompt style"]
    assert by_template == {name: digest for name, digest in vicuna.items() if name != "prompt style"}


def test_a_copy_has_the_same_identity(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "copy")
    assert checkpoint_identity(folder) == checkpoint_identity(tmp_path / "copy")
