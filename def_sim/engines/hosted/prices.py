"""What a hosted model's tokens cost, from a dated file. An estimate: the provider's bill counts."""

import datetime
import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from def_sim.errors import ConfigError
from def_sim.resources import data_folder
from def_sim.yaml_files import read_validated

_DATE: Final = re.compile(r"-(\d{8}|\d{4}-\d{2}-\d{2}|latest)$")


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    input: float = Field(ge=0)
    output: float = Field(ge=0)


class _PriceList(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    as_of: datetime.date
    batch_discount: float = Field(ge=0, lt=1)
    models: dict[str, _Entry]


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens; `as_of` says where the numbers are from."""

    input_usd: float
    output_usd: float
    as_of: str

    def cost_usd(self, tokens_in: float, tokens_out: float) -> float:
        """What reading and writing that many tokens costs."""
        return (self.input_usd * tokens_in + self.output_usd * tokens_out) / 1e6

    def in_batches(self) -> "Price":
        """The price of the same tokens in an asynchronous batch."""
        share = 1 - _price_list().batch_discount
        return Price(self.input_usd * share, self.output_usd * share, self.as_of)


def undated(model_name: str) -> str:
    """A model's name without the date of its snapshot."""
    return _DATE.sub("", model_name)


def find_price(
    model_name: str, input_usd_per_million: float | None = None, output_usd_per_million: float | None = None
) -> Price | None:
    """The price of a model; each side that is given wins over the file's. None where neither says anything.

    Raises:
        ConfigError: One side is given, and nobody knows the other.
    """
    prices = _price_list()
    entry = prices.models.get(model_name) or prices.models.get(undated(model_name))
    input_usd = entry.input if entry and input_usd_per_million is None else input_usd_per_million
    output_usd = entry.output if entry and output_usd_per_million is None else output_usd_per_million
    if input_usd is None and output_usd is None:
        return None
    if input_usd is None or output_usd is None:
        given, missing = ("output", "input") if input_usd is None else ("input", "output")
        raise ConfigError(
            f"model.engine.{given}_usd_per_million is given, but no {missing} price of {model_name}.",
            fix=f"Give both: add `model.engine.{missing}_usd_per_million=`.",
        )
    listed = prices.as_of.isoformat()
    sources = (listed, f"{listed} and the configuration", "the configuration")
    num_given = (input_usd_per_million is not None) + (output_usd_per_million is not None)
    return Price(input_usd, output_usd, sources[num_given])


@cache
def _price_list() -> _PriceList:
    return read_validated(data_folder() / "prices.yaml", _PriceList)
