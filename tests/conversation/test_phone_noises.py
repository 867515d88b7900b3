"""A short noise into an answer on real processes: the answer is heard to its end."""

from __future__ import annotations

import asyncio
import wave
from pathlib import Path

import pytest
from phones import PhoneTalk
from test_phone_calls import PHONE
from web_gateway import gateway_config

from actors.cli.calling.happening import What
from actors.lib.audio.pcm import to_pcm
from benchmarks.phone_callers.address import phone_url
from benchmarks.short_noises import short_noise
from benchmarks.telephone_line import SPEECH_RMS
from pipeline.testing import running

LINES = ("twilio", "asterisk", "audiosocket")
WORDS = ("hearted", "selfish", "disposed")
"""From the middle to the end of what is answered, behind the noise."""


def written(folder: Path, name: str) -> Path:
    path = folder / f"{name.replace(' ', '-')}.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(to_pcm(short_noise(name, 1, SPEECH_RMS)))
    return path


@pytest.mark.slow
@pytest.mark.parametrize("noise", ["cough", "a syllable"])
def test_an_answer_goes_on_behind_a_short_noise(tmp_path: Path, noise: str) -> None:
    async def ask() -> dict[str, PhoneTalk]:
        script = [
            # Until its session is connected, however busy the machine.
            ("after", "4"),
            ("say", "austen-0890.wav"),
            ("after", "1.5"),
            ("say", str(written(tmp_path, noise))),
            ("while_answering", ""),
        ]
        talks = {}
        for name in LINES:
            talk = PhoneTalk(phone_url(pipeline, name), *script, silence_s=3.0)
            talks[name] = await talk.hold()
        return talks

    with running(gateway_config(tmp_path, {"phone": PHONE})) as pipeline:
        talks = asyncio.run(ask())
        closed = pipeline.status().turns_closed
    assert closed == {"answered": len(LINES)}, "a noise is no turn, and costs nobody an answer"
    for name, talk in talks.items():
        assert (talk.tally.faults, talk.tally.hung_up_by) == ([], "caller"), name
        assert len(talk.times(What.SAY)) == 2, name
        heard = talk.heard_words()
        assert all(word in heard for word in WORDS), (name, heard)
