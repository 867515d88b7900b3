"""Lets the sound that an actor takes wait while nobody needs it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from pipeline.bus.pace import LINGER_S, RELAXED_S, SoundPace
from pipeline.frames import Route

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.bus.subscriber import Subscriber
    from pipeline.frames import Frame


class Pacer:
    """Hands frames on, and sets how often the sockets are read that carry nothing but sound.

    Args:
        pace: Knows when sound is waited for.
        deliver: Called with the input port and the frame.
    """

    def __init__(self, pace: SoundPace, deliver: Callable[[str, Frame], None]) -> None:
        self._pace = pace
        self._deliver = deliver
        # Nothing is in the way of those to whom all comes at once.
        self.receive = self._receive if pace.telling else deliver
        self._patient: list[Subscriber] = []
        self._slowing: asyncio.TimerHandle | None = None

    def add(self, subscriber: Subscriber) -> None:
        """Set how often one is read, if it may wait."""
        if all(self._pace.may_wait(inlet.spec) for inlet in subscriber.inlets.values()):
            self._patient.append(subscriber)
            self._apply()

    def forget(self, session: str) -> None:
        """A session has ended."""
        self._pace.forget(session)
        self._change()

    def close(self) -> None:
        """Change nothing any more."""
        if self._slowing is not None:
            self._slowing.cancel()
            self._slowing = None

    def _receive(self, port: str, frame: Frame) -> None:
        """Hand on a frame: speech after the sound that it is about, which may have waited.

        A route is about no sound, and a hundred may come at once, of turns that want an answer.
        """
        if isinstance(frame, Route):
            self._deliver(port, frame)
            self._note(frame)
            return
        if port in self._pace.telling:
            for subscriber in self._patient:
                subscriber.catch_up()
            self._note(frame)
        self._deliver(port, frame)

    def _note(self, frame: Frame) -> None:
        self._pace.on_frame(frame)
        self._change()

    def _change(self) -> None:
        self.close()
        if self._pace.is_waited_for:
            self._apply()
        elif self._patient:
            loop = asyncio.get_running_loop()
            self._slowing = loop.call_later(LINGER_S, self._apply)

    def _apply(self) -> None:
        self._slowing = None
        for subscriber in self._patient:
            subscriber.pace(0.0 if self._pace.is_waited_for else RELAXED_S)
