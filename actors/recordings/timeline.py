"""The timeline of a conversation: what happened from when to when. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from actors.recordings.conversation import TYPES as TURN_TYPES
from actors.recordings.conversation import RecordedTurn, turns_of
from actors.recordings.messages import RecordedMessage
from pipeline.frames import (
    Fault,
    Frame,
    Playback,
    PlaybackState,
    Route,
    SpeechEnded,
    SpeechStarted,
    TurnClosed,
    UserText,
)

TYPES = TURN_TYPES | {"fault", "backend_status", "health"}
"""What is looked at; the last two only for whether their sender began anew."""


@dataclass
class Span:
    """From when to when, monotonic; `end_ns` is None if the recording does not see the end."""

    begin_ns: int
    end_ns: int | None = None
    label: str = ""


@dataclass
class TurnSpan(Span):
    """A turn, from its first sample to the verdict.

    Attributes:
        recorded: Its words, outcome and latencies.
        sounded_ns: When its answer was first heard.
    """

    recorded: RecordedTurn = field(default_factory=lambda: RecordedTurn(""))
    sounded_ns: int | None = None


@dataclass
class ConversationTimeline:
    """Everything in the order in which it began.

    Attributes:
        speech: From the first sample of a turn to the last voiced one.
        turns: Spoken and typed.
        routes: Backends, as long as they had the route; `label` is the name.
        faults: What went wrong; `begin_ns` is when, `label` what.
    """

    speech: list[Span] = field(default_factory=list)
    turns: list[TurnSpan] = field(default_factory=list)
    routes: list[Span] = field(default_factory=list)
    faults: list[Span] = field(default_factory=list)

    @property
    def span_ns(self) -> tuple[int, int] | None:
        """When the first turn begins and the last one ends; None if there is none."""
        spans = [*self.speech, *self.turns]
        times = [time for each in spans for time in (each.begin_ns, each.end_ns) if time]
        return (min(times), max(times)) if times else None


def timeline_of(frames: Iterable[tuple[RecordedMessage, Frame]]) -> ConversationTimeline:
    """Return what happened in a recording, given its frames in the order of sending."""
    notes = _Notes()

    def noted() -> Iterator[Frame]:
        for message, frame in frames:
            notes.on_frame(message, frame)
            yield frame

    for name, recorded in turns_of(noted()).items():
        if name in notes.turns:
            notes.turns[name].recorded = recorded
    timeline = notes.timeline
    timeline.speech, timeline.turns = list(notes.speech.values()), list(notes.turns.values())
    timeline.faults.sort(key=lambda each: each.begin_ns)
    return timeline


@dataclass
class _Notes:
    """What is known of the timeline so far."""

    timeline: ConversationTimeline = field(default_factory=ConversationTimeline)
    speech: dict[str, Span] = field(default_factory=dict)
    turns: dict[str, TurnSpan] = field(default_factory=dict)
    boots: dict[str, int] = field(default_factory=dict)

    def on_frame(self, message: RecordedMessage, frame: Frame) -> None:
        """Note a frame."""
        self._restart(message, frame)
        turns = self.turns
        match frame:
            case SpeechStarted():
                self.speech[frame.turn] = Span(frame.at_ns)
                turns[frame.turn] = TurnSpan(frame.at_ns)
            case SpeechEnded() if frame.turn in self.speech:
                self.speech[frame.turn].end_ns = frame.at_ns
            case UserText():
                turns[frame.turn] = TurnSpan(frame.origin_ns or message.sent_ns)
            case Playback(state=PlaybackState.STARTED) if frame.turn in turns:
                turn = turns[frame.turn]
                turn.sounded_ns = turn.sounded_ns or frame.at_ns
            case TurnClosed() if frame.turn in turns:
                turns[frame.turn].end_ns = message.sent_ns
            case Route():
                _route(self.timeline.routes, frame, message.sent_ns)
            case Fault():
                code = f" {frame.code}" if frame.code is not None else ""
                label = f"{frame.backend}: {frame.fault}{code}"
                self.timeline.faults.append(Span(message.sent_ns, label=label))

    def _restart(self, message: RecordedMessage, frame: Frame) -> None:
        """An actor whose `boot` grows was started again; 0 is who does not count."""
        known = self.boots.setdefault(message.actor, frame.boot)
        if 0 < known < frame.boot:
            self.timeline.faults.append(Span(message.sent_ns, label=f"{message.actor}: restarted"))
        self.boots[message.actor] = max(known, frame.boot)


def _route(routes: list[Span], frame: Route, sent_ns: int) -> None:
    if routes and routes[-1].label == frame.owner:
        return
    if routes:
        routes[-1].end_ns = sent_ns
    routes.append(Span(sent_ns, label=frame.owner))
