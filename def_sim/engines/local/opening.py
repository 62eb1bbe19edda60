"""From settings to a model that answers: the only place from which torch is imported, and it is slow.

Runs in the thread or process that will own the model.
"""

from pathlib import Path

from def_sim.engines.local.checkpoints.checkpoint import chat_template_text, check_checkpoint, find_checkpoint
from def_sim.engines.local.checkpoints.gguf.header import is_gguf
from def_sim.engines.local.prompts.chat_templates import check_arguments
from def_sim.engines.local.prompts.template_trial import check_template
from def_sim.engines.local.scheduling.runner import Runner
from def_sim.engines.local.settings import EngineSettings


def open_model(settings: EngineSettings) -> Runner:
    """Loads the checkpoint and gives it the loop that suits it.

    Raises:
        ModelError: The checkpoint is missing, incomplete, of the wrong kind or too large.
        ConfigError: An argument that its chat template does not use.
    """
    folder = find_checkpoint(settings.path, settings.revision)
    check_checkpoint(folder, needs_chat_template=settings.prompt_style == "chat")
    check_template_of(folder, settings)
    if is_gguf(folder):
        from def_sim.engines.local.checkpoints.gguf.unpacking import unpack

        folder = unpack(folder)
    from def_sim.engines.local.model import LocalModel
    from def_sim.engines.local.slot_support import make_runner

    return make_runner(LocalModel(folder, settings), settings)


def import_libraries() -> None:
    """Imports what `open_model` needs, which takes seconds."""
    import def_sim.engines.local.model
    import def_sim.engines.local.slot_support  # noqa: F401


def check_template_of(folder: Path, settings: EngineSettings) -> None:
    """Makes sure that the checkpoint's chat template can be used as the settings say, without loading it.

    Raises:
        ModelError: It does not write conversations within its limits.
        ConfigError: An argument that it does not use.
    """
    template, arguments = chat_template_text(folder), settings.arguments_of_template
    if template is not None and settings.prompt_style == "chat":
        check_template(template, arguments, of=folder)
        check_arguments(template, arguments)
