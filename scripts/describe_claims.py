"""Writes the table of claims in docs/about/paper_to_code.md from data/published/claims.yaml.

python scripts/describe_claims.py            # prints it
python scripts/describe_claims.py --write    # puts it into the document
"""

import argparse
from pathlib import Path

from def_sim.resources import data_folder
from def_sim.surveys.published_claims import Claim, Rule, read_claims

DOCUMENT = Path(__file__).parents[1] / "docs" / "about" / "paper_to_code.md"
BEGIN, END = "<!-- claims -->\n", "<!-- end of claims -->"
HOLDS = {"all": "", "most": ", of most", "each": ", of one in every case"}


def claims_markdown(claims: list[Claim]) -> str:
    """One row a claim."""
    head = "| claim | section | `def-sim` | supported if | published code | checkable |\n"
    rows = [_row(claim) for claim in claims]
    return head + "|---|---|---|---|---|---|\n" + "".join(rows)


def _row(claim: Claim) -> str:
    rules = "; ".join(_rule_in_words(rule) for rule in claim.rules) or "–"
    why = f": {claim.why}" if claim.why else ""
    cells = [
        f"{claim.id} {claim.words}",
        claim.section,
        f"`{claim.command}`",
        rules,
        claim.published_code,
        f"{claim.checkable}{why}",
    ]
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _rule_in_words(rule: Rule) -> str:
    """What a table has to show: "`arms.csv`: text diversity above 0"."""
    side = "other than" if rule.side == "either" else rule.side
    of_which = ""
    if rule.contrast is not None:
        others = ", ".join(rule.contrast.others) or "all others"
        of_which = f" ({', '.join(rule.contrast.named)} minus {others})"
    return f"`{rule.file}`: {rule.statistic}{of_which} {side} {rule.bound:g}{HOLDS[rule.holds]}"


def with_table(document: str, table: str) -> str:
    """The document with the table between its two marks."""
    before, rest = document.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}{table}{END}{after}"


def main() -> None:
    """Prints or writes the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--write", action="store_true", help="into docs/about/paper_to_code.md")
    table = claims_markdown(read_claims(data_folder()))
    if parser.parse_args().write:
        document = DOCUMENT.read_text(encoding="utf-8")
        DOCUMENT.write_text(with_table(document, table), encoding="utf-8")
    else:
        print(table, end="")


if __name__ == "__main__":
    main()
