"""Finds speech by its energy, for sessions with automatic activity detection."""

import math
from dataclasses import dataclass
from enum import Enum, auto

import numpy as np

FRAME_MS = 20
# Speech must stay above this floor for START_MS; -45 dBFS is quiet speech near a microphone.
MIN_SPEECH_DBFS = -45.0
# And above the background noise by this much.
ABOVE_NOISE_DB = 10.0
START_MS = 60
# Audio before the first voiced frame that belongs to the turn: soft consonants.
PRE_ROLL_MS = 300
# How fast the noise estimate rises while nobody speaks; it falls at once.
NOISE_RISE_DB_PER_S = 6.0
QUIETEST_DBFS = -90.0


class ActivityState(Enum):
    """Whether somebody speaks."""

    SILENT = auto()
    SPEAKING = auto()


@dataclass(frozen=True)
class UtteranceStarted:
    """Somebody began to speak."""


@dataclass(frozen=True)
class UtteranceEnded:
    """The whole utterance: PCM16 mono at the rate of the stream."""

    pcm: bytes


@dataclass(frozen=True)
class Detection:
    """When speech begins and ends.

    It begins with `start_ms` above `min_speech_dbfs` and `above_noise_db` above the noise. Sound
    that is up to `hold_db` quieter goes on with it; `silence_ms` without any ends it.
    """

    silence_ms: int
    start_ms: int = START_MS
    min_speech_dbfs: float = MIN_SPEECH_DBFS
    above_noise_db: float = ABOVE_NOISE_DB
    hold_db: float = 0.0


class SpeechDetector:
    """Turns a stream of PCM16 mono into utterances. No clock: time is counted in samples."""

    def __init__(self, rate_hz: int, detection: Detection) -> None:
        self._detection = detection
        self._frame_bytes = rate_hz * FRAME_MS // 1000 * 2
        self._silence_frames = math.ceil(detection.silence_ms / FRAME_MS)
        self._start_frames = max(1, math.ceil(detection.start_ms / FRAME_MS))
        self._pre_roll_bytes = rate_hz * PRE_ROLL_MS // 1000 * 2
        self._noise_dbfs = MIN_SPEECH_DBFS - ABOVE_NOISE_DB
        self._phase = ActivityState.SILENT
        self._partial = bytearray()
        self._kept = bytearray()
        self._run = 0

    def feed(self, pcm: bytes) -> list[UtteranceStarted | UtteranceEnded]:
        """Takes any amount of audio and says what began and ended in it."""
        self._partial += pcm
        events: list[UtteranceStarted | UtteranceEnded] = []
        while len(self._partial) >= self._frame_bytes:
            frame = bytes(self._partial[: self._frame_bytes])
            del self._partial[: self._frame_bytes]
            event = self._frame(frame)
            if event is not None:
                events.append(event)
        return events

    def flush(self) -> list[UtteranceStarted | UtteranceEnded]:
        """The stream ends here: an utterance in progress ends too."""
        if self._phase is ActivityState.SILENT:
            self._kept.clear()
            self._partial.clear()
            return []
        self._kept += self._partial
        self._partial.clear()
        return [self._end()]

    def _frame(self, frame: bytes) -> UtteranceStarted | UtteranceEnded | None:
        self._kept += frame
        voiced = self._voiced(frame)
        if self._phase is ActivityState.SILENT:
            self._run = self._run + 1 if voiced else 0
            keep = self._pre_roll_bytes + self._run * self._frame_bytes
            del self._kept[: max(0, len(self._kept) - keep)]
            if self._run < self._start_frames:
                return None
            self._phase, self._run = ActivityState.SPEAKING, 0
            return UtteranceStarted()
        self._run = 0 if voiced else self._run + 1
        return self._end() if self._run >= self._silence_frames else None

    def _end(self) -> UtteranceEnded:
        pcm = bytes(self._kept)
        self._kept.clear()
        self._phase, self._run = ActivityState.SILENT, 0
        return UtteranceEnded(pcm)

    def _voiced(self, frame: bytes) -> bool:
        samples = np.frombuffer(frame, "<i2").astype(np.float32)
        power = float(np.dot(samples, samples)) / max(1, samples.size) / 32768**2
        level = 10 * math.log10(power) if power > 0 else QUIETEST_DBFS
        asked = self._detection
        needed = max(asked.min_speech_dbfs, self._noise_dbfs + asked.above_noise_db)
        if self._phase is ActivityState.SPEAKING:
            needed -= asked.hold_db
        voiced = level > needed
        if level < self._noise_dbfs:
            self._noise_dbfs = max(level, QUIETEST_DBFS)
        elif not voiced:
            self._noise_dbfs += NOISE_RISE_DB_PER_S * FRAME_MS / 1000
        return voiced
