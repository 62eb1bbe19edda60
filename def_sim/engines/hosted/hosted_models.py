"""What is known of hosted models: the parameters they take, when they retire, what follows them.

From a dated file. A model that the file does not name is taken as the newest are: no sampling
parameter but its default.
"""

import datetime
from functools import cache
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from def_sim.engines.hosted.prices import undated
from def_sim.errors import ModelError
from def_sim.resources import data_folder
from def_sim.yaml_files import read_validated


class HostedModel(BaseModel):
    """One model's entry; the file's head explains the values."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    sampling: Literal["all", "one_of", "default_only"] = "default_only"
    thinking: Literal["none", "disabled", "between_tools", "always"] = "none"
    tokens_factor: float = Field(default=1.0, gt=0)
    retires: datetime.date | None = None
    successors: tuple[str, ...] = ()

    def is_retired(self, today: datetime.date) -> bool:
        """Whether requests for it fail."""
        return self.retires is not None and self.retires <= today


class _ModelList(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    as_of: datetime.date
    models: dict[str, HostedModel]


def hosted_model(model_name: str) -> HostedModel:
    """What is known of a model, under its name with or without the date of its snapshot."""
    models = _model_list().models
    return models.get(model_name) or models.get(undated(model_name)) or HostedModel()


def check_not_retired(model_name: str, today: datetime.date | None = None) -> None:
    """Makes sure that the provider still serves a model, as far as is known.

    Raises:
        ModelError: It was retired; names the successors.
    """
    model = hosted_model(model_name)
    if model.is_retired(today or datetime.date.today()):
        # Not under the retired model's choice: its label would stand above another model's answers.
        choice = "claude" if model_name.startswith("claude") else "gpt4o"
        raise ModelError(
            f"{model_name} was retired by its provider on {model.retires}: requests for it fail.",
            fix=f"Take a successor, {' or '.join(model.successors)}: `model={choice} "
            f"model.engine.model_name={model.successors[0]}`. Its answers are another model's, and its "
            "runs lie in folders of their own.",
        )


def retirement_note(model_name: str, today: datetime.date | None = None) -> str:
    """One sentence about a retirement that is announced; empty where none is."""
    model = hosted_model(model_name)
    if model.retires is None or model.is_retired(today or datetime.date.today()):
        return ""
    return f"{model_name} retires on {model.retires}; its provider names {', '.join(model.successors)}"


@cache
def _model_list() -> _ModelList:
    return read_validated(data_folder() / "hosted_models.yaml", _ModelList)
