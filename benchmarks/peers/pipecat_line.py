"""Pipecat's Twilio serializer on a call: what it makes of sound, in its own environment.

Reads JSON from standard input: `inbound`, messages of mu-law in base64, 20 ms each; `outbound`,
sentences at 24 kHz in base64, which come in pieces of `piece_s`; `pause_s` between them. Writes
what came of each. Time is that of the call: Pipecat asks the clock how long a pause was.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from types import SimpleNamespace
from typing import Any

from pipecat.audio.resamplers import soxr_stream_resampler
from pipecat.frames.frames import InterruptionFrame, OutputAudioRawFrame
from pipecat.processors.frame_processor import FrameProcessorSetup
from pipecat.serializers.twilio import TwilioFrameSerializer

STREAM = "MZ1"
IN_HZ, OUT_HZ = 16_000, 24_000


class CallClock:
    """Tells the time of the call."""

    now_s = 1000.0

    def time(self) -> float:
        return self.now_s


async def _main(given: dict[str, Any]) -> dict[str, Any]:
    clock = CallClock()
    soxr_stream_resampler.time = clock
    params = TwilioFrameSerializer.InputParams(auto_hang_up=False)
    serializer = TwilioFrameSerializer(STREAM, params=params)
    rates: Any = SimpleNamespace(audio_in_sample_rate=IN_HZ)
    setup: FrameProcessorSetup = rates
    await serializer.setup(setup)
    heard = []
    for payload in given["inbound"]:
        clock.now_s += 0.02
        media = {"event": "media", "streamSid": STREAM, "media": {"payload": payload}}
        frame: Any = await serializer.deserialize(json.dumps(media))
        heard.append(base64.b64encode(frame.audio).decode() if frame is not None else "")
    sent = []
    piece_s = given["piece_s"]
    size = int(OUT_HZ * piece_s) * 2
    for sentence in given["outbound"]:
        pcm = base64.b64decode(sentence)
        pieces = []
        for at in range(0, len(pcm), size):
            clock.now_s += piece_s
            piece = OutputAudioRawFrame(pcm[at : at + size], OUT_HZ, 1)
            message: Any = await serializer.serialize(piece)
            pieces.append(json.loads(message)["media"]["payload"] if message else "")
        sent.append(pieces)
        clock.now_s += given["pause_s"]
    interrupted: Any = await serializer.serialize(InterruptionFrame())
    mark = {"event": "mark", "streamSid": STREAM, "mark": {"name": "1"}}
    return {
        "heard": heard,
        "sent": sent,
        "interrupted": json.loads(interrupted),
        "asks_for_marks": any('"mark"' in each for pieces in sent for each in pieces),
        "takes_a_mark_for": str(await serializer.deserialize(json.dumps(mark))),
    }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_main(json.load(sys.stdin)))))
