"""What an importer found, as the files of a home folder: the formats of `data/README.md` and no second one.

The same content gives the same bytes: no date, no path, everything in a fixed order.
"""

import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import yaml

from def_sim.metrics.halves import MEASURES
from def_sim.surveys.added_wordings import FOLDER
from def_sim.surveys.human_reference import COLUMNS, FURTHER
from def_sim.surveys.human_structure import COLUMNS as PAIR_COLUMNS
from def_sim.surveys.importers.contract import GroupFigures, Imported, StructureFigures
from def_sim.surveys.item_bank import NO_DIMENSION, ItemFile
from def_sim.surveys.official_wordings import OFFICIAL
from def_sim.surveys.shown_options import SHOWN

_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # the same text, three times faster


def files_of(imported: Imported) -> dict[str, bytes]:
    """The files of an import.

    Returns:
        Name below the home, such as `items/goqa.yaml` -> content, sorted by name.
    """
    source = imported.source
    texts: dict[str, str] = {}
    if imported.items is not None:
        texts[f"items/{source}.yaml"] = items_text(imported.items)
    for one in imported.populations:
        stem = f"references/{one.provenance.population}/{source}"
        texts[f"{stem}.csv"] = reference_text(one.figures)
        texts[f"{stem}.yaml"] = _lines(one.provenance.model_dump(mode="json", exclude_defaults=True))
        if one.structure is not None:
            texts |= _structure_texts(f"structure/{one.provenance.population}/{source}", one.structure)
    if imported.shown:
        texts[f"items/{source}{SHOWN}"] = yaml_text({item: dict(by) for item, by in imported.shown.items()})
    for survey in imported.surveys:
        texts[f"surveys/{survey.name}.yaml"] = yaml_text(survey.model_dump(mode="json", exclude_none=True))
        choice = {"name": survey.name, "file": f"package://surveys/{survey.name}.yaml"}
        texts[f"conf/survey/{survey.name}.yaml"] = f"# {survey.title}.\n" + yaml_text(choice)
    for one_language in imported.official:
        name = f"{FOLDER}/{source}.{one_language.language}.{OFFICIAL}.yaml"
        texts[name] = yaml_text(one_language.model_dump(mode="json"))
    texts |= {f"imports/{name}": text for name, text in imported.tables.items()}
    return {name: texts[name].encode() for name in sorted(texts)}


def _structure_texts(stem: str, structure: StructureFigures) -> dict[str, str]:
    """Correlations with their provenance, and the halves beside them."""
    pairs = ([a, b, f"{r:.4f}", str(n)] for a, b, r, n in structure.pairs)
    header = ["item_id", *MEASURES, *(f"expected_{name}" for name in MEASURES)]
    halves = (
        [row.item_id, *(_distance(of[name]) for of in (row.found, row.expected) for name in MEASURES)]
        for row in structure.halves
    )
    return {
        f"{stem}.csv": csv_text(PAIR_COLUMNS, pairs),
        f"{stem}.yaml": _lines(structure.provenance.model_dump(mode="json")),
        f"{stem}.halves.csv": csv_text(header, halves),
    }


def _lines(content: Mapping[str, Any]) -> str:
    """A line a field, also where no field is a list."""
    is_flat = not any(isinstance(value, list | dict) for value in content.values())
    return yaml_text(dict(content), flow=False if is_flat else None)


def _distance(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.7f}"


def yaml_text(content: Any, *, flow: bool | None = None) -> str:
    """Plain values as YAML that the strict reader takes; no list or mapping is in it twice as one object.

    Args:
        content: Mappings, lists and scalars.
        flow: Whether they stand on one line; None: those that hold scalars alone.
    """
    text: str = yaml.dump(
        content,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=10**6,  # a line a value: a sentence is found by searching for it
        default_flow_style=flow,
    )
    return text


def items_text(items: ItemFile) -> str:
    """`items/<source>.yaml`."""
    content = items.model_dump(mode="json", exclude_defaults=True)
    return yaml_text({**content, "items": [_item_entry(item) for item in content["items"]]})


def _item_entry(item: dict[str, Any]) -> dict[str, Any]:
    """An item as files have it: languages beside the code, a scale instead of its points."""
    entry = {**item, "dimension": item["dimension"] or NO_DIMENSION}
    if "scale" in item:
        del entry["options"]
        return entry
    return {**entry, "options": [_option_entry(option) for option in item["options"]]}


def _option_entry(option: dict[str, Any]) -> dict[str, Any]:
    rest = {key: value for key, value in option.items() if key not in ("code", "labels")}
    return {"code": option["code"], **option["labels"], **rest}


def reference_text(figures: Iterable[GroupFigures]) -> str:
    """`references/<population>/<source>.csv`: nine columns, and those behind them that any figure fills."""
    rows = [row for one in figures for row in _rows(one)]
    further = [name for name in FURTHER if any(row[name] for row in rows)]
    columns = (*COLUMNS, *further)
    return csv_text(columns, ([row[name] for name in columns] for row in rows))


def _rows(one: GroupFigures) -> Iterator[dict[str, str]]:
    common = {
        "item_id": one.item_id,
        "group_type": one.group_type,
        "group": one.group,
        "n": _whole(one.n),
        "n_effective": "" if one.n_effective is None else f"{one.n_effective:.2f}",
        "volunteered_share": _share(one.volunteered_share),
        "quality": one.quality.value,
        "n_asked": _whole(one.n_asked),
        "dont_know_share": _share(one.dont_know_share),
        "refused_share": _share(one.refused_share),
        "missing_share": _share(one.missing_share),
        "design_effect": "" if one.design_effect is None else f"{one.design_effect:.4f}",
        "num_clusters": _whole(one.num_clusters),
    }
    errors = one.standard_errors or [None] * len(one.codes)
    for code, share, error in zip(one.codes, one.shares, errors, strict=True):
        yield {**common, "code": str(code), "share": _share(share), "standard_error": _share(error)}


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.6f}"


def _whole(value: int | None) -> str:
    return "" if value is None else str(value)


def csv_text(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table as comma-separated text."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def items_in_words(num: int) -> str:
    """A number of items, for the terminal."""
    return f"{num:,} item" if num == 1 else f"{num:,} items"
