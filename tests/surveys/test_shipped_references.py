"""Every shipped share, recomputed from the tables of people's answers; what a reference promises."""

import math
from collections import defaultdict

import pytest
from library import FIGURES, SHIPPED_REFERENCES, items_of, reference_of
from peoples_answers import TABLES, expected, groups_asked

from def_sim.records import ItemReference, QuestionType, ReferenceQuality

SEXES, AGES = ("male", "female"), ("<=29", "30-49", ">=50")
PEW_AGES = ("18-29", "30-49", "50-64", "65+")
GROUPS = {
    "wvs7": [{"all", *SEXES, *AGES, *(f"{sex}|{age}" for sex in SEXES for age in AGES)}],
    "gss2022": [{"all"}, {"all", *SEXES, *AGES}],  # the second where a weighted resample is to be had
    "pew_atp": [{"all", *SEXES, *PEW_AGES}],
}
WEIGHTED = {"USA", "CHN", "RUS"}  # wave 7 of the World Values Survey; the others have weights of one
DOI = "doi:10.14281/18241"
TERMS = {  # source: (in the citation, in the terms)
    "wvs7": (DOI, "non-profit"),
    "gss2022": ("NORC", "citation"),
    "pew_atp": ("Pew Research Center", "attribution"),
}
every_reference = pytest.mark.parametrize(("population", "source"), SHIPPED_REFERENCES)
needs_tables = pytest.mark.skipif(not FIGURES.is_dir(), reason="the tables are not beside the checkout")


def by_item(population: str, source: str) -> dict[str, dict[str, ItemReference]]:
    groups: dict[str, dict[str, ItemReference]] = defaultdict(dict)
    for (item_id, group), reference in reference_of(population, source).items.items():
        groups[item_id][group] = reference
    return groups


# --- who withheld an answer ---


@pytest.mark.parametrize(
    ("source", "item_id", "dont_know", "refused"),
    [
        # Of 3,544 asked 11 did not know, 4 gave no answer and 9 skipped it on the web.
        ("gss2022", "gss2022.happy", 11 / 3544, 13 / 3544),
        ("pew_atp", "pew_atp.OPTIMIST_W41", None, 0.002429),
    ],
)
def test_who_withheld_an_answer_stands_beside_the_shares_as_far_as_it_is_known(
    source: str, item_id: str, dont_know: float | None, refused: float
) -> None:
    everyone = by_item("USA", source)[item_id]["all"]
    assert everyone.dont_know_share == (None if dont_know is None else pytest.approx(dont_know, abs=1e-6))
    assert everyone.refused_share == pytest.approx(refused, abs=1e-6)


def test_of_groups_of_the_gss_it_is_not_known_who_withheld_an_answer() -> None:
    for groups in by_item("USA", "gss2022").values():
        assert all((one.refused_share is None) == (name != "all") for name, one in groups.items())


# --- recomputed ---


def is_right(shipped: ItemReference, item_id: str, population: str, source: str) -> bool:
    """Whether a reference is what the tables give, within their rounding.

    Shares come from tables of shares of five or six decimals that the script makes sum to one
    again: each of K options moves the sum by half a unit of the last one.
    """
    want = expected(items_of(source)[item_id], source, population, shipped.group)
    unit = 1e-5 if shipped.quality is ReferenceQuality.APPROXIMATE else 1e-6
    tolerance = unit * (1 + len(want.shares) / 2)
    return (
        all(math.isclose(a, b, abs_tol=tolerance) for a, b in zip(shipped.shares, want.shares, strict=True))
        and shipped.n == want.n
        and (shipped.n_effective is None) == (want.n_effective is None)
        and math.isclose(shipped.n_effective or 0, want.n_effective or 0, abs_tol=0.02)
        and math.isclose(shipped.volunteered_share, want.volunteered_share, abs_tol=tolerance)
        and shipped.quality.value == want.quality
    )


