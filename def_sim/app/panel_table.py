"""respondents.csv: who a run asked, one row each, so that answers can be read by place, sex or age."""

from collections.abc import Sequence
from typing import Final

import pandas as pd

from def_sim.records import Respondent
from def_sim.strategies.frames import FramesFile

RESPONDENTS: Final = "respondents.csv"


def panel_table(panel: Sequence[Respondent], frames: FramesFile | None = None) -> pd.DataFrame:
    """The drawn respondents, in the order of their numbers.

    Args:
        panel: All of them.
        frames: The open frames that they were asked in, if any.

    Returns:
        Columns: respondent_id; place, as the prompt says it; sex (male, female) and age (<=29, 30-49, >=50),
        "" where the prompt does not say them; num_beams, do_sample, temperature, top_k, top_p;
        memory_capacity: most exchanges remembered; with open frames also frame: the id of the respondent's.
    """
    rows = [
        {
            "respondent_id": one.id,
            "place": one.persona.place,
            "sex": one.persona.sex,
            "age": one.persona.age,
            "num_beams": one.decoding.num_beams,
            "do_sample": one.decoding.do_sample,
            "temperature": one.decoding.temperature,
            "top_k": one.decoding.top_k,
            "top_p": one.decoding.top_p,
            "memory_capacity": one.memory_capacity,
            **({} if frames is None else {"frame": frames.frame_of(one.index).id}),
        }
        for one in panel
    ]
    return pd.DataFrame(rows)
