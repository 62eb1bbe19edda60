"""The interview: resumed, grown, reordered or disturbed, it gives the answers of an undisturbed one."""

import asyncio
import math
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from counted_opens import opened
from survey_examples import a_presentation, a_question, a_respondent, a_scale, a_survey

from def_sim import interviews
from def_sim.answers.storage.store import AnswerStore, read_answers
from def_sim.engines.scripted import ScriptedEngine
from def_sim.errors import DefSimError, EngineError, ModelError
from def_sim.interviews import Engine, Interviews, Strategy
from def_sim.prompts import ask_messages, hash_messages
from def_sim.questionnaire import InterviewRules, ordered_blocks, remember, replay
from def_sim.randomness import Address, keyed_rng
from def_sim.records import (
    Answer,
    AnswerStatus,
    Completion,
    Exchange,
    FinishReason,
    Question,
    QuestionType,
    ReadingMethod,
    Request,
    Respondent,
    Survey,
)
from def_sim.respondents.memory import Deletion, Memory, MemoryRules
from def_sim.strategies.asking import Presentation, put_question
from def_sim.strategies.contract import Conversation, DecodedAsDrawn
from def_sim.strategies.diversity_enhanced import DiversityEnhanced
from def_sim.strategies.single import Single

FIRST = a_question("toy.first", labels=("Growth", "Order", "Beauty"), text="Which aim comes first?")
SECOND = replace(FIRST, item_id="toy.second", text="After {first_choice}, which?", follow_up_of="toy.first")
SURVEY = a_survey(
    a_question("toy.work"),
    FIRST,
    SECOND,
    a_scale("toy.degree"),
    *(a_question(f"toy.thing{i}", text=f"How important is thing {i}?") for i in range(4)),
)
PRESENTATION = a_presentation(option_order="shuffled")
DEF, SINGLE = DiversityEnhanced(PRESENTATION), Single(PRESENTATION)
RULES = InterviewRules(seed=5)


def a_panel(number: int, capacity: Callable[[int], int] = lambda index: index % 4) -> list[Respondent]:
    return [a_respondent(index, capacity=capacity(index)) for index in range(number)]


def a_reply_to_every_word(request: Request) -> str:
    """An answer that depends on the whole chat, so that a lost or reordered memory shows. Some refuse."""
    number = int(hash_messages(request.messages), 16)
    if number % 6 == 0:
        return "I would rather not say."
    code = request.option_codes[number % len(request.option_codes)]
    return f"Answer: {code}\nExplanation: Reason {number % 97}. And so on."


def interview_all(
    folder: Path,
    panel: Sequence[Respondent],
    *,
    engine: ScriptedEngine | None = None,
    survey: Survey = SURVEY,
    strategy: Strategy = DEF,
    presentation: Presentation = PRESENTATION,
    rules: InterviewRules = RULES,
    on_answer: Callable[[Answer], None] = lambda answer: None,
) -> list[Answer]:
    """Holds the interviews that the folder lacks; gives all it has then."""
    asked = cast(Engine, engine or ScriptedEngine(reply=a_reply_to_every_word))
    keeps_calls = any(strategy.num_calls(question) > 1 for question in survey.questions)
    with AnswerStore(folder, keeps_calls=keeps_calls) as store:
        interviews = Interviews(survey, strategy, asked, store, presentation, rules, on_answer)
        asyncio.run(interviews.conduct(panel))
    return read_answers(folder)


def by_question(answers: Sequence[Answer]) -> dict[str, Answer]:
    [_] = {answer.respondent_id for answer in answers}
    return {answer.question_id: answer for answer in answers}


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interviews, "_RETRY_PAUSES_S", (0.0, 0.0, 0.0))


# --- everything planned is answered once ---


