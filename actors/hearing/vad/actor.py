"""Turns sound into turns, with sample positions, for every session it hears."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Generator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

from actors.hearing.vad.endpointing import (
    Moment,
    RejectedSpeech,
    TentativeSpeech,
    TurnEnded,
    TurnStarted,
)
from actors.hearing.vad.engine import Engine, EngineName, load_engine
from actors.hearing.vad.memory import StreamStore
from actors.hearing.vad.options import VadOptions
from actors.hearing.vad.session import VadSession
from actors.hearing.vad.stream import VoiceStream
from actors.lib.audio.pcm import SPEECH_RATE_HZ, Samples, level_dbfs, samples_to_ns, to_samples
from pipeline.actor import Actor
from pipeline.errors import ConfigError
from pipeline.frames import (
    Audio,
    Frame,
    Playback,
    SessionEnded,
    SessionOpened,
    SpeechEnded,
    SpeechStarted,
    TentativeSpeechRejected,
    TentativeSpeechStarted,
    turn_id,
)
from pipeline.ports import In, Out
from pipeline.surroundings import Surroundings

TOGETHER_S = 0.016
"""Half of Silero's window. With 25 sessions a dozen windows come in this time, and cost a fifth of
what they cost one by one: the weights do not stay in the processor's cache in between."""
CROWD = 12
"""Sessions from which on their windows wait for each other; fewer bring six in this time."""
MOST_TOGETHER = 128
"""Blocks that wait: 100 sessions bring 80 in this time. More come in a replay, which must not hold
up the loop."""

Hearing: TypeAlias = Generator[Samples, float, None]
"""Yields windows of one session, and is sent the probability of each."""


