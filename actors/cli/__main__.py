"""Entry point of the `greenroom` command."""

from __future__ import annotations

import contextlib
import gc
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.launch.fork_client import Nursery

LIKELY_BACKEND = "live"
"""First in the route of every config that comes with Greenroom. Where it is not, its imports are
in vain, and 40 ms of them are waited for."""
EXIT_INTERRUPTED = 128 + signal.SIGINT
"""As shells say it."""


def main() -> None:
    """Run the command line."""
    try:
        head_start = _begin() if sys.argv[1:2] == ["run"] else None
        from actors.cli.app import run

        run(head_start)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)


def _begin() -> Nursery:
    """Begin to import google-genai, for which a conversation waits longest, beside all the rest."""
    # Looking for garbage in what is being imported takes a tenth of the time.
    gc.disable()
    from pipeline.errors import ConfigError
    from pipeline.launch.fork_client import first_nursery
    from pipeline.registry import find_actor

    # The actor itself is read by this process too, for its ports: once for both, before the fork.
    # What is wrong with it is said if the config asks for it.
    with contextlib.suppress(ConfigError):
        find_actor(LIKELY_BACKEND, Path.cwd())
    nursery = first_nursery()
    nursery.preload([(LIKELY_BACKEND, Path.cwd())])
    return nursery


if __name__ == "__main__":
    main()
