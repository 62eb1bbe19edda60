import json
from pathlib import Path
from typing import Any

import pytest

from def_sim.answers.storage.manifest import (
    check_same_run,
    manifest_path,
    read_manifest,
    run_hash,
    write_manifest,
)
from def_sim.errors import RunMismatchError, StoreError

DEFINES: dict[str, Any] = {"model": {"name": "demo", "revision": None}, "seed": 1, "languages": ["en", "zh"]}
CONTENT: dict[str, Any] = {"defines": DEFINES, "plan": {"num_answers": 120}, "place": "Пермь 鹿"}


def test_a_manifest_comes_back_with_the_hash_of_what_defines_the_run(tmp_path: Path) -> None:
    write_manifest(tmp_path, CONTENT)
    stored = read_manifest(tmp_path)
    assert {key: stored[key] for key in CONTENT} == CONTENT
    assert stored["run_hash"] == run_hash(DEFINES)
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]  # no temporary file is left


def test_a_manifest_that_was_read_can_be_written_again(tmp_path: Path) -> None:
    write_manifest(tmp_path, CONTENT)
    stored = read_manifest(tmp_path)
    write_manifest(tmp_path, stored | {"defines": {"seed": 2}})
    assert read_manifest(tmp_path)["run_hash"] == run_hash({"seed": 2})


def test_the_hash_is_of_the_canonical_json() -> None:
    # printf '{"a":{"b":"\\u00e9","c":null},"d":1.5}' | sha256sum | cut -c-12
    assert run_hash({"d": 1.5, "a": {"c": None, "b": "é"}}) == "0e0c7cef7e31"


def test_the_order_of_keys_does_not_change_the_hash_and_every_value_does() -> None:
    assert run_hash({"a": 1, "b": 2}) == run_hash({"b": 2, "a": 1})
    values = [1, 2, 1.0, True, "1", None, [1], [2], {"x": 1}]
    assert len({run_hash({"a": value}) for value in values}) == len(values)


def test_what_is_not_json_is_refused_and_leaves_the_old_manifest(tmp_path: Path) -> None:
    write_manifest(tmp_path, CONTENT)
    for value in (Path("x"), float("nan")):
        with pytest.raises((TypeError, ValueError)):
            write_manifest(tmp_path, {"defines": {"a": value}})
    assert read_manifest(tmp_path)["defines"] == DEFINES


def test_one_flipped_bit_anywhere_is_found_or_changes_no_value(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"defines": {"seed": 1}, "note": "鹿"})
    whole = manifest_path(tmp_path).read_bytes()
    written, num_found = json.loads(whole), 0
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 1
        manifest_path(tmp_path).write_bytes(damaged)
        try:
            assert read_manifest(tmp_path) == written  # a space became another, or "E" became "e"
        except StoreError:
            num_found += 1
    assert num_found > 0.9 * len(whole)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": "one"}', '{"defines": {'])
def test_a_manifest_of_no_known_form_is_damaged(tmp_path: Path, content: str) -> None:
    manifest_path(tmp_path).write_text(content)
    with pytest.raises(StoreError, match=r"manifest\.json is damaged"):
        read_manifest(tmp_path)


def test_a_missing_manifest_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"manifest\.json: No such file"):
        read_manifest(tmp_path)


def test_a_manifest_of_a_later_version_asks_for_an_update(tmp_path: Path) -> None:
    manifest_path(tmp_path).write_text('{"format": 2, "sections": []}')
    with pytest.raises(StoreError, match="format 2; this version of def_sim knows formats up to 1") as caught:
        read_manifest(tmp_path)
    assert "Update" in caught.value.fix


def test_the_same_run_is_the_same_in_any_order_of_keys() -> None:
    check_same_run(DEFINES, dict(reversed(DEFINES.items())))
    check_same_run(DEFINES, json.loads(json.dumps(DEFINES)))
    check_same_run(DEFINES, DEFINES | {"languages": ("en", "zh")})  # as JSON they are one


def test_another_run_is_told_apart_by_dotted_keys_with_both_values() -> None:
    requested = DEFINES | {"model": {"name": "other", "revision": None}, "dtype": "bfloat16"}
    with pytest.raises(RunMismatchError) as caught:
        check_same_run(DEFINES, requested)
    assert 'model.name: stored "demo", asked for "other"' in caught.value.message
    assert 'dtype: stored nothing, asked for "bfloat16"' in caught.value.message
    assert "seed" not in caught.value.message
    assert "another output folder" in caught.value.fix


@pytest.mark.parametrize("value", [1.0, True, "1", None, {}])
def test_whatever_changes_the_hash_is_another_run(value: object) -> None:
    with pytest.raises(RunMismatchError, match="seed: stored 1, asked for"):
        check_same_run({"seed": 1}, {"seed": value})


def test_at_most_eight_differences_are_listed_and_the_rest_counted() -> None:
    stored = {f"key{number}": "x" * 1000 for number in range(11)}
    with pytest.raises(RunMismatchError) as caught:
        check_same_run(stored, {})
    assert caught.value.message.count("asked for nothing") == 8
    assert caught.value.message.endswith("and 3 more")
    assert len(caught.value.message) < 1500
