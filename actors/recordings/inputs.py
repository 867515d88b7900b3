"""Recorded inputs of one actor."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from heapq import merge

from actors.recordings.cassette.recorded_frame import RecordedFrame
from actors.recordings.feeding import Fed
from actors.recordings.messages import RecordedMessage
from actors.recordings.reader import Recording, frames
from pipeline.errors import GreenroomError
from pipeline.frames import Audio, Image, SessionOpened
from pipeline.ports import SUPERVISOR, StreamRef
from pipeline.sessions.work import SESSIONS_PORT

AUDIO_PORT = "audio"
"""Of every backend."""


class Inputs:
    """The frames by input port, read each time they are gone through.

    Args:
        recording: Of the run.
        name: The actor.
        wires: Streams by input port, as in its config.

    Raises:
        GreenroomError: it was sent nothing.
    """

    def __init__(
        self, recording: Recording, name: str, wires: Mapping[str, str | list[str]]
    ) -> None:
        self._name = name
        self._ports: dict[tuple[str, str], str] = {}
        for port, streams in wires.items():
            for text in [streams] if isinstance(streams, str) else streams:
                ref = StreamRef.parse(text)
                self._ports[ref.actor, ref.port] = port
        self._messages = recording.messages.only(
            lambda each: (each.actor, each.port) in self._ports
        )
        self._sessions = recording.messages.only(
            lambda each: (each.actor, each.port) == (SUPERVISOR, SESSIONS_PORT)
        )
        self.opened = {
            frame.session for _, frame in frames(self._sessions) if isinstance(frame, SessionOpened)
        }
        """Sessions whose opening was recorded; what is said of any other has to open it."""
        self.sounding = any(each.type == Audio.type_name for each in self._messages.channels)
        first = next(iter(self), None)
        if first is None:
            sent = sorted(f"{actor}.{port}" for actor, port in self._ports)
            listened = f"it listened to {', '.join(sent)}" if sent else "it listens to nobody"
            raise GreenroomError(f"the recording has nothing that {name} was sent: {listened}")
        self.first_ns = first.sent_ns

    def __iter__(self) -> Iterator[Fed]:
        for message, frame in frames(self._messages):
            yield Fed(message.sent_ns, self._port(message), frame)

    def with_sessions(self) -> Iterator[Fed]:
        """Give what it was sent, and among it which sessions the supervisor opened and ended."""
        sessions = (
            Fed(message.sent_ns, SESSIONS_PORT, frame) for message, frame in frames(self._sessions)
        )
        return merge(sessions, self, key=lambda each: each.sent_ns)

    def sound(self) -> Iterator[Audio]:
        """Give the sound that it was sent."""
        blocks = self._messages.only(lambda each: each.type == Audio.type_name)
        for message, frame in frames(blocks):
            if isinstance(frame, Audio) and self._port(message) == AUDIO_PORT:
                yield frame

    def recorded(self, recording: Recording, outputs: Collection[str]) -> list[RecordedFrame]:
        """Return what it was sent and what it sent, but for the sound and pictures it was sent."""
        found: list[RecordedFrame] = []
        heavy = (Audio.type_name, Image.type_name)
        wanted = recording.messages.only(
            lambda each: (
                (each.actor == self._name and each.port in outputs)
                or ((each.actor, each.port) in self._ports and each.type not in heavy)
            )
        )
        for message, frame in frames(wanted):
            found.append(RecordedFrame(message.sent_ns, message.actor == self._name, frame))
        return found

    def _port(self, message: RecordedMessage) -> str:
        return self._ports[message.actor, message.port]
