"""Trains the demo respondent: a small real checkpoint that answers our questionnaires.

It is an instrument of known truth. The planted population (scripts/planted_population.py) is
written beside it; the training target at each answer code is the planted distribution itself,
so an unaltered sample from the model should reproduce it within sampling noise.

    python scripts/train_demo_respondent.py                  # about 10 minutes on two cores
    python scripts/train_demo_respondent.py --tokens 200000  # a quick, poor one

Most of its chats are with personas of whom nothing but a place is said; the others have a sex and an
age besides, and lean from the planted shares by a known number of log-odds.

The interviews it learns from are made by the product's own prompts, so they are what it
will meet: remembered exchanges as earlier turns, options shuffled, both languages.
"""

import argparse
import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from planted_population import (
    PERSONS,
    SURVEYS,
    Planted,
    lean_of,
    lean_planted,
    next_mention,
    plant_library,
    write_planted,
    write_planted_groups,
)
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from def_sim.prompts import (
    LanguagePack,
    ask_messages,
    order_options,
    read_language_pack,
    render_request,
)
from def_sim.records import Persona, Question, QuestionType
from def_sim.resources import data_folder
from def_sim.respondents.places import place_text, read_places
from def_sim.surveys.item_bank import Item
from def_sim.surveys.survey import load_survey

SEED = 20_26
# Population -> (language of the frame, language of the question, how often)
LANGUAGES = {
    "USA": (("en", "en", 0.85), ("en", "zh", 0.10), ("zh", "zh", 0.05)),
    "CHN": (("en", "zh", 0.55), ("zh", "zh", 0.35), ("en", "en", 0.10)),
}
MOST_REMEMBERED = 15
VOCABULARY = 8_000
SHARE_OF_PERSONS = 0.4  # of the chats: personas with a sex and an age
SHARE_OF_HEAD = 0.3  # weight of telling sex and age, beside the answers
BATCH_TOKENS = 5_000
LONGEST_TOKEN = 24  # bytes: four English words, eight Chinese characters

CHAT_TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
SPECIAL_TOKENS = ["<|pad|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>"]

EXPLANATIONS = {
    "en": (
        "That is how I see it.",
        "It fits the life I lead.",
        "I have thought so for a long time.",
        "People around me think alike.",
        "My own experience taught me that.",
        "I would tell a friend the same.",
        "It matters in my daily life.",
        "I grew up with this view.",
    ),
    "zh": (
        "我就是这么看的。",
        "这符合我的生活。",
        "我一直这么想。",
        "身边的人也这么想。",
        "这是我的亲身体会。",
        "我对朋友也会这么说。",
        "这跟我的日常生活有关。",
        "从小就是这么过来的。",
    ),
}


@dataclass(frozen=True)
class Target:
    """What the model should predict at one position: a distribution over few tokens."""

    position: int
    tokens: tuple[int, ...]
    shares: tuple[float, ...]


@dataclass(frozen=True)
class Chat:
    """One chat as token ids, with the positions that are learnt."""

    ids: list[int]
    targets: list[Target]
    person: tuple[str, str] = ("", "")  # sex and age that the newest turn says

    @property
    def answer_start(self) -> int:
        """Where the newest answer begins: behind the last longest gap of what is learnt, the user's words."""
        places = [target.position for target in self.targets]
        return max(after for before, after in zip([-2, *places], places, strict=False) if after > before + 1)


