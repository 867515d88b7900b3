"""A headset is plugged in and becomes the system's default, in mid-answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sound_server import SoundServer, find, heard
from test_speaker_device import recording, reported, speaker, wait_until_heard

from pipeline.frames import PlaybackState

SECOND = 24_000


def test_the_answer_goes_on_in_the_headset(sound: SoundServer, tmp_path: Path) -> None:
    said = np.concatenate([recording(), recording("numbers.wav")])
    with (
        sound.listening() as path,
        speaker(sound, tmp_path, device=None) as (pipeline, feeding),
    ):
        feeding.answer(said)
        # What PulseAudio has, and has not rendered yet, moves to the headset with the stream: the
        # first second is in the speaker when half a second more is reported.
        reported(pipeline, PlaybackState.PLAYING, least=SECOND * 3 // 2)
        sound.plug_in_headset()
        with sound.listening("headset") as headset:
            finished = reported(pipeline, PlaybackState.FINISHED)
            wait_until_heard(headset, said[-SECOND:])
        health = pipeline.actor("speaker").health
    assert health is not None
    assert finished.played_samples == len(said)
    assert health.state == "ready"
    assert find(said[:SECOND], heard(path))[1] > 0.95
