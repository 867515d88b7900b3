"""One session of a backend, of whichever kind: what was heard and said, and what is kept of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from actors.backends.answer import Answer, AnswerFrames, Publish
from actors.backends.audio_ring import AudioRing
from actors.backends.history import History
from actors.backends.manner import offered
from actors.backends.records import KeptTurns, SessionRecords
from actors.backends.shared import Shared
from pipeline.errors import UnsendableError
from pipeline.frames import (
    AnswerEnd,
    Audio,
    Image,
    Playback,
    Route,
    SessionOpened,
    Side,
    SpeechEnded,
    SpeechStarted,
    ToolResult,
    Transcript,
    TurnClosed,
    UserText,
)

CUT_OFF = "cut off: the process was restarted"


class BackendSession(ABC):
    """Takes the frames of a session. A subclass decides what is answered, and how.

    Args:
        shared: What it has in common with others.
        opened: How it was opened.
        functions: Declarations of what its own client answers.
    """

    def __init__(
        self, shared: Shared, opened: SessionOpened, functions: tuple[dict[str, Any], ...]
    ) -> None:
        actor = self._actor = shared.actor
        self.name = opened.session
        self.opened = opened
        self.ring = AudioRing(replayed=not shared.serving.is_set())
        reported = opened.plays and "playback" in actor.surroundings.connected
        self.history = History(reported=reported, before=opened.history)
        self._functions = functions
        self._toolbox = shared.toolbox
        # A conversation with an id is kept by whoever gave it one, and told when it is opened.
        run = None if opened.conversation else actor.surroundings.started_ns
        self._records = SessionRecords(shared.store, self.name, self.history, actor.log, run)
        self._cut_off: list[Publish] = []

    @property
    def tools(self) -> tuple[dict[str, Any], ...]:
        """What its model may call."""
        return offered(self._toolbox.tools, self._functions)

    @abstractmethod
    def kept(self) -> KeptTurns:
        """Return what a process that takes over must know of the turns."""

    @abstractmethod
    def stop(self) -> None:
        """Let go of the answer, of timers and of the connection, without another word."""

    def restore(self) -> KeptTurns:
        """Take over what an earlier process knew; an answer that it had begun is cut off."""
        kept = self._records.restore()
        self._cut_off = cut_off(kept, self.name, self._actor.name)
        return kept

    def report_cut_off(self) -> None:
        """Say what became of the answers of before, now that everybody listens."""
        cut_off, self._cut_off = self._cut_off, []
        for step in cut_off:
            self.publish(step)

    def publish(self, step: Publish) -> None:
        """Send a frame; what this backend understood and said is part of the conversation.

        A service may say what no frame can carry: that is counted, and the session goes on.
        """
        try:
            self._actor.publish(step.port, step.frame)
        except UnsendableError as error:
            self._actor.counters[f"{step.port}.unsendable"] += 1
            self._actor.log.warning("not told to the others", because=str(error))
            return
        if isinstance(step.frame, Transcript):
            self.history.transcript(step.frame)
            if step.frame.side is Side.USER and self._records.outlives_run:
                # A run that is killed while it answers leaves the question to the next one.
                self.save()

    def save(self) -> None:
        """Keep where the conversation is; returns at once."""
        self._records.save(self.kept())

    def forget(self) -> None:
        """The session is over, and nobody comes back to it."""
        # Its tasks and what they hold are let go of later, when Python looks for cycles.
        self.ring.clear()
        self._records.forget()

    # Input ports.

    @abstractmethod
    def on_audio(self, frame: Audio) -> None:
        """A block of the microphone."""

    @abstractmethod
    def on_speech(self, frame: SpeechStarted | SpeechEnded) -> None:
        """The user began or finished a turn."""

    @abstractmethod
    def on_video(self, frame: Image) -> None:
        """A picture."""

    @abstractmethod
    def on_text(self, frame: UserText) -> None:
        """The user typed a turn."""

    @abstractmethod
    def on_results(self, frame: ToolResult) -> None:
        """A tool is done."""

    @abstractmethod
    def on_route(self, frame: Route) -> None:
        """The turns have an owner."""

    @abstractmethod
    def on_turns(self, frame: TurnClosed) -> None:
        """A turn has its outcome."""

    @abstractmethod
    def answered_elsewhere(self, turn: str) -> None:
        """Another backend has answered a turn in full."""

    def on_other_tools(self) -> None:  # noqa: B027 - those of the next request, as a rule
        """Other tools are offered than before."""

    def on_transcript(self, frame: Transcript) -> None:
        """What was said to and by other backends belongs to the conversation."""
        if frame.backend != self._actor.name:
            self.history.transcript(frame)

    def on_playback(self, frame: Playback) -> None:
        """What the user did not hear was not said."""
        self.history.playback(frame)


def cut_off(kept: KeptTurns, session: str, backend: str) -> list[Publish]:
    """Return what is said of the answers that a process had begun and did not end."""
    said: list[Publish] = []
    for turn, epoch in kept.begun.items():
        frames = AnswerFrames(session, backend, epoch=epoch)
        said += frames.ended(Answer(turn, begun=True), AnswerEnd.FAILED, CUT_OFF)
    return said
