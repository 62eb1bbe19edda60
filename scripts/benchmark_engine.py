"""How fast the local engine is beside other ways of holding the same interviews.

    python scripts/benchmark_engine.py                        # small random Llama on the CPU, about 8 minutes
    python scripts/benchmark_engine.py --questions 1 --only slots,one_at_a_time    # a quick look
    python scripts/benchmark_engine.py --device cuda          # Mistral-7B from its config, random weights

Every way answers the same prompts of the same respondents in the same process, one after the other;
only ratios within one run mean something. Weights are random: speed does not depend on what they say.
Answers have set lengths, which no way can shorten. On a CPU the clock is the process's CPU time with
one thread, which neighbours disturb least; on a GPU it is the wall.

The floor is computed from two rates measured in the same run: how fast weights stream through a
matrix-vector product, and how fast a large matrix product is.
"""

import argparse
import json
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM

from def_sim.engines.local.generation import SpecialTokens, generate_batch
from def_sim.engines.local.runner import Prompt
from def_sim.engines.local.slot_attention import NAME
from def_sim.engines.local.slot_loop import SlotLoop, Work
from def_sim.engines.local.slot_support import try_slots
from def_sim.records import DecodingConfig, Message, Request, RequestKey, Role

OPENING, EXCHANGE, QUESTION = 10, 60, 90  # tokens: what precedes memory, a remembered exchange, the question
MOST_REMEMBERED = 15
SHORTEST, LONGEST = 40, 150  # tokens of an answer; gamma around 80 between them


@dataclass
class Interview:
    """One respondent: its decoding, and the prompts of its questions in order."""

    decoding: DecodingConfig
    prompts: list[tuple[int, ...]]
    lengths: list[int]


@dataclass
class Result:
    """What one way did."""

    name: str
    seconds: float
    num_tokens: int
    num_answers: int
    notes: str = ""
    work: Work | None = field(default=None, repr=False)

    @property
    def tokens_per_s(self) -> float:
        """Tokens of answers a second; beams that lose do not count."""
        return self.num_tokens / self.seconds


def main() -> None:
    """Runs what the command line asks for and prints tables."""
    options = _options()
    torch.set_num_threads(options.threads)
    device = torch.device(options.device)
    network = build_network(options.model or ("mistral_7b" if device.type == "cuda" else "small"), device)
    rates = measure_rates(network)
    print(f"{describe_machine(device, options.threads)}\n{describe_network(network, rates)}", flush=True)
    records = []
    for mix in options.beams:
        for num_respondents in options.respondents:
            interviews = make_interviews(network, num_respondents, options.questions, mix, options.seed)
            results = list(run_all(network, interviews, options))
            print_table(network, interviews, results, rates, f"{num_respondents} respondents, {mix}")
            records += [
                {"respondents": num_respondents, "beams": mix, "way": r.name, "seconds": r.seconds,
                 "tokens": r.num_tokens, "answers": r.num_answers}
                for r in results
            ]  # fmt: skip
    if options.json:
        Path(options.json).write_text(json.dumps(records, indent=1))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--model", choices=list(MODELS))
    parser.add_argument("--respondents", type=_numbers, default=[20, 64], help="e.g. 20,64")
    parser.add_argument("--questions", type=int, default=2, help="questions a respondent")
    parser.add_argument("--beams", type=_names, default=["one beam", "1 to 5 beams"], help="mixes, by comma")
    parser.add_argument("--only", type=_names, default=list(WAYS), help=f"of {', '.join(WAYS)}")
    parser.add_argument("--reference-share", type=float, default=1.0, help="of answers asked one at a time")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", help="file for the figures")
    return parser.parse_args()


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _names(text: str) -> list[str]:
    return text.split(",")


# --- what is asked


