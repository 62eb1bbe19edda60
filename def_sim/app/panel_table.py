"""respondents.csv: who a run asked, one row each, so that answers can be read by place, sex or age."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from def_sim.records import Answer, AnswerStatus, Respondent, respondent_index
from def_sim.strategies.frames import FramesFile

RESPONDENTS: Final = "respondents.csv"
_ENDS: Final = ("num_asked", "num_answered", "num_failed")

Ends = NDArray[np.int64]  # shape (N, 3): answers that were asked for, that can be read, and that failed


def panel_table(
    panel: Sequence[Respondent],
    frames: FramesFile | None = None,
    *,
    regions: Mapping[str, str] | None = None,
    ends: Ends | None = None,
) -> pd.DataFrame:
    """Drawn respondents, in the order of their numbers.

    Args:
        panel: Some or all of them.
        frames: The open frames that they were asked in, if any.
        regions: Place, as the prompt says it -> its region; a place that is not among them has none.
        ends: Of the whole panel, from `ends_of`: a row a respondent, by its number; None: the table is to say
            nothing of answers, and its last three columns are left out.

    Returns:
        Columns: respondent_id; place, as the prompt says it, and the region that it lies in ("": not known);
        sex (male, female) and age (<=29, 30-49, >=50), "" where the prompt does not say them; num_beams,
        do_sample, temperature, top_k, top_p; memory_capacity: most exchanges remembered; frame: id of the
        open frame, "" where there are none; num_asked, num_answered, num_failed: answers on file, as scores
        count them. What waits for a judge is asked, and neither answered nor failed.
    """
    known = regions or {}
    rows = [
        {
            "respondent_id": one.id,
            "place": one.persona.place,
            "region": known.get(one.persona.place, ""),
            "sex": one.persona.sex,
            "age": one.persona.age,
            "num_beams": one.decoding.num_beams,
            "do_sample": one.decoding.do_sample,
            "temperature": one.decoding.temperature,
            "top_k": one.decoding.top_k,
            "top_p": one.decoding.top_p,
            "memory_capacity": one.memory_capacity,
            "frame": "" if frames is None else frames.frame_of(one.index).id,
            **({} if ends is None else dict(zip(_ENDS, ends[one.index].tolist(), strict=True))),
        }
        for one in panel
    ]
    return pd.DataFrame(rows)


def ends_of(answers: Iterable[Answer], num_respondents: int) -> Ends:
    """How the answers of each respondent ended, as they are scored."""
    return ends_of_counts(((one.respondent_id, one.status, 1) for one in answers), num_respondents)


def ends_of_counts(counts: Iterable[tuple[str, AnswerStatus, int]], num_respondents: int) -> Ends:
    """The same of counts: a respondent, a status, and how many of its answers ended so.

    Counts of respondents beyond the panel are left out.
    """
    ends = np.zeros((num_respondents, len(_ENDS)), dtype=np.int64)
    for respondent_id, status, count in counts:
        index = respondent_index(respondent_id)
        if index is not None and index < num_respondents:
            is_asked = status is not AnswerStatus.NOT_ASKED
            is_answered = status is AnswerStatus.ANSWERED
            is_failed = is_asked and not is_answered and status is not AnswerStatus.UNJUDGED
            ends[index] += count * np.array([is_asked, is_answered, is_failed])
    return ends
