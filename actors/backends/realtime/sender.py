"""Sends what the state of the turns wants sent; not the blocks of an open turn, which go by."""

from __future__ import annotations

from actors.backends.audio_ring import AudioRing
from actors.backends.fault_info import FaultAction, FaultInfo
from actors.backends.realtime.connection_loop import ConnectionLoop
from actors.backends.realtime.steps import (
    AbortLink,
    Freeze,
    SendActivity,
    SendAudio,
    SendReply,
    SendText,
    Step,
)
from pipeline.frames import FaultClass


class Sender:
    """Without a connection, nothing is sent: the next one gets it all.

    Args:
        connection: Has the link, if there is one.
        ring: The sound that is kept.
    """

    def __init__(self, connection: ConnectionLoop, ring: AudioRing) -> None:
        self.origin_ns = 0
        """When the newest sample kept was captured, monotonic."""
        self._connection = connection
        self._ring = ring

    def send(self, step: Step) -> None:
        """Carry out a step that is about the connection."""
        link = self._connection.link
        if link is None:
            return
        match step:
            case SendAudio(start, end):
                for pcm in self._ring.messages(start, end):
                    link.send_audio(pcm, self.origin_ns)
            case SendActivity(activity):
                link.send_activity(activity)
            case SendText(text):
                link.send_text(text)
            case SendReply(reply):
                link.send_tool_results([reply])
            case AbortLink():
                link.leave()
            case Freeze(detail):
                link.leave(_frozen(detail))


def _frozen(detail: str) -> FaultInfo:
    advice = "The service stopped answering; another backend can take over."
    return FaultInfo(FaultClass.FROZEN, FaultAction.RESUME, None, f"no event: {detail}", advice)
