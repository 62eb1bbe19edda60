"""What an engine lacks is found by name, and what is sent instead is what that name says."""

from dataclasses import replace

import pytest

from def_sim.engines.shared.deviations import MEANINGS, as_sent, known_deviations, lacking
from def_sim.errors import ConfigError, EngineError
from def_sim.records import Capabilities, DecodingConfig

ALL = Capabilities(beams="beam-sample", seed="exact")
NONE = Capabilities(
    beams="none",
    seed="none",
    top_k=False,
    top_p=False,
    lowest_temperature=1.0,
    highest_temperature=1.0,
    temperature_with_top_p=False,
    deviations=tuple(MEANINGS),
)
PLAIN = DecodingConfig(top_k=0)


@pytest.mark.parametrize(
    ("decoding", "can", "names"),
    [
        (DecodingConfig(num_beams=5, do_sample=False, temperature=0.3, top_p=0.5), ALL, ()),
        (PLAIN, NONE, ("seed",)),
        (DecodingConfig(num_beams=2), NONE, ("beams", "seed", "top_k")),
        (replace(PLAIN, do_sample=False), NONE, ("greedy", "seed")),
        (replace(PLAIN, num_beams=2, do_sample=False), NONE, ("beams", "seed")),  # their greed goes with them
        (replace(PLAIN, temperature=0.7), NONE, ("seed", "temperature")),
        (replace(PLAIN, top_p=0.9), NONE, ("seed", "top_p")),
        (PLAIN, replace(NONE, thinks_unasked=True), ("seed", "thinking")),
        (PLAIN, replace(ALL, seed="best-effort"), ("seed",)),
        (replace(PLAIN, temperature=1.3), replace(ALL, highest_temperature=1.0), ("temperature",)),
        (replace(PLAIN, top_p=0.9), replace(ALL, temperature_with_top_p=False), ()),  # temperature is 1
        (replace(PLAIN, top_p=0.9, temperature=0.7), replace(ALL, temperature_with_top_p=False), ("top_p",)),
    ],
)
def test_what_is_lacking_has_a_name(
    decoding: DecodingConfig, can: Capabilities, names: tuple[str, ...]
) -> None:
    assert lacking(decoding, can) == names


def test_an_engine_that_can_do_everything_is_sent_the_decoding_as_it_is() -> None:
    decoding = DecodingConfig(num_beams=3, temperature=0.4, top_k=7, top_p=0.8)
    assert as_sent(decoding, ALL) == decoding


def test_everything_that_is_allowed_to_be_lacking_is_left_out() -> None:
    drawn = DecodingConfig(num_beams=3, do_sample=False, temperature=0.4, top_k=7, top_p=0.8)
    assert as_sent(drawn, NONE) == DecodingConfig(do_sample=True, temperature=1.0, top_k=0, top_p=1.0)


def test_greedy_decoding_is_temperature_zero() -> None:
    can = Capabilities(beams="none", seed="exact")
    assert as_sent(DecodingConfig(do_sample=False, top_p=0.5), can) == DecodingConfig(
        do_sample=False, temperature=0.0, top_k=0, top_p=1.0
    )


def test_a_temperature_outside_the_range_becomes_the_nearest_if_allowed() -> None:
    can = replace(ALL, highest_temperature=1.0, deviations=("temperature",))
    assert as_sent(replace(PLAIN, temperature=1.3), can).temperature == 1.0


def test_what_is_not_allowed_is_an_error_that_names_it() -> None:
    with pytest.raises(EngineError, match="lacks what the decoding needs: top_k") as caught:
        as_sent(DecodingConfig(), replace(NONE, deviations=("seed",)))
    assert "model.engine.deviations=[seed,top_k]" in caught.value.fix


def test_a_deviation_must_be_one_that_exists() -> None:
    assert known_deviations(["top_k", "beams", "beams"]) == ("beams", "top_k")
    assert known_deviations(None) == ()
    with pytest.raises(ConfigError, match="'beems' is none of beams"):
        known_deviations(["beems"])
