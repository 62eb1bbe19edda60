"""Holds what a panel needs against what an engine can do, before anything is asked.

A missing capability is an error, unless the model's YAML allows that deviation by name; then
it is in the manifest and on the report.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from def_sim.app.run import Run
from def_sim.engines.shared.deviations import MEANINGS, lacking
from def_sim.errors import ConfigError
from def_sim.records import Capabilities, DecodingConfig

_INSTEAD: Final[Mapping[str, str]] = {
    "beams": "Switch the configuration modification off, or set decoding.max_num_beams=1",
    "greedy": "Set decoding.do_sample=true",
    "repetition": "Choose a server or a local model whose repetition penalty can be switched off",
    "seed": "Choose a local model",
    "temperature": "Set decoding.temperature and decoding.grid to what it takes, or choose another model",
    "thinking": "Choose another model",
    "top_k": "Set decoding.top_k=0",
    "top_p": "Set decoding.top_p=1.0 and leave it out of decoding.grid",
    "truncation": "Choose a server or a local model whose limits on candidates can be switched off",
}


def check_capabilities(run: Run, capabilities: Capabilities) -> None:
    """Makes sure that the engine can do what the panel draws, or may go without.

    Raises:
        ConfigError: The first thing that it cannot do.
    """
    if capabilities.answers_late and run.strategy.uses_memory and run.has_memories:
        raise ConfigError(
            f"{run.config.model.label}: batches are answered within a day, and a respondent with memory "
            "would wait that long for each question.",
            fix="Set model.engine.batches=false, or modifications.memory=false.",
        )
    _check_answer_mode(run, capabilities)
    decodings = run.decodings
    for decoding in decodings:
        for name in lacking(decoding, capabilities):
            if name not in capabilities.deviations:
                raise ConfigError(
                    f"{run.config.model.label}: {_problem(name, decoding, capabilities, decodings)}",
                    fix=f"{_INSTEAD[name]}. Or allow the deviation, which the report then names: "
                    f"add {name} to `model.engine.deviations=`.",
                )


def _check_answer_mode(run: Run, capabilities: Capabilities) -> None:
    mode = run.config.answer_mode
    can = {
        "free": True,
        "constrained": capabilities.constrained,
        "probabilities": capabilities.probabilities,
    }
    if not can[mode]:
        raise ConfigError(
            f"{run.config.model.label}: its engine cannot answer with answer_mode={mode}.",
            fix="Use `answer_mode=free`, or a local model in slots whose thoughts can be closed.",
        )


def _problem(
    name: str, decoding: DecodingConfig, can: Capabilities, decodings: Sequence[DecodingConfig]
) -> str:
    match name:
        case "beams":
            most = max(decoding.num_beams for decoding in decodings)
            return f"its engine has no beams, the panel draws up to {most}."
        case "greedy":
            return "its engine has no greedy decoding, and decoding.do_sample is false."
        case "seed":
            return f"its engine has no exact seed ({can.seed}), so a repeated run gives other answers."
        case "repetition" | "truncation":
            return MEANINGS[name]
        case "temperature":
            lowest, highest = can.lowest_temperature, can.highest_temperature
            taken = f"{lowest:g} alone" if lowest == highest else f"{lowest:g} to {highest:g}"
            return f"it takes temperature {taken}, the panel draws {decoding.temperature:g}."
        case "thinking":
            return "it thinks before it answers, which cannot be switched off."
        case "top_k":
            return "its engine has no top_k."
        case _:
            return (
                f"its engine takes no top_p={decoding.top_p:g} beside temperature={decoding.temperature:g}."
            )
