"""What judging will ask and cost, worked out before anything is sent: `stage=plan rubric=...`."""

from collections.abc import Callable, Sequence

from def_sim.app.judged_answers import Task
from def_sim.app.judging_work import JudgingWork, check_stored
from def_sim.app.plan import token_counter
from def_sim.app.plan_costs import hosted_lines
from def_sim.app.thinking import TYPICAL_THOUGHT, model_thinks
from def_sim.judging.conversation import can_be_asked, judge_answer
from def_sim.judging.verdict_journal import read_placed

_REPLY_TOKENS = 40  # typical of one object with a short reason; an estimate


def plan_lines_of(works: Sequence[JudgingWork]) -> list[str]:
    """The plan in words: of each run, then of all together."""
    lines: list[str] = []
    num_calls, tokens_in, tokens_out = 0, 0, 0
    for work in works:
        count, how = token_counter(work.config.model)
        asked = calls_left(work)
        read = sum(_tokens_read(work, task, count) for task in asked)
        written = len(asked) * _tokens_written(work)
        num_calls, tokens_in, tokens_out = num_calls + len(asked), tokens_in + read, tokens_out + written
        by_rule = sum(bool(task.rule) for task in work.tasks)
        answers = {task.key[:3] for task in work.tasks}
        lines += [
            f"judged        {work.folder}",
            f"judge         {work.in_words}",
            f"verdicts      {len(work.tasks):,} of {len(answers):,} answers, {by_rule:,} of them by rules",
            f"calls         {len(asked):,} if every reply can be used, at most twice as many",
            f"tokens        about {read:,} in, {written:,} out ({how})",
            f"folder        {work.of_set}",
        ]
    if len(works) > 1:
        lines.append(f"all together  {num_calls:,} calls, about {tokens_in:,} tokens in, {tokens_out:,} out")
    arguments = works[0].config.model.engine.arguments if works and works[0].config.model.engine else {}
    if "model_name" in arguments:
        lines += hosted_lines(arguments, tokens_in, tokens_out)
    return lines


def calls_left(work: JudgingWork) -> list[Task]:
    """What the judge is still asked; each is one call if its reply can be used."""
    stored = read_placed(work.of_set)
    check_stored(work, stored)
    return [
        task
        for task in work.left(stored)
        if not task.rule and can_be_asked(task.judged, work.rubric, work.settings.reply_format)
    ]


def _tokens_read(work: JudgingWork, task: Task, count: Callable[[str], int]) -> int:
    talk = judge_answer(task.judged, work.rubric, task.question, work.settings, repeat=task.repeat)
    [request] = next(talk)
    talk.close()
    return sum(count(message.content) for message in request.messages)


def _tokens_written(work: JudgingWork) -> int:
    if work.settings.reply_format == "code":
        return 1
    thought = TYPICAL_THOUGHT if model_thinks(work.config.model) else 0
    return min(_REPLY_TOKENS + thought, work.settings.decoding.max_new_tokens)