class Vad(Actor[VadOptions]):
    """Publishes where speech starts and ends; the same sound gives the same turns, always.

    With `playback` connected, a sound over an answer is doubted until there is enough of it:
    `voice` tells players at once, so that they may pause, and `speech` has it only if it is a turn.
    """

    options_type = VadOptions
    inputs: ClassVar = {
        "audio": In((Audio,), replay=True),
        "playback": In((Playback,), replay=True, required=False),
    }
    outputs: ClassVar = {
        "speech": Out((SpeechStarted, SpeechEnded), retain_s=30),
        "voice": Out((TentativeSpeechStarted, TentativeSpeechRejected)),
    }
    preload = ("actors.hearing.vad.silero.engine",)

    _make_engine: Callable[[], Engine]
    _timer: asyncio.TimerHandle | None = None
    _newest: tuple[VadSession, Audio] | None = None

    def __init__(self, options: VadOptions, surroundings: Surroundings) -> None:
        super().__init__(options, surroundings)
        self._to_close = ExitStack()

    @classmethod
    def check(cls, options: Any, config_dir: Path) -> None:
        """Look for an engine of somebody else."""
        assert isinstance(options, VadOptions)
        if not isinstance(options.engine, EngineName):
            load_engine(options.engine, config_dir)

    async def start(self) -> None:
        """Load the engine and take up the sessions of the process before this one."""
        self._make_engine = load_engine(self.options.engine, self.surroundings.config_dir)
        self._make_engine()
        self._memory = StreamStore(self.surroundings, self.log)
        self._to_close.callback(self._memory.close)
        self._waiting: defaultdict[str, list[Audio]] = defaultdict(list)
        self._waits = 0

    async def stop(self) -> None:
        """Write down where the sessions stand."""
        self._to_close.close()
        if self._timer is not None:
            self._timer.cancel()

    def make_session(self, opened: SessionOpened) -> VadSession:
        """Listen to a session from now on, from where the process before this one was."""
        engine = self._make_engine()
        limits = self.options.limits(engine.window_samples)
        session = VadSession(opened, VoiceStream(engine, limits, self.counters))
        self._memory.restore(session)
        return session

    def session_ended(self, state: VadSession, ended: SessionEnded) -> None:
        """Forget a session."""
        self._waiting.pop(ended.session, None)
        self._memory.forget(ended.session)

    def on_playback(self, frame: Playback) -> None:
        """Note whether an answer is heard."""
        self.sessions[frame.session].sounding.on_playback(frame)

    def on_audio(self, frame: Audio) -> None:
        """Listen to a block of sound."""
        if frame.rate_hz != SPEECH_RATE_HZ:
            raise ConfigError(
                f"{self.name}.audio gets sound at {frame.rate_hz} Hz and takes {SPEECH_RATE_HZ}: "
                "set the rate of the actor that sends it"
            )
        sessions = len(self.sessions)
        if sessions <= 1 and not self._waits:
            self._listen_to(frame)
            return
        self._waiting[frame.session].append(frame)
        if not self._waits:
            # All that is read from the socket at once comes before.
            self._listen_in(TOGETHER_S if sessions >= CROWD else 0.0)
        self._waits += 1
        if self._waits == MOST_TOGETHER:
            self._listen_in(0.0)

    def _listen_to(self, frame: Audio) -> None:
        """Judge the windows of a session that is alone, with nothing in between."""
        session: VadSession = self.sessions[frame.session]
        engine = session.stream.engine
        hearing = self._hear(session, [frame])
        window = next(hearing, None)
        with suppress(StopIteration):
            while window is not None:
                window = hearing.send(engine.together([(engine, window)])[0])
        self._newest = session, frame

    def _listen_in(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.call_later(seconds, self._listen)

    def _listen(self) -> None:
        """Judge the windows that have come, of each session one at a time, together."""
        waiting, self._waiting = self._waiting, defaultdict(list)
        self._waits = 0
        if not waiting:
            return
        asking: list[tuple[str, Hearing, Engine, Samples]] = []
        for name, frames in waiting.items():
            session: VadSession | None = self.sessions.get(name)
            if session is None:
                continue
            hearing = self._hear(session, frames)
            with self.work_of(name):
                window = next(hearing, None)
                if window is not None:
                    asking.append((name, hearing, session.stream.engine, window))
        while asking:
            judged = asking[0][2].together([(engine, window) for _, _, engine, window in asking])
            answered, asking = asking, []
            for (name, hearing, engine, _), probability in zip(answered, judged, strict=True):
                with self.work_of(name), suppress(StopIteration):
                    asking.append((name, hearing, engine, hearing.send(probability)))
        if session is not None:
            self._newest = session, frames[-1]

    def measure(self) -> None:
        """Say what was heard last."""
        if self._newest is not None:
            session, frame = self._newest
            self.gauges["probability"] = session.stream.probability
            self.gauges["level_dbfs"] = level_dbfs(to_samples(frame.pcm))

    def _hear(self, session: VadSession, frames: list[Audio]) -> Hearing:
        """Yield the windows of a session, and say what follows from their probabilities."""
        stream = session.stream
        for frame in frames:
            stream.over_answer = session.sounding.at(frame.origin_ns)
            moments = yield from stream.feed(frame.position, to_samples(frame.pcm))
            if frame.final:
                moments += yield from stream.finish()
            # Capture time of sample 0, had the stream begun there.
            zero_ns = frame.origin_ns - samples_to_ns(frame.position + frame.samples - 1)
            for moment in moments:
                self._publish_moment(frame, moment, zero_ns)
            self._memory.keep(session)

    def _publish_moment(self, heard: Audio, moment: Moment, zero_ns: int) -> None:
        def at_ns(position: int) -> int:
            return zero_ns + samples_to_ns(position)

        session, origin_ns = heard.session, heard.origin_ns
        speech: Frame
        match moment:
            case TentativeSpeech(position) | TurnStarted(position):
                doubted = isinstance(moment, TentativeSpeech)
                self.counters["voices_doubted" if doubted else "turns"] += 1
                speech = (TentativeSpeechStarted if doubted else SpeechStarted)(
                    session=session,
                    origin_ns=origin_ns,
                    turn=turn_id(session, position),
                    position=position,
                    at_ns=at_ns(position),
                )
            case RejectedSpeech(start, position):
                self.counters["voices_dismissed"] += 1
                speech = TentativeSpeechRejected(
                    session=session,
                    origin_ns=origin_ns,
                    turn=turn_id(session, start),
                    position=position,
                )
            case TurnEnded():
                speech = SpeechEnded(
                    session=session,
                    origin_ns=origin_ns,
                    turn=turn_id(session, moment.start),
                    start_position=moment.start,
                    position=moment.position,
                    at_ns=at_ns(moment.voiced_end - 1),
                    reason=moment.reason,
                )
        voice = isinstance(speech, (TentativeSpeechStarted, TentativeSpeechRejected))
        self.publish("voice" if voice else "speech", speech)
