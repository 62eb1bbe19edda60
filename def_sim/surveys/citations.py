"""How to cite what a run rests on: `data/citations.yaml`, and a survey's own words where it is not in there.

Knows no run and no format of bibliographies.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

from def_sim.surveys.human_reference import ReferenceSource
from def_sim.yaml_files import read_validated

CITATIONS_FILE: Final = "citations.yaml"  # under data/


class Citation(BaseModel):
    """One work, its fields as plain text.

    An author with a comma is a person, family name first; without one an organisation. `note` cites in
    an institute's own words.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["article", "misc", "software"]
    title: str
    authors: tuple[str, ...] = ()
    editors: tuple[str, ...] = ()
    journal: str = ""
    volume: str = ""
    number: str = ""
    pages: str = ""
    publisher: str = ""
    year: int | None = None
    version: str = ""
    doi: str = ""
    url: str = ""
    note: str = ""


class Citations(BaseModel):
    """All that is known: the software, the study, and surveys by the name of their source."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    software: Citation
    study: Citation
    surveys: dict[str, Citation]


def read_citations(data: Path) -> Citations:
    """The shipped citations.

    Raises:
        SurveyFormatError: The file is missing or has another format.
    """
    return read_validated(data / CITATIONS_FILE, Citations)


def works_cited(known: Citations, sources: Sequence[ReferenceSource], *, version: str) -> dict[str, Citation]:
    """Key -> work, the software and the study first, then each survey once.

    Args:
        known: The shipped citations.
        sources: Whose figures stand beside a run; one whose words ask for another
            work, or that is not known, is cited by its own words.
        version: Of the software.
    """
    works = {
        "def_sim": known.software.model_copy(update={"version": version}),
        "liu2025": known.study,
    }
    for source in sources:
        shipped = known.surveys.get(source.source)
        own = Citation(kind="misc", title=source.title, year=source.year, note=source.citation)
        is_asked_for = shipped is not None and shipped.title in source.citation
        works.setdefault(source.source, shipped if shipped is not None and is_asked_for else own)
    return works
