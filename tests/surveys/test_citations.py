"""What a run cites: complete for the shipped surveys, and harmless whatever an institute's words hold."""

import re
from pathlib import Path

import yaml

from def_sim.resources import data_folder
from def_sim.surveys.bibliography import bibtex
from def_sim.surveys.citations import Citation, read_citations, works_cited
from def_sim.surveys.human_reference import ReferenceSource

CITATION_CFF = Path(__file__).parents[2] / "CITATION.cff"
KNOWN = read_citations(data_folder())


def source_of(path: Path) -> ReferenceSource:
    return ReferenceSource.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def own_source(name: str = "town", citation: str = "Town Hall. 2020.", **more: object) -> ReferenceSource:
    words = {"population": "USA", "weight": "none", "dont_know": "out", "release": "1", "terms": "free"}
    return ReferenceSource.model_validate(
        {**words, "source": name, "title": "Town survey", "year": 2020, "citation": citation, **more}
    )


def test_every_shipped_survey_has_an_entry_with_the_names_and_address_that_its_figures_ask_to_cite():
    paths = sorted((data_folder() / "references").glob("*/*.yaml"))
    assert paths
    for source in map(source_of, paths):
        work = KNOWN.surveys[source.source]
        asked = source.citation
        names = [name.partition(",")[0] for name in (*work.authors, *work.editors)]
        assert [name for name in names if name not in asked] == []
        assert work.doi in asked
        assert work.title in asked


def test_software_and_study_are_those_of_the_citation_file():
    cff = yaml.safe_load(CITATION_CFF.read_text(encoding="utf-8"))
    [study] = [one for one in cff["references"] if one["type"] == "article"]
    assert KNOWN.software.title == cff["title"]
    assert KNOWN.software.authors == tuple(one["name"] for one in cff["authors"])
    assert KNOWN.study.authors == tuple(
        f"{one['family-names']}, {one['given-names']}" for one in study["authors"]
    )
    assert (KNOWN.study.title, KNOWN.study.journal) == (study["title"], study["journal"])
    assert (KNOWN.study.doi, KNOWN.study.year) == (study["doi"], study["year"])
    assert (KNOWN.study.volume, KNOWN.study.number) == (str(study["volume"]), str(study["issue"]))
    assert KNOWN.study.pages == study["start"]


def test_an_entry_is_written_as_bibtex_reads_it():
    work = Citation(
        kind="article", title="Trust & truth", authors=("Doe, J.", "Town Hall"), year=2020, doi="10.1/a_b"
    )
    assert bibtex({"doe": work}) == (
        "@article{doe,\n"
        "  author = {Doe, J. and {Town Hall}},\n"
        "  title = {{Trust \\& truth}},\n"
        "  year = {2020},\n"
        "  doi = {10.1/a_b},\n"
        "}\n"
    )


def test_words_of_strangers_end_no_entry_and_are_no_command():
    hostile = "}, note = {\\input{secret}} @misc{x,\n% $1_a^b~c#"
    text = bibtex({"town": Citation(kind="misc", title=hostile, note=hostile)})
    assert text.count("\n@") + text.startswith("@") == 1
    assert "\\input" not in text
    depth = lowest = 0
    for brace in re.findall(r"[{}]", text.rstrip()[:-1]):  # without the entry's own end
        depth += 1 if brace == "{" else -1
        lowest = min(lowest, depth)
    assert (depth, lowest) == (1, 0)
    assert text.count("\n") == 4  # one line a field: no break of a stranger's stays


def test_a_survey_that_is_not_known_is_cited_by_its_own_words():
    works = works_cited(KNOWN, [own_source(), own_source()], version="1.2")
    assert list(works) == ["def_sim", "liu2025", "town"]
    assert works["def_sim"].version == "1.2"
    assert works["town"].note == "Town Hall. 2020."


def test_a_known_name_is_cited_as_known_only_where_its_figures_ask_for_that_work():
    asked = own_source("wvs7", f"Some editors (eds.) 2022. {KNOWN.surveys['wvs7'].title}.")
    other = own_source("wvs7", "Country file, release 9.")
    assert works_cited(KNOWN, [asked], version="1")["wvs7"] == KNOWN.surveys["wvs7"]
    assert works_cited(KNOWN, [other], version="1")["wvs7"].note == "Country file, release 9."
