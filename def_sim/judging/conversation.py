"""One question of a rubric put to a judge about one answer: a generator, like a strategy.

It yields requests, receives their completions, and returns a verdict; it never sees an engine. A reply that
cannot be used is told so once, in a request that is the first one with a sentence more: the bad reply is
not repeated, so nothing in it can speak. Judged texts and replies fill no part of a request but the bars.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from def_sim.judging.exhibits import JudgedAnswer, exhibit
from def_sim.judging.replies import Reply, read_classification, read_code, read_defect
from def_sim.judging.rubric import Rubric, RubricQuestion
from def_sim.judging.verdicts import Missing, Source, Value, Verdict, hash_answer
from def_sim.prompts import hash_messages
from def_sim.records import (
    AnswerMode,
    Capabilities,
    Completion,
    DecodingConfig,
    Message,
    QuestionType,
    Request,
    RequestKey,
    Role,
)

ReplyFormat = Literal["json", "code"]
JudgeConversation = Generator[Sequence[Request], Sequence[Completion], Verdict]

MOST_CALLS: Final = 2  # the question, and once more if the reply could not be used
ANCHOR: Final = "Verdict:"
# Nothing is to be mended by asking again: a call that failed was tried again below, a filter stays.
_FINAL: Final = frozenset({Missing.REFUSED, Missing.ENGINE_ERROR})


@dataclass(frozen=True, slots=True)
class JudgeSettings:
    """How a judge is asked. `reply_format`: "json", or "code" for judges that write no JSON."""

    seed: int
    decoding: DecodingConfig
    reply_format: ReplyFormat = "json"


def judge_decoding(capabilities: Capabilities, max_new_tokens: int) -> DecodingConfig:
    """Greedy decoding, or sampling at the lowest temperature of an engine that has no other."""
    lowest = capabilities.lowest_temperature
    return DecodingConfig(
        do_sample=lowest > 0, temperature=lowest or 1.0, top_k=0, max_new_tokens=max_new_tokens
    )


def judge_key(settings: JudgeSettings, judged: JudgedAnswer, purpose: str, call: int) -> RequestKey:
    """Address of a request's token noise: none of the interview's, whoever judges with whatever seed."""
    answer = judged.answer
    respondent = f"{answer.respondent_id}/judged/{purpose}"
    return RequestKey(settings.seed, respondent, answer.item_id, answer.wording, call)


def can_be_asked(judged: JudgedAnswer, rubric: Rubric, reply_format: ReplyFormat) -> bool:
    """Whether a reply can say what is asked: several options are no single code."""
    is_several = rubric.verdict == "option" and judged.question.type is QuestionType.MULTIPLE
    return not (is_several and reply_format == "code")


def judge_answer(
    judged: JudgedAnswer,
    rubric: Rubric,
    question: RubricQuestion,
    settings: JudgeSettings,
    *,
    repeat: int = 0,
) -> JudgeConversation:
    """Asks one question about one answer.

    Args:
        judged: The answer.
        rubric: What it is judged by.
        question: Of the rubric.
        settings: How the judge is asked.
        repeat: Counts how often the same was asked before; each has noise of its own.

    Returns:
        By yielding one request at a time, at most two, and receiving its completion: the verdict, or why
        there is none. It yields nothing where no reply could say it (`can_be_asked`).
    """
    if not can_be_asked(judged, rubric, settings.reply_format):
        return _verdict(judged, question.name, Reply(None, Missing.SEVERAL_CHOICES), (), "", repeat)
    content = exhibit(judged, rubric, question, _how_to_reply(judged, rubric, settings.reply_format))
    replies: list[str] = []
    reply, first_hash, told = Reply(None, Missing.EMPTY), "", ""
    for call in range(MOST_CALLS):
        messages = (Message(Role.USER, content + told),)
        first_hash = first_hash or hash_messages(messages)
        key = judge_key(settings, judged, f"{rubric.name}/{question.name}/{repeat}", call)
        [completion] = yield [_request(messages, key, judged, rubric, settings)]
        replies.append(completion.text)
        reply = _read(completion, judged, rubric, settings.reply_format)
        if reply.missing is None or reply.missing in _FINAL:
            break
        told = "\n\n" + rubric.reply.again.replace("{problem}", reply.problem)
    return _verdict(judged, question.name, reply, tuple(replies), first_hash, repeat)


def _how_to_reply(judged: JudgedAnswer, rubric: Rubric, reply_format: ReplyFormat) -> str:
    words = rubric.reply
    if reply_format == "code":
        return words.code
    if rubric.verdict == "option" and judged.question.type is QuestionType.MULTIPLE:
        assert words.json_several is not None  # the rubric was checked
        return words.json_several.replace("{max_choices}", str(judged.question.max_choices))
    return words.json_form


def _request(
    messages: tuple[Message, ...],
    key: RequestKey,
    judged: JudgedAnswer,
    rubric: Rubric,
    settings: JudgeSettings,
) -> Request:
    if settings.reply_format == "json":
        return Request(messages, settings.decoding, key, ANCHOR)
    largest = 1 if rubric.verdict == "defect" else len(judged.question.options)
    # This mode alone says how probable the code was; greedy decoding takes the most probable one.
    codes = tuple(range(largest + 1))
    return Request(messages, settings.decoding, key, ANCHOR, AnswerMode.PROBABILITIES, codes)


def _read(completion: Completion, judged: JudgedAnswer, rubric: Rubric, reply_format: ReplyFormat) -> Reply:
    question = judged.question
    num_options = None if rubric.verdict == "defect" else len(question.options)
    if reply_format == "code":
        return read_code(completion, ANCHOR, num_options)
    if num_options is None:
        return read_defect(completion)
    most = question.max_choices if question.type is QuestionType.MULTIPLE else None
    return read_classification(completion, num_options, most=most)


def _verdict(
    judged: JudgedAnswer, name: str, reply: Reply, replies: tuple[str, ...], prompt_hash: str, repeat: int
) -> Verdict:
    answer = judged.answer
    return Verdict(
        answer.respondent_id,
        answer.item_id,
        answer.wording,
        name,
        _value(judged, reply),
        Source.JUDGE,
        reply.missing,
        reply.why,
        reply.probability,
        replies,
        prompt_hash,
        hash_answer(answer),
        repeat,
    )


def _value(judged: JudgedAnswer, reply: Reply) -> Value | None:
    """A defect or none; or the codes of the options whose numbers the judge named."""
    if reply.value is None or isinstance(reply.value, bool):
        return reply.value
    return tuple(judged.question.codes[number - 1] for number in reply.value if number > 0)
