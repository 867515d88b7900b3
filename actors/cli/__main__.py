"""Entry point of the `greenroom` command."""

from __future__ import annotations

import gc
import signal
import sys

from pipeline.inherited import put_right

EXIT_INTERRUPTED = 128 + signal.SIGINT
"""As shells say it."""


def main() -> None:
    """Run the command line."""
    put_right()
    try:
        if sys.argv[1:2] == ["run"]:
            # Looking for garbage in what is being imported takes a tenth of the time.
            gc.disable()
        from actors.cli.app import run

        run()
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)


if __name__ == "__main__":
    main()
