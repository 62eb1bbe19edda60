"""The one block of data in a report's page: every item and some single answers, each text once.

Texts repeat: labels from item to item, a prompt's frame and the remembered exchanges from answer to answer.
So every distinct line stands once in a table, and whoever packs something refers to its number. Readers are
report_data.js, items.js and answers.js; docs/reference/report_data.md describes the shape. Knows nothing of
what is packed.
"""

import json
import re
from typing import Final

from markupsafe import Markup

# "<" ends a script element early, U+2028 and U+2029 end a line for older parsers, and a lone
# surrogate cannot be written as UTF-8.
_UNSAFE: Final = re.compile("[<>&\u2028\u2029\ud800-\udfff]")


def safe_json(value: object) -> Markup:
    """JSON that can stand inside a script element whatever texts it holds."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(_UNSAFE.sub(lambda match: f"\\u{ord(match.group()):04x}", text))


class Lines:
    """Distinct texts, each under the number of its first appearance."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        """Where the text stands in the table; it is added if it is new."""
        return self._numbers.setdefault(text, len(self._numbers))

    def __len__(self) -> int:
        return len(self._numbers)

    @property
    def table(self) -> list[str]:
        """All of them in their order."""
        return list(self._numbers)
