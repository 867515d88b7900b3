"""ZeroMQ sockets on an asyncio loop without a future per message."""

from __future__ import annotations

import asyncio
import select
from typing import TYPE_CHECKING

import zmq

from pipeline.bus.alarm import HAS_ALARM, Alarm
from pipeline.bus.direct_loop import unwatch, watch
from pipeline.bus.rush import Rush

if TYPE_CHECKING:
    from collections.abc import Callable

BATCH = 64
"""Messages handled before the loop gets a turn: 64 frames of 20 ms take about 3 ms, so that a
flood cannot hold up timers and heartbeats."""
BUSY_INTERVAL_S = 0.004
"""Between two reads in a rush, so that messages are read several at a time: those of eight
microphones then cost a fifth less and are heard 2 ms later (benchmarks/README.md, "Crowds"). Of
100 sessions twenty blocks come in this time: a fifth of what a block of theirs may be late."""
POLLIN, NOBLOCK, SNDMORE = int(zmq.POLLIN), int(zmq.NOBLOCK), int(zmq.NOBLOCK | zmq.SNDMORE)
"""As numbers: combining flags of an enum takes several microseconds."""
EVENTS, RCVMORE = zmq.EVENTS, zmq.RCVMORE
"""Not as numbers: pyzmq looks for the member of the enum, and has it here."""
Plain = zmq.backend.Socket
"""Its methods lack the comforts of `zmq.Socket`, which take half of the time (benchmarks/README.md,
"One hop")."""


def send(socket: zmq.Socket[bytes], topic: bytes, payload: bytes) -> None:
    """Send a message of two parts; never blocks."""
    Plain.send(socket, topic, SNDMORE)
    Plain.send(socket, payload, NOBLOCK)


def receive(socket: zmq.Socket[bytes]) -> list[bytes]:
    """Return the parts of the message that waits."""
    parts = [Plain.recv(socket, NOBLOCK)]
    while Plain.get(socket, RCVMORE):
        parts.append(Plain.recv(socket, NOBLOCK))
    return parts


class SocketReader:
    """Calls back for each message of a socket, as many as wait, up to a batch at a time.

    The file descriptor of a ZeroMQ socket is edge-triggered: after a wake-up, and after any use
    of the socket for sending, it has to be read until it is empty.
    """

    def __init__(
        self,
        socket: zmq.Socket[bytes],
        on_message: Callable[[list[bytes]], None],
        on_drained: Callable[[], None] | None = None,
    ) -> None:
        """Watch a socket.

        Args:
            socket: To be read.
            on_message: Called with the parts of each message.
            on_drained: Called when all that waited has been handled.
        """
        self._socket = socket
        self._on_message = on_message
        self._on_drained = on_drained
        self._loop = asyncio.get_running_loop()
        self._fd = int(socket.getsockopt(zmq.FD))
        signals = select.poll()
        signals.register(self._fd, select.POLLIN)
        self._signals = signals.poll
        self._closed = False
        self._again: asyncio.Handle | None = None
        self._interval_s = 0.0
        self._reading = False
        self._behind = False
        self._rush = Rush(self._loop.time)
        self._watching = False
        self._alarm: Alarm | None = None
        self._rests_until_ns = 0
        self._watch(True)

    def pace(self, interval_s: float) -> None:
        """Read what has come every so often; 0: as soon as it comes, beginning with what waits."""
        if interval_s == self._interval_s:
            return
        self._interval_s = interval_s
        if interval_s and self._behind:
            return  # What is left of more than a batch does not wait for the interval.
        self._cancel_again()
        if interval_s:
            self._watch(False)
            self._again = self._loop.call_later(interval_s, self._read)
        else:
            self.read_now()

    def rest_until(self, due_ns: int) -> None:
        """Asked while a message is handled: what comes before a monotonic time may wait for it.

        Where that is the last of those that wait. What has not come by then is read as it comes.
        """
        self._rests_until_ns = due_ns

    def read_now(self) -> None:
        """Read what waits, at most a batch of it, unless that is being done."""
        if not self._reading:
            self._read()

    def read_if_pending(self) -> None:
        """Before sending: read what has come since the socket was last looked at."""
        if self._reading:
            return
        # What has come since then has signalled, which is cheaper to see than what there is.
        if self._signals(0) or (self._again is not None and self._is_pending()):
            self._read()

    def kick(self) -> None:
        """Look for messages on the next turn of the loop."""
        if self._again is None:
            self._again = self._loop.call_soon(self._read)

    def kick_if_pending(self) -> None:
        """After sending: look for a message whose wake-up the sending may have swallowed."""
        if self._is_pending():
            self.kick()

    def close(self) -> None:
        """Stop watching the socket, before it is closed."""
        self._closed = True
        self._watch(False)
        self._cancel_again()
        if self._alarm is not None:
            self._alarm.close()

    def _watch(self, watching: bool) -> None:
        if watching and not self._watching:
            watch(self._loop, self._fd, self._read)
        elif self._watching and not watching:
            unwatch(self._loop, self._fd)
        self._watching = watching

    def _cancel_again(self) -> None:
        if self._again is not None:
            self._again.cancel()
            self._again = None

    def _read(self) -> None:
        if self._again is not None:
            self._cancel_again()
        self._reading = True
        try:
            taken = self._take_batch()
        finally:
            self._reading = False
        if self._closed:
            return
        self._rush.note(taken)
        rest_s = self._interval_s or (BUSY_INTERVAL_S if self._rush.is_on else 0.0)
        rests = bool(rest_s)
        self._behind = taken == BATCH
        if self._rests_until_ns and not rests and not self._behind:
            rests = self._set_alarm(self._rests_until_ns)
        if self._watching is rests:
            self._watch(not rests)
        if self._behind:
            self.kick()
        elif rest_s and self._again is None:
            self._again = self._loop.call_later(rest_s, self._read)

    def _set_alarm(self, due_ns: int) -> bool:
        if not HAS_ALARM:
            return False
        if self._alarm is None:
            self._alarm = Alarm(self._loop, self.read_now)
        self._alarm.set(due_ns)
        return True

    def _is_pending(self) -> bool:
        # Cheaper than the exception of a receive in vain: one is due after each frame.
        return not self._closed and bool(int(Plain.get(self._socket, EVENTS)) & POLLIN)

    def _take_batch(self) -> int:
        self._rests_until_ns = 0
        try:
            # There nearly always is one, and to ask before takes longer than to receive it.
            message = receive(self._socket)
        except zmq.Again:
            return 0
        taken = 1
        self._on_message(message)
        while taken < BATCH and self._is_pending():
            taken += 1
            self._rests_until_ns = 0
            self._on_message(receive(self._socket))
        if self._on_drained is not None:
            self._on_drained()
        return taken
