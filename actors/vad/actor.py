"""Turns sound into turns, with sample positions, for every session it hears."""

from __future__ import annotations

import asyncio
import base64
from collections import defaultdict
from collections.abc import Callable, Generator
from typing import ClassVar

from pydantic import Field, model_validator

from actors.audio.pcm import SPEECH_RATE_HZ, Samples, level_dbfs, samples_to_ns, to_samples
from actors.vad.endpointing import Dismissed, Doubted, Ended, Endpointing, Limits, Moment, Started
from actors.vad.engine import Engine, EngineName, load_engine
from actors.vad.sounding import Sounding
from actors.vad.stream import Saved, VoiceStream
from pipeline.actor import Actor, Options
from pipeline.errors import ConfigError
from pipeline.frames import (
    Audio,
    Frame,
    Playback,
    SpeechEnded,
    SpeechStarted,
    VoiceDismissed,
    VoiceStarted,
    turn_id,
)
from pipeline.ports import In, Out

FORGET_AFTER_NS = 60_000_000_000
"""How long an ended session is remembered: longer than any producer retains sound, so that sound
replayed after a restart does not open its turns again."""
FORGET_SILENT_NS = 600_000_000_000
"""After that a session that never said that it ended is taken to have, when another begins."""
TOGETHER_MS = 16.0
"""Half of Silero's window. With 25 sessions a dozen windows come in this time, and cost a fifth of
what they cost one by one: the weights do not stay in the processor's cache in between."""


class VadOptions(Options):
    """Options of the turn detection."""

    engine: EngineName = Field(EngineName.SILERO, description="Voice detector.")
    enter: float = Field(
        0.5, gt=0, le=1, description="Probability of speech from which a window counts as speech."
    )
    leave: float = Field(
        0.35, ge=0, le=1, description="Probability below which it is silence again."
    )
    pre_roll_ms: float = Field(
        240,
        ge=0,
        le=2000,
        description="Sound before the first speech window that belongs to the turn: soft first "
        "consonants, and the window or two by which a detector is late.",
    )
    min_speech_ms: float = Field(
        60,
        ge=0,
        le=2000,
        description="Speech needed to begin a turn, rounded up to windows: two of Silero's, so "
        "that a click is no barge-in and a word stops the answer within 150 ms.",
    )
    min_interruption_ms: float = Field(
        400,
        ge=0,
        le=2000,
        description="Speech needed to begin a turn while an answer is heard, where `playback` is "
        'connected. Said aloud, "stop" is 480 ms long and "mhm" 380; a cough is shorter.',
    )
    silence_ms: float = Field(600, gt=0, le=10_000, description="Silence that ends a turn.")
    hangover_ms: float = Field(
        200, ge=0, le=10_000, description="Part of that silence that belongs to the turn."
    )
    max_turn_s: float = Field(
        30, ge=1, le=600, description="A longer turn is cut; the speech goes on as the next turn."
    )

    @model_validator(mode="after")
    def _consistent(self) -> VadOptions:
        if self.leave > self.enter:
            raise ValueError(f"leave ({self.leave}) must not be above enter ({self.enter})")
        if self.hangover_ms > self.silence_ms:
            raise ValueError(
                f"hangover_ms ({self.hangover_ms}) must not be above silence_ms ({self.silence_ms})"
            )
        return self

    def limits(self, window_samples: int) -> Limits:
        """Return the options in samples, for an engine with windows of this length."""

        def samples(ms: float) -> int:
            return round(ms * SPEECH_RATE_HZ / 1000)

        return Limits(
            window=window_samples,
            enter=self.enter,
            leave=self.leave,
            pre_roll=samples(self.pre_roll_ms),
            min_speech=samples(self.min_speech_ms),
            silence=samples(self.silence_ms),
            hangover=samples(self.hangover_ms),
            max_turn=samples(self.max_turn_s * 1000),
            min_interruption=samples(self.min_interruption_ms),
        )


