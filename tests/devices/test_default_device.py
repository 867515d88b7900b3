"""A headset or a microphone is plugged in and becomes the system's default, in mid-answer."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
from recognition import recognised
from ride import QUESTION, SECOND, Ride
from sound_server import SoundServer, find, heard
from test_microphone_device import SPEECH_RATE_HZ, end, hear
from test_speaker_device import recording, reported, speaker, wait_until_heard

from actors.lib.audio.pcm import samples_to_ns
from pipeline.frames import PlaybackState

ASKED = "go forward ten meters"
LEAST_LOSS_NS = 100_000_000
"""Of a stream that is moved, not opened anew; a busy machine's clock is off by half as much."""


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


def test_the_next_question_is_heard_by_the_microphone_that_was_plugged_in(ride: Ride) -> None:
    sound, said = ride.sound, recording()[: 2 * SECOND]
    ended = ride.answers_through(lambda: sound.plug_in_microphone("desk"), said)
    sound.say(QUESTION, "desk")
    blocks, _ = hear(ride.pipeline, ride.question)
    assert (ended.played_samples, ended.underruns) == (len(said), 0)
    assert blocks[0].origin_ns < ended.at_ns, "the change is not in what was heard"
    assert recognised(b"".join(block.pcm for block in blocks), SPEECH_RATE_HZ) == ASKED
    # What the change took would be a gap in positions, or missing by the clock.
    assert all(after.position == end(before) for before, after in pairwise(blocks))
    heard_ns = samples_to_ns(end(blocks[-1]) - end(blocks[0]), SPEECH_RATE_HZ)
    assert abs(blocks[-1].origin_ns - blocks[0].origin_ns - heard_ns) < LEAST_LOSS_NS
    assert ride.restarts() == [0, 0]