def test_a_journal_is_opened_once_a_respondent_who_has_something_left_to_be_asked(tmp_path: Path) -> None:
    panel = a_panel(4, lambda index: 3)
    whole = interview_all(tmp_path, panel)
    [path] = (tmp_path / "answers").glob("*.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    of_last = [line for line in lines if b'"r00003"' in line]

    def times_opened() -> int:
        with opened() as names, AnswerStore(tmp_path) as store:
            names.clear()  # what opening the store took
            asked = cast(Engine, ScriptedEngine(reply=a_reply_to_every_word))
            asyncio.run(Interviews(SURVEY, DEF, asked, store, PRESENTATION, RULES).conduct(panel))
            return names.count(str(path))

    assert len(of_last) > 2
    assert times_opened() == 0
    path.write_bytes(b"".join(line for line in lines if line != of_last[-1]))
    assert times_opened() == 1
    assert read_answers(tmp_path) == whole


def test_everyone_is_asked_everything_exactly_once(tmp_path: Path) -> None:
    engine = ScriptedEngine(reply=a_reply_to_every_word)
    answers = interview_all(tmp_path, a_panel(6), engine=engine)
    keys = {(answer.respondent_id, answer.question_id) for answer in answers}
    assert keys == {(who.id, question.id) for who in a_panel(6) for question in SURVEY.questions}
    assert len(answers) == len(keys)
    assert set(engine.num_asked.values()) == {1}
    assert len({answer.status for answer in answers}) >= 2  # the script answers and refuses


def test_the_same_command_again_asks_nothing(tmp_path: Path) -> None:
    answers = interview_all(tmp_path, a_panel(4))
    engine = ScriptedEngine(reply=a_reply_to_every_word)
    assert interview_all(tmp_path, a_panel(4), engine=engine) == answers
    assert not engine.num_asked


# --- resuming, growing, reordering ---


class InterruptionError(DefSimError):
    """Stands for a full disk, a lost engine, an impatient user."""


def interrupt_after(number: int) -> Callable[[Answer], None]:
    seen = Counter[str]()

    def on_answer(answer: Answer) -> None:
        seen["answers"] += 1
        if seen["answers"] == number:
            raise InterruptionError("stopped")

    return on_answer


MEMORIES: dict[str, MemoryRules] = {
    "uniform": MemoryRules(),
    "recency": MemoryRules(deletion="recency", explanation="first_sentence"),
    "as in the authors' code": MemoryRules(deletion="resample", explanation="first_sentence", erodes=True),
}


@pytest.mark.parametrize("memory", MEMORIES)
@pytest.mark.parametrize("stop_after", [1, 2, 9, 23, 39])
def test_a_resumed_interview_gives_the_answers_of_an_undisturbed_one(
    memory: str, stop_after: int, tmp_path: Path
) -> None:
    rules, panel = replace(RULES, memory=MEMORIES[memory]), a_panel(5)
    undisturbed = interview_all(tmp_path / "undisturbed", panel, rules=rules)
    with pytest.raises(InterruptionError):
        interview_all(tmp_path / "resumed", panel, rules=rules, on_answer=interrupt_after(stop_after))
    assert len(read_answers(tmp_path / "resumed")) >= stop_after
    assert interview_all(tmp_path / "resumed", panel, rules=rules) == undisturbed


def test_an_interview_interrupted_again_and_again_comes_to_the_same_end(tmp_path: Path) -> None:
    panel = a_panel(4)
    undisturbed = interview_all(tmp_path / "undisturbed", panel)
    for _ in range(len(undisturbed)):
        try:
            interview_all(tmp_path / "resumed", panel, on_answer=interrupt_after(3))
        except InterruptionError:
            continue
        break
    assert read_answers(tmp_path / "resumed") == undisturbed


def test_a_panel_that_grows_asks_only_the_new_respondents(tmp_path: Path) -> None:
    small = interview_all(tmp_path / "grown", a_panel(5))
    engine = ScriptedEngine(reply=a_reply_to_every_word)
    grown = interview_all(tmp_path / "grown", a_panel(9), engine=engine)
    assert {key.respondent_id for key in engine.num_asked} == {f"r{index:05d}" for index in range(5, 9)}
    assert set(engine.num_asked.values()) == {1}
    assert [answer for answer in grown if answer.respondent_id < "r00005"] == small
    assert grown == interview_all(tmp_path / "at once", a_panel(9))


def test_no_more_respondents_are_under_way_than_calls_may_be(tmp_path: Path) -> None:
    asked: list[str] = []

    def reply(request: Request) -> str:
        asked.append(request.key.respondent_id)
        return a_reply_to_every_word(request)

    panel = a_panel(5, capacity=lambda index: 2)  # each is one chain, whose stored answers it has in memory
    interview_all(tmp_path, panel, engine=ScriptedEngine(reply=reply), rules=replace(RULES, max_in_flight=2))
    ends = {name: place for place, name in enumerate(asked)}
    begins = {name: asked.index(name) for name in ends}
    for place, name in enumerate(ends):
        under_way = [other for other in ends if begins[other] <= begins[name] < ends[other]]
        assert len(under_way) <= 2, (place, under_way)


@pytest.mark.parametrize("max_in_flight", [1, 2, 7])
def test_how_many_questions_are_under_way_changes_no_answer(max_in_flight: int, tmp_path: Path) -> None:
    free = interview_all(tmp_path / "free", a_panel(6))
    rules = replace(RULES, max_in_flight=max_in_flight)
    assert interview_all(tmp_path / "bounded", a_panel(6), rules=rules) == free


def test_the_order_in_which_respondents_come_and_engines_reply_changes_no_answer(tmp_path: Path) -> None:
    prompt = interview_all(tmp_path / "prompt", a_panel(6))
    engine = ScriptedEngine(
        reply=a_reply_to_every_word, delay_s=lambda r: int(hash_messages(r.messages), 16) % 5 / 1000
    )
    assert interview_all(tmp_path / "slow", a_panel(6)[::-1], engine=engine) == prompt


# --- who waits for whom ---


class WatchedEngine(ScriptedEngine):
    """Notes how many requests are under way at once, in all and for a respondent."""

    def __init__(self) -> None:
        super().__init__(reply=a_reply_to_every_word, delay_s=0.002)
        self._now = Counter[str]()
        self.most = Counter[str]()

    async def submit(self, request: Request) -> Completion:
        for name in ("all", request.key.respondent_id):
            self._now[name] += 1
            self.most[name] = max(self.most[name], self._now[name])
        completion = await super().submit(request)
        for name in ("all", request.key.respondent_id):
            self._now[name] -= 1
        return completion


def test_a_respondent_with_memory_is_asked_one_question_after_another(tmp_path: Path) -> None:
    engine = WatchedEngine()
    interview_all(tmp_path, a_panel(3, capacity=lambda index: 2), engine=engine)
    assert dict(engine.most) == {"all": 3, "r00000": 1, "r00001": 1, "r00002": 1}


@pytest.mark.parametrize(("strategy", "capacity"), [(DEF, 0), (SINGLE, 5)])
def test_without_memory_a_respondents_questions_run_side_by_side(
    strategy: Strategy, capacity: int, tmp_path: Path
) -> None:
    engine = WatchedEngine()
    interview_all(tmp_path, [a_respondent(capacity=capacity)], engine=engine, strategy=strategy)
    assert engine.most["all"] == 7  # 8 questions, of which one waits for its first choice


def test_no_more_questions_are_under_way_than_allowed(tmp_path: Path) -> None:
    engine = WatchedEngine()
    rules = replace(RULES, max_in_flight=3)
    interview_all(tmp_path, a_panel(5, capacity=lambda index: 0), engine=engine, rules=rules)
    assert engine.most["all"] == 3


# --- memory ---


def test_only_what_could_be_read_is_remembered(tmp_path: Path) -> None:
    answers = by_question(interview_all(tmp_path, [a_respondent(1, capacity=15)]))
    read: list[str] = []
    for question in SURVEY.questions:
        answer = answers[question.id]
        if answer.status is not AnswerStatus.NOT_ASKED:
            assert list(answer.memory) == read
        if answer.status is AnswerStatus.ANSWERED:
            read.append(question.id)
    assert 0 < len(read) < len(answers)


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (MemoryRules(), "Answer: 2"),
        (MemoryRules(explanation="first_sentence"), "Answer: 2\nExplanation: It pays."),
        # One pass on entering: up to, not including, the full stop.
        (MemoryRules(deletion="resample", erodes=True), "Answer: 2\nExplanation: It pays"),
    ],
)
def test_what_is_remembered_of_an_answer(rules: MemoryRules, expected: str) -> None:
    question, address = a_question(), Address(1, "r00000", "toy.work", 0)
    answer = answered(question, "Answer: 2\nExplanation: It pays. Much.")
    [exchange] = remember(Memory(3, rules), question, answer, address, a_presentation()).exchanges
    assert exchange.answer == expected
    assert exchange.request.startswith("Request: How important is work in your life?\n1. Very important")


