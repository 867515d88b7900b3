"""The provider's side of a call over Twilio's words, for a gateway on a stage."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

from gateway_client import GatewayOnStage, received
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from pipeline.frames import SessionOpened

STREAM, CALL = "MZ1", "CA1"


class TwilioEnd:
    """One call, as Twilio's end of its media socket.

    Args:
        gateway: Which is called.
        path: Of the socket.
    """

    def __init__(
        self, gateway: GatewayOnStage, path: str = "/phone/twilio", **options: Any
    ) -> None:
        self.gateway = gateway
        self.client: ClientConnection = gateway.connect(path, **options)
        self.session = ""

    def begin(self, call: str = CALL, **parameters: str) -> SessionOpened:
        """Bring the line up; return the manner of its session, which is opened."""
        asked = self.begin_asking(call, **parameters)
        manner = asked.model_dump(exclude={"session", "origin_ns", "seq", "boot", "sent_ns"})
        return self.gateway.harness.open(asked.session, **manner)

    def begin_asking(self, call: str = CALL, **parameters: str) -> SessionOpened:
        """Bring the line up; return as which session it is asked for."""
        start = {
            "streamSid": STREAM,
            "callSid": call,
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": parameters,
        }
        self.send(event="connected", protocol="Call", version="1.0.0")
        self.send(event="start", streamSid=STREAM, start=start)
        asked = self.gateway.harness.expect("sessions", SessionOpened)
        self.session = asked.session
        return asked

    def send(self, **message: Any) -> None:
        """Send a message."""
        self.gateway.meanwhile(lambda: self.client.send(json.dumps(message)))

    def say(self, payload: bytes, number: int = 1) -> None:
        """Send sound."""
        media = {
            "track": "inbound",
            "chunk": str(number),
            "timestamp": "0",
            "payload": base64.b64encode(payload).decode(),
        }
        self.send(event="media", streamSid=STREAM, media=media)

    def next(self) -> dict[str, Any]:
        """Return the next message."""
        message: dict[str, Any] = self.gateway.next(self.client)
        return message

    def until(self, event: str) -> list[dict[str, Any]]:
        """Return messages up to one of this kind."""

        def receive() -> list[dict[str, Any]]:
            messages = [received(self.client)]
            while messages[-1]["event"] != event:
                messages.append(received(self.client))
            return messages

        return self.gateway.meanwhile(receive)

    def sound(self, milliseconds: float) -> bytes:
        """Return the sound that comes next, so much of it or a little more."""
        sound = b""
        while len(sound) < 8 * milliseconds:
            sound += sound_of([self.next()])
        return sound

    def within(self, seconds: float) -> list[dict[str, Any]]:
        """Return what comes within so long, or until the line is closed."""

        def receive() -> list[dict[str, Any]]:
            messages, until = [], time.monotonic() + seconds
            while (left := until - time.monotonic()) > 0:
                try:
                    messages.append(json.loads(self.client.recv(timeout=left)))
                except (TimeoutError, ConnectionClosed):
                    break
            return messages

        return self.gateway.meanwhile(receive)

    def play(self, name: str) -> None:
        """Say that what was sent before a mark was played."""
        self.send(event="mark", streamSid=STREAM, mark={"name": name})


def sound_of(messages: list[dict[str, Any]]) -> bytes:
    """Return the sound that messages carry."""
    return b"".join(
        base64.b64decode(each["media"]["payload"]) for each in messages if each["event"] == "media"
    )