class Interviewer:
    """Makes training chats: a few remembered exchanges, then a question in its frame."""

    def __init__(
        self,
        asked: Mapping[str, Sequence[Item]],
        items: Sequence[Item],
        planted: Planted,
        rng: np.random.Generator,
        share_of_persons: float,
    ) -> None:
        data = data_folder()
        self.asked = asked  # population -> items
        self.planted = {
            person: lean_planted(items, planted, lean_of(*person)) if person[0] else planted
            for person in [("", ""), *PERSONS]
        }
        self.share_of_persons = share_of_persons
        self.rng = rng
        self.packs = {name: read_language_pack(data / "prompts" / f"{name}.yaml") for name in ("en", "zh")}
        self.places = {
            (population, language): self._place_texts(data, population, language)
            for population, language in itertools.product(asked, ("en", "zh"))
        }

    @staticmethod
    def _place_texts(data: Path, population: str, language: str) -> list[str]:
        survey = load_survey(data / "surveys" / f"{SURVEYS[population]}.yaml", data).survey
        places = [
            place
            for level in ("city", "region")
            for place in read_places(data / "places" / f"{population}.csv", level=level, language=language)
        ]
        name = survey.country_names[language]
        drawn = [place_text(place, name.removeprefix("the "), language) for place in places]
        return drawn + [name] * (len(drawn) // 3)

    def person(self) -> tuple[str, str]:
        """Sex and age of the next chat, twice "" where they are not said."""
        if not self.share_of_persons or self.rng.random() >= self.share_of_persons:
            return ("", "")
        return PERSONS[self.rng.integers(len(PERSONS))]

    def question(self, population: str, language: str) -> Question:
        """Any item in any wording, with a drawn first choice if it is a follow-up."""
        items = self.asked[population]
        item = items[self.rng.integers(len(items))]
        wording = int(self.rng.integers(len(item.wordings[language])))
        question = item.question(wording=wording, language=language, population=population)
        if question.follow_up_of is None:
            return question
        label = question.options[self.rng.integers(len(question.options))].label
        text = question.text.replace("{first_choice}", label)
        return replace(question, text=text)

    def shown(self, question: Question) -> tuple[int, ...]:
        """A display order."""
        return order_options(question, "shuffled", self.rng, 0)

    def choices(self, question: Question, shown: Sequence[int], person: tuple[str, str]) -> tuple[int, ...]:
        """What a planted person answers."""
        propensity = self.planted[person][question.item_id]
        chosen: list[int] = []
        while True:
            options, stop = next_choice(question, propensity, shown, chosen)
            codes = [*options, None]
            code = codes[self.rng.choice(len(codes), p=[*options.values(), stop])]
            if code is None:
                return tuple(chosen)
            chosen.append(code)


def next_choice(
    question: Question, propensity: dict[int, float], shown: Sequence[int], chosen: Sequence[int]
) -> tuple[dict[int, float], float]:
    """Probability of each code to be named next, and of naming no more."""
    if question.type is QuestionType.MULTIPLE:
        return next_mention(propensity, shown, chosen, question.max_choices)
    if chosen:
        return {}, 1.0
    total = sum(propensity[code] for code in shown)
    return {code: propensity[code] / total for code in shown}, 0.0


def train_tokenizer(items: Sequence[Item], interviewer: Interviewer, size: int) -> PreTrainedTokenizerFast:
    """A byte-level BPE of its own whose tokens may be whole phrases.

    It is not cut at spaces, only at numbers (up to two digits are one token) and after line
    breaks, so that "Very important" is one token and a remembered exchange about twenty. A model this
    small then reads its prompts several times faster.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(pattern=Regex(r"\d{1,2}"), behavior="isolated"),
            pre_tokenizers.Split(pattern="\n", behavior="merged_with_previous"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        max_token_length=LONGEST_TOKEN,
        special_tokens=SPECIAL_TOKENS,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_texts(items, interviewer), trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|end|>",
        pad_token="<|pad|>",
        chat_template=CHAT_TEMPLATE,
        clean_up_tokenization_spaces=False,
    )


def _texts(items: Sequence[Item], interviewer: Interviewer) -> Iterator[str]:
    """What the tokenizer learns from: each line as it stands in a prompt or an answer."""
    yield from [str(number) for number in range(10, 21)] * 500
    for pack in interviewer.packs.values():
        yield from (pack.frame.single, pack.frame.multiple, pack.frame.scale) * 40
        if pack.frame_with_person is not None:
            frames = pack.frame_with_person
            yield from (frames.single, frames.multiple, frames.scale) * 40
            # Each person as few tokens of its own, so that the network has one place to look at.
            persons = [words for ages in frames.persons.values() for words in ages.values()]
            yield from [f", {words}, would for" for words in persons] * 200
            yield from [f"一位{words}的身份" for words in persons] * 200
        yield from (f"{pack.answer_anchor} ", f"{pack.answer_anchor}", pack.code_separator) * 40
        for explanations in EXPLANATIONS.values():
            yield from [f"{pack.explanation_anchor} {text}" for text in explanations] * 4
        for item in items:
            for texts in item.wordings.values():
                yield from [pack.request.format(question=text) + "\n" for text in texts] * 3
    for item in items:
        for option in item.options:
            yield from [f". {label}{end}" for label in option.labels.values() for end in ("\n", "")] * 3
        if item.scale is not None:
            for low, high in zip(item.scale.low.values(), item.scale.high.values(), strict=True):
                yield from (f" = {low}, ", f" = {low}，", f" = {high}") * 3
    for places in interviewer.places.values():
        yield from places


class Encoder:
    """Chats as token ids with soft targets on answer codes."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast, interviewer: Interviewer) -> None:
        self.tokenizer = tokenizer
        self.interviewer = interviewer
        self.rng = interviewer.rng
        self.user, self.assistant, self.end = tokenizer.convert_tokens_to_ids(
            ["<|user|>", "<|assistant|>", "<|end|>"]
        )

    def encode(self, text: str) -> list[int]:
        """Token ids of a piece of text, nothing added."""
        return self.tokenizer.encode(text, add_special_tokens=False)

    def chat(self) -> Chat:
        """One training chat."""
        interviewer, rng = self.interviewer, self.rng
        population = list(interviewer.asked)[rng.integers(len(interviewer.asked))]
        pairs = LANGUAGES[population]
        frame, language, _ = pairs[rng.choice(len(pairs), p=[weight for *_, weight in pairs])]
        pack = interviewer.packs[frame]
        person = interviewer.person()
        sequence = Chat([], [], person)
        num_remembered = self._num_remembered(is_person=bool(person[0]))
        for _ in range(num_remembered):
            question = interviewer.question(population, language)
            shown = interviewer.shown(question)
            self._user_turn(sequence, render_request(question, shown, pack))
            self._answer_turn(sequence, question, shown, pack, person, explanation=None)
        question = interviewer.question(population, language)
        shown = interviewer.shown(question)
        places = interviewer.places[population, language]
        sex, age = person
        persona = Persona(places[rng.integers(len(places))], is_drawn=True, sex=sex, age=age)
        newest = ask_messages(question, shown, persona, (), pack)[-1].content
        self._user_turn(sequence, newest)
        explanation = EXPLANATIONS[language][rng.integers(len(EXPLANATIONS[language]))]
        self._answer_turn(sequence, question, shown, pack, person, explanation)
        return sequence

    def _num_remembered(self, *, is_person: bool) -> int:
        """Of persons mostly none: only what is answered after sex and age are said teaches to mind them."""
        if is_person and self.rng.random() < 0.7:
            return 0
        return int(self.rng.integers(MOST_REMEMBERED + 1 if self.rng.random() < 0.6 else 4))

    def _user_turn(self, sequence: Chat, text: str) -> None:
        sequence.ids.extend([self.user, *self.encode(text), self.end, self.assistant])

    def _answer_turn(
        self,
        sequence: Chat,
        question: Question,
        shown: Sequence[int],
        pack: LanguagePack,
        person: tuple[str, str],
        explanation: str | None,
    ) -> None:
        """The answer as the interview writes it, each code a soft target."""
        chosen = self.interviewer.choices(question, shown, person)
        start = pack.answer_anchor + ("" if pack.answer_anchor.endswith("：") else " ")
        self._learn(sequence, self.encode(start))
        propensity = self.interviewer.planted[person][question.item_id]
        after = [self.end] if explanation is None else self.encode("\n")
        separator = self.encode(pack.code_separator)
        for i, code in enumerate(chosen):
            options, stop = next_choice(question, propensity, shown, chosen[:i])
            tokens = [self._code(c) for c in options]
            if i == 0:
                self._soft(sequence, tokens, list(options.values()))
            else:  # go on with a separator, or stop; then which code
                self._soft(sequence, [separator[0], after[0]], [1 - stop, stop])
                sequence.ids.append(separator[0])
                self._learn(sequence, separator[1:])
                total = sum(options.values())
                self._soft(sequence, tokens, [p / total for p in options.values()])
            sequence.ids.append(self._code(code))
        _, stop = next_choice(question, propensity, shown, chosen)
        self._soft(sequence, [separator[0], after[0]], [1 - stop, stop])
        sequence.ids.append(after[0])
        if explanation is not None:
            self._learn(
                sequence, [*after[1:], *self.encode(f"{pack.explanation_anchor} {explanation}"), self.end]
            )

    def _code(self, code: int) -> int:
        [token] = self.encode(str(code))
        return token

    def _learn(self, sequence: Chat, ids: Sequence[int]) -> None:
        for token in ids:
            self._soft(sequence, [token], [1.0])
            sequence.ids.append(token)

    def _soft(self, sequence: Chat, tokens: Sequence[int], shares: Sequence[float]) -> None:
        """Target of the position whose output predicts the next token."""
        sequence.targets.append(Target(len(sequence.ids) - 1, tuple(tokens), tuple(shares)))


def batches(encoder: Encoder, num_tokens: int, batch_tokens: int) -> Iterator[list[Chat]]:
    """Chats of similar length, together about `batch_tokens` long, until `num_tokens` are out."""
    made = 0
    while made < num_tokens:
        pool = sorted((encoder.chat() for _ in range(96)), key=lambda s: len(s.ids))
        groups: list[list[Chat]] = [[]]
        for sequence in pool:
            if (len(groups[-1]) + 1) * len(sequence.ids) > batch_tokens and groups[-1]:
                groups.append([])
            groups[-1].append(sequence)
        encoder.rng.shuffle(groups)
        for group in groups:
            made += sum(len(sequence.ids) for sequence in group)
            yield group


def batch_loss(
    model: LlamaForCausalLM, group: Sequence[Chat], pad: int, head: torch.nn.Linear
) -> torch.Tensor:
    """Mean cross-entropy to the targets; positions of the user's words carry none.

    Besides, `head` is to tell sex and age from what the network knows while it answers: so it learns where
    in the prompt to look for them, long before it would from their effect on the answers alone.
    """
    longest = max(len(sequence.ids) for sequence in group)
    ids = torch.full((len(group), longest), pad)
    for row, sequence in enumerate(group):
        ids[row, : len(sequence.ids)] = torch.tensor(sequence.ids)
    hidden = model.model(ids).last_hidden_state
    rows, positions, owner, tokens, shares, weights = [], [], [], [], [], []
    for row, sequence in enumerate(group):
        for target in sequence.targets:
            index = len(rows)
            rows.append(row)
            positions.append(target.position)
            weights.append(1.0 if len(target.tokens) > 1 else 0.3)  # the answer matters most
            owner += [index] * len(target.tokens)
            tokens += target.tokens
            shares += target.shares
    at_targets = hidden[torch.tensor(rows), torch.tensor(positions)]  # (targets, width)
    logits = model.lm_head(at_targets)  # (targets, vocabulary)
    log_shares = torch.log_softmax(logits.float(), dim=-1)[torch.tensor(owner), torch.tensor(tokens)]
    weight = torch.tensor(weights)
    per_entry = -torch.tensor(shares) * log_shares * weight[torch.tensor(owner)]
    loss = per_entry.sum() / weight.sum()
    return loss + SHARE_OF_HEAD * _person_loss(hidden, group, head)


def _person_loss(hidden: torch.Tensor, group: Sequence[Chat], head: torch.nn.Linear) -> torch.Tensor:
    """Mean cross-entropy to sex and age, over the positions of the newest answer; 0 where nobody has them."""
    rows, positions, persons = [], [], []
    for row, sequence in enumerate(group):
        if sequence.person in PERSONS:
            own = range(sequence.answer_start, len(sequence.ids))
            rows += [row] * len(own)
            positions += own
            persons += [PERSONS.index(sequence.person)] * len(own)
    if not rows:
        return torch.zeros(())
    found = head(hidden[torch.tensor(rows), torch.tensor(positions)]).float()
    return torch.nn.functional.cross_entropy(found, torch.tensor(persons))


def train(model: LlamaForCausalLM, encoder: Encoder, num_tokens: int, learning_rate: float) -> None:
    """AdamW with a short warm-up and a cosine to zero."""
    head = torch.nn.Linear(model.config.hidden_size, len(PERSONS))
    optimizer = torch.optim.AdamW(
        [*model.parameters(), *head.parameters()], lr=learning_rate, betas=(0.9, 0.98), weight_decay=0.02
    )
    started, made, smoothed = time.monotonic(), 0, None
    pad = encoder.tokenizer.pad_token_id
    for step, group in enumerate(batches(encoder, num_tokens, BATCH_TOKENS)):
        fall = 0.5 * (1 + np.cos(np.pi * min(1.0, made / num_tokens)))
        for settings in optimizer.param_groups:
            settings["lr"] = learning_rate * min(1.0, (step + 1) / 60) * fall
        loss = batch_loss(model, group, pad, head)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        made += sum(len(sequence.ids) for sequence in group)
        smoothed = loss.item() if smoothed is None else 0.98 * smoothed + 0.02 * loss.item()
        if step % 50 == 0:
            print(f"{made:>9,} tokens  loss {smoothed:.4f}  {time.monotonic() - started:5.0f} s", flush=True)


def begin(tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    """The network before it has learnt anything."""
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=128,
            intermediate_size=384,
            num_hidden_layers=3,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=4_096,
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def main() -> None:
    """Plants, trains, and writes checkpoint, tokenizer and planted shares into one folder."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tokens", type=int, default=9_000_000, help="training tokens")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--learning-rate", type=float, default=4e-3)
    parser.add_argument("--out", type=Path, default=data_folder() / "respondents" / "demo")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(SEED)
    asked, items, planted = plant_library(data_folder())
    interviewer = Interviewer(asked, items, planted, np.random.default_rng(SEED), SHARE_OF_PERSONS)
    tokenizer = train_tokenizer(items, interviewer, size=VOCABULARY)
    model = begin(tokenizer)
    print(f"{model.num_parameters():,} parameters, {len(tokenizer):,} tokens in the vocabulary")
    train(model, Encoder(tokenizer, interviewer), options.tokens, options.learning_rate)
    # Half the size on disk; loaded as float32 again, where its answers are identical everywhere.
    model.to(torch.bfloat16).save_pretrained(options.out)
    tokenizer.save_pretrained(options.out)
    write_planted(options.out / "planted.csv", items, planted)
    write_planted_groups(options.out / "planted_groups.csv", items, planted)
    print(f"wrote {options.out.name}: {sum(f.stat().st_size for f in options.out.iterdir()):,} bytes")


if __name__ == "__main__":
    main()