def test_what_is_forgotten_is_drawn_at_the_address_of_the_question_just_answered() -> None:
    question = a_question()
    full = Memory(6, exchanges=tuple(Exchange(f"toy.past{i}#0", "?", "!") for i in range(6)))
    kept = set()
    for respondent_id in ("r00000", "r00001", "r00002", "r00003"):
        address = Address(1, respondent_id, "toy.work", 0)
        now = remember(full, question, answered(question, "Answer: 2"), address, a_presentation())
        expected = full.remember(
            Exchange("toy.work#0", now.exchanges[-1].request, "Answer: 2"),
            keyed_rng(1, respondent_id, "toy.work", 0, "forget"),
        )
        assert now.question_ids == expected.question_ids
        kept.add(now.question_ids)
    assert len(kept) > 1


def answered(question: Question, text: str) -> Answer:
    return Answer(
        "r00000",
        question.item_id,
        question.wording,
        0,
        AnswerStatus.ANSWERED,
        (2,),
        ReadingMethod.NUMBER,
        text,
        question.codes,
    )


@pytest.mark.parametrize("deletion", ["uniform", "recency", "resample"])
@pytest.mark.parametrize("strategy", [DEF, SINGLE])
def test_a_replay_rebuilds_exactly_the_memory_and_the_prompts_of_the_stored_answers(
    strategy: Strategy, deletion: Deletion, tmp_path: Path
) -> None:
    rules = replace(RULES, memory=MemoryRules(deletion=deletion, erodes=deletion == "resample"))
    panel = a_panel(8)
    answers = interview_all(tmp_path, panel, strategy=strategy, rules=rules)
    num_moments = 0
    for who in panel:
        stored = by_question([answer for answer in answers if answer.respondent_id == who.id])
        for moment in replay(
            who, SURVEY, PRESENTATION, replace(rules, uses_memory=strategy.uses_memory), stored
        ):
            exchanges, shown = moment.memory.exchanges, moment.answer.shown_codes
            messages = ask_messages(moment.question, shown, who.persona, exchanges, PRESENTATION.pack)
            assert moment.memory.question_ids == moment.answer.memory
            assert hash_messages(messages) == moment.answer.prompt_hash
            num_moments += 1
    assert num_moments == sum(answer.status is not AnswerStatus.NOT_ASKED for answer in answers)


