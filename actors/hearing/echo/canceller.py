"""Echo canceller of one session."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import numpy as np

from actors.hearing.echo.alignment import LEAD, Alignment
from actors.hearing.echo.bypass import Bypass, Way
from actors.hearing.echo.far_end import NOTHING, FarEndBuffer
from actors.lib.audio.pcm import SPEECH_RATE_HZ, Samples, is_audible, level_dbfs, to_samples
from pipeline.frames import Audio

FRAME_SAMPLES = SPEECH_RATE_HZ // 100
"""10 ms: WebRTC works on nothing else."""
LONGEST_ECHO = SPEECH_RATE_HZ // 2
"""Nothing is quiet until the last of an echo has died away."""
MUTED = SPEECH_RATE_HZ // 2
"""A far end that is missing for longer is not late: the speaker was killed, and is silent."""
LEARNING = SPEECH_RATE_HZ * 3 // 2
"""Sound in which the canceller finds where and how loud the echo is: half a second to a second,
with the loopback of a sound server. Until then enough comes through to be taken for a voice."""
GAUGE_SHARE = 0.05
"""Of each block in `reduction_db`: an average over the last 0.4 s of sound."""
FAINT_DBFS = -60.0
"""Below, how much fainter a block became says nothing."""


class Mode(StrEnum):
    """What is done about the echo."""

    AEC = "aec"
    HALF_DUPLEX = "half_duplex"
    OFF = "off"


class Canceller:
    """Lines the far end up with the microphone and takes it out; not safe for threads.

    In a long silence of the far end there is nothing to take out, and the sound passes by.
    """

    def __init__(self, mode: Mode, *, noise_suppression: bool = False, tail_samples: int = 0):
        self.gauges: dict[str, float] = {}
        self._mode = mode
        self._tail = tail_samples
        self._far = FarEndBuffer()
        self._alignment = Alignment()
        self._waiting = NOTHING
        self._next: int | None = None
        self._given_up = False
        self.muted = 0
        """Samples silenced because their echo could not be cancelled."""
        self._learned = 0
        self._realigned = 0
        self._bypass = Bypass()
        self._suppresses_noise = noise_suppression
        self._processor: Any = None
        if mode is Mode.AEC:
            from pywebrtc_audio import AudioProcessor

            self._processor = AudioProcessor(
                SPEECH_RATE_HZ,
                1,
                echo_cancellation=True,
                noise_suppression=noise_suppression,
            )

    def play(self, frame: Audio) -> None:
        """The loudspeaker plays this; `origin_ns` is when its last sample is heard."""
        self._given_up = False
        if self._far.push(frame):
            end = (frame.position + frame.samples) * SPEECH_RATE_HZ // frame.rate_hz
            self._alignment.far.record(end, frame.origin_ns)

    def hear(self, frame: Audio) -> list[tuple[int, Samples]]:
        """Return what the block is without the loudspeaker, in pieces with their positions."""
        if self._mode is Mode.OFF:
            return [(frame.position, to_samples(frame.pcm))]
        samples = to_samples(frame.pcm)
        pieces: list[tuple[int, Samples]] = []
        self._alignment.near.record(frame.position + len(samples), frame.origin_ns)
        if self._next is not None and frame.position != self._next:
            pieces += self._whole(self._next - len(self._waiting), self._waiting)
            self._waiting = NOTHING
        self._next = frame.position + len(samples)
        position = frame.position - len(self._waiting)
        joined = np.concatenate([self._waiting, samples])
        whole = len(joined) if frame.final else len(joined) // FRAME_SAMPLES * FRAME_SAMPLES
        self._waiting = joined[whole:]
        return pieces + self._whole(position, joined[:whole])

    def is_early(self, frame: Audio) -> bool:
        """Return whether the block came before the sound of the loudspeaker that is in it."""
        if self._mode is not Mode.AEC or self._given_up:
            return False
        lacks = self._alignment.lacks(frame.position, frame.samples, self._far.end)
        return lacks and self._far.sounds(self._far.end - LONGEST_ECHO, LONGEST_ECHO)

    def give_up(self) -> None:
        """Do without the far end until more of it comes."""
        self._given_up = True

    def counts(self) -> dict[str, int]:
        """What went other than planned."""
        return {
            "far_end_gaps": self._far.gaps,
            "far_end_late": self._alignment.late,
            "realigned": self._alignment.realigned,
            "muted_samples": self.muted,
        }

    def _whole(self, position: int, samples: Samples) -> list[tuple[int, Samples]]:
        if not len(samples):
            return []
        if self._mode is Mode.HALF_DUPLEX:
            return [(position, self._mute(position, samples))]
        return [(position, self._cancel(position, samples))]

    def _mute(self, position: int, samples: Samples) -> Samples:
        if not (self._alignment.near.is_set and self._alignment.far.is_set):
            return samples
        heard_at = position + self._alignment.by_clock
        deaf = self._far.sounds(heard_at - self._tail, self._tail + len(samples) + LEAD)
        self.gauges["deaf"] = deaf
        return np.zeros_like(samples) if deaf else samples

    def _cancel(self, position: int, samples: Samples) -> Samples:
        count = len(samples)
        heard_at = position + self._alignment.by_clock
        sounds = self._far.sounds(heard_at - LONGEST_ECHO, LONGEST_ECHO + LEAD + count)
        hushed, end = self._far.is_hushed, self._far.end
        first = self._alignment.first(position, count, end, quiet=not sounds, hushed=hushed)
        # Without an echo WebRTC takes as long to look for one, half of what this process does.
        around = hushed and not (sounds or self._suppresses_noise)
        way = self._bypass.way(samples, around=around)
        if way is Way.AROUND:
            return self._bypass.late
        far = np.zeros(count, np.int16) if first is None else self._far.read(first, count)
        cleaned: Samples = self._processor.process(np.ascontiguousarray(samples), far)
        if way is Way.BOTH:
            cleaned = self._bypass.fade(cleaned)
        late = first is not None and self._far.end < first + count < self._far.end + MUTED
        if sounds and (late or self._is_learning(far)):
            # What cannot be cancelled would be taken for a voice.
            self.muted += count
            return np.zeros_like(samples)
        self.gauges["lead_ms"] = self._alignment.lead * 1000 / SPEECH_RATE_HZ
        if sounds and (before := level_dbfs(samples)) > FAINT_DBFS:
            known = self.gauges.get("reduction_db", 0.0)
            new = before - level_dbfs(cleaned) - known
            self.gauges["reduction_db"] = known + GAUGE_SHARE * new
        return cleaned

    def _is_learning(self, far: Samples) -> bool:
        if self._realigned != self._alignment.realigned:
            self._realigned = self._alignment.realigned
            self._learned = 0
        if self._learned < LEARNING:
            self._learned += len(far) * is_audible(far)
            return True
        return False
