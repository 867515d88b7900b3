"""One log format for all processes, without secrets."""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar
from typing import Any, TextIO

from pipeline.library_lines import write_library_lines
from pipeline.plain_structlog import structlog
from pipeline.ports import SUPERVISOR

Logger = structlog.stdlib.BoundLogger

SECRET_VARIABLES = ("GEMINI_API_KEY", "GOOGLE_API_KEY", "OPENAI_API_KEY")
MIN_SECRET_LENGTH = 6
"""A shorter value would blank out ordinary words."""

_KEY_SHAPES = re.compile(
    r"AIza[0-9A-Za-z_-]{20,}|AQ\.[0-9A-Za-z_-]{20,}|greenroom_[0-9A-Za-z_-]{20,}"
    r"|eyJ[0-9A-Za-z_-]+\.eyJ[0-9A-Za-z_-]+\.[0-9A-Za-z_-]*"
    r"|(?<=[?&]key=)[^&\s]+|(?<=[?&]token=)[^&\s]+|(?<=[?&]access_token=)[^&\s]+"
)
"""Google's two API key formats, those of the gateway, tokens (JWT), and any of them in a URL."""

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]")
"""What a terminal obeys. Callers choose names, labels and words; whoever operates reads them."""

_secrets: set[str] = set()

OWN_SESSION: Mapping[str, str] = {}
SESSION: ContextVar[Mapping[str, str]] = ContextVar("session", default=OWN_SESSION)
"""Whose work is being done: what each line of the log says of it. Empty for the config's own
session, and for what concerns the process. Tasks and timers take it with them."""


def session_labels(session: str, labels: Mapping[str, str]) -> Mapping[str, str]:
    """Return what log lines say of a caller's session: its name and the labels it came with."""
    return {**labels, "session": session}


class LinesAbout:
    """Has the lines logged within say labels of a session; see `lines_about`.

    A class, since it is entered for each block of sound: a generator takes three times as long.
    """

    __slots__ = ("_labels", "_token")

    def __init__(self, labels: Mapping[str, str]) -> None:
        self._labels = labels

    def __enter__(self) -> None:
        """Begin."""
        self._token = SESSION.set(self._labels)

    def __exit__(self, *raised: object) -> None:
        """Have lines say what they said before."""
        SESSION.reset(self._token)


def lines_about(labels: Mapping[str, str]) -> LinesAbout:
    """Have the lines logged within say these of a session. Its caller chose their names, so they
    are no keyword arguments of a logger."""
    return LinesAbout(labels)


def add_secret(value: str) -> None:
    """Never let `value` appear in a log line or in text passed through `redact`."""
    if len(value) >= MIN_SECRET_LENGTH:
        _secrets.add(value)


def redact(text: str) -> str:
    """Return `text` with every known secret, and all that looks like an API key, blanked."""
    for secret in _secrets:
        text = text.replace(secret, "[secret]")
    return _KEY_SHAPES.sub("[secret]", text)


def escaped(text: str) -> str:
    """Return `text` with what a terminal would obey as Python writes it."""
    return _CONTROLS.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def in_one_line(text: str) -> str:
    """Return `text` likewise, with spaces for the ends of lines."""
    return escaped(" ".join(text.splitlines()))


def _redact_event(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> Mapping[str, Any]:
    return {
        in_one_line(k): escaped(redact(v)) if isinstance(v, str) else v for k, v in event.items()
    }


def _add_session(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> Mapping[str, Any]:
    labels = SESSION.get()
    return {**labels, **event} if labels else event


def configure(stream: TextIO | None = None, level: str = "info", actor: str = SUPERVISOR) -> None:
    """Log to `stream` (standard error) as `time level actor message key=value`.

    What libraries have to say in this process is logged as of this `actor`.
    """
    for variable in SECRET_VARIABLES:
        for value in os.environ.get(variable, "").split(","):
            add_secret(value.strip())
    out = stream or sys.stderr
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S.%f", utc=False),
            structlog.processors.format_exc_info,
            _add_session,
            _redact_event,
            structlog.dev.ConsoleRenderer(
                colors=out.isatty(),
                exception_formatter=structlog.dev.plain_traceback,
                pad_event_to=0,
            ),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    write_library_lines(actor)


def allow_any_text() -> None:
    """Let standard output write `?` for a character that its encoding lacks.

    What people say has any character; a terminal or a locale may have 128 of them.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def get_logger(actor: str) -> Logger:
    """Return the log of an actor."""
    logger: Logger = structlog.get_logger(actor=actor)
    return logger
