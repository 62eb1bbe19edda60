"""Which options a population was shown, where a user's file says more than the items do.

An import finds out that a country was not offered an option; `items/<source>.shown.yaml` beside the items
says so. Items themselves stay as they are shipped.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import RootModel

from def_sim.errors import SurveyFormatError
from def_sim.resources import look_up
from def_sim.surveys.item_bank import Item, read_items
from def_sim.yaml_files import read_validated

SHOWN: Final = ".shown.yaml"
ShownCodes = Mapping[str, Mapping[str, list[int]]]  # item -> population -> codes that it was shown, rising


class ShownFile(RootModel[dict[str, dict[str, list[int]]]]):
    """`items/<source>.shown.yaml`."""


def with_shown(items: Mapping[str, Item], shown: ShownCodes) -> dict[str, Item]:
    """The items with further populations' options.

    Args:
        items: Id -> item.
        shown: Of these items.

    Raises:
        ValueError: An item is not among them, a code is none of its own, or fewer than two are left.
    """
    found = dict(items)
    for item_id, populations in shown.items():
        if item_id not in found:
            raise ValueError(f"there is no item {item_id!r:.80}")
        item = found[item_id]
        codes = [option.code for option in item.options]
        for population, those in populations.items():
            if len(set(those)) < 2 or not set(those) <= set(codes):
                raise ValueError(f"{item_id}: {population!r:.20} was shown {those!s:.80} of {codes}")
        found[item_id] = item.model_copy(update={"shown": {**item.shown, **populations}})
    return found


def items_of_source(path: Path, data: Path, home: Path | None) -> dict[str, Item]:
    """The items of one source by id, with what a home says of the options shown.

    Args:
        path: `items/<source>.yaml`, of the home or shipped.
        data: The shipped files.
        home: The user's own folder; None: there is none.

    Raises:
        SurveyFormatError: A file breaks its format, or they do not fit together.
    """
    items = {item.id: item for item in read_items(path).items}
    beside = look_up(f"items/{path.stem}{SHOWN}", data, home)
    if not beside.is_file():
        return items
    shown = read_validated(beside, ShownFile).root
    try:
        return with_shown(items, shown)
    except ValueError as error:
        raise SurveyFormatError(
            f"{beside.name}: {error}.", fix=f"Correct {beside}, or import its source again."
        ) from None
