"""What a config leaves out where there is an API key: the simulator that stands in for Gemini."""

from __future__ import annotations

from pathlib import Path

from pipeline.config.model import ActorConfig, PipelineConfig
from pipeline.errors import CredentialError, NoKeyError
from pipeline.logs import get_logger

SIMULATOR = "simulator"


def without_stand_in(config: PipelineConfig, path: Path) -> PipelineConfig:
    """Return a config without its simulator, if its backends ask Gemini as there is a key.

    Args:
        config: Unchanged if its backends ask the simulator in any case, or none.
        path: Of the config; a key may be beside it.
    """
    asking = [each for each in config.actors.values() if "server_file" in each.options]
    if not asking or not all(_prefers_gemini(each, path) for each in asking):
        return config
    left_out = {name for name, each in config.actors.items() if each.use == SIMULATOR}
    if not left_out:
        return config
    get_logger("greenroom").info("there is an API key: nothing is simulated")
    actors = {
        name: each.model_copy(update={"after": [a for a in each.after if a not in left_out]})
        for name, each in config.actors.items()
        if name not in left_out
    }
    return config.model_copy(update={"actors": actors})


def _prefers_gemini(backend: ActorConfig, path: Path) -> bool:
    from actors.backends.gemini.credentials import find_keys, folders_here
    from actors.backends.gemini.server import ServerFileWhen, ServerOptions

    if backend.options.get("server_file_when") != ServerFileWhen.NO_KEY:
        return False
    options = ServerOptions.model_validate(
        {k: v for k, v in backend.options.items() if k in ServerOptions.model_fields}
    )
    for variables in options.key_variables:
        try:
            find_keys(variables, (path.parent, *folders_here()))
        except NoKeyError:
            continue
        except CredentialError:
            pass  # Somebody meant to give one; the backend says what is wrong with it.
        return True
    return False
