"""What an engine lacks of what a respondent's decoding asks, by name, and what is sent instead.

A model's YAML allows a deviation by writing its name into `engine.deviations`; without that
it is an error before anything is asked. Knows no provider and no panel.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from def_sim.errors import ConfigError, EngineError
from def_sim.records import Capabilities, DecodingConfig

MEANINGS: Final[Mapping[str, str]] = {
    "beams": "No beams: every respondent samples a single sequence.",
    "greedy": "No greedy decoding: every respondent samples.",
    "repetition": "No say over repetition penalties: the server may make words less likely that came before, "
    "by a default of its own.",
    "seed": "No exact seed: the same request may be answered differently when it is repeated.",
    "temperature": "The nearest temperature that the model takes is used instead of the respondent's.",
    "thinking": "The model thinks before it answers, which cannot be switched off.",
    "top_k": "No top_k: tokens are drawn from all candidates.",
    "top_p": "No top_p beside a temperature: tokens are drawn from the whole probability mass.",
    "truncation": "Unlikely tokens may be left out: the server does not let all of its limits (min_p, top_k, "
    "top_p) be switched off.",
}


def known_deviations(names: list[str] | None) -> tuple[str, ...]:
    """The names that a YAML allows, sorted.

    Raises:
        ConfigError: A name that means nothing.
    """
    for name in names or []:
        if name not in MEANINGS:
            raise ConfigError(
                f"model.engine.deviations: {name!r} is none of {', '.join(MEANINGS)}.",
                fix="Name what the model may lack; docs/how_to/add_a_model.md explains each.",
            )
    return tuple(sorted(set(names or [])))


def lacking(decoding: DecodingConfig, can: Capabilities) -> tuple[str, ...]:
    """Names of what a decoding needs and the engine has not, in the order of `MEANINGS`."""
    alone = _one_beam(decoding, can)
    needs = {
        "beams": alone is not decoding,
        "greedy": not alone.do_sample and can.lowest_temperature > 0,
        "repetition": can.penalises_unasked,
        "seed": can.seed != "exact",
        "temperature": alone.do_sample
        and not can.lowest_temperature <= alone.temperature <= can.highest_temperature,
        "thinking": can.thinks_unasked,
        "top_k": alone.do_sample and alone.top_k > 0 and not can.top_k,
        "top_p": alone.do_sample and alone.top_p < 1 and not _takes_top_p(alone, can),
        "truncation": alone.do_sample and can.truncates_unasked,
    }
    return tuple(name for name, is_needed in needs.items() if is_needed)


def as_sent(decoding: DecodingConfig, can: Capabilities) -> DecodingConfig:
    """The decoding that the engine can be given; greedy decoding is temperature 0.

    Raises:
        EngineError: It lacks something whose loss is not allowed. The app finds this at plan time.
    """
    missing = lacking(decoding, can)
    if forbidden := [name for name in missing if name not in can.deviations]:
        raise EngineError(
            f"The engine lacks what the decoding needs: {', '.join(forbidden)}.",
            fix=f"Allow it by name: `model.engine.deviations=[{','.join(missing)}]`.",
        )
    sent = _one_beam(decoding, can)
    if not sent.do_sample:
        sent = replace(sent, temperature=0.0, top_k=0, top_p=1.0)
    temperature = min(max(sent.temperature, can.lowest_temperature), can.highest_temperature)
    return replace(
        sent,
        temperature=temperature,
        do_sample=temperature > 0,
        top_k=0 if "top_k" in missing else sent.top_k,
        top_p=1.0 if "top_p" in missing else sent.top_p,
    )


def _one_beam(decoding: DecodingConfig, can: Capabilities) -> DecodingConfig:
    """Where there are no beams, their greedy variant goes with them: a single beam always samples."""
    if decoding.num_beams == 1 or can.beams != "none":
        return decoding
    return replace(decoding, num_beams=1, do_sample=True)


def _takes_top_p(decoding: DecodingConfig, can: Capabilities) -> bool:
    return can.top_p and (can.temperature_with_top_p or decoding.temperature == 1)