class Vad(Actor[VadOptions]):
    """Publishes where speech starts and ends; the same sound gives the same turns, always.

    With `playback` connected, a sound over an answer is doubted until there is enough of it:
    `voice` tells players at once, so that they may pause, and `speech` has it only if it is a turn.
    """

    options_type = VadOptions
    inputs: ClassVar = {
        "audio": In((Audio,), replay=True, together_ms=TOGETHER_MS),
        "playback": In((Playback,), replay=True, required=False),
    }
    outputs: ClassVar = {
        "speech": Out((SpeechStarted, SpeechEnded), retain_s=30),
        "voice": Out((VoiceStarted, VoiceDismissed)),
    }
    preload = ("actors.vad.silero.engine",)

    _make_engine: Callable[[], Engine]

    async def start(self) -> None:
        """Load the engine and take up the sessions of the process before this one."""
        self._make_engine = load_engine(self.options.engine)
        self._streams: dict[str, VoiceStream] = {}
        self._waiting: defaultdict[str, list[Audio]] = defaultdict(list)
        self._saved: dict[str, Saved] = {}
        self._ended_ns: dict[str, int] = {}
        self._heard_ns: dict[str, int] = {}
        self._sounding: dict[str, Sounding] = defaultdict(Sounding)
        saved = self.checkpoint.setdefault("sessions", {})
        for session, (endpointing, engine) in saved.items():
            self._streams[session] = self._stream()
            self._streams[session].restore(
                Saved(Endpointing.restore(endpointing), base64.b64decode(engine))
            )

    def on_playback(self, frame: Playback) -> None:
        """Note whether an answer is heard."""
        self._sounding[frame.session].note(frame)

    def on_audio(self, frame: Audio) -> None:
        """Listen to a block of sound."""
        if frame.rate_hz != SPEECH_RATE_HZ:
            raise ConfigError(
                f"{self.name}.audio gets sound at {frame.rate_hz} Hz and takes {SPEECH_RATE_HZ}: "
                "set the rate of the actor that sends it"
            )
        if not self._waiting:
            # All that is read from the socket at once comes before.
            asyncio.get_running_loop().call_soon(self._listen)
        self._waiting[frame.session].append(frame)

    def _listen(self) -> None:
        """Judge the windows that have come, of each session one at a time, together."""
        waiting, self._waiting = self._waiting, defaultdict(list)
        asking: list[tuple[Generator[Samples, float, None], Engine, Samples]] = []
        for session, frames in waiting.items():
            if session not in self._streams:
                self._streams[session] = self._stream()
                self._forget_silent(frames[0].origin_ns)
            stream = self._streams[session]
            self._heard_ns[session] = frames[-1].origin_ns
            hearing = self._hear(stream, frames)
            window = next(hearing, None)
            if window is not None:
                asking.append((hearing, stream.engine, window))
        while asking:
            judged = asking[0][1].together([(engine, window) for _, engine, window in asking])
            answered, asking = asking, []
            for (hearing, engine, _), probability in zip(answered, judged, strict=True):
                try:
                    asking.append((hearing, engine, hearing.send(probability)))
                except StopIteration:
                    continue
        self.gauges["probability"] = stream.probability
        self.gauges["level_dbfs"] = level_dbfs(to_samples(frames[-1].pcm))

    def _hear(self, stream: VoiceStream, frames: list[Audio]) -> Generator[Samples, float, None]:
        """Yield the windows of a session, and say what follows from their probabilities."""
        for frame in frames:
            stream.over_answer = self._sounding[frame.session].at(frame.origin_ns)
            moments = yield from stream.feed(frame.position, to_samples(frame.pcm))
            if frame.final:
                moments += yield from stream.finish()
            # Capture time of sample 0, had the stream begun there.
            zero_ns = frame.origin_ns - samples_to_ns(frame.position + frame.samples - 1)
            for moment in moments:
                self._say(frame, moment, zero_ns)
            self._note(frame, stream)

    def _say(self, heard: Audio, moment: Moment, zero_ns: int) -> None:
        def at_ns(position: int) -> int:
            return zero_ns + samples_to_ns(position)

        session, origin_ns = heard.session, heard.origin_ns
        speech: Frame
        match moment:
            case Doubted(position) | Started(position):
                doubted = isinstance(moment, Doubted)
                self.counters["voices_doubted" if doubted else "turns"] += 1
                speech = (VoiceStarted if doubted else SpeechStarted)(
                    session=session,
                    origin_ns=origin_ns,
                    turn=turn_id(session, position),
                    position=position,
                    at_ns=at_ns(position),
                )
            case Dismissed(start, position):
                self.counters["voices_dismissed"] += 1
                speech = VoiceDismissed(
                    session=session,
                    origin_ns=origin_ns,
                    turn=turn_id(session, start),
                    position=position,
                )
            case Ended():
                speech = SpeechEnded(
                    session=session,
                    origin_ns=origin_ns,
                    turn=turn_id(session, moment.start),
                    start_position=moment.start,
                    position=moment.position,
                    at_ns=at_ns(moment.voiced_end - 1),
                    reason=moment.reason,
                )
        voice = isinstance(speech, (VoiceStarted, VoiceDismissed))
        self.publish("voice" if voice else "speech", speech)

    def _stream(self) -> VoiceStream:
        engine = self._make_engine()
        return VoiceStream(engine, self.options.limits(engine.window_samples), self.counters)

    def _note(self, frame: Audio, stream: VoiceStream) -> None:
        if stream.saved is not None and stream.saved is not self._saved.get(frame.session):
            self._saved[frame.session] = stream.saved
            # Text, because the supervisor keeps checkpoints as JSON.
            engine = base64.b64encode(stream.saved.engine).decode()
            self.checkpoint["sessions"][frame.session] = [list(stream.saved.endpointing), engine]
        if stream.ended:
            self._forget_ended(frame)

    def _forget_ended(self, frame: Audio) -> None:
        self._ended_ns.setdefault(frame.session, frame.origin_ns)
        for session, ended_ns in list(self._ended_ns.items()):
            if frame.origin_ns - ended_ns > FORGET_AFTER_NS:
                self._forget(session)

    def _forget_silent(self, now_ns: int) -> None:
        for session, heard_ns in list(self._heard_ns.items()):
            if now_ns - heard_ns > FORGET_SILENT_NS:
                self._forget(session)

    def _forget(self, session: str) -> None:
        for kept in (self._streams, self._heard_ns, self._ended_ns, self._sounding, self._saved):
            kept.pop(session, None)
        self.checkpoint["sessions"].pop(session, None)
