"""Turns sound into turns, with sample positions, for every session it hears."""

from __future__ import annotations

import asyncio
import base64
from collections import defaultdict
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, ClassVar

from actors.hearing.vad.endpointing import Dismissed, Doubted, Ended, Endpointing, Moment, Started
from actors.hearing.vad.engine import Engine, EngineName, load_engine
from actors.hearing.vad.options import VadOptions
from actors.hearing.vad.session import Session
from actors.hearing.vad.stream import Saved, VoiceStream
from actors.lib.audio.pcm import SPEECH_RATE_HZ, Samples, level_dbfs, samples_to_ns, to_samples
from pipeline.actor import Actor
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

TOGETHER_MS = 16.0
"""Half of Silero's window. With 25 sessions a dozen windows come in this time, and cost a fifth of
what they cost one by one: the weights do not stay in the processor's cache in between."""


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
    preload = ("actors.hearing.vad.silero.engine",)

    _make_engine: Callable[[], Engine]

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
        self._sessions: dict[str, Session] = {}
        self._waiting: defaultdict[str, list[Audio]] = defaultdict(list)
        saved = self.checkpoint.setdefault("sessions", {})
        for name, (endpointing, engine) in saved.items():
            self._sessions[name] = Session(self._stream())
            self._sessions[name].stream.restore(
                Saved(Endpointing.restore(endpointing), base64.b64decode(engine))
            )

    def on_playback(self, frame: Playback) -> None:
        """Note whether an answer is heard."""
        self._session(frame.session, frame.at_ns).sounding.note(frame)

    def on_audio(self, frame: Audio) -> None:
        """Listen to a block of sound."""
        if frame.rate_hz != SPEECH_RATE_HZ:
            raise ConfigError(
                f"{self.name}.audio gets sound at {frame.rate_hz} Hz and takes {SPEECH_RATE_HZ}: "
                "set the rate of the actor that sends it"
            )
        alone = len(self._sessions) <= 1
        if not (alone or self._waiting):
            # All that is read from the socket at once comes before.
            asyncio.get_running_loop().call_soon(self._listen)
        self._waiting[frame.session].append(frame)
        if alone:
            self._listen()

    def _listen(self) -> None:
        """Judge the windows that have come, of each session one at a time, together."""
        waiting, self._waiting = self._waiting, defaultdict(list)
        if not waiting:
            return
        asking: list[tuple[Generator[Samples, float, None], Engine, Samples]] = []
        for name, frames in waiting.items():
            session = self._session(name, frames[0].origin_ns)
            session.heard_ns = frames[-1].origin_ns
            hearing = self._hear(session, frames)
            window = next(hearing, None)
            if window is not None:
                asking.append((hearing, session.stream.engine, window))
        while asking:
            judged = asking[0][1].together([(engine, window) for _, engine, window in asking])
            answered, asking = asking, []
            for (hearing, engine, _), probability in zip(answered, judged, strict=True):
                try:
                    asking.append((hearing, engine, hearing.send(probability)))
                except StopIteration:
                    continue
        self.gauges["probability"] = session.stream.probability
        self.gauges["level_dbfs"] = level_dbfs(to_samples(frames[-1].pcm))

    def _hear(self, session: Session, frames: list[Audio]) -> Generator[Samples, float, None]:
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
                self._say(frame, moment, zero_ns)
            self._note(frame, session)

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

    def _session(self, name: str, now_ns: int) -> Session:
        """Return a session; when one begins, others may have ended unsaid."""
        if name not in self._sessions:
            self._forget(lambda other: other.silent_for_long(now_ns))
            self._sessions[name] = Session(self._stream(), heard_ns=now_ns)
        return self._sessions[name]

    def _note(self, frame: Audio, session: Session) -> None:
        saved = session.stream.saved
        if saved is not None and saved is not session.saved:
            session.saved = saved
            # Text, because the supervisor keeps checkpoints as JSON.
            engine = base64.b64encode(saved.engine).decode()
            self.checkpoint["sessions"][frame.session] = [list(saved.endpointing), engine]
        if session.stream.ended:
            now_ns = frame.origin_ns
            if session.ended_ns is None:
                session.ended_ns = now_ns
            self._forget(lambda other: other.ended_long_ago(now_ns))

    def _forget(self, gone: Callable[[Session], bool]) -> None:
        for name in [name for name, session in self._sessions.items() if gone(session)]:
            del self._sessions[name]
            self.checkpoint["sessions"].pop(name, None)
