"""A complete survey of three items in two languages: tests break one thing of it at a time."""

from pathlib import Path

ITEMS = """\
source: toy
title: A toy source
year: 2020
citation: "Nobody 2020"

option_sets:
  aims3:
    - {code: 1, en: "Growth", zh: "增长"}
    - {code: 2, en: "Order", zh: "秩序"}
    - {code: 3, en: "Beauty", zh: "美丽"}

items:
  - id: toy.first
    variable: V1
    topic: first aim
    dimension: TDI
    direction: 0
    type: single
    level: nominal
    options: aims3
    shown: {USA: [1, 2]}
    wordings:
      en: ["What comes first?", "Which of these is on top?"]
      zh: ["哪个第一？", "哪一个最重要？"]

  - id: toy.second
    variable: V2
    topic: second aim
    dimension: PDI
    direction: 1
    type: single
    level: nominal
    options: aims3
    shown: {USA: [1, 2]}
    follow_up_of: toy.first
    wordings:
      en: ["You chose {first_choice}. What comes next?", "Besides {first_choice}, which one?"]
      zh: ["您选了{first_choice}。其次呢？", "除了{first_choice}还有哪个？"]

  - id: toy.degree
    variable: V3
    topic: degree
    dimension: IVR
    direction: 1
    type: scale
    level: interval
    volunteered: [0]
    scale: {first: 1, last: 3, low: {en: "Never", zh: "从不"}, high: {en: "Always", zh: "总是"}}
    wordings:
      en: ["How often?", "How many times does it happen?"]
      zh: ["多久一次？", "常常如此吗？"]
"""
HEADER = "item_id,group_type,group,code,share,n,n_effective,volunteered_share,quality"
REFERENCE = f"""\
{HEADER}
toy.first,overall,all,1,0.250000,100,80.50,0.000000,weighted
toy.first,overall,all,2,0.750000,100,80.50,0.000000,weighted
toy.second,overall,all,1,0.500000,90,,0.000000,weighted
toy.second,overall,all,2,0.500000,90,,0.000000,weighted
toy.degree,overall,all,1,0.200000,95,70.00,0.050000,weighted
toy.degree,overall,all,2,0.300000,95,70.00,0.050000,weighted
toy.degree,overall,all,3,0.500000,95,70.00,0.050000,weighted
toy.degree,sex,male,1,0.100000,40,30.00,0.000000,weighted
toy.degree,sex,male,2,0.100000,40,30.00,0.000000,weighted
toy.degree,sex,male,3,0.800000,40,30.00,0.000000,weighted
"""
SOURCE = """\
population: USA
source: toy
title: A toy source, United States
year: 2020
weight: none
dont_know: left out
release: the only one
citation: "Nobody 2020"
terms: invented
"""
SURVEY = """\
name: toy
title: A toy survey
population: USA
language: en
frame_language: en
sources: [toy]
"""
POPULATIONS = "USA: {en: the United States, zh: 美国}\nCHN: {en: China, zh: 中国}\n"


def write_toy(
    folder: Path,
    *,
    items: str = ITEMS,
    reference: str = REFERENCE,
    source: str = SOURCE,
    survey: str = SURVEY,
    populations: str = POPULATIONS,
) -> Path:
    """Writes a data folder and gives the path of its survey file."""
    contents = {
        "items/toy.yaml": items,
        "references/USA/toy.csv": reference,
        "references/USA/toy.yaml": source,
        "surveys/toy.yaml": survey,
        "populations.yaml": populations,
    }
    for name, text in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "surveys" / "toy.yaml"


def broken(text: str, old: str, new: str) -> str:
    """The text with the first `old` replaced; a test that breaks nothing is a mistake."""
    assert old in text
    return text.replace(old, new, 1)


def line_of(text: str, part: str) -> int:
    """Line, from 1, on which the first `part` begins."""
    return text[: text.index(part)].count("\n") + 1