def test_a_replay_of_an_unfinished_interview_ends_where_it_was_left(tmp_path: Path) -> None:
    who = a_respondent(2, capacity=3)
    with pytest.raises(InterruptionError):
        interview_all(tmp_path, [who], on_answer=interrupt_after(2))
    stored = by_question(read_answers(tmp_path))
    moments = list(replay(who, SURVEY, PRESENTATION, RULES, stored))
    assert [moment.question.id for moment in moments] == ["toy.work#0", "toy.first#0"]


# --- follow-ups ---


def replies(by_item: dict[str, str]) -> Callable[[Request], str]:
    return lambda request: by_item.get(request.key.item_id, "Answer: 1")


def ask_pair(folder: Path, first: str, **rules: Any) -> tuple[dict[str, Answer], list[Request]]:
    """The answers to a first and a second choice, and what the engine was sent."""
    sent: list[Request] = []

    def reply(request: Request) -> str:
        sent.append(request)
        return first if request.key.item_id == "toy.first" else "Answer: 1"

    answers = interview_all(
        folder,
        [a_respondent(capacity=2)],
        engine=ScriptedEngine(reply=reply),
        survey=a_survey(FIRST, SECOND),
        rules=replace(RULES, **rules),
    )
    return by_question(answers), sent


def test_a_follow_up_names_the_label_of_the_first_choice(tmp_path: Path) -> None:
    answers, sent = ask_pair(tmp_path, "Answer: 2")
    assert "After Order, which?" in sent[1].messages[-1].content
    assert answers["toy.second#0"].status is AnswerStatus.ANSWERED


