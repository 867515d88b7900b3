"""What happened in the simulator, for tests and for people."""

import time
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

# Audio messages whose arrival is remembered: 400 s of one client's 20 ms chunks.
KEPT_ARRIVALS = 20_000
# Sessions and requests remembered; older ones are forgotten in runs of many hours.
KEPT_RECORDS = 2_000

Behavior = Literal["BLOCKING", "NON_BLOCKING"]


@dataclass
class CloseRecord:
    """Who ended a session and how; `by` is client, server or network."""

    by: str
    code: int
    reason: str
    at_s: float


@dataclass
class TurnRecord:
    """One turn. `outcome` is open, answered, interrupted or broken.

    The last of its answer was sent at `generated_ns`; at `ended_ns` the client has played it.
    """

    number: int
    kind: str
    heard: str = ""
    said: str = ""
    searched: str = ""
    audio_ms: float = 0.0
    answer_ms: float = 0.0
    outcome: str = "open"
    started_ns: int = 0
    generated_ns: int = 0
    ended_ns: int = 0
    first_audio_ns: int = 0


@dataclass
class ToolCallRecord:
    """One function call. `outcome` is pending, answered, cancelled or lost.

    `response` is the last one; a function that does not block may give several.
    """

    id: str
    name: str
    args: dict[str, Any]
    outcome: str = "pending"
    response: Any = None
    behavior: Behavior = "BLOCKING"
    responses: int = 0


@dataclass
class VideoRecord:
    """Pictures received. `rate_hz` is the mean over the time between the first and the last."""

    frames: int = 0
    bytes: int = 0
    max_bytes: int = 0
    width: int = 0
    height: int = 0
    first_s: float = 0.0
    last_s: float = 0.0
    rate_hz: float = 0.0

    def count(self, size: int, width: int, height: int, at_s: float) -> None:
        """Adds one picture of `size` bytes."""
        if not self.frames:
            self.first_s = at_s
        self.frames += 1
        self.bytes += size
        self.max_bytes = max(self.max_bytes, size)
        self.width, self.height = width, height
        self.last_s = at_s
        if self.last_s > self.first_s:
            self.rate_hz = round((self.frames - 1) / (self.last_s - self.first_s), 3)


@dataclass
class SessionRecord:
    """One Live connection, from the handshake to the close. Times are seconds since start."""

    number: int
    version: str
    opened_s: float
    model: str = ""
    setup: dict[str, Any] = field(default_factory=dict)
    resumed_from: str = ""
    handles: list[str] = field(default_factory=list)
    history: list[dict[str, str]] = field(default_factory=list)
    turns: list[TurnRecord] = field(default_factory=list)
    tool_calls: list[ToolCallRecord] = field(default_factory=list)
    late_tool_responses: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    video: VideoRecord = field(default_factory=VideoRecord)
    audio_ms: float = 0.0
    audio_messages: int = 0
    audio_outside_activity_ms: float = 0.0
    ignored_media_chunks: int = 0
    pictures_outside_activity: int = 0
    actions: list[str] = field(default_factory=list)
    close_sent_ns: int = 0
    close: CloseRecord | None = None


@dataclass
class RequestRecord:
    """One HTTP request and how it was answered; the end of the answer was sent at `ended_ns`."""

    method: str
    model: str
    at_s: float
    at_ns: int = 0
    ended_ns: int = 0
    status: int = 0
    heard: str = ""
    said: str = ""
    tool_call: dict[str, Any] | None = None
    images: int = 0
    audio_ms: float = 0.0
    instruction: str = ""
    config: dict[str, Any] = field(default_factory=dict)
    functions: list[str] = field(default_factory=list)


class Journal:
    """Grows while the server runs; reading it never disturbs."""

    def __init__(self) -> None:
        self._started_ns = time.monotonic_ns()
        self.connections = 0
        self.sessions: deque[SessionRecord] = deque(maxlen=KEPT_RECORDS)
        self.requests: deque[RequestRecord] = deque(maxlen=KEPT_RECORDS)
        self.refused_handshakes: deque[dict[str, Any]] = deque(maxlen=KEPT_RECORDS)
        self.faults: list[str] = []
        self.arrivals: deque[tuple[int, int]] = deque(maxlen=KEPT_ARRIVALS)

    def now_s(self) -> float:
        """Seconds since the server was made, to the millisecond."""
        return round((time.monotonic_ns() - self._started_ns) / 1e9, 3)

    def heard(self) -> list[str]:
        """Everything that was understood, over all sessions, in order of session and turn."""
        return [turn.heard for session in self.sessions for turn in session.turns]

    def tool_calls(self) -> list[ToolCallRecord]:
        """All function calls over all sessions."""
        return [call for session in self.sessions for call in session.tool_calls]

    def to_json(self, arrivals: bool = False) -> dict[str, Any]:
        """The whole journal as plain values; arrivals are `[monotonic_ns, bytes]` on request."""
        result: dict[str, Any] = {
            "now_s": self.now_s(),
            "connections": self.connections,
            "sessions": [asdict(session) for session in self.sessions],
            "requests": [asdict(request) for request in self.requests],
            "refused_handshakes": list(self.refused_handshakes),
            "faults": list(self.faults),
        }
        if arrivals:
            result["arrivals"] = [list(item) for item in self.arrivals]
        return result
