"""What Pipecat's serializers say to providers of telephone lines, and understand of them.

`PHONE_WORDS`: for each provider the name of its stream, and messages (`base64:...` if binary).
Prints, for each, what its serializer says of sound and of an interruption, and what it takes each
message for.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
from typing import Any

from pipecat.frames.frames import (
    Frame,
    InputAudioRawFrame,
    InputDTMFFrame,
    InterruptionFrame,
    OutputAudioRawFrame,
    StartFrame,
)
from pipecat.serializers.base_serializer import FrameSerializer
from pipecat.serializers.exotel import ExotelFrameSerializer
from pipecat.serializers.plivo import PlivoFrameSerializer
from pipecat.serializers.telnyx import TelnyxFrameSerializer
from pipecat.serializers.twilio import TwilioFrameSerializer
from pipecat.serializers.vonage import VonageFrameSerializer

SOUND = bytes(range(256)) * 25
"""Linear, at the rate of the line, so that nothing but its form is converted."""


def serializers(streams: dict[str, str]) -> dict[str, tuple[FrameSerializer, int]]:
    """Return a serializer of each provider, and the rate of its line."""
    alone = {"auto_hang_up": False}
    twilio = TwilioFrameSerializer.InputParams(**alone)
    telnyx = TelnyxFrameSerializer.InputParams(**alone)
    plivo = PlivoFrameSerializer.InputParams(**alone)
    return {
        "twilio": (TwilioFrameSerializer(streams["twilio"], params=twilio), 8_000),
        "telnyx": (
            TelnyxFrameSerializer(streams["telnyx"], "PCMU", "PCMU", params=telnyx),
            8_000,
        ),
        "plivo": (PlivoFrameSerializer(streams["plivo"], params=plivo), 8_000),
        "exotel": (ExotelFrameSerializer(streams["exotel"]), 8_000),
        "vonage": (VonageFrameSerializer(), 16_000),
    }


def plain(message: str | bytes | None) -> Any:
    """Return a message as JSON can have it."""
    if isinstance(message, bytes):
        return {"binary": base64.b64encode(message).decode()}
    return json.loads(message) if message else None


def taken_for(frame: Frame | None) -> str:
    """Return what a message was understood as."""
    match frame:
        case InputDTMFFrame():
            return f"key {frame.button.value}"
        case InputAudioRawFrame():
            return f"sound of {frame.num_frames} samples"
    return ""


async def words(given: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return what each serializer says, and what it understands."""
    found: dict[str, Any] = {}
    streams = {name: each["stream"] for name, each in given.items()}
    for name, (serializer, rate_hz) in serializers(streams).items():
        await serializer.setup(
            StartFrame(audio_in_sample_rate=rate_hz, audio_out_sample_rate=rate_hz)
        )
        understood = []
        for message in given[name]["messages"]:
            binary = message.startswith("base64:")
            raw = base64.b64decode(message[7:]) if binary else message
            understood.append(taken_for(await serializer.deserialize(raw)))
        found[name] = {
            "sound": plain(await serializer.serialize(OutputAudioRawFrame(SOUND, rate_hz, 1))),
            "clear": plain(await serializer.serialize(InterruptionFrame())),
            "understood": understood,
        }
    return found


print(json.dumps(asyncio.run(words(json.loads(os.environ["PHONE_WORDS"])))))