def test_a_follow_up_without_a_first_choice_is_not_asked(tmp_path: Path) -> None:
    answers, sent = ask_pair(tmp_path, "I would rather not say.")
    assert len(sent) == 1
    second = answers["toy.second#0"]
    assert (second.status, second.choices, second.text) == (AnswerStatus.NOT_ASKED, (), "")
    assert second.finish_reason is FinishReason.NOT_SENT


@pytest.mark.parametrize("first", ["Answer: 2", "I would rather not say."])
def test_as_in_the_authors_code_the_placeholder_can_stay_in_the_text(first: str, tmp_path: Path) -> None:
    answers, sent = ask_pair(tmp_path, first, follow_up="placeholder")
    assert "After {first_choice}, which?" in sent[1].messages[-1].content
    assert answers["toy.second#0"].status is AnswerStatus.ANSWERED


def test_a_paraphrased_follow_up_belongs_to_the_first_question_in_the_same_wording(tmp_path: Path) -> None:
    survey = a_survey(FIRST, SECOND, replace(FIRST, wording=1), replace(SECOND, wording=1))
    engine = ScriptedEngine(reply=lambda r: "Answer: 3" if r.key.wording else "no")
    answers = by_question(interview_all(tmp_path, [a_respondent()], engine=engine, survey=survey))
    assert answers["toy.second#0"].status is AnswerStatus.NOT_ASKED
    assert answers["toy.second#1"].status is AnswerStatus.ANSWERED


# --- question order ---


def test_rotated_blocks_keep_follow_ups_behind_their_first_question() -> None:
    orders = [ordered_blocks(SURVEY, "rotated", 1, who) for who in a_panel(30)]
    base = ordered_blocks(SURVEY, "questionnaire", 1, a_respondent())
    assert [question for block in base for question in block] == list(SURVEY.questions)
    assert (FIRST, SECOND) in base
    rotations = [base[i:] + base[:i] for i in range(len(base))]
    assert all(order in rotations for order in orders)
    assert len({order[0][0].id for order in orders}) == len(base)


def test_shuffled_blocks_differ_between_respondents_and_lose_nothing() -> None:
    base = ordered_blocks(SURVEY, "questionnaire", 1, a_respondent())
    orders = [ordered_blocks(SURVEY, "shuffled", 1, who) for who in a_panel(20)]
    assert all(sorted(order, key=base.index) == base for order in orders)
    assert len({tuple(block[0].id for block in order) for order in orders}) > 15
    assert ordered_blocks(SURVEY, "shuffled", 1, a_respondent(3)) == orders[3]