SMALL: dict[str, Any] = {
    "vocab_size": 8192,
    "hidden_size": 512,
    "intermediate_size": 1536,
    "num_hidden_layers": 8,
    "num_attention_heads": 8,
    "num_key_value_heads": 2,
    "max_position_embeddings": 4096,
}
LLAMA_13B: dict[str, Any] = {
    "hidden_size": 5120,
    "intermediate_size": 13824,
    "num_hidden_layers": 40,
    "num_attention_heads": 40,
    "max_position_embeddings": 4096,
}
# Class, shape, type, whether its linear layers are packed in 4 bit.
MODELS: dict[str, tuple[Any, Any, torch.dtype, bool]] = {
    "small": (LlamaForCausalLM, LlamaConfig(**SMALL), torch.float32, False),
    "small_nf4": (LlamaForCausalLM, LlamaConfig(**SMALL), torch.bfloat16, True),
    "mistral_7b": (MistralForCausalLM, MistralConfig(sliding_window=None), torch.bfloat16, False),
    "llama_13b_nf4": (LlamaForCausalLM, LlamaConfig(**LLAMA_13B), torch.bfloat16, True),
}


def build_network(name: str, device: torch.device) -> Any:
    """A model with random weights, made on the device."""
    make, config, dtype, is_packed = MODELS[name]
    torch.manual_seed(0)
    torch.set_default_dtype(dtype)
    with torch.device(device):
        network = make(config)
    torch.set_default_dtype(torch.float32)
    if is_packed:
        pack_in_4_bit(network)
    make_settings: Any = GenerationConfig
    network.generation_config = make_settings()
    return network.to(device).eval()


def pack_in_4_bit(network: Any) -> None:
    """Every linear layer but the head, as `quantization=nf4` packs them."""
    from def_sim.engines.local.mixtral import packed_linear

    for layer in network.model.layers:
        for part in (layer.self_attn, layer.mlp):
            for name, linear in list(part.named_children()):
                if isinstance(linear, torch.nn.Linear):
                    setattr(part, name, packed_linear(linear.weight.data, linear.weight.device))


def make_interviews(
    network: Any, num_respondents: int, num_questions: int, mix: str, seed: int
) -> list[Interview]:
    """Respondents in the middle of a questionnaire under `paper` memory.

    Each has a capacity drawn from 0..15 and a full memory; with every question an exchange is added and
    one, drawn at random, deleted, the order kept.
    """
    rng = np.random.default_rng(seed)

    def tokens(count: int) -> tuple[int, ...]:
        return tuple(rng.integers(10, network.config.vocab_size, count).tolist())

    opening = tokens(OPENING)
    return [_interview(rng, tokens, opening, num_questions, mix) for _ in range(num_respondents)]


def _interview(
    rng: np.random.Generator,
    tokens: Callable[[int], tuple[int, ...]],
    opening: tuple[int, ...],
    num_questions: int,
    mix: str,
) -> Interview:
    capacity = int(rng.integers(0, MOST_REMEMBERED + 1))
    memory = [tokens(EXCHANGE) for _ in range(capacity)]
    prompts = []
    for _ in range(num_questions):
        prompts.append(opening + sum(memory, ()) + tokens(QUESTION))
        memory.append(tokens(EXCHANGE))
        del memory[int(rng.integers(0, len(memory)))]
    lengths = np.clip(rng.gamma(8.0, 10.0, num_questions), SHORTEST, LONGEST).astype(int).tolist()
    num_beams = 1 if mix == "one beam" else int(rng.integers(1, 6))
    does_sample = num_beams == 1 or bool(rng.random() < 0.5)
    return Interview(DecodingConfig(num_beams=num_beams, do_sample=does_sample), prompts, lengths)


def request_of(interviews: Sequence[Interview], respondent: int, question: int) -> Prompt:
    """A question as the engine gets it."""
    interview = interviews[respondent]
    decoding = interview.decoding
    sized = DecodingConfig(decoding.num_beams, decoding.do_sample, max_new_tokens=interview.lengths[question])
    key = RequestKey(1, f"r{respondent:05d}", f"q{question}", 0)
    return Prompt(Request((Message(Role.USER, ""),), sized, key), interview.prompts[question])


