"""A user's home folder with a survey of one item, as small as one can be."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

ITEM: Final = """\
source: town
title: A town survey
year: 2026
citation: "Nobody 2026"
items:
  - id: town.Q1
    variable: Q1
    topic: parks need money
    dimension: USI
    direction: -1
    type: single
    level: ordinal
    options:
      - {code: 1, en: "Agree"}
      - {code: 2, en: "Neither"}
      - {code: 3, en: "Disagree"}
    wordings:
      en: ["Should the town spend more on its parks?", "Do parks deserve more of the town's money?"]
"""
FIGURES: Final = """\
item_id,group_type,group,code,share,n,n_effective,volunteered_share,quality
town.Q1,overall,all,1,0.500000,800,640.00,0.000000,weighted
town.Q1,overall,all,2,0.200000,800,640.00,0.000000,weighted
town.Q1,overall,all,3,0.300000,800,640.00,0.000000,weighted
"""
SOURCE: Final = """\
population: USA
source: town
title: A town survey, United States
year: 2026
weight: none
dont_know: left out of shares and n
release: invented
citation: "Nobody 2026"
terms: none
"""
SURVEY: Final = """\
name: town
title: Town survey
population: USA
language: en
frame_language: en
sources: [town]
"""
TOWN: Final[Mapping[str, str]] = {
    "conf/survey/town.yaml": "name: town\nfile: package://surveys/town.yaml\n",
    "items/town.yaml": ITEM,
    "surveys/town.yaml": SURVEY,
    "references/USA/town.csv": FIGURES,
    "references/USA/town.yaml": SOURCE,
}


def write_files(folder: Path, files: Mapping[str, str]) -> Path:
    """The folder, with these files in it."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    return folder


def write_home(folder: Path, **files: str) -> Path:
    """The town survey and what is given besides: `items__town="..."` stands for items/town.yaml."""
    more = {f"{name.replace('__', '/')}.yaml": text for name, text in files.items()}
    return write_files(folder, {**TOWN, **more})
