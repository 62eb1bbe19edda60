"""What a call says becomes the words of a command, whatever stands in a value."""

import numpy as np
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from def_sim.api.command_words import words_of
from def_sim.errors import ConfigError

TEXTS = st.text(alphabet="ab\\'\"${}: ,=[]()#%中 \t1.-trueNULL", max_size=8)


def word(value: object) -> str:
    given = words_of(
        model="demo", survey="us", respondents=2, items=None, output="out", settings={"name": value}
    )
    return given[-1]


def as_hydra_reads(value: object) -> object:
    read = OmegaConf.create({"name": OverridesParser.create().parse_override(word(value)).value()})
    return OmegaConf.to_container(read, resolve=True)["name"]


@given(st.recursive(TEXTS | st.integers() | st.booleans() | st.none(), lambda one: st.lists(one, max_size=3)))
def test_a_value_arrives_as_it_was_given(value: object) -> None:
    assert as_hydra_reads(value) == value


@pytest.mark.parametrize("text", ["true", "null", "12", "1e3", "inf", "", "a b", "${oc.env:HOME}"])
def test_a_text_stays_a_text(text: str) -> None:
    assert as_hydra_reads(text) == text


def test_arguments_and_settings_stand_as_on_the_command_line() -> None:
    words = words_of(
        model="smollm2", survey="us", respondents=np.int64(5), items="wvs7.Q1", output="my runs",
        settings={"decoding.max_num_beams": 1, "modifications.memory": False},
    )  # fmt: skip
    assert words == [
        "model=smollm2", "survey=us", "respondents=5", "items=[wvs7.Q1]", "output='my runs'",
        "decoding.max_num_beams=1", "modifications.memory=false",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": "x"}, "settings: model is an argument of its own."),
        ({"stage": "plan"}, "settings: stage belongs to the command line."),
        ({"hydra.run.dir": "x"}, "settings: hydra.run.dir belongs to the command line."),
        ({"a b": 1}, "settings: 'a b' is no name of a parameter."),
        ({"seed": float("nan")}, "seed: float 'nan' is no value of a parameter."),
        ({"seed": object}, "seed: type \"<class 'object'>\" is no value of a parameter."),
        ({"references": "a\nb"}, '"a\\nb" holds a line end.'),
    ],
)
def test_what_is_no_setting_is_refused_with_what_to_do(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as refused:
        words_of(model="demo", survey="us", respondents=2, items=None, output="out", settings=settings)
    assert refused.value.message == message
    assert refused.value.fix
