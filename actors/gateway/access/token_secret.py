"""The secret with which tokens are signed: one for all gateways that serve the same callers."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from actors.gateway.access.tokens import LEAST_SECRET_BYTES
from pipeline.errors import ConfigError
from pipeline.files import write_whole
from pipeline.logs import add_secret

VARIABLE = "GREENROOM_TOKEN_SECRET"
FILE = "token_secret"


def token_secret(state_dir: Path, environment: Mapping[str, str] = os.environ) -> bytes:
    """Return the secret: of the environment, or of the state folder, where it is made if need be.

    With it in a file tokens outlive the pipeline; several machines with one database need the same
    one, in the variable.

    Raises:
        ConfigError: it is too short, or cannot be kept.
    """
    given = environment.get(VARIABLE, "")
    if given:
        if len(given.encode()) < LEAST_SECRET_BYTES:
            raise ConfigError(f"{VARIABLE} is shorter than {LEAST_SECRET_BYTES} characters")
        add_secret(given)
        return given.encode()
    path = state_dir / FILE
    try:
        kept = path.read_text() if path.exists() else ""
        if len(kept) < LEAST_SECRET_BYTES:
            kept = secrets.token_urlsafe(LEAST_SECRET_BYTES)
            write_whole(path, kept)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"cannot keep the secret of tokens in {path} ({error}): set state_dir to a folder that "
            f"can be written, or {VARIABLE}"
        ) from error
    add_secret(kept)
    return kept.encode()
