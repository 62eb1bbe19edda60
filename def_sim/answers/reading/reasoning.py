"""Parts what a model thought from what it answered, by the marks that models write between the two.

One table of marks for the whole program: the reader looks past thoughts with it, the engines keep them
apart from the text with it. A thought is never an answer, whether or not it ends. Knows no tokenizer and
no server, and does not know what an answer looks like. Linear in the length of the text.
"""

import re
from dataclasses import dataclass
from typing import Final

from def_sim.answers.reading.lacking import lacks


@dataclass(frozen=True, slots=True)
class Marks:
    """How some models part a thought from the answer behind it.

    Both are regular expressions.

    Args:
        models: Who writes them.
        opens: Begins a thought.
        closes: Ends a thought that these marks opened.
        begins_text: The opening mark counts only where no word stands before it: an answer might hold it,
        too.
        closes_alone: What closes says by itself that all before it was thought, whoever opened it. Not so
            where it also ends answers, or is an ordinary sentence.
    """

    models: str
    opens: str
    closes: str
    begins_text: bool = False
    closes_alone: bool = True


_LEFT, _RIGHT = "(?:<|&lt;)", "(?:>|&gt;)"
_NAMES = "(?:think|thinking|thought|thoughts|reasoning|reflection|scratchpad)"
MARKS: Final = (
    Marks(
        "Qwen 3, DeepSeek R1, GLM, SmolLM3, Phi 4, Olmo 3, EXAONE, MiniMax, Nemotron, Ernie, Hunyuan, Step",
        rf"{_LEFT}{_NAMES}(?:\s[^<>\n]{{0,40}})?{_RIGHT}",
        rf"{_LEFT}/\s?{_NAMES}\s?{_RIGHT}",
    ),
    Marks("Seed-OSS", "<seed:think>", "</seed:think>"),
    Marks("Mistral: Magistral, Ministral", r"\[THINK(?:ING)?\]", r"\[/THINK(?:ING)?\]"),
    Marks("Kimi", "◁think▷", "◁/think▷"),
    Marks("Cohere: Command A Reasoning", r"<\|START_THINKING\|>", r"<\|END_THINKING\|>"),
    Marks("Gemma 4", r"<\|channel>(?:thought|analysis)\b", r"<channel\|>"),
    Marks("Apertus", r"<\|inner_prefix\|>", r"<\|inner_suffix\|>"),
    Marks("OpenThinker, Sky-T1", r"<\|begin_of_thought\|>", r"<\|end_of_thought\|>"),
    Marks(
        "Solar", r"<\|think\|>", r"<\|end\|>|(?=(?:<\|begin\|>assistant)?<\|content\|>)", closes_alone=False
    ),
    Marks("s1", r"<\|im_start\|>think\b", r"(?=<\|im_start\|>answer\b)"),
    Marks(
        "GPT-OSS (harmony): every channel but `final`",
        r"<\|channel\|>(?!\s*final\b)",
        r"<\|(?:end|call|return)\|>|(?=<\|channel\|>\s*final\b)",
        closes_alone=False,
    ),
    Marks(
        "GPT-OSS, where decoding dropped its marks",
        r"(?-i:analysis|commentary)(?!\s*[:：])",
        r"(?-i:assistant\n?final)",
        begins_text=True,
    ),
    Marks(
        "Granite 3.2",
        "Here(?:'s|’s| is) my thought process:",
        "Here(?:'s|’s| is) my (?:response|answer):",
        begins_text=True,
        closes_alone=False,
    ),
    Marks("Ollama's command line", r"Thinking\.\.\.(?=\s)", r"\.\.\.done thinking\.", begins_text=True),
)
# What stands around the answer itself and is no part of it.
_FRAMES: Final = re.compile(
    r"<\|(?:START|END)_(?:RESPONSE|TEXT)\|>|<\|start\|>assistant(?:\sto=[^\s<]{1,60})?"
    r"|<\|channel\|>\s*final[^\n]{0,80}?<\|message\|>|<\|(?:end|return|message)\|>|</?(?:response|answer)>"
    r"|<\|(?:begin|end)_of_(?:solution|box)\|>|<\|begin\|>assistant|<\|content\|>|<\|im_start\|>answer\b"
    r"|\A\s*(?-i:final)(?=[A-Z0-9{])",
    re.IGNORECASE,
)
_IN_FRAMES: Final = ("<", "final")  # each holds one of these
# Marks that tokenizers hold as one token, many of them special: decoding must not drop them.
MARK_TOKENS: Final = (
    *(f"<{slash}{tag}>" for tag in ("think", "thinking", "thought", "seed:think") for slash in ("", "/")),
    *("[THINK]", "[/THINK]", "◁think▷", "◁/think▷"),
    *("<|START_THINKING|>", "<|END_THINKING|>", "<|START_RESPONSE|>", "<|END_RESPONSE|>"),
    *("<|channel>", "<channel|>", "<|inner_prefix|>", "<|inner_suffix|>"),
    *("<|begin_of_thought|>", "<|end_of_thought|>", "<|begin_of_solution|>", "<|end_of_solution|>"),
    *("<|begin_of_box|>", "<|end_of_box|>", "<answer>", "</answer>"),
    *("<|channel|>", "<|message|>", "<|start|>", "<|constrain|>", "<|end|>", "<|call|>", "<|return|>"),
    *("<|think|>", "<|content|>", "<|begin|>"),
)
# Every mark begins with one of these, which is looked at first: texts are long and marks are rare.
_FIRST_CHARACTER: Final = r"(?=<[|/a-z]|[\[&◁]|[.]{3}|analysis|commentary|assistant|here|thinking)"
# And every mark holds one of these, which is asked before a text is searched at all.
_IN_MARKS: Final = (
    *("<", "&lt;", "[think", "[/think", "◁", "..."),
    *("analysis", "commentary", "assistantfinal", "assistant\nfinal"),
    *("here's my", "here’s my", "here is my"),
)
_ANY_MARK: Final = "|".join(
    f"(?P<o{i}>{marks.opens})|(?P<c{i}>{marks.closes})" for i, marks in enumerate(MARKS)
)
_MARK: Final = re.compile(f"{_FIRST_CHARACTER}(?:{_ANY_MARK})", re.IGNORECASE)
_ANY: Final = -1  # a thought that the prompt opened: whatever closes a thought alone closes it


