"""`stage=report` on runs that lack something: each number is right, or absent with its reason.

Each test looks where a reader looks: at the tables beside the report and at the words of its page.
"""

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import jensenshannon
from scripted_runs import hold

from def_sim.answers.storage.store import read_answers
from def_sim.app.main import main
from def_sim.app.run import Run
from def_sim.engines.scripted import ScriptedEngine
from def_sim.records import Request
from def_sim.resources import data_folder

pytestmark = pytest.mark.slow

REFUSAL = "I would rather not say."
DIVERGENCES = ("js_divergence", "total_variation", "wasserstein", "kl_paper")


def report(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """metrics.csv, measures.csv and the words of the page, as `stage=report` writes them."""
    assert main(["stage=report", f"run_folder={folder}"]) == 0
    scores, measures = (
        pd.read_csv(folder / name, keep_default_na=False, na_values=[""])
        for name in ("metrics.csv", "measures.csv")
    )
    for reason in ("why_no_interval", "why_no_limit"):
        scores[reason] = scores[reason].fillna("")
    return scores, measures, words_of((folder / "report.html").read_text(encoding="utf-8"))


def words_of(html: str) -> str:
    """What a reader sees, tooltips included, on one line."""
    html = re.sub(r"<(script|style)\b.*?</\1>", " ", html, flags=re.DOTALL)
    html = re.sub(r'<[^>]*\btitle="([^"]*)"[^>]*>', r" \1 ", html)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def group_of(page: str, title: str) -> str:
    """The words of a topic group's row in the table of scores, tooltips included."""
    return page.split("Topic group Items", 1)[1].split(title, 1)[1].split("Mean of topic groups", 1)[0]


def row(scores: pd.DataFrame, metric: str, scope: str, name: str = "") -> pd.Series:
    """One row of metrics.csv; `name` is an item or a topic group."""
    column = "item_id" if scope == "item" else "dimension"
    found = scores[(scores["metric"] == metric) & (scores["scope"] == scope)]
    [(_, one)] = found[found[column].fillna("") == name].iterrows()
    return one


def people(item_id: str, population: str = "USA") -> np.ndarray:
    """Everyone's shares as the shipped file has them."""
    shipped = pd.read_csv(data_folder() / "references" / population / f"{item_id.partition('.')[0]}.csv")
    return shipped.query("item_id == @item_id and group == 'all'").sort_values("code")["share"].to_numpy()


def silent_on(item_id: str) -> Callable[[Run], ScriptedEngine]:
    """A respondent who answers 1, but not to that item."""

    def reply(request: Request) -> str:
        return REFUSAL if request.key.item_id == item_id else "Answer: 1\nExplanation: So it is."

    return lambda run: ScriptedEngine(reply=reply)


def own_references(folder: Path, population: str, source: str, rows: list[str]) -> str:
    """A folder of a user's own figures; gives the words of the command line."""
    (folder / population).mkdir(parents=True)
    header = "item_id,group_type,group,code,share,n,n_effective,volunteered_share,quality"
    (folder / population / f"{source}.csv").write_text("\n".join([header, *rows, ""]))
    facts = {"population": population, "source": source, "year": 2026}
    others = ("title", "weight", "dont_know", "release", "citation", "terms")
    lines = [f"{key}: {value}" for key, value in {**facts, **dict.fromkeys(others, "invented")}.items()]
    (folder / population / f"{source}.yaml").write_text("\n".join([*lines, ""]))
    return f"references={folder}"


def test_topic_groups_that_were_not_asked_have_no_row_and_no_part_in_the_mean(tmp_path: Path) -> None:
    folder = hold(tmp_path, "model=mistral7b", "respondents=4", is_reported=False)  # three of the nine groups
    scores, _, page = report(folder)
    assert set(scores["dimension"].dropna()) == {"IVR", "TDI", "UAI"}
    for metric in DIVERGENCES:
        means = [row(scores, metric, "dimension", name)["value"] for name in ("IVR", "TDI", "UAI")]
        assert row(scores, metric, "macro")["value"] == pytest.approx(np.mean(means))
    assert "Too few items: 1 with a score in IVR, 2 are needed." in page
    assert "Not finished" not in page


def test_a_topic_group_whose_only_item_failed_is_absent_and_the_others_are_as_they_were(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = hold(
        tmp_path, "model=mistral7b", "respondents=3", is_reported=False, respondent=silent_on("wvs7.Q57")
    )
    scores, measures, page = report(folder)
    group = row(scores, "js_divergence", "dimension", "UAI")
    assert np.isnan(group["value"])
    assert (group["num_items"], group["num_undefined"]) == (1, 1)
    assert group["why_no_interval"] == "No item has a score."
    # Everyone answers 1: the Jensen-Shannon divergence of certainty from people's shares.
    first = {
        item: jensenshannon(np.eye(people(item).size)[0], people(item), base=2) ** 2
        for item in ("wvs7.Q1", "wvs7.Q46", "wvs7.Q164")
    }
    tradition = (first["wvs7.Q1"] + first["wvs7.Q164"]) / 2
    macro = row(scores, "js_divergence", "macro")
    assert macro["value"] == pytest.approx((tradition + first["wvs7.Q46"]) / 2, abs=1e-5)
    assert (macro["num_items"], macro["num_undefined"]) == (4, 1)
    # KL of certainty is -ln h; the item that failed counts as the largest of them plus 1.
    largest = max(-np.log(people(item)[0]) for item in first)
    assert row(scores, "kl_paper", "item", "wvs7.Q57")["value"] == pytest.approx(largest + 1, abs=1e-4)
    failed = measures[(measures["section"] == "nonresponse") & (measures["measure"] == "share_failed")]
    assert failed["value"].tolist() == pytest.approx([0.25])
    assert "0 of 3 respondents answered." in page
    assert "3 of 4 items; the others have none." in page
    assert "JSD Nobody in the panel answered. –" in page
    # The group's scores are missing for one reason, whatever its options are like.
    missing = re.findall(r"([A-Z][^.]*\.) –", group_of(page, "Uncertainty avoidance"))[:4]
    assert missing == ["Nobody in the panel answered."] * 4  # JSD, TV, W1, entropy ratio; KL has a value
    # Too few rows of the map: capital, blank before the percent sign, in the table as on the page.
    [why] = measures.loc[measures["measure"] == "map_first_axis", "reason"]
    assert re.fullmatch(r"Its answers carry [\d.]+ % of an axis, and 50 % are needed\.", why)
    assert f"The panel has no place. {why}" in page
    assert "1 question has no score" in capsys.readouterr().out


def test_one_respondent_has_scores_and_no_interval_and_the_page_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = hold(tmp_path, "model=mistral7b", "respondents=1", is_reported=False)
    scores, measures, page = report(folder)
    for answer in read_answers(folder):
        shares = people(answer.item_id)
        chosen = np.eye(shares.size)[answer.choices[0] - 1]
        expected = jensenshannon(chosen, shares, base=2) ** 2
        found = row(scores, "js_divergence", "item", answer.item_id)["value"]
        assert found == pytest.approx(expected, abs=1e-5)
    means = scores[scores["scope"].isin(["macro", "micro"])]
    assert means["interval_low"].isna().all()
    one, nothing = "One respondent: how respondents differ is unknown.", "No item has a score."
    assert set(means["why_no_interval"]) <= {one, nothing}
    assert one in page
    silent = measures[measures["value"].isna()]
    assert silent["reason"].notna().all()
    assert "would score is not known. One respondent answered, and a single answer has no variety." in page
    assert "is the price of its variety" not in page
    assert "As many people (floor)" in page
    assert "had 1 real person answered" in page
    assert "1 respondent × 4 questions" in page
    assert re.search(r"\b1 (people|respondents|real people|questions|items)\b", page) is None
    assert "floor: as many real people;" in capsys.readouterr().out
    assert set(silent["section"]) >= {"structure", "spread", "order"}


def test_an_option_that_nobody_in_the_reference_chose_is_infinite_as_published_and_finite_otherwise(
    tmp_path: Path,
) -> None:
    rows = [f"wvs7.Q57,overall,all,{code},{share},900,900,0,weighted" for code, share in ((1, 1), (2, 0))]
    words = own_references(tmp_path / "mine", "USA", "wvs7", rows)
    both = "items=[wvs7.Q46,wvs7.Q57]"

    def second(run: Run) -> ScriptedEngine:
        return ScriptedEngine(reply=lambda request: "Answer: 2\nExplanation: So it is.")

    folder = hold(
        tmp_path, "model=mistral7b", "respondents=5", words, both, is_reported=False, respondent=second
    )
    scores, _, page = report(folder)
    of_item = scores[scores["item_id"] == "wvs7.Q57"]
    zero = dict(zip(of_item["metric"], of_item["value"], strict=True))
    assert (zero["js_divergence"], zero["total_variation"], zero["wasserstein"]) == (1, 1, 1)
    assert zero["kl_paper"] == pytest.approx(-np.log(people("wvs7.Q46")[1]) + 1, abs=1e-4)
    # Panel (.25, 5.25)/5.5, people (900.5, .5)/901, as half an answer and one person are added in total.
    panel, everyone = np.array([0.25, 5.25]) / 5.5, np.array([900.5, 0.5]) / 901
    assert zero["kl_smoothed_model_human"] == pytest.approx(panel @ np.log(panel / everyone))
    assert np.isnan(zero["entropy_ratio"])  # people all agree: nothing to compare variety with
    assert not np.isinf(scores.select_dtypes("number")).to_numpy().any()
    assert "inf" not in page.split()


def test_a_reference_without_groups_gives_scores_and_says_what_it_cannot_give(tmp_path: Path) -> None:
    shares = (0.1, 0.3, 0.2, 0.3, 0.1)
    rows = [
        f"cgss2018.{item},overall,all,{code},{share},1000,800,0,weighted"
        for item in ("A33", "A34", "A35", "A36")
        for code, share in enumerate(shares, start=1)
    ]
    words = own_references(tmp_path / "mine", "CHN", "cgss2018", rows)
    items = "items=[cgss2018.A33,cgss2018.A34,cgss2018.A35,cgss2018.A36]"
    folder = hold(tmp_path, "model=mistral7b", "survey=cn", "respondents=5", words, items, is_reported=False)
    scores, measures, page = report(folder)
    chosen = [answer.choices[0] for answer in read_answers(folder) if answer.item_id == "cgss2018.A33"]
    panel = np.bincount(chosen, minlength=6)[1:] / 5
    found = row(scores, "total_variation", "item", "cgss2018.A33")["value"]
    assert found == pytest.approx(np.abs(panel - shares).sum() / 2)
    of_groups = measures[measures["section"].isin(["lift", "gap"])]
    assert of_groups["value"].isna().all()
    assert of_groups["reason"].notna().all()
    assert "Not known: No answered item has figures of people by sex or age." in page
    assert measures.loc[measures["measure"] == "match_rate", "value"].notna().any()


def test_an_unfinished_run_has_the_numbers_of_the_respondents_who_are_there_and_says_its_share(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unfinished = hold(tmp_path / "a", "model=mistral7b", "respondents=6", num_asked=4, is_reported=False)
    _, _, page = report(unfinished)
    said = capsys.readouterr().out
    assert "Not complete: 16 of 24 answers." in said
    # The floor is that of the four who answered, not of the six planned.
    assert "floor: as many real people;" in said
    assert "had 4 real people answered" in page
    assert "Panel 6 respondents × 4 questions" in page
    assert "Not finished. 16 of 24 answers are in (67 %); all numbers are of these only." in page
    assert "8 of 24 planned answers are still to come." in page
    assert not (unfinished / "complete.json").exists()
    smaller = hold(tmp_path / "b", "model=mistral7b", "respondents=4", is_reported=False)
    report(smaller)
    # No draw depends on how many respondents were planned.
    for table in ("metrics.csv", "measures.csv", "statuses.csv"):
        # But for how many respondents the run has.
        found, expected = (
            pd.read_csv(folder / table).drop(columns="num_respondents") for folder in (unfinished, smaller)
        )
        pd.testing.assert_frame_equal(found, expected, check_exact=True)
