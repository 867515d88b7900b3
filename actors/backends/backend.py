"""The base of all backends: hands frames to the session they belong to."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import Any, ClassVar, TypeVar

from actors.backends.fault_info import FaultInfo
from actors.backends.manner import manner_of
from actors.backends.ports import INPUTS, OUTPUTS
from actors.backends.records import open_store
from actors.backends.session import BackendSession
from actors.backends.toolbox import OFFER_PATIENCE_S, Toolbox
from actors.lib.audio.pcm import require_speech_rate
from pipeline.actor import Actor, Options
from pipeline.frames import (
    AnswerEnd,
    AnswerEnded,
    Audio,
    BackendState,
    BackendStatus,
    Fault,
    Frame,
    Image,
    Playback,
    Route,
    SessionEnded,
    SessionOpened,
    SpeechEnded,
    SpeechStarted,
    ToolOffer,
    ToolResult,
    Transcript,
    TurnClosed,
    UserText,
)
from pipeline.surroundings import Surroundings

OptionsT = TypeVar("OptionsT", bound=Options)

JPEG_START, JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"
"""Of each JPEG file; cameras pad what comes after its end."""


class Backend(Actor[OptionsT], ABC):
    """Answers the turns that the route gives it; without `route`, every turn.

    `transcript`, `answers` and `turns` tell what other backends said, `playback` how much of it
    was heard.
    """

    inputs: ClassVar = INPUTS
    outputs: ClassVar = OUTPUTS

    def __init__(self, options: OptionsT, surroundings: Surroundings) -> None:
        super().__init__(options, surroundings)
        self._store = open_store(surroundings, self.log)
        self._serving = asyncio.Event()
        self._toolbox = Toolbox(
            "offer" in surroundings.connected, self.log, OFFER_PATIENCE_S * surroundings.slowness
        )

    async def stop(self) -> None:
        """Let go of sessions and of the file; a subclass that overrides this calls it."""
        for session in self._open_sessions():
            session.stop()
        self._store.close()

    # Sessions.

    @abstractmethod
    def make_session(self, opened: SessionOpened) -> BackendSession:
        """Open a session, with what an earlier process knew of it.

        Raises:
            ConfigError: it asks for what there is not; names what there is.
        """

    def session_ended(self, state: BackendSession, ended: SessionEnded) -> None:
        """Let go of its answer, its sound and its rows on the disk."""
        state.stop()
        state.forget()

    def manner_of(self, opened: SessionOpened) -> OptionsT:
        """Return the options as a session wants them.

        Raises:
            ConfigError: it asks for what there is not; names what there is.
        """
        return manner_of(self.options, opened)

    def publish_status(
        self, session: str, state: BackendState, reason: str, retry_after_s: float | None
    ) -> None:
        """Say how the backend is for a session."""
        frame = BackendStatus(
            session=session,
            backend=self.name,
            state=state,
            reason=reason,
            retry_after_s=retry_after_s,
        )
        self.publish("status", frame)

    def publish_fault(
        self, session: str, info: FaultInfo, *, retry: bool, retry_after_s: float | None = None
    ) -> None:
        """Say what went wrong, in whose session."""
        self.counters[f"faults_{info.fault}"] += 1
        frame = Fault(
            session=session,
            backend=self.name,
            fault=info.fault,
            code=info.code,
            reason=info.reason,
            advice=info.advice,
            retry=retry,
            retry_after_s=retry_after_s,
        )
        self.publish("faults", frame)

    def _session(self, frame: Frame) -> BackendSession:
        session: BackendSession = self.sessions[frame.session]
        return session

    def _open_sessions(self) -> list[Any]:
        return self.sessions.states()

    # Input ports.

    def on_audio(self, frame: Audio) -> None:
        """A block of the microphone."""
        require_speech_rate(frame.rate_hz, self.name)
        self._session(frame).on_audio(frame)

    def on_speech(self, frame: SpeechStarted | SpeechEnded) -> None:
        """The user began or finished a turn."""
        self._session(frame).on_speech(frame)

    def on_video(self, frame: Image) -> None:
        """A picture of the camera; half of one would end the session with the service."""
        if _is_whole(frame.jpeg):
            self._session(frame).on_video(frame)
        else:
            self.counters["video_broken"] += 1

    def on_text(self, frame: UserText) -> None:
        """The user typed a turn."""
        self._session(frame).on_text(frame)

    def on_transcript(self, frame: Transcript) -> None:
        """Somebody was understood or answered."""
        self._session(frame).on_transcript(frame)

    def on_answers(self, frame: AnswerEnded) -> None:
        """A turn that another backend answered in full needs no other answer."""
        if frame.backend != self.name and frame.end is AnswerEnd.COMPLETE:
            self._session(frame).answered_elsewhere(frame.turn)

    def on_playback(self, frame: Playback) -> None:
        """An answer is heard."""
        self._session(frame).on_playback(frame)

    def on_route(self, frame: Route) -> None:
        """The turns of a session have an owner."""
        self._session(frame).on_route(frame)

    def on_turns(self, frame: TurnClosed) -> None:
        """A turn has its outcome."""
        self._session(frame).on_turns(frame)

    def on_offer(self, frame: ToolOffer) -> None:
        """These tools may be called from now on, by all."""
        if self._toolbox.update(frame):
            for session in self._open_sessions():
                with self.work_of(session.name):
                    session.on_other_tools()

    def on_results(self, frame: ToolResult) -> None:
        """A tool is done."""
        self._session(frame).on_results(frame)


def _is_whole(jpeg: bytes) -> bool:
    return jpeg.startswith(JPEG_START) and JPEG_END in jpeg
