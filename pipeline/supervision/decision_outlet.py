"""Outlet of the supervisor's decisions: the ports on which actors and observers hear of them."""

from __future__ import annotations

import zmq

from pipeline.bus import Publisher
from pipeline.config import SUPERVISOR_PORTS
from pipeline.frames import Frame, Route, SessionEnded, SessionOpened, Status, TurnClosed

HIGH_WATER = 20_000
"""Frames that may wait for one actor: that a session was opened must not be lost behind the
refusals of 10,000 others."""
PORTS: dict[type[Frame], str] = {
    Route: "route",
    TurnClosed: "turns",
    SessionOpened: "sessions",
    SessionEnded: "sessions",
    Status: "status",
}


class DecisionOutlet:
    """Publishes each frame on the port for its type, while it is open; otherwise nobody hears."""

    def __init__(self) -> None:
        self._publisher: Publisher | None = None

    def open(self, context: zmq.Context[zmq.Socket[bytes]], address: str) -> Publisher:
        """Bind the endpoint, and return what publishes on it."""
        self._publisher = Publisher(context, address, SUPERVISOR_PORTS, high_water=HIGH_WATER)
        return self._publisher

    def send(self, *frames: Frame) -> None:
        """Publish frames in order; of a session that has ended nothing is kept for latecomers."""
        if self._publisher is None:
            return
        for frame in frames:
            self._publisher.publish(PORTS[type(frame)], frame)
            if isinstance(frame, SessionEnded):
                self._publisher.forget(frame.session)

    def close(self) -> None:
        """Let go of the endpoint."""
        if self._publisher is not None:
            self._publisher.close()
