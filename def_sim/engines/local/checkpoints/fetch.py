"""Downloads a checkpoint into the hub's local cache, where the engine finds it without a network.

Only what the engine reads: configuration, tokenizer, and one form of the weights. Code of the
checkpoint is left where it is. An interrupted download goes on where it stopped. The only module
of the local engine that uses the network.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from huggingface_hub import HfApi, snapshot_download
from huggingface_hub.errors import (  # type: ignore[attr-defined]  # HTTPError: of the client's HTTP library
    EntryNotFoundError,
    GatedRepoError,
    HFValidationError,
    HTTPError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from def_sim.errors import ModelError

_SMALL: Final = (".json", ".model", ".txt", ".jinja")
_RESUMES: Final = "The same command again goes on where it stopped."


def fetch_checkpoint(path: str, revision: str | None, *, endpoint: str | None = None) -> tuple[Path, int]:
    """Makes sure that a hub checkpoint lies in the local cache.

    Args:
        path: Hub id; a folder needs no fetching.
        revision: Commit, branch or tag; None is the branch `main`.
        endpoint: Another hub, such as a mirror; None is the client's own setting.

    Returns:
        The folder in the cache, and the bytes it holds.

    Raises:
        ModelError: No network, no such checkpoint, or its publisher wants a licence accepted first.
    """
    folder = Path(path).expanduser()
    if folder.is_dir():
        return folder.resolve(), _bytes_in(folder)
    try:
        names = needed_files(HfApi(endpoint=endpoint).list_repo_files(path, revision=revision))
        if not any(_is_weight(name) for name in names):
            raise ModelError(
                f"{path} has no weights in safetensors or .bin.", fix="Choose another checkpoint."
            )
        snapshot = snapshot_download(path, revision=revision, allow_patterns=list(names), endpoint=endpoint)
    except (HTTPError, HFValidationError, OfflineModeIsEnabled, EntryNotFoundError) as error:
        raise _explained(error, path, revision or "main") from error
    return Path(snapshot), _bytes_in(Path(snapshot))


def _explained(error: Exception, path: str, revision: str) -> ModelError:
    """What the hub's refusal means for a user."""
    # The more special first: a gated checkpoint is also one that is not found.
    if isinstance(error, GatedRepoError):
        return ModelError(
            f"{path} is gated: its publisher wants the licence accepted first.",
            fix=f"Accept it at https://huggingface.co/{path}, then `hf auth login`, then the same command.",
        )
    if isinstance(error, RevisionNotFoundError):
        return ModelError(
            f"{path} has no revision {revision}.",
            fix="Give a commit, branch or tag: `model.engine.revision=`.",
        )
    if isinstance(error, RepositoryNotFoundError):
        return ModelError(
            f"There is no checkpoint {path}, or it is private.",
            fix="Correct `model.engine.path=organisation/name`; for a private one `hf auth login` first.",
        )
    if isinstance(error, HFValidationError):
        return ModelError(
            f"{path!r} is neither a folder on this machine nor a hub id (organisation/name).",
            fix="Set `model.engine.path=`.",
        )
    if isinstance(error, OfflineModeIsEnabled):
        return ModelError(
            f"{path} cannot be fetched: HF_HUB_OFFLINE is set.", fix="Unset it where there is a network."
        )
    return ModelError(
        f"{path} could not be fetched: {_first_line(error)}.", fix=f"Is there a network? {_RESUMES}"
    )


def needed_files(names: Iterable[str]) -> tuple[str, ...]:
    """Of a checkpoint's files those that the engine reads, sorted.

    Safetensors where there are any, else `.bin`; never both, nor copies in other formats or folders.
    """
    top = [name for name in names if "/" not in name and name.isprintable()]  # the client shows them
    small = [name for name in top if name.endswith(_SMALL) and not _is_index(name)]
    for beginning, ending in (("model", ".safetensors"), ("pytorch_model", ".bin")):
        weights = [name for name in top if name.startswith(beginning) and name.endswith(ending)]
        if weights:
            index = f"{beginning}{ending}.index.json"
            return tuple(sorted([*small, *weights, *([index] if index in top else [])]))
    return tuple(sorted(small))


def _is_index(name: str) -> bool:
    return name.endswith(".index.json")


def _is_weight(name: str) -> bool:
    return name.endswith((".safetensors", ".bin"))


def _bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())


def _first_line(error: Exception) -> str:
    lines: Sequence[str] = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else ''}".rstrip(".: ")