@dataclass(frozen=True, slots=True)
class Parted:
    """A text in two: `reasoning` with its marks as they came, `answer` without any.

    `is_open`: the last thought has no end, so that no answer stands behind it.
    `begins_inside`: something closes a thought that nothing in the text opened: the prompt did.
    """

    reasoning: str
    answer: str
    is_open: bool
    begins_inside: bool = False


def part_reasoning(text: str, *, begins_inside: bool = False) -> Parted:
    """What was thought and what was answered.

    Args:
        text: A completion as it came.
        begins_inside: The prompt itself opened a thought, so the text begins within one.

    Returns:
        The text unchanged as the answer where no thought is marked. Where something closes a thought that
        nothing opened, the opening mark stood in the prompt: everything before it was thought.
    """
    thoughts: list[str] = []
    answers: list[str] = []
    start, inside = 0, _ANY if begins_inside else None
    closed_alone = 0  # where the last mark ends that closes what nothing opened
    first_word = _first_word(text)
    for mark in () if lacks(text, _IN_MARKS) else _MARK.finditer(text):
        kind, number = _kind(mark)
        if inside is None and kind == "o" and (not MARKS[number].begins_text or mark.start() <= first_word):
            answers.append(text[start : mark.start()])
            start, inside = mark.start(), number
        elif inside is None and kind == "c" and MARKS[number].closes_alone:
            thoughts, answers, start = [], [], mark.end()
            closed_alone = mark.end()
        elif kind == "c" and (inside == number or (inside == _ANY and _ends_any(mark, number))):
            thoughts.append(text[start : mark.end()])
            start, inside = mark.end(), None
    (answers if inside is None else thoughts).append(text[start:])
    # A line end, so that digits on both sides of a thought do not join.
    answer = "\n".join(answers)
    answer = answer if lacks(answer, _IN_FRAMES) else _FRAMES.sub("\n", answer)
    reasoning = text[:closed_alone] + "".join(thoughts)
    return Parted(
        reasoning,
        text if answer == text else answer.strip(),
        is_open=inside is not None,
        begins_inside=begins_inside or closed_alone > 0,
    )


def _kind(mark: re.Match[str]) -> tuple[str, int]:
    name = str(mark.lastgroup)
    return name[0], int(name[1:])


def _ends_any(mark: re.Match[str], number: int) -> bool:
    """Whether a mark ends a thought that the prompt opened: also an answer that begins behind it."""
    return MARKS[number].closes_alone or not mark[0]


def _first_word(text: str) -> int:
    word = re.search(r"\w", text)
    return word.start() if word else len(text)
