"""How many tokens a text has for the tokenizer of a checkpoint, without loading the model.

Neither torch nor transformers is needed.
"""

from collections.abc import Callable
from pathlib import Path


def file_counter(path: Path) -> Callable[[str], int] | None:
    """Counts the tokens of a text, those around it left out; None: the file is no tokenizer that works.

    Args:
        path: tokenizer.json.
    """
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(path))
        tokenizer.encode("Question 1", add_special_tokens=False)
    except Exception:  # the library has no other name for what is wrong with a file
        return None
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)
