"""Reads a completion: which options it chose, or why no choice can be read. Never guesses.

Pure: no model, no files, no randomness. Works for English and Chinese texts, whatever the
question's language; labels are those of the question. The steps: one alphabet without
reasoning blocks (normalise.py), cut at the anchors (sections.py), mark labels (labels.py),
number words to digits (numerals.py), phrases (phrases.py), mentions (mentions.py), and their
weighing (choices.py). The time is linear in the text; at most 100,000 characters are read.

What was decided where the rules leave room:

- Without `Explanation:` an answer is its first line, with directly following lines that hold
  nothing but numbers and labels. What follows "because" or 因为 is explanation.
- Without `Answer:` (a base model's prompt ended in it) only a choice at the very start counts:
  a lone code or label, "I choose 3", "Option 3", followed by punctuation or a line end.
- Only the first exchange counts; a base model may run on with `Request:` and further answers.
  Two differing answers in one exchange are ambiguous, also when the second corrects the first.
- A disclaimer of being a machine, in the answer or before it, is a role break even if a number
  follows; in the explanation after an answer the answer stands.
- A don't-know, refusal or "some ... others" decides if it comes before any number or label; a
  choice that comes first stands. Don't know *and then* a choice is ambiguous. A displayed
  option ("Hard to say") is that option, never a don't know.
- A number that is no option beside another number or a label is ambiguous, alone it is out of
  range. A fraction between two codes is ambiguous. Ages, years, percentages and counts name no
  option. "3/10" and "3 out of 10" are 3 only where 10 is the last point of a scale.
- "The third option" is read only if the third shown and code 3 are the same. Letters are read
  only with the displayed order.
- "Not 3" and "I do not agree" say what was not chosen: ambiguous, unless something else is affirmed.
- Several choices: order as given, without repeats; one that is no option makes all out of range;
  "1-3" and "1 or 3" are ambiguous; "none of these" is no answer unless it is an option.
- A text cut by the token limit is truncated if it could have gone on to another answer: nothing
  readable, "1" where 10 is a code, "Agree" where "Agree strongly" is, an unended list.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from def_sim.answers.choices import AMBIGUOUS, NO_ANSWER, ReadingRules, choose
from def_sim.answers.labels import LABEL, may_be_cut_short
from def_sim.answers.lines import AnswerLines, answer_lines
from def_sim.answers.mentions import find_mentions
from def_sim.answers.normalise import plain_text
from def_sim.answers.phrases import breaks_role, first_phrase, refuses
from def_sim.answers.sections import Part, Section, repeats_question, split_exchanges, split_sections
from def_sim.records import AnswerStatus, FinishReason, Question, QuestionType, Reading

__all__ = ["ReadingRules", "read_answer"]

MAX_ANSWERS = 50  # different answer sections in one text; more is a model gone astray

ROLE_BREAK = Reading(AnswerStatus.ROLE_BREAK)
TRUNCATED = Reading(AnswerStatus.TRUNCATED)

# The start of a text without `Answer:` that may be read: a choice, said in so many words.
_LEAD = (
    r"(?:i(?:'d| would| will)? (?:choose|select|pick|say|go with|answer)|(?:my|the) (?:answer|choice) is"
    r"|answer is|answer|option|choice|number|i"
    r"|我?(?:会|要)?(?:选择|选|给|打)|我|(?:我的)?(?:答案|选择)是|选项|[\s(\[\"'-])"
)
_AFTER = rf"\s*(?:$|[\n.,;:!?()\]\"'|<=/~。、！？-]|分(?!\w)|{LABEL}|(?:or|to|and|到|至|和|或)\s?[0-9])"
_LONE_CHOICE = re.compile(
    rf"(?:{_LEAD}\s*){{0,6}}"
    r"(?:第?-?[0-9]{1,9}(?:\.[0-9]+)?[个项种条]?(?:选项|答案)?|(?P<letter>[A-Za-z])(?=\s*(?:$|[.):、]|,\s?[A-Z](?![A-Za-z])))"
    rf"|(?P<label>{LABEL})){_AFTER}",
    re.IGNORECASE,
)
_LONE_LABELS = re.compile(rf"\s*(?P<label>{LABEL})\s*(?:and|和|与|及)\s*{LABEL}(?P<letter>)")
_LISTED_LINE = re.compile(r"^\s*(?:[0-9]{1,2}|[一二三四五六七八九十])[.)、]", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Reader:
    """The circumstances under which a text is read."""

    question: Question
    rules: ReadingRules
    shown: Sequence[int]
    is_cut: bool  # the token limit ended the text where its last line, or its list, could go on


def read_answer(
    text: str,
    question: Question,
    *,
    rules: ReadingRules,
    finish_reason: FinishReason = FinishReason.STOP,
    shown: tuple[int, ...] = (),
) -> Reading:
    """What a completion answers.

    Args:
        text: The completion as it came, in any state.
        question: The question, with the options this population was shown.
        rules: Where the published procedure and sound practice differ.
        finish_reason: Why the text ended. The text of a failed call is never an answer.
        shown: Option codes in displayed order. Without it letters ("B") are left unread and
            "the third option" is taken in code order.

    Returns:
        Codes only if the status is ANSWERED: exactly one for single and scale questions,
        1 to max_choices for multiple ones, in the order given.
    """
    if finish_reason is FinishReason.ERROR:
        return Reading(AnswerStatus.ENGINE_ERROR)
    if finish_reason is FinishReason.NOT_SENT:
        return Reading(AnswerStatus.NOT_ASKED)
    if finish_reason is FinishReason.REFUSAL and not text.strip():
        return Reading(AnswerStatus.REFUSED)
    is_limit_reached = finish_reason is FinishReason.LENGTH
    is_line_open = question.type is QuestionType.MULTIPLE or not text[-1:].isspace()
    reader = _Reader(question, rules, shown, is_cut=is_limit_reached and is_line_open)
    reading = _read_text(plain_text(text), reader)
    return TRUNCATED if is_limit_reached and reading == NO_ANSWER else reading


def _read_text(text: str, reader: _Reader) -> Reading:
    """The first exchange of the text; if it is empty of answers, the next one that echoes the question."""
    exchange, *later = split_exchanges(text)
    first_reader = replace(reader, is_cut=reader.is_cut and not later)
    reading = _read_exchange(exchange, first_reader)
    if reading == NO_ANSWER and later and repeats_question(later[0], reader.question.text):
        return _read_exchange(later[0], reader)
    return reading


def _read_exchange(exchange: str, reader: _Reader) -> Reading:
    sections = split_sections(exchange)
    opening, *rest = sections
    answers = [section for section in rest if section.part is Part.ANSWER]
    first = _read_opening(opening, reader)
    if first != NO_ANSWER and opening.next_part is not Part.ANSWER:
        return first  # choice, then explanation: whatever follows is another exchange
    if answers and breaks_role(opening.text):
        return ROLE_BREAK
    readings = [first, *_read_answers(answers, reader)]
    readable = [reading for reading in readings if reading != NO_ANSWER]
    return _only_reading(readable) if readable else _why_no_answer(sections)


def _read_answers(answers: Sequence[Section], reader: _Reader) -> list[Reading]:
    distinct = list({section.text.strip(): section for section in answers}.values())
    if len(distinct) > MAX_ANSWERS:
        return [AMBIGUOUS]
    return [_read_lines(answer_lines(section, reader.question), reader) for section in distinct]


def _only_reading(readings: Sequence[Reading]) -> Reading:
    """The one thing said, even if said repeatedly; a later correction makes it ambiguous."""
    first = readings[0]
    outcomes = {(reading.status, reading.choices) for reading in readings}
    return first if len(outcomes) == 1 or first == ROLE_BREAK else AMBIGUOUS


def _why_no_answer(sections: Sequence[Section]) -> Reading:
    """The status of an exchange without a readable choice: its explanation may tell why."""
    whole = "\n".join(section.text for section in sections)
    if breaks_role(whole):
        return ROLE_BREAK
    has_anchor = any(section.part is Part.ANSWER for section in sections)
    if has_anchor:
        return Reading(AnswerStatus.REFUSED) if refuses(whole) else NO_ANSWER
    phrase = first_phrase(sections[0].text.strip().split("\n")[0])
    return Reading(phrase[0]) if phrase else NO_ANSWER


def _read_opening(opening: Section, reader: _Reader) -> Reading:
    """The answer of a text without `Answer:`, if it begins with a choice in so many words.

    Here prose may follow on the same line, so a number in it does not win over a label that
    came first ("Agree. I have 3 cats"): that is ambiguous under any rules.
    """
    is_multiple = reader.question.type is QuestionType.MULTIPLE
    lines = answer_lines(opening, reader.question)
    choice = _LONE_CHOICE.match(lines.text) or (is_multiple and _LONE_LABELS.match(lines.text))
    if not choice or (choice["letter"] and not reader.shown):
        return NO_ANSWER
    listed = {match[0].strip() for match in _LISTED_LINE.finditer(opening.text)}
    if len(listed) > 1 and not is_multiple:
        return AMBIGUOUS  # "1. Family ... 2. Work ...": reasons, or an answer?
    if choice["label"]:
        reader = replace(reader, rules=replace(reader.rules, number_wins=False))
    return _read_lines(lines, reader)


def _read_lines(lines: AnswerLines, reader: _Reader) -> Reading:
    text = lines.text
    if breaks_role(text):
        return ROLE_BREAK
    mentions = find_mentions(text, reader.question, reader.shown)
    phrase = first_phrase(text)
    if phrase and (not mentions or phrase[1] < mentions[0].start):
        is_answer = bool(mentions) and phrase[0] is not AnswerStatus.THIRD_PERSON
        return AMBIGUOUS if is_answer else Reading(phrase[0])
    if not mentions:
        return NO_ANSWER
    if reader.is_cut and lines.reach_the_end and _may_continue(text, reader.question):
        return TRUNCATED
    return choose(mentions, text, reader.question, reader.rules)


def _may_continue(text: str, question: Question) -> bool:
    """Whether a cut-off answer could have gone on to another one: 1 to 10, a list to a longer list."""
    if question.type is QuestionType.MULTIPLE:
        return True
    number = re.search(r"[0-9]{1,9}$", text)
    if number:
        return any(str(code) != number[0] and str(code).startswith(number[0]) for code in question.codes)
    label = re.search(rf"{LABEL}$", text)
    return label is not None and may_be_cut_short(label[0], question)
