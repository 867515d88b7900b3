"""What libraries log, in lines like all others."""

from __future__ import annotations

import logging
from contextlib import suppress

from pipeline.plain_structlog import structlog


class LibraryLines(logging.Handler):
    """Writes what comes by Python's own `logging` to our log, without secrets as all there.

    Args:
        actor: In whose process that is.
    """

    def __init__(self, actor: str) -> None:
        super().__init__(logging.WARNING)
        self._actor = actor

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line; nothing that is wrong with it ends whoever logged it."""
        about = {"actor": self._actor, "library": record.name}
        if record.exc_text:
            # A filter may have taken secrets out of it, of which nobody else knows.
            about["exception"] = record.exc_text
        elif record.exc_info:
            about["exception"] = logging.Formatter().formatException(record.exc_info)
        log = structlog.get_logger(**about)
        write = log.error if record.levelno >= logging.ERROR else log.warning
        # A stream that is closed or broken: there is nobody to tell.
        with suppress(OSError, ValueError):
            write(_message(record))


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):  # Its arguments do not fit it.
        return str(record.msg)


def write_library_lines(actor: str) -> None:
    """Have warnings and errors of libraries written to the log of this process."""
    root = logging.getLogger()
    for handler in root.handlers[:]:
        if isinstance(handler, LibraryLines):
            root.removeHandler(handler)
    root.addHandler(LibraryLines(actor))
