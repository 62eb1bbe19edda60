"""Reads a completion: which options it chose, or why no choice can be read. Never guesses.

Pure: no model, no files, no randomness. Works for English and Chinese texts, whatever the
question's language; labels are those of the question. The steps: thoughts taken away (reasoning.py),
objects rewritten (objects.py), one alphabet (normalise.py), whoever was asked for called I
(asked_person.py), cut at the anchors (sections.py), labels
marked (labels.py), repetitions of the options left out (echoes.py), number words to digits
(numerals.py), phrases (phrases.py), mentions (mentions.py) with what is said around them (clauses.py,
denials.py, affirmations.py with vocabulary.py, speakers.py, counts.py), and their weighing (choices.py).
The time is linear in the text; at most 100,000 characters are read.

What was decided where the rules leave room:

- Without `Explanation:` an answer is its first line, with directly following lines that hold
  nothing but numbers and labels. What follows "because" or 因为 is explanation. A JSON object with an
  answer's key is read as if it had the anchors.
- Without `Answer:` (a base model's prompt ended in it) a choice counts at the very start (a lone code or
  label, "I choose 3", "Option 3", followed by punctuation or a line end; leads.py), where its first
  sentence states it ("3 fits me best"), or where the text announces it ("My answer to this is 3", 我选的是3;
  announcements.py). Announcements that differ are ambiguous.
- Only the first exchange counts; a base model may run on with the next request, or its frame, and answers.
  Two differing answers in one exchange are ambiguous, also when the second corrects the first.
- A disclaimer of being a machine, in the answer or before it, is a role break even if a number
  follows; in the explanation after an answer the answer stands. To decline the part is a refusal, and
  so is whatever text a provider's filter left.
- A don't-know, refusal or "some ... others" decides if it comes before any number or label; a
  choice that comes first stands. Don't know *and then* a choice is ambiguous. A displayed
  option ("Hard to say") is that option, never a don't know.
- A number that is no option beside another number or a label is ambiguous, alone it is out of
  range. A fraction between two codes is ambiguous. Ages, years, percentages and counts ("1 out of 4
  people") name no option. "3/10" and "3 out of 10" are 3 only where 10 is the last point of a scale.
- "The third option" is read only if the third shown and code 3 are the same. Letters are read
  only with the displayed order.
- What is denied ("not 3", "anything but 1", "2 is wrong"), compared (">5", 5以上), asked, wished or
  supposed says what was not chosen: ambiguous, unless something else is affirmed. A denial reaches to
  the end of its clause. So is what stands among words that no choice is known to have: the words of a
  sentence that chooses are a closed list. A choice that the interview presses for ("if I had to choose") is
  a choice. Either-or and corrections ("2, no, 3") leave open which is meant.
- What somebody else would say is third_person, unless a choice of one's own follows.
- The options repeated in their order, or the ends of the scale, choose nothing: no answer; in the place of
  the answer, behind its anchor, several options are named: ambiguous.
- Several choices: order as given, without repeats; one that is no option makes all out of range;
  "1-3" and "1 or 3" are ambiguous; "none of these" is no answer unless it is an option.
- A text cut by the token limit is truncated if it could have gone on to another answer: nothing
  readable, "1" where 10 is a code, "Agree" where "Agree strongly" is, an unended list.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from def_sim.answers.reading.announcements import Announcement, find_announcements
from def_sim.answers.reading.asked_person import as_oneself
from def_sim.answers.reading.choices import (
    AMBIGUOUS,
    NO_ANSWER,
    ReadingRules,
    affirmed_by_self,
    choose,
    choose_from_excluded,
)
from def_sim.answers.reading.labels import LABEL, may_be_cut_short
from def_sim.answers.reading.leads import Lead, counts_a_list, counts_other_things, is_statement, lone_choice
from def_sim.answers.reading.lines import AnswerLines, answer_lines, lines_from, whole_form
from def_sim.answers.reading.mentions import Kind, Mention, find_mentions
from def_sim.answers.reading.normalise import plain_text
from def_sim.answers.reading.phrases import breaks_role, declines, first_phrase, refuses
from def_sim.answers.reading.sections import Part, Section, repeats_question, split_exchanges, split_sections
from def_sim.answers.reading.speakers import Speaker
from def_sim.records import AnswerStatus, FinishReason, Question, QuestionType, Reading

__all__ = ["ReadingRules", "read_answer"]

MAX_ANSWERS = 30  # different answer sections in one text; more is a model gone astray

# "1 = Low, 2 = High": points of a scale explained, none of them chosen.
_DEFINITION = re.compile(r"(?<![0-9])([0-9]{1,3})\s?=\s?(?=[^\W\d_]|[\ue000-\uf8ff])")

ROLE_BREAK = Reading(AnswerStatus.ROLE_BREAK)
TRUNCATED = Reading(AnswerStatus.TRUNCATED)
REFUSED = Reading(AnswerStatus.REFUSED)


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
    is_about_others: bool = False,
) -> Reading:
    """What a completion answers.

    Args:
        text: The completion as it came, in any state.
        question: The question, with the options this population was shown.
        rules: Where the published procedure and sound practice differ.
        finish_reason: Why the text ended. The text of a failed call is never an answer.
        shown: Option codes in displayed order. Without it letters ("B") are left unread and
            "the third option" is taken in code order.
        is_about_others: It was asked what an average person would choose, so "most people would say 2"
            is the answer 2.

    Returns:
        Codes only if the status is ANSWERED: exactly one for single and scale questions,
        1 to max_choices for multiple ones, in the order given.
    """
    if finish_reason is FinishReason.ERROR:
        return Reading(AnswerStatus.ENGINE_ERROR)
    if finish_reason is FinishReason.NOT_SENT:
        return Reading(AnswerStatus.NOT_ASKED)
    if finish_reason is FinishReason.REFUSAL:
        return REFUSED  # a filter cut the text: it is not the answer that the model was about to give
    is_limit_reached = finish_reason is FinishReason.LENGTH
    is_line_open = question.type is QuestionType.MULTIPLE or not text[-1:].isspace()
    reader = _Reader(question, rules, shown, is_cut=is_limit_reached and is_line_open)
    plain = plain_text(text)
    reading = _read_text(as_oneself(plain) if is_about_others else plain, reader)
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
    return _only_reading(readable) if readable else _why_no_answer(sections, reader)


def _read_answers(answers: Sequence[Section], reader: _Reader) -> list[Reading]:
    distinct = list({section.text.strip(): section for section in answers}.values())
    if len(distinct) > MAX_ANSWERS:
        return [AMBIGUOUS]
    return [_read_answer(section, reader) for section in distinct]


def _read_answer(section: Section, reader: _Reader) -> Reading:
    """One section behind an anchor: a list of the options in the place of an answer names several."""
    lines = answer_lines(section, reader.question, reader.shown)
    reading = _read_lines(lines, reader)
    if reading == NO_ANSWER and lines.repeats and reader.question.type is not QuestionType.SCALE:
        return AMBIGUOUS
    return reading


def _only_reading(readings: Sequence[Reading]) -> Reading:
    """The one thing said, even if said repeatedly; a later correction makes it ambiguous."""
    first = readings[0]
    outcomes = {(reading.status, reading.choices) for reading in readings}
    return first if len(outcomes) == 1 or first == ROLE_BREAK else AMBIGUOUS


def _why_no_answer(sections: Sequence[Section], reader: _Reader) -> Reading:
    """The status of an exchange without a readable choice: its explanation may tell why."""
    whole = "\n".join(section.text for section in sections)
    if breaks_role(whole):
        return ROLE_BREAK
    has_anchor = any(section.part is Part.ANSWER for section in sections)
    if has_anchor:
        return REFUSED if refuses(whole) else NO_ANSWER
    first_line = sections[0].text.strip().split("\n")[0]
    phrase = first_phrase(first_line)
    if phrase:
        return Reading(phrase[0])
    return REFUSED if refuses(sections[0].text) else _only_excluded(sections[0], reader)


def _only_excluded(opening: Section, reader: _Reader) -> Reading:
    """What a text without a choice says of options: not these, what others would say, or nothing."""
    text = answer_lines(opening, reader.question, reader.shown).text
    mentions = [m for m in find_mentions(text, reader.question, ()) if m.kind is not Kind.UNSURE]
    return NO_ANSWER if affirmed_by_self(mentions) or not mentions else choose_from_excluded(mentions)


def _read_opening(opening: Section, reader: _Reader) -> Reading:
    """The answer of a text without `Answer:`: it begins with a choice in so many words, or announces one."""
    lines = answer_lines(opening, reader.question, reader.shown)
    lead = lone_choice(lines.text, reader.question, knows_letters=bool(reader.shown))
    if lead is None:
        return _read_announcements(opening, reader)
    if counts_a_list(opening.text if not lines.repeats else lines.text) and not _is_multiple(reader):
        return AMBIGUOUS  # "1. Family ... 2. Work ...": reasons, or an answer?
    if counts_other_things(whole_form(opening, reader.question, reader.shown)):
        return AMBIGUOUS  # what is numbered are no options
    if lead is Lead.LABEL:
        # Prose may follow on the same line, so that a number in it does not win over a label that came
        # first ("Agree. I have 3 cats"): that is ambiguous under any rules.
        reader = replace(reader, rules=replace(reader.rules, number_wins=False))
    return _read_lines(lines, reader)


def _is_multiple(reader: _Reader) -> bool:
    return reader.question.type is QuestionType.MULTIPLE


def _read_announcements(opening: Section, reader: _Reader) -> Reading:
    """The choice that the prose of an opening announces; several that differ are ambiguous."""
    text = whole_form(opening, reader.question, reader.shown)
    readings = [_read_announcement(text, found, opening, reader) for found in find_announcements(text)]
    readable = [reading for reading in readings if reading != NO_ANSWER]
    return _only_reading(readable) if readable else _read_statement(text, opening, reader)


def _read_statement(text: str, opening: Section, reader: _Reader) -> Reading:
    """The choice that an opening states in its first sentence: "3 fits me best"."""
    if not is_statement(text):
        return NO_ANSWER
    line, is_all = lines_from(text, reader.question)
    reading = _read_lines(AnswerLines(line, is_all and opening.next_part is None), reader)
    return reading if reading.choices else NO_ANSWER


def _read_announcement(text: str, found: Announcement, opening: Section, reader: _Reader) -> Reading:
    before, sentence = text[: found.sentence_start], text[found.sentence_start :]
    lines, is_all = lines_from(sentence, reader.question)
    is_last = is_all and opening.next_part is None
    reading = _read_lines(AnswerLines(lines, is_last), reader, begins=found.end - found.sentence_start)
    if reading == NO_ANSWER or breaks_role(before):
        return ROLE_BREAK if breaks_role(before) else NO_ANSWER
    return AMBIGUOUS if declines(before) else reading


def _read_lines(lines: AnswerLines, reader: _Reader, *, begins: int = 0) -> Reading:
    """What some lines say; mentions before `begins` are not meant."""
    text = lines.text
    if breaks_role(text):
        return ROLE_BREAK
    mentions = find_mentions(text, reader.question, reader.shown)
    if begins and not (mentions := _announced(mentions, text, begins)):
        return NO_ANSWER
    phrase = first_phrase(text)
    if phrase and (not mentions or phrase[1] < mentions[0].start):
        said = _own(mentions) if phrase[0] is AnswerStatus.THIRD_PERSON else mentions
        if not said:
            return Reading(phrase[0])
        if phrase[0] is not AnswerStatus.THIRD_PERSON:
            return AMBIGUOUS
        mentions = said
    if not mentions:
        return NO_ANSWER
    if not _is_multiple(reader) and len(set(_DEFINITION.findall(text))) > 1:
        return AMBIGUOUS
    if reader.is_cut and lines.reach_the_end and _may_continue(text, reader.question):
        return TRUNCATED
    return choose(mentions, text, reader.question, reader.rules)


def _own(mentions: Sequence[Mention]) -> list[Mention]:
    """What a respondent says for itself after it told what others say."""
    return [mention for mention in mentions if mention.speaker is Speaker.SELF and not mention.is_denied]


def _announced(mentions: Sequence[Mention], text: str, begins: int) -> list[Mention]:
    """The mentions behind an announcement, if its own sentence (or the line after its colon) has one."""
    behind = [mention for mention in mentions if mention.start >= begins]
    between = text[begins : behind[0].start] if behind else ""
    return behind if behind and not re.search(r"[!?。]|\.(?=\s)|(?<!:)\s*\n", between) else []


def _may_continue(text: str, question: Question) -> bool:
    """Whether a cut-off answer could have gone on to another one: 1 to 10, a list to a longer list."""
    if question.type is QuestionType.MULTIPLE:
        return True
    number = re.search(r"[0-9]{1,9}$", text)
    if number:
        return any(str(code) != number[0] and str(code).startswith(number[0]) for code in question.codes)
    label = re.search(rf"{LABEL}$", text)
    return label is not None and may_be_cut_short(label[0], question)
