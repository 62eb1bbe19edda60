"""How text is split into words before a byte-level tokenizer merges, by the name that a GGUF file gives it.

transformers knows the splits of some names and takes GPT-2's for all others, which cuts numbers and
punctuation in another way than in training. These are llama.cpp's for the rest; a name that neither
knows is refused by the caller.

Source: src/llama-vocab.cpp of llama.cpp (MIT), November 2026.
"""

from collections.abc import Mapping
from typing import Final

_GPT2: Final = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
_WORDS: Final = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{NUMBERS}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_ONE_DIGIT: Final = _WORDS.replace("{NUMBERS}", "")
_THREE_DIGITS: Final = _WORDS.replace("{NUMBERS}", "{1,3}")
_DEEPSEEK_WORDS: Final = (
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"
    r"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_FALLBACK: Final = (r"[\p{P}\$\+<=>\^~\|]+", _GPT2, r"\p{N}+", r"[0-9][0-9][0-9]")
_DEEPSEEK_3: Final = (r"\p{N}{1,3}", r"[一-龥぀-ゟ゠-ヿ]+", _DEEPSEEK_WORDS)
_DEEPSEEK_CODER: Final = (r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", r"[一-龥ࠀ-一가-퟿]+", r"\p{N}")

# One after another: what an earlier one has cut out, a later one may cut further.
SPLITS: Final[Mapping[str, tuple[str, ...]]] = {
    "": _FALLBACK,  # files of before April 2024 name none
    "default": _FALLBACK,
    **dict.fromkeys(
        ("smollm", "starcoder", "refact", "command-r", "codeshell", "exaone", "minerva-7b", "mellum2"),
        (r"\p{N}", _GPT2),
    ),
    **dict.fromkeys(
        ("gpt-2", "phi-2", "mpt", "olmo", "jais", "trillion", "granite-docling", "exaone4", "gigachat"),
        (_GPT2,),
    ),
    **dict.fromkeys(("a.x-4.0", "mellum"), (_GPT2,)),
    **dict.fromkeys(("stablelm2", "hunyuan", "solar-open", "grok-2"), (_ONE_DIGIT,)),
    **dict.fromkeys(("glm4", "chatglm-bpe"), (_THREE_DIGITS,)),
    "falcon": (r"[\p{P}\$\+<=>\^~\|`]+", _GPT2, r"[0-9][0-9][0-9]"),
    "deepseek-coder": _DEEPSEEK_CODER,
    **dict.fromkeys(("deepseek-v3", "hunyuan-dense", "joyai-llm"), _DEEPSEEK_3),
    **dict.fromkeys(("bloom", "poro-chat", "gpt3-finnish"), (r" ?[^(\s|.,!?…。，、।۔،)]+",)),
}

# Llama 3's and its kin: a word that stands in the vocabulary as a whole is taken as it is, whatever the
# merges say, and a text begins with the begin token where the file does not say otherwise.
LLAMA_3: Final = frozenset(
    {"llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2", "tekken"}
)
