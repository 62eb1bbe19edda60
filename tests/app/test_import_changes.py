"""What an import would change is said of any file that lies in a home, also of one that cannot be read."""

from pathlib import Path

import pytest

from def_sim.app.import_changes import changes

ITEMS = b"items:\n- id: town.parks\n- id: town.trust\n"
FIGURES = b"item,code,group\ntown.parks,1,all\n"


@pytest.mark.parametrize(
    "before",
    [
        b"items: [2020-99-99]",
        b"items: [" + b"59:" * 3000 + b"59]",
        b"items: " + b"[" * 5000,
        b"items: &a [*a]",
        b"\xff\0",
        b"items: 5",
        b"",
    ],
    ids=lambda content: ascii(content[:20]),
)
def test_all_items_are_new_where_the_old_ones_cannot_be_read(tmp_path: Path, before: bytes) -> None:
    (tmp_path / "items").mkdir()
    (tmp_path / "items/town.yaml").write_bytes(before)
    assert changes(tmp_path, {"items/town.yaml": ITEMS}) == ["items/town.yaml: 2 more"]


@pytest.mark.parametrize("before", [b"a\rb,c\n", b"x" * 200_000])
def test_all_figures_are_new_where_the_old_ones_cannot_be_read(tmp_path: Path, before: bytes) -> None:
    (tmp_path / "references").mkdir()
    (tmp_path / "references/town.csv").write_bytes(before)
    assert changes(tmp_path, {"references/town.csv": FIGURES}) == ["references/town.csv: 2 more"]


def test_items_that_come_go_and_differ_are_counted(tmp_path: Path) -> None:
    (tmp_path / "items").mkdir()
    (tmp_path / "items/town.yaml").write_bytes(b"items:\n- {id: town.parks, a: 1}\n- id: town.roads\n")
    assert changes(tmp_path, {"items/town.yaml": ITEMS}) == ["items/town.yaml: 1 more, 1 fewer, 1 changed"]
