"""Drives the state of turns without clock or socket and notes what it sends and publishes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from actors.backends.answer import AnswerFrames, Publish
from actors.backends.realtime import timeouts
from actors.backends.realtime.downlink import Downlink
from actors.backends.realtime.limits import Limits
from actors.backends.realtime.link import Activity
from actors.backends.realtime.steps import (
    AbortLink,
    Freeze,
    SendActivity,
    SendAudio,
    SendReply,
    SendText,
    Step,
)
from actors.backends.realtime.turn_state import TurnState
from actors.backends.realtime.uplink import Uplink
from pipeline.frames import (
    AnswerAudio,
    AnswerEnded,
    Frame,
    ToolCall,
    ToolCancel,
    ToolResult,
    ToolStatus,
    Transcript,
    Usage,
)

BLOCK = 320


@dataclass
class Driver:
    """`sent` holds the wire steps of the connection in use, `frames` all that was published."""

    limits: Limits = field(default_factory=Limits)
    now_s: float = 100.0
    heard: int = 0
    frames: list[Frame] = field(default_factory=list)
    sent: list[Step] = field(default_factory=list)
    connections: list[list[Step]] = field(default_factory=list)
    wants_out: bool = False

    def __post_init__(self) -> None:
        self.counters: Counter[str] = Counter()
        self.state = TurnState(AnswerFrames("local", "live", "m"), self.limits, self.counters)
        self.uplink = Uplink(self.state)
        self.downlink = Downlink(self.state)

    @property
    def idle(self) -> bool:
        return not self.state.turns

    def do(self, steps: list[Step]) -> None:
        for step in steps:
            match step:
                case Publish():
                    self.frames.append(step.frame)
                case Freeze() | AbortLink():
                    self.wants_out = True
                case SendAudio() | SendActivity() | SendText() | SendReply():
                    self.sent.append(step)

    def connect(self) -> None:
        self.wants_out = False
        self.do(self.downlink.link_up(self.now_s))

    def disconnect(self, why: str = "cut") -> None:
        self.connections.append(self.sent)
        self.sent = []
        self.do(self.downlink.link_down(why, self.now_s))

    def start(self, position: int) -> str:
        turn = f"local:{position}"
        self.do(self.uplink.speech_started(turn, position, self.now_s))
        return turn

    def end(self, position: int, end: int) -> None:
        turn = f"local:{position}"
        self.do(self.uplink.speech_ended(turn, position, end, self.now_s))

    def hear(self, upto: int) -> None:
        while self.heard < upto:
            start, self.heard = self.heard, min(upto, self.heard + BLOCK)
            turn = self.state.streaming
            if turn is not None and turn.cursor == start:
                # As a session does with a block of an open turn.
                self.sent.append(SendAudio(start, self.heard))
                turn.cursor = self.state.heard_end = self.heard
            else:
                self.do(self.uplink.audio_heard(0, self.heard, self.now_s))

    def speak(self, start: int, end: int) -> str:
        self.hear(start + BLOCK)
        turn = self.start(start)
        self.hear(end)
        self.end(start, end)
        return turn

    def server(self, *events: object) -> None:
        for event in events:
            self.do(self.downlink.on_event(event, self.now_s))  # type: ignore[arg-type]

    def wait(self, seconds: float) -> None:
        """Time passes; deadlines ring when they are due."""
        end_s = self.now_s + seconds
        while (due_s := self.state.deadline_s) is not None and due_s <= end_s:
            self.now_s = max(self.now_s, due_s)
            self.do(timeouts.expire(self.state, self.now_s))
        self.now_s = end_s

    def tool_result(self, call_id: str, response: dict[str, Any]) -> None:
        call = next(
            (f for f in self.frames if isinstance(f, ToolCall) and f.call_id == call_id), None
        )
        turn, name = (call.turn, call.name) if call else ("local:0", "move")
        result = ToolResult(
            turn=turn, call_id=call_id, name=name, status=ToolStatus.OK, response=response
        )
        self.do(self.uplink.tool_result(result, self.now_s))

    def ends(self, turn: str | None = None) -> list[str]:
        return [
            f.end.value
            for f in self.frames
            if isinstance(f, AnswerEnded) and turn in (None, f.turn)
        ]

    def samples(self, turn: str) -> int:
        return sum(
            len(f.pcm) // 2 for f in self.frames if isinstance(f, AnswerAudio) and f.turn == turn
        )

    def said(self, turn: str, side: str) -> str:
        return "".join(
            f.text
            for f in self.frames
            if isinstance(f, Transcript) and f.turn == turn and f.side == side
        )

    def calls(self) -> list[str]:
        return [f.call_id for f in self.frames if isinstance(f, ToolCall)]

    def cancels(self) -> list[str]:
        return [f.call_id for f in self.frames if isinstance(f, ToolCancel)]

    def usages(self) -> list[Usage]:
        return [f for f in self.frames if isinstance(f, Usage)]

    def sent_texts(self, beginning: str = "") -> list[str]:
        """Written turns, on whatever connection."""
        every = [text for sent in (*self.connections, self.sent) for text in _texts(sent)]
        return [text for text in every if text.startswith(beginning)]

    def replies(self) -> list[str]:
        return [
            step.reply.wire_id
            for sent in (*self.connections, self.sent)
            for step in sent
            if isinstance(step, SendReply)
        ]


def _texts(sent: list[Step]) -> list[str]:
    return [step.text for step in sent if isinstance(step, SendText)]


def activities(sent: list[Step]) -> list[tuple[list[tuple[int, int]], bool]]:
    """The spoken turns on one connection: pieces of sound, and whether they were ended."""
    found: list[tuple[list[tuple[int, int]], bool]] = []
    inside = False
    for step in sent:
        match step:
            case SendActivity(Activity.STARTED):
                assert not inside, "an activity was begun within another"
                inside = True
                found.append(([], False))
            case SendAudio(start, end):
                assert inside, "sound was sent outside an activity"
                assert start < end
                found[-1][0].append((start, end))
            case SendActivity(Activity.ENDED):
                assert inside, "an activity was ended that had not begun"
                inside = False
                found[-1] = (found[-1][0], True)
    return found


def joined(pieces: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Neighbouring pieces as one; an overlap stays visible."""
    whole: list[tuple[int, int]] = []
    for start, end in pieces:
        if whole and whole[-1][1] == start:
            whole[-1] = (whole[-1][0], end)
        else:
            whole.append((start, end))
    return whole
