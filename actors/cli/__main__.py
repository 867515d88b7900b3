"""Entry point of the `greenroom` command."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.supervision.nursery import Nursery

LIKELY_BACKEND = "live"
"""First in the route of every config that comes with Greenroom. Where it is not, its imports are
in vain, and nobody waits for them."""
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
    from pipeline.supervision.nursery import first_nursery

    nursery = first_nursery()
    nursery.preload([(LIKELY_BACKEND, Path.cwd())])
    return nursery


if __name__ == "__main__":
    main()
