"""How the time of reading an answer grows with the text, for texts that no person writes.

    python scripts/benchmark_reading.py
    python scripts/benchmark_reading.py --repeats 10

One short piece is repeated to 25,000 and to 100,000 characters, as many as are read of any text, and to a
million, of which the rest is only searched for marks of thoughts. Reading is linear if four times the
text takes four times the time: an exponent of 1. Exit code 1 if one exceeds 1.5. Times are processor time
of one thread, the least of a few repeats.
"""

import argparse
import math
import sys
import time
from typing import Final

from def_sim.answers.reading.parse import ReadingRules, read_answer
from def_sim.records import Question
from def_sim.resources import data_folder
from def_sim.surveys.survey import load_survey

PIECES: Final = (
    "Answer: ", "Answer: 2\n", "答案：同意", "<think>", "</think>", "1", "1 ", "1-", "((((", "1.", "第", "一",
    "第1", "a", "a1", " ", "\n", "Agree ", "不", "not ", "some ", "\\boxed{", "$1", "**", "1,", "Request: ",
    "Explanation: ", "I ", "one and ", "because ", "- \n", "\ue000", "A, ", "very ", '{"answer": ', "选择：",
    "not not ", "{", "between 1 and ", "my answer to ", "although ", "as a ", "in Ohio ", ", ", "，",
    "我的答案是", "如果", "在1到10",
)  # fmt: skip
SHORT: Final = 25_000  # characters
LONG: Final = 100_000
LONGER: Final = 1_000_000
LARGEST_EXPONENT: Final = 1.5


def main() -> None:
    """Prints a line a piece; fails if reading is not linear."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    question = _question()
    print(f"{'piece':18} {SHORT:>9,} {LONG:>9,} {LONGER:>9,}  exponent")
    exponents = [print_piece(piece, question, repeats) for piece in PIECES]
    sys.exit(max(exponents) > LARGEST_EXPONENT)


def print_piece(piece: str, question: Question, repeats: int) -> float:
    """One line; gives the exponent between the two lengths that are read whole."""
    short, long, longer = (
        min(seconds(piece, length, question) for _ in range(repeats)) for length in (SHORT, LONG, LONGER)
    )
    exponent = math.log(long / short) / math.log(LONG / SHORT)
    times = " ".join(f"{1000 * one:6.1f} ms" for one in (short, long, longer))
    print(f"{piece!r:18} {times}  {exponent:.2f}", flush=True)
    return exponent


def seconds(piece: str, length: int, question: Question) -> float:
    """Processor seconds of reading the piece over and over, behind an anchor."""
    text = "Answer: " + piece * (length // len(piece))
    begin = time.process_time()
    read_answer(text, question, rules=ReadingRules(), shown=question.codes)
    return time.process_time() - begin


def _question() -> Question:
    data = data_folder()
    return load_survey(data / "surveys" / "us.yaml", data).survey.question("wvs7.Q1#0")


if __name__ == "__main__":
    main()
