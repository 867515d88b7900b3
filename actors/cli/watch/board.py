"""Board: what `top` and `dashboard` show, from the frames of a pipeline. Pure; times in ns."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field

from actors.lib.audio.pcm import SILENCE_DBFS, level_dbfs, to_samples
from pipeline.cli.meter import Meter, Reading
from pipeline.cli.view import SPEAKER_NAMES, speaker
from pipeline.config.description import DescribedStream, Description
from pipeline.config.graph import SUPERVISOR
from pipeline.frames import (
    AnswerAudio,
    Audio,
    Frame,
    Route,
    SessionEnded,
    SessionOpened,
    SpeechEnded,
    Status,
    Transcript,
    TurnClosed,
)
from pipeline.turns.transcript_lines import TranscriptLine, TranscriptLines
from pipeline.turns.turn_times import LatencyStage, TurnClock

REFRESH_S = 1.0
"""How often to `read`: a rate that changes more often cannot be read by a person."""
LEVELS_S = 0.2
"""How often to `quieten`: what a person can follow."""
KEPT_LINES = 200
KEPT_ROUTES = 50
KEPT_TURNS = 50
LATE_PLAYBACK_NS = 500_000_000
"""The end of playback comes over another socket than the verdict that follows from it."""
DROPS = ("expired", "superseded", "lost")
"""Counters of an input port, written `<port>.<drop>`; of a duplicate nothing is missing."""


@dataclass(frozen=True)
class TurnAccount:
    """Where the time went in one turn; None is not known.

    Attributes:
        closed: The verdict.
        stages_ms: By stage; `endpointing` without `capture_ms`.
        capture_ms: From the microphone until the voice activity detection got it.
    """

    closed: TurnClosed
    stages_ms: dict[LatencyStage, float]
    capture_ms: float | None


@dataclass
class WatchedSession:
    """A conversation that goes on.

    Attributes:
        opened: How it was opened, with its labels.
        turns: How many of it were closed.
        outcome: That of the last one; empty before.
    """

    opened: SessionOpened
    turns: int = 0
    outcome: str = ""


@dataclass
class Board:
    """Takes frames; keeps what is to be shown.

    Attributes:
        session: Only words, turns, levels and routes of this one are kept; None: of all. Rates and
            drops are those of a stream with all its sessions.
    """

    description: Description
    now_ns: int
    session: str | None = None
    status: Status | None = None
    status_ns: int = 0
    readings: dict[str, Reading] = field(default_factory=dict)
    levels: dict[str, float] = field(default_factory=dict)
    """RMS in dB below full scale, by stream: the loudest block since `quieten`."""
    lines: deque[tuple[str, str]] = field(default_factory=lambda: deque(maxlen=KEPT_LINES))
    routes: deque[Route] = field(default_factory=lambda: deque(maxlen=KEPT_ROUTES))
    turns: deque[TurnAccount] = field(default_factory=lambda: deque(maxlen=KEPT_TURNS))
    sessions: dict[str, WatchedSession] = field(default_factory=dict)
    """Those that are open, by name."""
    sessions_ended: Counter[str] = field(default_factory=Counter)
    """Since this began to listen, by reason."""

    def __post_init__(self) -> None:
        self._carried: set[str] = set()
        self._meters = {each.name: Meter(self.now_ns) for each in self.streams}
        self._clock = TurnClock()
        self._transcript = TranscriptLines()
        self._closing: list[tuple[int, TurnClosed]] = []
        self._capture_ms: dict[tuple[str, str], float] = {}
        """By session and actor that listens to it: how old the newest block was when sent."""
        self._captured: dict[str, float | None] = {}
        """By turn: the same of whoever found its end, at that time."""

    @property
    def streams(self) -> list[DescribedStream]:
        """Those worth watching, the silent ones last; what `health` carries is in the status."""
        watched = [each for each in self.description.streams if _is_watched(each)]
        return sorted(watched, key=lambda each: each.name not in self._carried)

    def on_frame(self, actor: str, port: str, frame: Frame, now_ns: int) -> None:
        """Note a frame."""
        name = f"{actor}.{port}"
        self._meters[name].on_frame(frame, 0, now_ns)
        self._carried.add(name)
        match frame:
            case Status():
                self.status, self.status_ns = frame, now_ns
            case SessionOpened() | SessionEnded():
                self._keep_session(frame)
        if self.session in (None, frame.session):
            self._keep(actor, name, frame, now_ns)

    def _keep(self, actor: str, name: str, frame: Frame, now_ns: int) -> None:
        self._clock.on_frame(frame)
        match frame:
            case Audio() | AnswerAudio():
                self._hear(name, frame)
            case SpeechEnded():
                self._captured[frame.turn] = self._capture_ms.get((frame.session, actor))
            case Transcript():
                self._add_lines(self._transcript.add(frame))
            case TurnClosed():
                self._close(frame, now_ns)
            case Route():
                self.routes.append(frame)
            case SessionEnded():
                self._add_lines(self._transcript.end(frame.session))

    def read(self, now_ns: int) -> None:
        """Take the readings of all streams, and the account of turns that are complete."""
        self.now_ns = now_ns
        self.readings = {name: meter.read(now_ns) for name, meter in self._meters.items()}
        due = [frame for at_ns, frame in self._closing if now_ns - at_ns >= LATE_PLAYBACK_NS]
        self._closing = [each for each in self._closing if each[1] not in due]
        for frame in due:
            self.turns.append(self._row(frame))
        self._add_lines(self._transcript.overdue(now_ns / 1e9))

    def quieten(self) -> None:
        """Begin to look for the loudest block anew."""
        self.levels = dict.fromkeys(self.levels, SILENCE_DBFS)

    def drops(self, stream: DescribedStream) -> int:
        """Frames that listeners did not take; a port with several streams has one count."""
        counters = {
            each.actor: each.health.counters
            for each in (self.status.actors if self.status else [])
            if each.health is not None
        }
        return sum(
            counters.get(consumer, {}).get(f"{port}.{drop}", 0)
            for consumer in stream.consumers
            for port in self._ports(consumer, stream.name)
            for drop in DROPS
        )

    def _ports(self, consumer: str, stream: str) -> list[str]:
        inputs = self.description.config["actors"][consumer]["inputs"]
        return [
            port
            for port, streams in inputs.items()
            if stream in ([streams] if isinstance(streams, str) else streams)
        ]

    def _hear(self, name: str, frame: Audio | AnswerAudio) -> None:
        level = level_dbfs(to_samples(frame.pcm))
        self.levels[name] = max(level, self.levels.get(name, SILENCE_DBFS))
        if isinstance(frame, Audio):
            consumers = next(each.consumers for each in self.streams if each.name == name)
            age_ms = (frame.sent_ns - frame.origin_ns) / 1e6
            self._capture_ms.update({(frame.session, each): age_ms for each in consumers})

    def _keep_session(self, frame: SessionOpened | SessionEnded) -> None:
        if isinstance(frame, SessionOpened):
            self.sessions.setdefault(frame.session, WatchedSession(frame))
            return
        self.sessions.pop(frame.session, None)
        self.sessions_ended[frame.reason.value] += 1
        gone = [each for each in self._capture_ms if each[0] == frame.session]
        for key in gone:
            del self._capture_ms[key]

    def _add_lines(self, lines: list[TranscriptLine]) -> None:
        self.lines.extend(
            (self._who(SPEAKER_NAMES[line.side], line.session), line.text) for line in lines
        )

    def _who(self, who: str, session: str) -> str:
        return speaker(who, session, self.description.session)

    def _close(self, frame: TurnClosed, now_ns: int) -> None:
        self._closing.append((now_ns, frame))
        self._add_lines(self._transcript.close(frame, now_ns / 1e9))
        if frame.session in self.sessions:
            known = self.sessions[frame.session]
            known.turns, known.outcome = known.turns + 1, frame.outcome.value
        if frame.reason:
            self.lines.append(
                (self._who("turn", frame.session), f"{frame.outcome.value}: {frame.reason}")
            )

    def _row(self, frame: TurnClosed) -> TurnAccount:
        stages_ms = {each.stage: each.ms for each in self._clock.close(frame).stages()}
        capture_ms = self._captured.pop(frame.turn, None)
        if capture_ms is not None and LatencyStage.ENDPOINTING in stages_ms:
            stages_ms[LatencyStage.ENDPOINTING] -= capture_ms
        return TurnAccount(frame, stages_ms, capture_ms)


def _is_watched(stream: DescribedStream) -> bool:
    """What `health` carries is in the status; which sessions are open the supervisor decides."""
    if stream.port == "sessions":
        return stream.actor == SUPERVISOR
    return stream.port != "health"
