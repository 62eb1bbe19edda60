"""llama.cpp as a way of holding the same interviews: what a laptop user would pick, by its own server.

Needs the package `xllamacpp` (in the extra `dev`), which holds llama.cpp as compiled code. The server runs
in this process, whose CPU time counts it as it counts every other way. Each
respondent asks one question after the other; the server keeps what prompts have in common.

It gets the same token ids and writes answers of the same lengths, sampled from the whole vocabulary.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import torch
from benchmark_floor import clock
from benchmark_interviews import Interview, request_of
from benchmark_ways import Result

_CONTEXT: Final = 2048  # tokens of a respondent's slot: a prompt with a full memory, and an answer


def llama_cpp(
    path: Path, network: Any, interviews: Sequence[Interview], most_seconds: float, *, unpacked: bool
) -> Result:
    """llama.cpp's server on a GGUF file, a slot a respondent, one thread.

    Args:
        path: The file.
        network: Not asked; its device says which clock counts.
        interviews: What is asked.
        most_seconds: Not kept: the server finishes what it was asked.
        unpacked: Computes with the file's weights in float32 instead of as they are stored.
    """
    with TemporaryDirectory() as folder:
        file = write_in_float32(path, Path(folder) / "float32.gguf") if unpacked else path
        server = _start(file, len(interviews), torch.get_num_threads())
        _ask(server, list(range(1, 40)), 2)  # what it does the first time
        begin = clock(network.device)
        with ThreadPoolExecutor(len(interviews)) as pool:
            counts = list(pool.map(partial(_interview, server, interviews), range(len(interviews))))
        seconds = clock(network.device) - begin
        del server
    num_answers = sum(len(interview.prompts) for interview in interviews)
    return Result(seconds, sum(counts), num_answers, f"{num_answers} answers")


def write_in_float32(source: Path, target: Path) -> Path:
    """The same model with every tensor unpacked, as llama.cpp reads it."""
    from gguf import GGUFReader, GGUFWriter
    from gguf.quants import dequantize

    reader = GGUFReader(source)
    writer = GGUFWriter(target, str(reader.fields["general.architecture"].contents()))
    for name, field in reader.fields.items():
        if not name.startswith("GGUF.") and name != "general.architecture":
            kind = field.types[-1] if len(field.types) > 1 else None
            writer.add_key_value(name, field.contents(), field.types[0], sub_type=kind)
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, dequantize(tensor.data, tensor.tensor_type))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target


def _start(file: Path, num_slots: int, num_threads: int) -> Any:
    from xllamacpp import CommonParams, Server

    settings = CommonParams()
    settings.model.path = str(file)
    settings.n_parallel = num_slots
    settings.n_ctx = _CONTEXT * num_slots
    settings.verbosity = -1
    for threads in (settings.cpuparams, settings.cpuparams_batch):
        threads.n_threads = num_threads
        threads.poll = 0  # a thread that waits by spinning would count as work
    return Server(settings)


def _interview(server: Any, interviews: Sequence[Interview], respondent: int) -> int:
    """Tokens written for a respondent, question after question."""
    num_tokens = 0
    for question in range(len(interviews[respondent].prompts)):
        prompt = request_of(interviews, respondent, question)
        num_tokens += _ask(server, list(prompt.token_ids), prompt.request.decoding.max_new_tokens)
    return num_tokens


def _ask(server: Any, token_ids: list[int], max_new_tokens: int) -> int:
    reply = server.handle_completions(
        {
            "prompt": token_ids,
            "n_predict": max_new_tokens,
            "ignore_eos": True,
            "cache_prompt": True,
            "temperature": 1.0,
            "top_k": 0,
            "top_p": 1.0,
            "min_p": 0.0,
        }
    )
    if "usage" not in reply:
        raise RuntimeError(f"llama.cpp: {reply}")
    return int(reply["usage"]["completion_tokens"])
