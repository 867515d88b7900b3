"""What is heard of an answer when it comes in a burst, and when somebody coughs or says "stop"."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from helpers import SPEECH, collect, counter, playing, verdict, words, write_config

from actors.lib.audio.pcm import Samples, to_pcm, to_samples
from actors.lib.speech.synthesizer import VOICE_RATE_HZ, synthesize
from actors.outputs.playout.playout import FADE_SAMPLES
from pipeline.frames import AnswerAudio, AnswerEnded, Frame, Outcome
from pipeline.testing import RunningPipeline, running

RATE_HZ = 16_000


def config(folder: Path, scenario: str, *over_the_answer: dict[str, Any]) -> Path:
    """The demo with a long answer, and with what the robot does about coughs."""
    actors = {
        "microphone": playing("cards-001.wav", *over_the_answer, tail_s=600),
        "simulator": {"options": {"scenario": scenario}},
        "vad": {"inputs": {"playback": "speaker.playback"}},
        "speaker": {"inputs": {"voice": "vad.voice"}},
    }
    return write_config(folder, {"actors": actors})


def during_the_answer(path: Path) -> dict[str, Any]:
    return {"path": str(path), "start": "during_answer", "delay_s": 1.0}


def write_wav(path: Path, samples: Samples) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(to_pcm(samples))
    return path


def read_wav(path: Path) -> Samples:
    with wave.open(str(path)) as file:
        return to_samples(file.readframes(-1))


def cough(folder: Path) -> Path:
    """A quarter of a second of voice: as loud as speech, and too short to be any."""
    voice = read_wav(SPEECH / "austen-0890.wav")
    energy = np.convolve(np.abs(voice.astype(float)), np.ones(RATE_HZ // 4), "valid")
    loudest = int(np.argmax(energy))
    return write_wav(folder / "cough.wav", voice[loudest : loudest + RATE_HZ // 4])


def stop(folder: Path) -> Path:
    """Somebody says it."""
    said = to_samples(synthesize("Stop!"))
    return write_wav(folder / "stop.wav", soxr.resample(said, VOICE_RATE_HZ, RATE_HZ))


def answer_sent(pipeline: RunningPipeline) -> Samples:
    """All of the answer that Live gave, whether it was heard or not."""
    ended = pipeline.frame("live", "answer", lambda frame: isinstance(frame, AnswerEnded))
    assert isinstance(ended, AnswerEnded)

    def is_last(frame: Frame) -> bool:
        assert isinstance(frame, AnswerAudio)
        return frame.position + len(frame.pcm) // 2 == ended.samples

    sent = collect(pipeline, "live", "audio", is_last)
    answer = np.concatenate([to_samples(each.pcm) for each in sent])  # type: ignore[attr-defined]
    assert len(answer) == ended.samples
    return answer


def altered(sent: Samples, heard: Samples) -> int:
    """Samples of `sent` between the longest beginning and the longest end that both share.

    Silence does not count: a pause adds some, and so does a machine that is late.
    """
    sent, heard = sent[sent != 0], heard[heard != 0]
    shorter = min(len(sent), len(heard))
    differ = np.flatnonzero(sent[:shorter] != heard[:shorter])
    beginning = int(differ[0]) if len(differ) else shorter
    differ = np.flatnonzero(sent[len(sent) - shorter :] != heard[len(heard) - shorter :])
    end = shorter - 1 - int(differ[-1]) if len(differ) else shorter
    return max(0, len(sent) - beginning - end)


def test_an_answer_that_comes_all_at_once_is_heard_to_its_last_sample_f11(tmp_path: Path) -> None:
    with running(config(tmp_path, "f11_burst"), cwd=tmp_path) as pipeline:
        sent = answer_sent(pipeline)
        closed = verdict(pipeline, 0)
    assert (closed.outcome, closed.by) == (Outcome.ANSWERED, "live"), pipeline.output
    assert altered(sent, read_wav(tmp_path / "out" / "answer.wav")) == 0


def test_after_a_cough_the_answer_goes_on_at_the_sample_where_it_stopped_f13(
    tmp_path: Path,
) -> None:
    sound = during_the_answer(cough(tmp_path))
    with running(config(tmp_path, "f13_cough_during_answer", sound), cwd=tmp_path) as pipeline:
        sent = answer_sent(pipeline)
        closed = verdict(pipeline, 0)
        status = pipeline.until(lambda s: counter(s, "speaker", "resumed") == 1, "counters")
        status = pipeline.until(lambda s: s.turns_closed == {"answered": 1}, "the account")
    assert closed.outcome is Outcome.ANSWERED, pipeline.output
    assert status.turns_open == 0
    assert (counter(status, "vad", "turns"), counter(status, "vad", "voices_dismissed")) == (1, 1)
    assert counter(status, "speaker", "pauses") == 1
    # Only the ramps are not what was sent: the one down to silence and the one up again.
    changed = altered(sent, read_wav(tmp_path / "out" / "answer.wav"))
    assert 0 < changed <= 2 * FADE_SAMPLES


def test_stop_said_over_the_answer_interrupts_it_f13(tmp_path: Path) -> None:
    sound = during_the_answer(stop(tmp_path))
    with running(config(tmp_path, "f13_cough_during_answer", sound), cwd=tmp_path) as pipeline:
        first, second = verdict(pipeline, 0), verdict(pipeline, 1)
        pipeline.until(lambda s: counter(s, "vad", "voices_doubted") == 1, "the doubt")
    assert [first.outcome, second.outcome] == [Outcome.INTERRUPTED, Outcome.ANSWERED]
    assert words(second.said) == "stop"


def test_speech_over_the_answer_stops_it_and_is_answered_f12(tmp_path: Path) -> None:
    sound = during_the_answer(SPEECH / "cards-003.wav")
    with running(config(tmp_path, "f12_long_answer", sound), cwd=tmp_path) as pipeline:
        first, second = verdict(pipeline, 0), verdict(pipeline, 1)
    assert [first.outcome, second.outcome] == [Outcome.INTERRUPTED, Outcome.ANSWERED]
    assert words(second.said) == "seven of clubs"
