"""What the pipeline says, as callers hear and are told it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from actors.gateway.caller_output import CallerOutput
from actors.gateway.callers import Callers
from actors.gateway.ear import HUSH_SAMPLES
from actors.gateway.events import AnswerSound, Speaking, SpokenWords
from actors.gateway.failure_prompts import FailurePrompts
from actors.gateway.operating.session_board import SessionBoard
from actors.gateway.options import GatewayOptions
from actors.gateway.phone.manner import PROTOCOL as TELEPHONE
from actors.gateway.phone.phone_output import PhoneOutput
from actors.gateway.phone.switchboard import PhoneLines
from actors.gateway.rooms.room import GatewayRoom
from actors.gateway.silence import SilenceFiller
from actors.gateway.stays import Stays
from actors.lib.audio.pcm import Samples
from actors.outputs.metronome import Metronome
from actors.outputs.player import Player
from actors.outputs.session_playback import SessionPlayback
from pipeline.frames import (
    AnswerAudio,
    AnswerEnded,
    Fault,
    Frame,
    Playback,
    Route,
    SessionEnd,
    SessionEnded,
    SessionOpened,
    SpeechEnded,
    SpeechStarted,
    TentativeSpeechRejected,
    TentativeSpeechStarted,
    ToolCall,
    ToolCancel,
    ToolResult,
    Transcript,
    TurnClosed,
    Usage,
)
from pipeline.frames.turns import turn_id

if TYPE_CHECKING:
    from pipeline.surroundings import Surroundings


class CallerPlayer(Player[GatewayOptions]):
    """Plays to callers, and tells them, the operator and what is kept of them what happens."""

    def __init__(self, options: GatewayOptions, surroundings: Surroundings) -> None:
        super().__init__(options, surroundings)
        self._metronome = Metronome(1.0, self.work_of)
        self._silence = SilenceFiller(self.work_of, self.counters)
        self.room = GatewayRoom(options.room, options.places, lambda: len(self._callers))
        self._callers = Callers(
            self.publish,
            self.call_later,
            self._run_for,
            Stays(options.warning_s, options.absence_s),
            self.checkpoint.setdefault("positions", {}),
            self._interrupt,
            self.name,
            self.room.admit,
            self.session,
        )
        self._board = SessionBoard(self.name)
        self._turn_closed = asyncio.Event()
        self._began_ns = time.monotonic_ns()
        self._phones = PhoneLines()
        self._caller_prompts = FailurePrompts({}, surroundings.config_dir)

    @classmethod
    def check(cls, options: GatewayOptions, config_dir: Path) -> None:
        """Look whether the failure prompts can be played.

        Raises:
            ConfigError: one cannot.
        """
        super().check(options, config_dir)
        FailurePrompts(options.failure_prompts, config_dir)

    async def start(self) -> None:
        """Load the failure prompts."""
        await super().start()
        if "turns" in self.surroundings.connected:
            config_dir = self.surroundings.config_dir
            self._caller_prompts = FailurePrompts(self.options.failure_prompts, config_dir)

    def prompt_in(self, language: str | None) -> Samples | None:
        """Return what a caller hears when a turn fails, in its language if there is that."""
        own = self._caller_prompts.of(language)
        return super().prompt_in(language) if own is None else own

    def publish(self, port: str, frame: Frame) -> None:
        """Send a frame; what is heard is told the caller who hears it, and known from it.

        What a telephone was sent is published when it was heard there.
        """
        if isinstance(frame, Playback):
            caller = self._callers.find(frame.session)
            if caller is not None:
                frame = caller.on_playback(frame)
            line = self._phones.lines.get(frame.session)
            if line is not None:
                for heard in line.account(frame):
                    super().publish(port, heard)
                return
        super().publish(port, frame)
        if isinstance(frame, ToolResult):
            self._callers.past.keeping.called(frame)

    def make_session(self, opened: SessionOpened) -> SessionPlayback | None:
        """Serve a caller whose session was opened; a line that broke with us does not come back."""
        self._callers.opened(opened)
        is_call = opened.labels.get("protocol") == TELEPHONE and opened.brought_by == self.name
        if is_call and opened.session not in self._phones.lines:
            detail = "the line broke when the gateway's process ended"
            self._callers.end(opened.session, SessionEnd.HUNG_UP, detail)
            return None
        return super().make_session(opened)

    def make_output(self, opened: SessionOpened) -> CallerOutput | PhoneOutput | None:
        """Return where a caller hears; None for sessions that others brought."""
        caller = self._callers.find(opened.session)
        if caller is None:
            return None
        line = self._phones.lines.get(opened.session)
        if line is not None:
            output = PhoneOutput(self._metronome, line, self._tell_heard)
            self._phones.outputs[opened.session] = output
            return output
        return CallerOutput(self._metronome, caller, self.options.ahead_ms, self._count_slip)

    def receive_session(self, frame: Frame) -> None:
        """Open or end a session, as the supervisor says; one that was refused never was open."""
        super().receive_session(frame)
        self._board.on_frame(frame)
        if isinstance(frame, SessionEnded):
            self._callers.ended(frame)
            self._turn_closed.set()

    def on_speech(self, frame: SpeechStarted | SpeechEnded) -> None:
        """Stop when the caller begins to speak."""
        caller = self._callers.find(frame.session)
        began = isinstance(frame, SpeechStarted)
        if caller is not None:
            if began and not caller.speaking:
                self._silence.watch(caller)
            caller.speaking = began
            caller.tell(Speaking(frame.turn, began, frame.position))
        super().on_speech(frame)
        if isinstance(frame, SpeechStarted) and self.options.barge_in:
            self._phones.barge_in(frame)

    def on_voice(self, frame: TentativeSpeechStarted | TentativeSpeechRejected) -> None:
        """Hold the answer while it is not known whether the caller speaks.

        A telephone falls silent at once: what was on its way is sent again if it was nothing.
        """
        super().on_voice(frame)
        output = self._phones.outputs.get(frame.session)
        if output is not None and isinstance(frame, TentativeSpeechStarted):
            output.suspend()

    def on_audio(self, frame: AnswerAudio) -> None:
        """Take a block of an answer; who does not play it is given it as it comes."""
        caller = self._callers.find(frame.session)
        if caller is not None and not caller.manner.plays:
            caller.tell(AnswerSound(frame.pcm))
        else:
            super().on_audio(frame)

    def on_answer(self, frame: AnswerEnded) -> None:
        """Take the end of an answer."""
        caller = self._callers.find(frame.session)
        if caller is not None:
            caller.on_answer(frame)
        super().on_answer(frame)

    def on_transcript(self, frame: Transcript) -> None:
        """Tell what was said."""
        self._board.on_frame(frame)
        words = SpokenWords(
            frame.turn, frame.side, frame.text, frame.final, frame.backend, frame.epoch
        )
        self._tell(frame, words)

    def on_turns(self, frame: TurnClosed) -> None:
        """Tell how a turn ended, and say so when it failed; one that ended before us is kept."""
        self._callers.past.keeping.turn_closed(frame)
        if frame.sent_ns < self._began_ns:
            return  # An earlier process may have told it, and not have written it.
        super().on_turns(frame)
        self._board.on_frame(frame)
        self._tell(frame, frame)
        caller = self._callers.find(frame.session)
        done = None if caller is None else caller.sound.done
        if done is not None:
            self._callers.past.keeping.done(frame.session, done.position, done.sound)
        self._turn_closed.set()

    def on_route(self, frame: Route) -> None:
        """Note who answers."""
        super().on_route(frame)
        self._board.on_frame(frame)
        caller = self._callers.find(frame.session)
        if caller is not None:
            caller.on_route(frame)

    def on_faults(self, frame: Fault) -> None:
        """Note what goes wrong, for the operator."""
        self._board.on_frame(frame)

    def on_calls(self, frame: ToolCall | ToolCancel) -> None:
        """Ask a caller's client for a function of its own."""
        self._callers.past.keeping.called(frame)
        caller = self._callers.find(frame.session)
        if caller is not None and (isinstance(frame, ToolCancel) or frame.name in caller.functions):
            caller.tell(frame)

    def on_tool_results(self, frame: ToolResult) -> None:
        """Note what a function of the pipeline's own returned."""
        self._callers.past.keeping.called(frame)

    def on_usage(self, frame: Usage) -> None:
        """Note what an answer costs."""
        self._callers.past.keeping.used(frame)

    def _tell_heard(self, frame: Playback) -> None:
        super().publish("playback", frame)

    def _tell(self, frame: Frame, event: Any) -> None:
        caller = self._callers.find(frame.session)
        if caller is not None:
            caller.tell(event)

    def _interrupt(self, session: str) -> None:
        playback = self.sessions.get(session)
        caller = self._callers.find(session)
        if playback is not None and caller is not None:
            # What is said now may be found to begin in the silence that ended what was said last.
            position = max(1, caller.ear.position - HUSH_SAMPLES)
            now_ns = time.monotonic_ns()
            turn = turn_id(session, position)
            speech = SpeechStarted(session=session, turn=turn, position=position, at_ns=now_ns)
            playback.stop(speech)
            self._report(playback)
            self._phones.barge_in(speech)

    def _run_for(self, session: str, work: Callable[[], None]) -> None:
        def run() -> None:
            with self.work_of(session):
                work()

        assert self._loop is not None
        self._loop.call_soon_threadsafe(run)

    def _count_slip(self) -> None:
        self.counters["clock_slips"] += 1
