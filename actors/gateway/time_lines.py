"""Where the time line of each caller is; the next process of the gateway goes on from there."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from actors.gateway.caller import Caller, Publish
from actors.gateway.ear import JUMP_SAMPLES, CallerEar
from actors.gateway.events import Problem
from pipeline.frames import Audio, SessionOpened


class TimeLines:
    """Makes callers whose sound is published, as long as they are here.

    Args:
        publish: Sends a frame on a port of the gateway.
        run_for: Runs something, from any thread, on the event loop, as the work of a session.
        positions: Of an earlier process; kept up to date.
        interrupt: Ends the answer that a session hears.
        is_here: Whether a caller is one of those who are here now.
    """

    def __init__(
        self,
        publish: Publish,
        run_for: Callable[[str, Callable[[], None]], None],
        positions: dict[str, int],
        interrupt: Callable[[str], None],
        is_here: Callable[[Caller], bool],
    ) -> None:
        self._publish = publish
        self._run_for = run_for
        self._positions = positions
        self._interrupt = interrupt
        self._is_here = is_here

    def make(self, manner: SessionOpened, position: int | None = None) -> Caller:
        """Make a caller.

        Args:
            manner: Of its session.
            position: Where its time line begins; None: behind where it was.
        """
        session = manner.session
        if position is None:
            position = self._positions.get(session, 0) + JUMP_SAMPLES

        def publish_audio(frame: Audio) -> None:
            # A file may be decoded to its end after its caller has gone.
            if self._is_here(caller):
                self._publish("audio", frame)
                self._positions[session] = frame.position

        def tell_problem(text: str) -> None:
            caller.tell(Problem(text))

        soon = partial(self._run_for, session)
        ear = CallerEar(session, publish_audio, soon, tell_problem, position)
        caller = Caller(manner, ear, self._publish, partial(self._interrupt, session))
        return caller

    def begin(self, caller: Caller) -> None:
        """Its session is open."""
        self._positions[caller.session] = caller.ear.position

    def forget(self, session: str) -> None:
        """It is over."""
        self._positions.pop(session, None)