@needs_tables
@every_reference
def test_every_shipped_share_is_what_the_tables_of_answers_give(population: str, source: str) -> None:
    shipped = reference_of(population, source).items
    assert len(shipped) > 0
    assert [key for key, one in shipped.items() if not is_right(one, key[0], population, source)] == []


@needs_tables
@every_reference
def test_no_item_that_a_population_was_asked_lacks_its_figures(population: str, source: str) -> None:
    shipped = by_item(population, source)
    for item in items_of(source).values():
        assert set(shipped.get(item.id, {})) == groups_asked(item, source, population), item.id


@needs_tables
@every_reference
def test_nobody_answered_an_option_that_is_said_not_to_have_been_shown(population: str, source: str) -> None:
    for item_id in by_item(population, source):
        item = items_of(source)[item_id]
        if item.type is not QuestionType.MULTIPLE:
            people = TABLES[source]()[population, "all", item.variable].people
            shown = {option.code for option in item.shown_options(population)}
            assert {code for code, n in people.items() if n} <= shown | set(item.volunteered), item_id


# --- what a reference promises ---


@every_reference
def test_an_item_has_shares_of_everyone_and_by_the_groups_of_its_source(population: str, source: str) -> None:
    for item_id, groups in by_item(population, source).items():
        assert set(groups) in GROUPS[source], item_id


@every_reference
def test_sexes_and_age_groups_never_hold_more_people_than_everyone(population: str, source: str) -> None:
    for item_id, groups in by_item(population, source).items():
        n = defaultdict(int, {group: reference.n for group, reference in groups.items()})
        ages = PEW_AGES if source == "pew_atp" else AGES
        assert n["male"] + n["female"] <= n["all"], item_id
        assert sum(n[age] for age in ages) <= n["all"], item_id
        assert all(n[f"male|{age}"] + n[f"female|{age}"] <= n[age] for age in ages), item_id


@pytest.mark.parametrize(("population", "source"), [one for one in SHIPPED_REFERENCES if one[1] != "gss2022"])
def test_weighting_can_only_lose_effective_people(population: str, source: str) -> None:
    for reference in reference_of(population, source).items.values():
        assert reference.n_effective is not None
        assert 0 < reference.n_effective <= reference.n + 0.01  # stored with two decimals
        if source == "wvs7":
            assert reference.is_without_weights == (population not in WEIGHTED)


def test_pews_weights_make_a_sample_worth_less_than_half_in_one_wave_and_three_fifths_in_the_other() -> None:
    # n over Kish's n of the whole waves: 2.1 to 2.7 and 1.6 to 1.7.
    for item_id, groups in by_item("USA", "pew_atp").items():
        low, high = (2.4, 2.7) if item_id.endswith("_W17") else (1.6, 1.7)
        assert low < groups["all"].n / groups["all"].n_for_uncertainty < high, item_id


@every_reference
def test_a_reference_says_how_its_effective_n_was_found_and_what_is_not_in_it(
    population: str, source: str
) -> None:
    reference = reference_of(population, source)
    words = reference.effective_n[source]
    is_unknown = [one.n_effective is None for one in reference.items.values()]
    assert all(is_unknown) if "unknown" in words else not any(is_unknown)
    assert ("upper bound" in words) == (source != "gss2022")


@every_reference
def test_a_reference_says_where_it_comes_from_and_on_which_terms(population: str, source: str) -> None:
    [provenance] = reference_of(population, source).sources
    assert (provenance.population, provenance.source) == (population, source)
    assert TERMS[source][0] in provenance.citation
    assert TERMS[source][1] in provenance.terms
    if source == "wvs7":
        assert ("W_WEIGHT" in provenance.weight) == (population in WEIGHTED)


def test_figures_without_exact_weights_are_marked() -> None:
    for item_id, groups in by_item("USA", "gss2022").items():
        quality = {reference.quality for reference in groups.values()}
        one = ReferenceQuality.UNWEIGHTED if len(groups) == 1 else ReferenceQuality.APPROXIMATE
        assert quality == {one}, item_id
        assert all(reference.n_effective is None for reference in groups.values())
