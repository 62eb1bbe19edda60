"""GPU-hours of the study's runs, by model, survey and panel, as the table in docs/tutorials/cluster.md.

    python scripts/gpu_hours.py            # prints the table
    python scripts/gpu_hours.py --write    # puts it into docs/tutorials/cluster.md

Nothing here is measured: asking is the roofline floor of `stage=plan`, which no software reaches, loading is
the bytes of the files at 1 GB/s, once. A figure that a run on a GPU has measured belongs into `MEASURED`, and
is marked.
"""

import argparse
import sys
from pathlib import Path
from typing import Final

from def_sim.app.composing import configured
from def_sim.app.known_choices import known_names
from def_sim.app.plan import make_plan
from def_sim.app.plan_counts import CARDS
from def_sim.app.plan_load import fits, gpu_hours, load_of
from def_sim.app.plan_times import floor_seconds
from def_sim.app.run import prepare_run

_PAGE: Final = Path(__file__).parents[1] / "docs" / "tutorials" / "cluster.md"
_BEGIN: Final = "<!-- scripts/gpu_hours.py -->"
_END: Final = "<!-- end -->"
_SURVEYS: Final = ("us", "cn")
_PANELS: Final = (20, 200)
_OTHERS: Final = ("hf", "server")  # models that need a value
MEASURED: Final[dict[tuple[str, str, int, str], float]] = {}  # model, survey, respondents, card -> hours


def models() -> list[str]:
    """Models whose weights are loaded here, by the names that `model=` takes."""
    chosen = {
        name: configured([f"model={name}"]).model for name in known_names("model") if name not in _OTHERS
    }
    return [name for name, model in chosen.items() if model.num_parameters and not model.is_demonstration]


def hours(model: str, survey: str, num_respondents: int) -> list[str]:
    """A cell for each card."""
    run = prepare_run(configured([f"model={model}", f"survey={survey}", f"respondents={num_respondents}"]))
    plan, load = make_plan(run), load_of(run, None)
    cells = []
    for card in CARDS:
        measured = MEASURED.get((model, survey, num_respondents, card.name))
        computed = gpu_hours(floor_seconds(plan, run, card), load.seconds, 1)
        if measured is not None:
            cells.append(f"**{measured:.2f}**")
        else:
            cells.append(f"{computed:.2f}" if fits(run, card) else "–")
    return cells


def table() -> str:
    """The table in Markdown: a row a model, a column for each survey, panel and card."""
    columns = [(survey, num, card.name) for survey in _SURVEYS for num in _PANELS for card in CARDS]
    heads = [f"{survey}, {num}: {card}" for survey, num, card in columns]
    rows = [f"| model | {' | '.join(heads)} |", f"|---|{'---|' * len(heads)}"]
    for model in models():
        cells = [cell for survey in _SURVEYS for num in _PANELS for cell in hours(model, survey, num)]
        rows.append(f"| {model} | {' | '.join(cells)} |")
    return "\n".join(rows)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--write", action="store_true", help="put the table into docs/tutorials/cluster.md")
    text = table()
    if not parser.parse_args().write:
        print(text)
        return 0
    page = _PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    _PAGE.write_text(f"{before}{_BEGIN}\n\n{text}\n\n{_END}{after}", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
