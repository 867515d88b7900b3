"""One run: so many callers talk on WebSockets to a subject, and what that took."""

from __future__ import annotations

import bisect
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.live_server.crowd import ANSWER_MESSAGES, SpokenBlock, crowd_server
from benchmarks.processes import processor_s
from benchmarks.web_callers.process import web_callers
from benchmarks.web_callers.talker import Talk
from benchmarks.web_subjects import WebSubject

SETTLE_S = 8.0
"""Left out: all connect at once, and what was said before waits for that."""
WINDOW_S = 26.0
"""As in `sessions`."""
BEGAN = "session_started"
"""Of the message that says so."""
ANSWER_WAIT_NS = 2_000_000_000
"""Later sound is of another answer: its caller spoke before anything of this one was due."""
LISTENED_MESSAGES = 1
"""An answer of a fifth of a second, of those who mostly listen to the callers."""


@dataclass(frozen=True)
class WebWork:
    """What is done in a run.

    Attributes:
        callers: How many; half of the time each says something.
        plays: Answers are a second long; if not, a fifth of it.
        packed: Sound comes and goes in JSON and base64, and not in binary messages.
    """

    callers: int
    plays: bool = True
    packed: bool = False

    @property
    def pieces(self) -> int:
        """Messages of 200 ms of which an answer consists."""
        return ANSWER_MESSAGES if self.plays else LISTENED_MESSAGES


@dataclass(frozen=True)
class WebLoad:
    """What so many callers took.

    Attributes:
        served: Callers whose session began.
        up_ms: Of each block in mid-turn, from the caller's sending it to the server.
        down_ms: Of each answer that was heard, from the server's sending its first piece to the
            caller; a phrase with a pause in it may have two.
        phrases: How many were said to their end.
        processor_s: Per caller and minute, by process.
        memory_mib: At the end, by process.
        beside_s: Per caller and minute, of the callers' process and of the server's, which are not
            the subject's.
    """

    served: int
    up_ms: list[float]
    down_ms: list[float]
    phrases: int
    processor_s: Mapping[str, float]
    memory_mib: Mapping[str, float]
    beside_s: Mapping[str, float]


def measure(subject: WebSubject, work: WebWork, folder: Path) -> WebLoad:
    """Let them talk to it; its files go to `folder`.

    Raises:
        CollapsedError: the subject did not serve them to the end.
    """
    with (
        crowd_server(folder, work.pieces) as server,
        subject.serving(folder) as serving,
    ):
        with web_callers(folder, serving.urls, work.callers, packed=work.packed) as people:
            time.sleep(SETTLE_S)
            beside = {"callers": people.pid, "server": server.pid}
            before, began_ns = serving.used_s() | _used_s(beside), time.monotonic_ns()
            time.sleep(WINDOW_S)
            after, ended_ns = serving.used_s() | _used_s(beside), time.monotonic_ns()
            memory = serving.memory_mib()
            talks = people.end()
        seen = server.seen()
    caller_minutes = (ended_ns - began_ns) / 60e9 * work.callers
    window = range(began_ns, ended_ns)
    used = {name: (used - before.get(name, 0.0)) / caller_minutes for name, used in after.items()}
    beside_s = {name: used.pop(name) for name in beside}
    return WebLoad(
        sum(any(kind == BEGAN for _, kind, _, _ in talk.told) for talk in talks),
        up_ms(seen.spoken, talks, window),
        down_ms(seen.answers, talks, window),
        _phrases(talks, window),
        used,
        memory,
        beside_s,
    )


def up_ms(spoken: list[SpokenBlock], talks: list[Talk], window: range) -> list[float]:
    """Return how long blocks took to the server.

    Only what was sent after the server had word of the speech counts: what was before must wait.
    """
    values: list[float] = []
    for each in spoken:
        sent_ns = talks[each.caller].sent.get(each.block, 0)
        if sent_ns in window and each.since_ns and each.since_ns < sent_ns:
            values.append((each.at_ns - sent_ns) / 1e6)
    return values


def down_ms(answers: list[tuple[int, int]], talks: list[Talk], window: range) -> list[float]:
    """Return how long answers took to their callers, by when each was sent and to whom."""
    values: list[float] = []
    for sent_ns, caller in answers:
        sounds = talks[caller].sounds
        at = bisect.bisect(sounds, sent_ns)
        if sent_ns in window and at < len(sounds) and sounds[at] - sent_ns < ANSWER_WAIT_NS:
            values.append((sounds[at] - sent_ns) / 1e6)
    return values


def _phrases(talks: list[Talk], window: range) -> int:
    ends = (talk.sent.get(end - 1, 0) for talk in talks for _, end in talk.phrases)
    return sum(at_ns in window for at_ns in ends)


def _used_s(pids: Mapping[str, int]) -> dict[str, float]:
    return {name: processor_s(psutil.Process(pid)) for name, pid in pids.items()}
