"""What everything that plays answers has in common: all but where the samples go."""

from __future__ import annotations

import asyncio
import threading
import time
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from actors.lib.audio.pcm import Samples
from actors.outputs.far_end import FAR_END_SAMPLES, UNHEARD_SAMPLES, FarEnd
from actors.outputs.leaving_sessions import LeavingSessions
from actors.outputs.output import Output
from actors.outputs.player_options import PlayerOptions
from actors.outputs.playout.failure_prompt import BACKEND, load_failure_prompt
from actors.outputs.playout.playout_state import RATE_HZ
from actors.outputs.session_playback import SessionPlayback
from pipeline.actor import Actor
from pipeline.frames import (
    AnswerAudio,
    AnswerEnded,
    Audio,
    Frame,
    ListenStatus,
    Outcome,
    Playback,
    PlaybackState,
    Route,
    SessionEnded,
    SessionOpened,
    SpeechEnded,
    SpeechStarted,
    TentativeSpeechRejected,
    TentativeSpeechStarted,
    TurnClosed,
)
from pipeline.ports import In, Out
from pipeline.surroundings import Surroundings

PlayerOptionsT = TypeVar("PlayerOptionsT", bound=PlayerOptions)


class Player(Actor[PlayerOptionsT]):
    """Plays the answers of every session for which a subclass has an output.

    On `voice` an answer is held until it is known whether the user speaks; on `speech` it is
    stopped. The answer to a turn that failed is the prompt, of which `playback` tells nothing.

    `playback` tells what was heard of each answer. `far_end` is all that was played, silence
    included, at 24 kHz, in pieces of 20 ms, or of 200 ms where no actor listens to it, and then of
    the config's own session only; `origin_ns` is when the last sample of a piece was heard, and
    position 0 is the start of the pipeline, as on a microphone. In a silence of more than ten
    seconds one piece in 25 is sent, and what is missing between two is silence.

    Gauges, for the newest answer: `queued_ms` from its first block being sent to its lying where
    the device takes the next block from; `handover_ms` to the device having taken it, which the
    pre-buffer and the rhythm of the device put off.
    """

    # Replayed, so that a player restarted in mid-answer goes on where it was.
    inputs: ClassVar[Mapping[str, In]] = {
        "audio": In((AnswerAudio,), replay=True),
        "answer": In((AnswerEnded,), replay=True),
        # Who began to speak while it was down is not spoken over.
        "speech": In((SpeechStarted, SpeechEnded), replay=True, required=False),
        "voice": In((TentativeSpeechStarted, TentativeSpeechRejected), required=False),
        "route": In((Route,), replay=True, required=False),
        "turns": In((TurnClosed,), required=False),
        "listening": In((ListenStatus,), max_age_ms=500, required=False),
    }
    outputs: ClassVar[Mapping[str, Out]] = {
        "playback": Out((Playback,), retain_s=30),
        # An echo canceller that was killed takes up the sound where it stopped.
        "far_end": Out((Audio,), retain_s=2),
    }

    def __init__(self, options: PlayerOptionsT, surroundings: Surroundings) -> None:
        super().__init__(options, surroundings)
        self._leaving = LeavingSessions()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._loop_thread = 0
        self._prompts: dict[Path, Samples] = {}

    @classmethod
    def check(cls, options: Any, config_dir: Any) -> None:
        """Look whether the failure prompt can be played.

        Raises:
            ConfigError: it cannot.
        """
        path = options.prompt_path(config_dir)
        if path is not None:
            load_failure_prompt(path, RATE_HZ)

    @classmethod
    def reports_callers(cls, options: Any) -> bool:
        """Whether it plays every session; a device is in one room only."""
        return False

    @abstractmethod
    def make_output(self, opened: SessionOpened) -> Output | None:
        """Return a new output for a session; None if it is not played here."""

    async def start(self) -> None:
        """Load the failure prompt, and remember the loop, for the device's thread."""
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        self.prompt_in(self.surroundings.language)

    async def stop(self) -> None:
        """Let go of all outputs."""
        for playback in self.sessions.states():
            if playback is not None:
                playback.close()
        self._leaving.close()

    def make_session(self, opened: SessionOpened) -> SessionPlayback | None:
        """Play a session from now on, if there is an output for it.

        Raises:
            DeviceError: the output cannot be opened.
        """
        session = opened.session
        output = self.make_output(opened) if opened.plays else None
        if output is None:
            return None
        self._leaving.let_go(session)
        playback = SessionPlayback(
            session,
            output,
            prebuffer_ms=self.options.prebuffer_ms,
            far_end=self._far_end(session),
            prompt=self.prompt_in(opened.language),
            resume=self.checkpoint.get("playouts", {}).get(session),
            on_due=self._on_due,
        )
        playback.open()
        return playback

    def session_ended(self, state: SessionPlayback | None, ended: SessionEnded) -> None:
        """Let go of a session, once it has heard the failure prompt that it is due."""
        self.checkpoint.get("playouts", {}).pop(ended.session, None)
        if state is None:
            return
        if state.is_apologizing and self._loop is not None:
            self._leaving.add(state, self._loop)
        else:
            state.close()

    def on_audio(self, frame: AnswerAudio) -> None:
        """Take a block of an answer."""
        playback = self._playback(frame)
        if playback is not None:
            playback.push(frame)
            if frame.position == 0:
                self.gauges["queued_ms"] = (time.monotonic_ns() - frame.sent_ns) / 1e6
            self._report(playback)

    def on_answer(self, frame: AnswerEnded) -> None:
        """Take the end of an answer."""
        playback = self._playback(frame)
        if playback is not None:
            playback.end(frame)
            self._report(playback)

    def on_speech(self, frame: SpeechStarted | SpeechEnded) -> None:
        """Stop when the user begins to speak."""
        if not self.options.barge_in or isinstance(frame, SpeechEnded):
            return
        playback = self._playback(frame)
        if playback is not None:
            playback.stop(frame)
            self._report(playback)

    def on_voice(self, frame: TentativeSpeechStarted | TentativeSpeechRejected) -> None:
        """Hold the answer while it is not known whether the user speaks."""
        playback = self._playback(frame) if self.options.barge_in else None
        if playback is None:
            return
        if isinstance(frame, TentativeSpeechStarted):
            playback.pause(frame)
        else:
            playback.resume()
        self._report(playback)

    def on_turns(self, frame: TurnClosed) -> None:
        """Say so when a turn failed, unless another one is being answered or spoken."""
        if frame.outcome is not Outcome.FAILED:
            return
        playback = self._playback(frame)
        if playback is not None and playback.prompt is not None:
            self.counters["failure_prompts_left_out"] += not playback.apologize(frame)
            self._report(playback)

    def on_listening(self, frame: ListenStatus) -> None:
        """Say by a sound that the robot listens now."""
        playback = self._playback(frame) if frame.chime else None
        if playback is not None:
            self.counters["chimes"] += 1
            playback.chime()

    def on_route(self, frame: Route) -> None:
        """Take no more from backends that lost the route."""
        playback = self._playback(frame)
        if playback is not None:
            playback.route(frame)
            self._report(playback)

    def prompt_in(self, language: str | None) -> Samples | None:
        """Return what is played when a turn fails in a session of a language; None: nothing."""
        path = self.options.prompt_path(self.surroundings.config_dir, language)
        if path is None or "turns" not in self.surroundings.connected:
            return None
        if path not in self._prompts:
            self._prompts[path] = load_failure_prompt(path, RATE_HZ)
        return self._prompts[path]

    def _playback(self, frame: Frame) -> SessionPlayback | None:
        playback: SessionPlayback | None = self.sessions.get(frame.session)
        self.counters["not_played_here"] += playback is None
        return playback

    def _far_end(self, session: str) -> FarEnd | None:
        unheard = "far_end" in self.surroundings.unheard
        if unheard and session != self.session:
            return None
        piece = UNHEARD_SAMPLES if unheard else FAR_END_SAMPLES
        return FarEnd(session, piece, self.surroundings.started_ns)

    def _on_due(self, playback: SessionPlayback) -> None:
        if self._loop is not None:
            here = threading.get_ident() == self._loop_thread
            soon = self._loop.call_soon if here else self._loop.call_soon_threadsafe
            soon(self._report_of, playback)

    def _report_of(self, playback: SessionPlayback) -> None:
        with self.work_of(playback.session):
            self._report(playback)

    def _report(self, playback: SessionPlayback) -> None:
        """Publish what happened and what was heard since the last time."""
        report = playback.report()
        self.counters.update(report.counts)
        self.gauges.update(report.gauges)
        for event in report.events:
            if event.backend == BACKEND:
                self.counters["failure_prompts"] += event.state is PlaybackState.STARTED
            else:
                self.publish("playback", event)
        for piece in report.far_end:
            self.publish("far_end", piece)
        if playback.session in self._leaving:
            if not playback.is_apologizing:
                self._leaving.let_go(playback.session)
        elif report.events and self.sessions.get(playback.session) is playback:
            # A report that was due when the session ended leaves nothing behind.
            playouts = self.checkpoint.setdefault("playouts", {})
            playouts[playback.session] = playback.snapshot()
