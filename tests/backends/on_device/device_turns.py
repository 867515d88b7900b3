"""Turns for the device backend alone, and what it answers."""

from __future__ import annotations

import asyncio
import wave
from pathlib import Path

from actors.backends.on_device import DeviceOptions
from actors.lib.speech.numbers import words
from actors.lib.speech.recognizer import MoonshineRecognizer
from pipeline.frames import (
    AnswerAudio,
    AnswerEnded,
    Audio,
    EndReason,
    Fault,
    FaultClass,
    Frame,
    Route,
    Side,
    SpeechEnded,
    SpeechStarted,
    Transcript,
    UserText,
)
from pipeline.testing import ActorHarness

SPEECH = Path(__file__).parents[2] / "speech"
BLOCK_BYTES = 640
MOVE = {
    "name": "move",
    "description": "Move the robot.",
    "parameters": {
        "type": "object",
        "properties": {
            "direction": {"type": "string", "enum": ["forward", "backward", "left", "right"]},
            "distance_m": {"type": "number", "maximum": 100},
        },
        "required": ["direction", "distance_m"],
    },
}
OURS = Route(owner="device", epoch=1, reason="live is out of quota")
QUOTA = Fault(backend="live", fault=FaultClass.QUOTA, retry=True, retry_after_s=60)

DeviceStage = ActorHarness[DeviceOptions]


def spoken_turn(name: str, start: int = 0) -> list[tuple[str, Frame]]:
    """A recording as a turn: frames with the ports they go to."""
    with wave.open(str(SPEECH / name)) as file:
        pcm = file.readframes(-1)
    turn, end = f"local:{start}", start + len(pcm) // 2
    blocks = [
        Audio(position=start + at // 2, pcm=pcm[at : at + BLOCK_BYTES])
        for at in range(0, len(pcm), BLOCK_BYTES)
    ]
    ended = SpeechEnded(
        turn=turn, start_position=start, position=end, at_ns=1, reason=EndReason.SILENCE
    )
    return [
        ("speech", SpeechStarted(turn=turn, position=start, at_ns=1)),
        *(("audio", block) for block in blocks),
        ("speech", ended),
    ]


def typed(device: DeviceStage, text: str, number: int = 1) -> None:
    device.send("text", UserText(turn=f"local:t{number}", text=text))


def answer_of(device: DeviceStage) -> tuple[str, bytes, AnswerEnded]:
    """Words and sound of the answer that comes."""
    ended = device.expect("answer", AnswerEnded)
    pieces = [frame for frame in device.sent["transcript"] if isinstance(frame, Transcript)]
    sound = [frame for frame in device.sent["audio"] if isinstance(frame, AnswerAudio)]
    device.sent["transcript"].clear()
    device.sent["audio"].clear()
    said = "".join(piece.text for piece in pieces if piece.side is Side.MODEL)
    return said, b"".join(frame.pcm for frame in sound), ended


def recognise(pcm: bytes) -> list[str]:
    async def listen() -> str:
        recognizer = MoonshineRecognizer()
        try:
            await recognizer.start()
            return await recognizer.hear(pcm, 24_000)
        finally:
            await recognizer.stop()

    return words(asyncio.run(listen()))


def loaded(device: DeviceStage) -> bool:
    return device.actor.gauges["models_loaded"] == 1