@pytest.mark.parametrize("order", ["rotated", "shuffled"])
def test_another_order_is_resumed_in_the_same_order(order: Any, tmp_path: Path) -> None:
    rules = replace(RULES, question_order=order)
    undisturbed = interview_all(tmp_path / "undisturbed", a_panel(4), rules=rules)
    with pytest.raises(InterruptionError):
        interview_all(tmp_path / "resumed", a_panel(4), rules=rules, on_answer=interrupt_after(11))
    assert interview_all(tmp_path / "resumed", a_panel(4), rules=rules) == undisturbed


# --- what fails ---


@pytest.mark.usefixtures("no_pauses")
def test_a_retry_keeps_its_key_and_changes_no_answer(tmp_path: Path) -> None:
    engine = ScriptedEngine(reply=a_reply_to_every_word, failures={"toy.first": 3, "toy.degree": 1})
    disturbed = interview_all(tmp_path / "disturbed", a_panel(3), engine=engine)
    assert disturbed == interview_all(tmp_path / "smooth", a_panel(3))
    asked = {(key.item_id, number) for key, number in engine.num_asked.items()}
    assert {("toy.first", 4), ("toy.degree", 2), ("toy.work", 1)} <= asked


@pytest.mark.usefixtures("no_pauses")
def test_a_call_that_keeps_failing_stops_the_run_and_is_never_an_answer(tmp_path: Path) -> None:
    engine = ScriptedEngine(reply=a_reply_to_every_word, failures={"toy.first": math.inf})
    with pytest.raises(EngineError, match="planned failure"):
        interview_all(tmp_path / "run", a_panel(3), engine=engine)
    assert "toy.first" not in {answer.item_id for answer in read_answers(tmp_path / "run")}
    assert max(engine.num_asked.values()) == 4
    # When the engine is back, the same command finishes the run.
    assert interview_all(tmp_path / "run", a_panel(3)) == interview_all(tmp_path / "smooth", a_panel(3))


def test_pauses_between_tries_grow() -> None:
    pauses = interviews._RETRY_PAUSES_S
    assert list(pauses) == sorted(set(pauses))
    assert pauses[0] > 0


# Nothing is planted for toy.degree: its requests fail, and asking again would not help.
PLANTED = {q.item_id: {1: 0.5, 2: 0.5} for q in SURVEY.questions if q.item_id != "toy.degree"}


def test_a_call_that_cannot_succeed_is_recorded_as_failed_and_not_retried(tmp_path: Path) -> None:
    engine = ScriptedEngine(PLANTED)
    answers = interview_all(tmp_path, a_panel(3), engine=engine)
    failed = [answer for answer in answers if answer.status is AnswerStatus.ENGINE_ERROR]
    assert {answer.item_id for answer in failed} == {"toy.degree"}
    assert len(failed) == 3
    for answer in failed:
        assert (answer.text, answer.choices, answer.finish_reason) == ("", (), FinishReason.ERROR)
        assert "no shares are planted" in str(answer.error)
        assert answer.question_id not in {name for a in answers for name in a.memory}
    assert set(engine.num_asked.values()) == {1}


def test_more_failed_calls_than_allowed_stop_the_run(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="no shares are planted"):
        interview_all(
            tmp_path, a_panel(5), engine=ScriptedEngine(PLANTED), rules=replace(RULES, max_engine_errors=2)
        )
    failed = [a for a in read_answers(tmp_path) if a.status is AnswerStatus.ENGINE_ERROR]
    assert len(failed) == 2


class UnloadableEngine(ScriptedEngine):
    """Finds out with the first request that the model does not fit."""

    async def submit(self, request: Request) -> Completion:
        raise ModelError("The model needs 30 GB, 8 GB are free.")


def test_a_model_that_cannot_be_loaded_is_the_error_that_the_user_sees(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="needs 30 GB"):
        interview_all(tmp_path, a_panel(3), engine=UnloadableEngine())