# --- ways to answer


def run_all(network: Any, interviews: Sequence[Interview], options: argparse.Namespace) -> Iterator[Result]:
    """Every chosen way, in the order of the table."""
    for name in options.only:
        way = WAYS[name]
        begin = _clock(network.device)
        try:
            num_tokens, num_answers, notes, work = way(network, interviews, options)
        except (RuntimeError, ValueError, NotImplementedError, ImportError) as error:
            print(f"  {name}: not run: {type(error).__name__}: {str(error)[:160]}", flush=True)
            continue
        yield Result(name, _clock(network.device) - begin, num_tokens, num_answers, notes, work)


Done = tuple[int, int, str, Work | None]  # tokens, answers, notes, work


def one_at_a_time(network: Any, interviews: Sequence[Interview], options: argparse.Namespace) -> Done:
    """The published shape: `generate()` for one prompt after the other."""
    most = max(1, round(len(interviews) * options.reference_share))
    done = 0
    for respondent in range(most):
        for question in range(len(interviews[0].prompts)):
            done += _generate(network, [request_of(interviews, respondent, question)])
    share = f"{most} of {len(interviews)} respondents" if most < len(interviews) else ""
    return done, most * len(interviews[0].prompts), share, None


def lockstep(network: Any, interviews: Sequence[Interview], options: argparse.Namespace) -> Done:
    """All respondents answer a question in one padded batch, and wait for the longest answer."""
    if any(interview.decoding.num_beams > 1 for interview in interviews):
        raise ValueError("one batch has one number of beams; see by_beams")
    return by_beams(network, interviews, options)


def by_beams(network: Any, interviews: Sequence[Interview], options: argparse.Namespace) -> Done:
    """As lockstep, in one batch for each kind of decoding."""
    done = 0
    for question in range(len(interviews[0].prompts)):
        groups: dict[Any, list[int]] = {}
        for respondent, interview in enumerate(interviews):
            decoding = interview.decoding
            kind = (decoding.num_beams, decoding.do_sample and decoding.num_beams > 1)
            groups.setdefault(kind, []).append(respondent)
        for members in groups.values():
            prompts = [request_of(interviews, respondent, question) for respondent in members]
            done += _generate(network, prompts)
    return done, len(interviews) * len(interviews[0].prompts), "", None


def _generate(network: Any, prompts: Sequence[Prompt]) -> int:
    """Tokens that were asked for; a batch goes on until its longest answer is done."""
    longest = max(prompt.request.decoding.max_new_tokens for prompt in prompts)
    requests = [_lengthened(prompt.request, longest) for prompt in prompts]
    special = SpecialTokens(stop=(), pad=0, begin=1)
    answers = generate_batch(network, special, requests, [prompt.token_ids for prompt in prompts])
    assert all(len(answer.token_ids) == longest for answer in answers)  # type: ignore[union-attr]
    return sum(prompt.request.decoding.max_new_tokens for prompt in prompts)


def _lengthened(request: Request, length: int) -> Request:
    decoding = request.decoding
    same = DecodingConfig(decoding.num_beams, decoding.do_sample, max_new_tokens=length)
    return Request(request.messages, same, request.key)


def continuous(network: Any, interviews: Sequence[Interview], options: argparse.Namespace) -> Done:
    """The continuous batching of transformers batching: no beams, and one number of tokens for all."""
    if any(interview.decoding.num_beams > 1 for interview in interviews):
        raise ValueError("transformers' continuous batching has no beams")
    make_settings: Any = GenerationConfig
    length = round(float(np.mean([interview.lengths for interview in interviews])))
    settings = make_settings(max_new_tokens=length, do_sample=True, eos_token_id=None, pad_token_id=0)
    done = 0
    for question in range(len(interviews[0].prompts)):
        inputs = [list(interview.prompts[question]) for interview in interviews]
        found = network.generate_batch(inputs, generation_config=settings, progress_bar=False)
        done += sum(len(output.generated_tokens) for output in found.values())
    return done, len(interviews) * len(interviews[0].prompts), f"{length} tokens each", None


