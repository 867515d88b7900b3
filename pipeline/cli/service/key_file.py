"""The environment file of a service: holds the API key, and is nobody else's business."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from pipeline.files import OWNER_ONLY, write_whole

KEYS = ("GEMINI_API_KEY", "GOOGLE_API_KEY")
"""Variables that hold an API key unless a config says otherwise."""
_HEAD = """\
# Variables of the service, one NAME=value a line, without `export`. Readable by its owner alone.
"""


class KeyState(StrEnum):
    """What a key file holds."""

    MISSING = "there is no file"
    EMPTY = "it holds no key"
    SET = "it holds a key"


def key_state(path: Path) -> KeyState:
    """Look into a file.

    Raises:
        PermissionError: it is another user's.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return KeyState.MISSING
    # Variables of a config's own count too: whatever has a value.
    has_value = re.search(r"^\s*[A-Za-z_]\w*=\s*[^\s]", text, re.MULTILINE)
    return KeyState.SET if has_value else KeyState.EMPTY


def make_key_file(path: Path, environment: Mapping[str, str]) -> KeyState:
    """Make it if it is not there, from the keys in the environment; see to its permissions.

    Args:
        path: Its folder is made if it is not there.
        environment: Where keys may be.

    Raises:
        OSError: it cannot be made.
    """
    if (state := key_state(path)) is not KeyState.MISSING:
        path.chmod(OWNER_ONLY)
        return state
    path.parent.mkdir(parents=True, exist_ok=True)
    found = {name: environment[name] for name in KEYS if environment.get(name, "").strip()}
    lines = [f"{name}={_quoted(value.strip())}" for name, value in found.items()]
    write_whole(path, _HEAD + "\n".join(lines or [f"#{KEYS[0]}="]) + "\n")
    return KeyState.SET if found else KeyState.EMPTY


def _quoted(value: str) -> str:
    """As systemd.exec(5) reads it: a line, in quotes if it has more than letters."""
    one_line = " ".join(value.split())
    if re.fullmatch(r"[\w.,+/=-]+", one_line):
        return one_line
    escaped = re.sub(r'(["\\$`])', r"\\\1", one_line)
    return f'"{escaped}"'