def test_a_defect_of_ours_is_not_hidden_behind_what_it_cancelled(tmp_path: Path) -> None:
    def on_answer(answer: Answer) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        interview_all(tmp_path, a_panel(3), on_answer=on_answer)


# --- strategies of several calls ---


class Deliberate(DecodedAsDrawn):
    """Two drafts at once, then the question itself: completions come back in the order of the requests."""

    uses_memory = False

    def num_calls(self, question: Question) -> int:
        return 3

    def mean_tokens(self, question: Question) -> float | None:
        return None

    def ask(
        self, question: Question, respondent: Respondent, memory: Memory, address: Address
    ) -> Conversation[Answer]:
        [asked] = next(put_question(question, respondent, memory, address, PRESENTATION))
        return self._deliberate(asked, question, respondent, memory, address)

    def _deliberate(
        self, asked: Request, question: Question, respondent: Respondent, memory: Memory, address: Address
    ) -> Generator[Sequence[Request], Sequence[Completion], Answer]:
        slow, fast = yield [replace(asked, key=address.request_key(call)) for call in (0, 1)]
        answer = yield from put_question(question, respondent, memory, address, PRESENTATION, call=2)
        return replace(answer, error=f"{slow.text}|{fast.text}")


def test_requests_yielded_together_come_back_in_their_order(tmp_path: Path) -> None:
    engine = ScriptedEngine(
        reply=lambda request: f"call {request.key.call}",
        delay_s=lambda request: 0.01 if request.key.call == 0 else 0.0,
    )
    answers = interview_all(tmp_path, a_panel(2), engine=engine, strategy=Deliberate())
    asked = [answer for answer in answers if answer.status is not AnswerStatus.NOT_ASKED]
    assert {answer.error for answer in asked} == {"call 0|call 1"}
    assert set(engine.num_asked.values()) == {1}


# --- a panel whose opinions are known ---


def chi_square(counts: Counter[int], shares: dict[int, float]) -> float:
    total = sum(counts.values())
    return sum((counts[code] - total * share) ** 2 / (total * share) for code, share in shares.items())


def test_the_opinions_planted_into_a_panel_come_out_of_the_interviews(tmp_path: Path) -> None:
    single, scale = a_question("toy.work"), a_scale("toy.degree")
    battery = a_question("toy.battery", type=QuestionType.MULTIPLE, max_choices=4)
    work = {1: 0.55, 2: 0.25, 3: 0.15, 4: 0.05}
    degree = dict(zip(scale.codes, (0.3, 0.1, 0.1, 0.05, 0.15, 0.1, 0.05, 0.05, 0.05, 0.05), strict=True))
    mentions = {1: 0.6, 2: 0.3, 3: 0.1, 4: 0.5}
    engine = ScriptedEngine(
        {single.item_id: work, scale.item_id: degree}, planted_mentions={battery.item_id: mentions}
    )
    answers = interview_all(
        tmp_path,
        a_panel(400, capacity=lambda index: index % 3),
        engine=engine,
        survey=a_survey(single, scale, battery),
    )
    assert len(answers) == 1200
    assert {answer.status for answer in answers} == {AnswerStatus.ANSWERED}
    chosen = {
        question.item_id: Counter(c for a in answers if a.item_id == question.item_id for c in a.choices)
        for question in (single, scale, battery)
    }
    # Once in 10,000 chi-square exceeds 21.1 with 3 degrees of freedom and 33.7 with 9.
    assert chi_square(chosen["toy.work"], work) < 21.1
    assert chi_square(chosen["toy.degree"], degree) < 33.7
    # Nobody mentions nothing: P(mention) = p / (1 - .4 * .7 * .9 * .5) = p / .874; 4 standard deviations.
    for code, share in mentions.items():
        expected = share / 0.874
        spread = 4 * math.sqrt(expected * (1 - expected) / 400)
        assert chosen["toy.battery"][code] / 400 == pytest.approx(expected, abs=spread)