def slots(network: Any, interviews: Sequence[Interview], options: argparse.Namespace) -> Done:
    """This engine."""
    return _slots(network, interviews, reuses_prefixes=True)


def slots_without_reuse(network: Any, interviews: Sequence[Interview], options: argparse.Namespace) -> Done:
    """This engine, every prompt read from its beginning."""
    return _slots(network, interviews, reuses_prefixes=False)


def _slots(network: Any, interviews: Sequence[Interview], *, reuses_prefixes: bool) -> Done:
    before = network.config._attn_implementation
    _, bytes_per_cell = try_slots(network)
    network.set_attn_implementation(NAME)
    is_gpu = network.device.type == "cuda"
    timed = _Timed(network)
    loop = SlotLoop(
        timed,
        frozenset(),
        max_rows=256,
        max_read=8192 if is_gpu else 1024,
        max_bytes=1 << (36 if is_gpu else 32),
        bytes_per_cell=bytes_per_cell,
        reuses_prefixes=reuses_prefixes,
    )
    num_questions, done, begin = len(interviews[0].prompts), 0, _clock(network.device)
    for respondent in range(len(interviews)):
        loop.add(respondent * num_questions, request_of(interviews, respondent, 0))
    try:
        while loop.has_work:
            for draft, error in loop.step():
                if error is not None:
                    raise error
                done += len(draft.text.answer or ())
                respondent, question = divmod(draft.ticket, num_questions)
                if question + 1 < num_questions:  # each respondent goes on by itself
                    loop.add(draft.ticket + 1, request_of(interviews, respondent, question + 1))
    finally:
        network.set_attn_implementation(before)
    work, total = loop.work, _clock(network.device) - begin
    notes = f"{1 - timed.seconds / total:.1%} of the time outside the model"
    if reuses_prefixes:
        notes += f", {work.num_reused_tokens / work.num_prompt_tokens:.0%} of the prompts not read again"
    return done, len(interviews) * num_questions, notes, work


class _Timed:
    """The network, with the seconds spent in it."""

    def __init__(self, network: Any) -> None:
        self._network = network
        self.device, self.seconds = network.device, 0.0

    def __call__(self, **inputs: Any) -> Any:
        begin = _clock(self.device)
        output = self._network(**inputs)
        self.seconds += _clock(self.device) - begin
        return output


WAYS: dict[str, Callable[[Any, Sequence[Interview], argparse.Namespace], Done]] = {
    "one_at_a_time": one_at_a_time,
    "lockstep": lockstep,
    "by_beams": by_beams,
    "continuous": continuous,
    "slots_without_reuse": slots_without_reuse,
    "slots": slots,
}


# --- the floor, and the tables


@dataclass(frozen=True)
class Rates:
    """What this machine does at best, measured now."""

    bytes_per_s: float
    flops_per_s: float


def measure_rates(network: Any) -> Rates:
    """Streams the network's own matrices through one vector, and multiplies large matrices."""
    matrices = [p for p in network.parameters() if p.dim() == 2 and p.is_floating_point()]
    vectors = [torch.ones(1, p.shape[1], dtype=p.dtype, device=p.device) for p in matrices]

    def stream() -> None:
        for matrix, vector in zip(matrices, vectors, strict=True):
            torch.nn.functional.linear(vector, matrix)

    size = 8192 if network.device.type == "cuda" else 1024
    square = torch.ones(size, size, dtype=matrices[0].dtype, device=network.device)
    num_bytes = sum(p.numel() * p.element_size() for p in matrices)
    with torch.inference_mode():
        return Rates(
            num_bytes / _best_of(stream, network.device),
            2 * size**3 / _best_of(lambda: square @ square, network.device),
        )


def _best_of(work: Callable[[], object], device: torch.device, repeats: int = 5) -> float:
    work()
    seconds = []
    for _ in range(repeats):
        begin = _clock(device)
        work()
        seconds.append(_clock(device) - begin)
    return min(seconds)


