"""Lets the tests of the API take the small runs that the tests of the command line make."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "app"))
