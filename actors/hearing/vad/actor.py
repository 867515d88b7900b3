"""Turns sound into turns, with sample positions, for every session it hears."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from time import monotonic_ns
from typing import Any, ClassVar

from actors.hearing.vad.completeness import CompletenessJudge
from actors.hearing.vad.engine import Engine, EngineName, load_engine
from actors.hearing.vad.level import LevelControl
from actors.hearing.vad.memory import StreamStore
from actors.hearing.vad.options import EndOfTurn, VadOptions
from actors.hearing.vad.session import Listening, VadSession
from actors.hearing.vad.session_hearing import SessionHearing
from actors.hearing.vad.stream import Answered, Verdict, VoiceStream
from actors.hearing.vad.waiting_blocks import WaitingBlocks
from actors.lib.audio.pcm import (
    SPEECH_RATE_HZ,
    Samples,
    level_dbfs,
    require_speech_rate,
    to_samples,
)
from pipeline.actor import Actor
from pipeline.frames import (
    Audio,
    ListenPhase,
    ListenStatus,
    Playback,
    SessionEnded,
    SessionOpened,
    SpeechEnded,
    SpeechStarted,
    TentativeSpeechRejected,
    TentativeSpeechStarted,
)
from pipeline.ports import In, Out
from pipeline.surroundings import Surroundings

MOST_SAMPLES = SPEECH_RATE_HZ // 4
"""Blocks wait no longer than 0.25 s, as in a backend; those that come in it are judged in 1 ms."""
NEAR_SAMPLES = SPEECH_RATE_HZ // 10
"""So much of what came before has been judged when the end of a turn may be found: 0.1 s, in which
five blocks come."""


class Vad(Actor[VadOptions]):
    """Publishes where speech starts and ends; the same sound gives the same turns, always.

    With `playback` connected, a sound over an answer is doubted until there is enough of it:
    `voice` tells players at once, so that they may pause, and `speech` has it only if it is a turn.
    With `listening` connected, who lets go of a key need not be silent for the turn to end.
    """

    options_type = VadOptions
    inputs: ClassVar = {
        "audio": In((Audio,), replay=True),
        "playback": In((Playback,), replay=True, required=False),
        "listening": In((ListenStatus,), replay=True, required=False),
    }
    outputs: ClassVar = {
        "speech": Out((SpeechStarted, SpeechEnded), retain_s=30),
        "voice": Out((TentativeSpeechStarted, TentativeSpeechRejected)),
    }
    preload = ("actors.hearing.vad.silero.engine",)

    _make_engine: Callable[[], Engine]
    _newest: VadSession | None = None
    _judge: CompletenessJudge | None = None

    def __init__(self, options: VadOptions, surroundings: Surroundings) -> None:
        super().__init__(options, surroundings)
        self._to_close = ExitStack()
        self._waiting = WaitingBlocks(self.call_later, self._listen)

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
        self._hearing = SessionHearing(self._memory, self.counters, self.publish)
        if self.options.end_of_turn is EndOfTurn.SMART:
            self._judge = CompletenessJudge(self.log, self.counters, self.gauges)
            self._to_close.callback(self._judge.close)
            self._judge.start()

    async def stop(self) -> None:
        """Write down where the sessions stand."""
        self._to_close.close()
        self._waiting.close()

    def make_session(self, opened: SessionOpened) -> VadSession:
        """Listen to a session from now on, from where the process before this one was."""
        engine = self._make_engine()
        limits = self.options.limits(engine.window_samples)
        ask = None if self._judge is None else self._judge.ask
        # Others are told apart by level alone, or have a gain of their own.
        is_silero = self.options.engine is EngineName.SILERO
        level = LevelControl(self.options.most_gain_db if is_silero else 0.0)
        session = VadSession(opened, VoiceStream(engine, limits, self.counters, ask, level))
        self._memory.restore(session)
        return session

    def session_ended(self, state: VadSession, ended: SessionEnded) -> None:
        """Forget a session."""
        self._waiting.forget(ended.session)
        self._memory.forget(ended.session)

    def on_playback(self, frame: Playback) -> None:
        """Note whether an answer is heard."""
        self.sessions[frame.session].sounding.on_playback(frame)

    def on_listening(self, frame: ListenStatus) -> None:
        """End a turn where a key was let go."""
        session: VadSession = self.sessions[frame.session]
        if frame.phase is not ListenPhase.RELEASED:
            return
        session.released = frame.position
        if session.is_released and session.held is None:
            self._go_on(self._listening(frame.session, session, []), None)

    def on_audio(self, frame: Audio) -> None:
        """Listen to a block of sound."""
        require_speech_rate(frame.rate_hz, self.name)
        sessions = len(self.sessions)
        if sessions <= 1 and not self._waiting:
            self._listen_to(frame)
        else:
            self._waiting.add(frame, sessions)

    def _listen_to(self, frame: Audio) -> None:
        """Judge the windows of a session that is alone, with nothing in between."""
        session: VadSession = self.sessions[frame.session]
        if session.held is not None:
            session.held.append(frame)
            return
        self._go_on(self._listening(frame.session, session, [frame]), None)
        self._rest_after(frame, session)

    def _rest_after(self, frame: Audio, session: VadSession) -> None:
        """Let blocks wait from which nothing can follow before others have come too."""
        samples, ahead = frame.samples, session.stream.eventless
        if ahead > NEAR_SAMPLES:
            ahead = min(ahead - NEAR_SAMPLES, MOST_SAMPLES)
        if session.held is not None or not samples or ahead <= samples:
            return
        ahead += -ahead % samples
        end = frame.position + samples
        self.rest("audio", session.arrival.expect(frame.origin_ns, end, monotonic_ns(), ahead))

    def _listening(self, name: str, session: VadSession, frames: list[Audio]) -> Listening:
        self._newest = session
        return Listening(name, session, frames, self._hearing.hear(session, frames))

    def _go_on(self, listening: Listening, answer: Answered) -> None:
        """Judge the windows of a session until there are no more, or it waits for a verdict."""
        engine = listening.session.stream.engine
        window = self._next_window(listening, answer)
        while window is not None:
            window = self._next_window(listening, engine.probability(window))

    def _next_window(self, listening: Listening, answer: Answered) -> Samples | None:
        """Answer what was asked last; return the next window, or None if that must wait."""
        try:
            asked = listening.judging.send(answer)
            while isinstance(asked, asyncio.Future):
                if not asked.done():
                    listening.session.held = listening.frames
                    asked.add_done_callback(partial(self._on_verdict, listening))
                    return None
                asked = listening.judging.send(asked.result())
        except StopIteration:
            return None
        return asked

    def _on_verdict(self, listening: Listening, verdict: Verdict) -> None:
        """Go on with a session, and with what has come of it meanwhile."""
        if self.sessions.get(listening.name) is not listening.session:
            return
        listening.session.held = None
        with self.work_of(listening.name):
            self._go_on(listening, verdict.result())

    def _listen(self, waiting: dict[str, list[Audio]]) -> None:
        """Judge the windows that have come, of each session one at a time, together."""
        asking: list[tuple[Listening, Samples]] = []
        for name, frames in waiting.items():
            session: VadSession | None = self.sessions.get(name)
            if session is None:
                continue
            if session.held is not None:
                session.held += frames
                continue
            listening = self._listening(name, session, frames)
            with self.work_of(name):
                if (window := self._next_window(listening, None)) is not None:
                    asking.append((listening, window))
        while asking:
            asked = [(each.session.stream.engine, window) for each, window in asking]
            judged = asked[0][0].together(asked)
            answered, asking = asking, []
            for (listening, _), probability in zip(answered, judged, strict=True):
                with self.work_of(listening.name):
                    if (window := self._next_window(listening, probability)) is not None:
                        asking.append((listening, window))

    def measure(self) -> None:
        """Say what was heard last."""
        session = self._newest
        if session is not None and session.newest is not None:
            self.gauges["probability"] = session.stream.probability
            self.gauges["level_dbfs"] = level_dbfs(to_samples(session.newest.pcm))