def floor_seconds(network: Any, interviews: Sequence[Interview], rates: Rates) -> float:
    """Prompts at the full matmul rate, and as few steps as the longest chain of answers needs.

    Every prompt read once, nothing reused; every row of every beam computed; in each step the weights
    are read once.
    """
    matrices = [p for p in network.parameters() if p.dim() == 2]
    head = network.get_output_embeddings().weight
    embedding = network.get_input_embeddings().weight
    # A byte of a packed matrix holds two weights.
    in_layers = sum(
        p.numel() * (1 if p.is_floating_point() else 2)
        for p in matrices
        if p is not head and p is not embedding
    )
    weight_bytes = sum(p.numel() * p.element_size() for p in matrices if p is not embedding)
    num_read = sum(len(prompt) for interview in interviews for prompt in interview.prompts)
    num_rows = sum(sum(interview.lengths) * interview.decoding.num_beams for interview in interviews)
    num_steps = max(sum(interview.lengths) for interview in interviews)
    reading = 2 * num_read * in_layers / rates.flops_per_s
    computing = 2 * num_rows * (in_layers + head.numel()) / rates.flops_per_s
    return reading + max(computing, num_steps * weight_bytes / rates.bytes_per_s)


def print_table(
    network: Any, interviews: Sequence[Interview], results: Sequence[Result], rates: Rates, title: str
) -> None:
    """One row a way; ratios to the reference and to lockstep of the same run."""
    num_read = sum(len(prompt) for interview in interviews for prompt in interview.prompts)
    num_answers = len(interviews) * len(interviews[0].prompts)
    floor = floor_seconds(network, interviews, rates)
    written = sum(sum(interview.lengths) for interview in interviews)
    print(f"\n{title}: {num_answers} answers, {num_read / num_answers:.0f} tokens in and "
          f"{written / num_answers:.0f} out each; floor {floor:.1f} s")  # fmt: skip
    print(f"  {'way':<22}{'s':>8}{'tokens/s':>10}{'answers/h':>11}"
          f"{'x one':>8}{'x batch':>9}{'floor':>8}  notes")  # fmt: skip
    rate = {result.name: result.tokens_per_s for result in results}
    batch = rate.get("lockstep", rate.get("by_beams"))
    for result in results:
        to_one = f"{result.tokens_per_s / rate['one_at_a_time']:.2f}" if "one_at_a_time" in rate else "-"
        to_batch = f"{result.tokens_per_s / batch:.2f}" if batch else "-"
        share = floor * result.num_tokens / written / result.seconds
        per_hour = result.num_answers / result.seconds * 3600
        print(f"  {result.name:<22}{result.seconds:>8.1f}{result.tokens_per_s:>10.1f}{per_hour:>11,.0f}"
              f"{to_one:>8}{to_batch:>9}{share:>8.0%}  {result.notes}", flush=True)  # fmt: skip


def describe_machine(device: torch.device, threads: int) -> str:
    """For the record."""
    what = torch.cuda.get_device_name(device) if device.type == "cuda" else f"CPU, {threads} thread(s)"
    clock = "wall time" if device.type == "cuda" else "process CPU time"
    return (
        f"{what}; {clock}; Python {platform.python_version()}, torch {torch.__version__}, "
        f"transformers {transformers.__version__}; {time.strftime('%Y-%m-%d')}"
    )


def describe_network(network: Any, rates: Rates) -> str:
    """For the record."""
    return (
        f"{type(network).__name__}, {network.num_parameters() / 1e6:,.1f} M parameters, {network.dtype}; "
        f"weights stream at {rates.bytes_per_s / 1e9:,.1f} GB/s, matrices multiply at "
        f"{rates.flops_per_s / 1e12:,.3f} TFLOP/s"
    )


def _clock(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize()
        return time.perf_counter()
    return time.process_time()


if __name__ == "__main__":
    main()
