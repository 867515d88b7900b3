"""Sessions of one actor: opened, failed and ended, each apart from the others."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable, Mapping
from contextvars import Context, Token
from typing import TYPE_CHECKING, Any

from pipeline.errors import GreenroomError
from pipeline.frames import Frame, SessionEnd, SessionEnded, SessionOpened
from pipeline.logs import OWN_SESSION, SESSION, lines_about, session_labels
from pipeline.sessions import Opening, SessionTable
from pipeline.sessions.admission import HELD_NS, Admission
from pipeline.sessions.isolation import FAILURES, WINDOW_NS, Failures
from pipeline.sessions.refusal import MOST_DETAIL_CHARACTERS, MOST_NAME_CHARACTERS
from pipeline.sessions.unusable import UnusableFrames

if TYPE_CHECKING:
    from pipeline.actor import Actor

SESSIONS_PORT = "sessions"
"""Output port that every actor has: here it opens and ends the sessions it brings, and ends those
that failed in it. The supervisor decides, and tells everybody on a port of the same name."""

CYCLES_EVERY = 25
"""Sessions that end, until Python is made to look for cycles: what an actor has of one is a cycle,
with its tasks, of some 300 objects and 60 KiB. Python by itself looks when 200,000 objects are new,
which some 600 callers leave behind; to look takes a few milliseconds."""


class WorkOfSession:
    """A stretch of work: a class of its own, as each block of sound of each caller is one, and a
    generator takes three times as long.

    Args:
        session: Whose work it is.
        labels: What its log lines say.
        fail: Told of an exception, which goes no further; None: it does.
    """

    __slots__ = ("_fail", "_labels", "_session", "_token")

    def __init__(
        self,
        session: str,
        labels: Mapping[str, str],
        fail: Callable[[str, BaseException], None] | None,
    ) -> None:
        self._session = session
        self._labels = labels
        self._fail = fail
        self._token: Token[Mapping[str, str]] | None = None

    def __enter__(self) -> None:
        self._token = SESSION.set(self._labels)

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: object
    ) -> bool:
        try:
            if self._fail is None or not isinstance(error, Exception):
                return False
            self._fail(self._session, error)
            return True
        finally:
            assert self._token is not None
            SESSION.reset(self._token)


class SessionWork:
    """Runs what an actor does for a session so that its failure is that session's alone.

    Args:
        actor: Whose sessions these are: it makes and ends their state and handles their frames.
    """

    def __init__(self, actor: Actor[Any]) -> None:
        self._actor = actor
        self._own = actor.session
        self.table: SessionTable[Any] = SessionTable(
            actor.make_session, most=None, permanent=self._own
        )
        self._admission = Admission(actor.counters)
        self._expiry: asyncio.TimerHandle | None = None
        self._failures = Failures()
        self._ended = 0
        """Since cycles were looked for."""
        self.unusable = UnusableFrames(actor)

    def open(self, opened: SessionOpened) -> None:
        """Open a session, and hand on what was held of it."""
        name = opened.session
        own = name == self._own
        with lines_about(OWN_SESSION if own else session_labels(name, opened.labels)):
            try:
                if self.table.open(opened, time.monotonic_ns()) is not Opening.OPENED:
                    return
            except Exception as error:
                if own:
                    raise
                self._admission.ended(self._report_failure(name, error))
                return
        for port, frame in self._admission.opened(opened):
            self._actor.receive(port, frame)

    def end(self, ended: SessionEnded) -> None:
        """Let go of a session."""
        name = ended.session
        entry = self.table.entry(name)
        self._admission.ended(ended)
        if entry is None:
            return
        with lines_about(entry.labels):
            try:
                self._actor.session_ended(self.table.end(name), ended)
            except Exception:
                self._actor.log.exception("could not let go of the session")
        self._ended += 1
        if self._ended >= CYCLES_EVERY:
            self._ended = 0
            gc.collect()

    def hold(self, port: str, frame: Frame) -> None:
        """Keep a frame whose session is not open yet; one whose session is over is dropped."""
        self._admission.hold(port, frame, time.monotonic_ns())
        self._expire_later()

    def handle(
        self, labels: Mapping[str, str], handler: Callable[[Frame], None], frame: Frame
    ) -> None:
        """Hand a caller's frame to its handler."""
        token = SESSION.set(labels)
        try:
            handler(frame)
        except Exception as error:  # noqa: BLE001 - it ends its session, whatever it was
            self.fail(frame.session, error)
        finally:
            SESSION.reset(token)

    def work_of(self, session: str) -> WorkOfSession:
        """Do work of a session outside of its handlers."""
        entry = self.table.entry(session)
        labels = OWN_SESSION if entry is None else entry.labels
        return WorkOfSession(session, labels, None if session == self._own else self.fail)

    def fail(self, session: str, error: BaseException) -> None:
        """End a caller's session whose work raised; one too many of them ends the process."""
        entry = self.table.entry(session)
        if entry is None:
            self._actor.log.error("failed after the session had ended", exc_info=error)
            return
        # Also what finds the failure may be work of all sessions, or of another one.
        with lines_about(entry.labels):
            ended = self._report_failure(session, error)
        self.end(ended)

    def close(self) -> None:
        """Wait for no session any more."""
        if self._expiry is not None:
            self._expiry.cancel()
            self._expiry = None

    def _report_failure(self, session: str, error: BaseException) -> SessionEnded:
        actor = self._actor
        actor.counters["sessions_failed"] += 1
        # What was raised on purpose says in words what its caller did, and is no fault of ours.
        caused = isinstance(error, GreenroomError)
        what = str(error) if caused else f"{type(error).__name__}: {error}"
        detail = f"{actor.name}: {what}"[:MOST_DETAIL_CHARACTERS]
        if caused:
            actor.log.warning("the session failed", because=detail)
        else:
            actor.log.error("the session failed", exc_info=error)
        ended = SessionEnded(session=session, reason=SessionEnd.FAILED, detail=detail)
        actor.publish(SESSIONS_PORT, ended)
        if not caused and self._failures.record(session, time.monotonic_ns()):
            failure = RuntimeError(
                f"{FAILURES} sessions failed within {WINDOW_NS // 10**9} s: this is no fault of one"
            )
            failure.__cause__ = error
            actor.fail(failure)
        return ended

    def _expire_later(self) -> None:
        if self._expiry is None and self._admission.is_holding:
            loop = asyncio.get_running_loop()
            self._expiry = loop.call_later(HELD_NS / 1e9, self._expire, context=Context())

    def _expire(self) -> None:
        self._expiry = None
        late = self._admission.expire(time.monotonic_ns())
        if late:
            self._actor.log.warning(
                "dropped frames of sessions that nobody opened: publish a SessionOpened first",
                sessions=[name[:MOST_NAME_CHARACTERS] for name in late[:5]],
                unopened=self._actor.counters["unopened"],
            )
        self._expire_later()
