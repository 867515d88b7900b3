"""What tells a pipeline from all others that share a database."""

from __future__ import annotations

import os
import socket
from pathlib import Path


def pipeline_id(state_dir: Path) -> str:
    """Return the machine and the state folder of a pipeline: the same after a restart."""
    return f"{socket.gethostname()}:{os.fspath(state_dir.absolute())}"
