"""A room full of callers: one of each actor, a session for each caller, everything played."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import yaml

from benchmarks.live_server.process import ADDRESS_NAME
from benchmarks.memory import memory_mib
from benchmarks.processes import actor_of, processor_s
from benchmarks.sound import CHUNK_SAMPLES
from benchmarks.tap import Heard
from pipeline.frames import (
    BackendState,
    BackendStatus,
    Fault,
    Frame,
    Health,
    Outcome,
    Playback,
    PlaybackState,
    SpeechEnded,
    Status,
    TurnClosed,
)
from pipeline.testing import RunningPipeline

NAME = "crowd"
CALLERS = "callers"
"""Of the actor that stands for them; what it takes is not counted as the room's."""
HERE = Path(__file__).parent
STREAMS = {
    "supervisor": ["turns"],
    "vad": ["speech"],
    "speaker": ["playback"],
    "live": ["faults", "status"],
    "http": ["status"],
}
"""What an account is made of."""
REPORTS = ("status", "faults")
"""Of another backend, by which `device` knows when it may be needed."""


def config(
    folder: Path,
    callers: Mapping[str, Any],
    use: Mapping[str, str] | None = None,
    *,
    whole: bool = False,
) -> Path:
    """Write the config.

    Args:
        folder: Gets it, and has the address of the Live server.
        callers: Options of `Callers`.
        use: Other classes for actors, by name.
        whole: With `device`, `tools` and `budget`.
    """
    heard = {"audio": "callers.audio", "speech": "vad.speech"}
    decided = {"route": "supervisor.route", "turns": "supervisor.turns"}
    known = {**heard, **decided, "playback": "speaker.playback"}
    at_server = {"options": {"server_file": str(folder / ADDRESS_NAME)}}
    actors: dict[str, dict[str, Any]] = {
        CALLERS: callers_actor(callers),
        "vad": {
            "use": "vad",
            "inputs": {"audio": "callers.audio", "playback": "speaker.playback"},
        },
        "live": {
            "use": "live",
            "inputs": {**known, "transcript": ["http.transcript"]},
            **at_server,
        },
        "http": {
            "use": "http",
            "inputs": {**known, "transcript": ["live.transcript"], "answers": ["live.answer"]},
            **at_server,
        },
        "speaker": {
            "use": "virtual_speaker",
            "inputs": {
                "audio": ["live.audio", "http.audio"],
                "answer": ["live.answer", "http.answer"],
                "speech": "vad.speech",
                **decided,
            },
        },
    }
    backends = ["live", "http"]
    if whole:
        backends.append("device")
        actors["device"] = {
            "use": "device",
            "inputs": {
                **known,
                "transcript": ["live.transcript", "http.transcript"],
                "answers": ["live.answer", "http.answer"],
                "backends": [f"{name}.{port}" for name in backends[:2] for port in REPORTS],
                "results": "tools.results",
                "offer": "tools.offer",
            },
        }
        actors["budget"] = {"use": "budget", "inputs": {"usage": ["live.usage", "http.usage"]}}
        calls = [f"{name}.tool_calls" for name in backends]
        actors["tools"] = {
            "use": "tools",
            "inputs": {"calls": calls},
            "options": {"functions": ["actors.services.tools.examples.robot:move"]},
        }
        for name in backends[:2]:
            actors[name]["inputs"] |= {"offer": "tools.offer", "results": "tools.results"}
    for name, reference in (use or {}).items():
        actors[name]["use"] = reference
    path = folder / f"{NAME}.yaml"
    route = {"backends": backends}
    path.write_text(yaml.safe_dump({"name": NAME, "route": route, "actors": actors}))
    return path


@dataclass
class Account:
    """What became of each turn, as the streams tell of it, independent of the ledger's own."""

    asked: dict[str, SpeechEnded] = field(default_factory=dict)
    verdicts: dict[str, TurnClosed] = field(default_factory=dict)
    closings: set[tuple[str, int]] = field(default_factory=set)
    """By turn and sequence number, since retained frames come again."""
    finished: set[tuple[str, int]] = field(default_factory=set)
    """Turn and epoch of every answer that was played to its end."""
    faults: dict[str, int] = field(default_factory=dict)
    """When each session's first fault of Live was sent."""
    serving: dict[tuple[str, str], int] = field(default_factory=dict)
    """When a backend last said that it can answer a session, by backend and session."""

    def record(self, heard: Heard) -> None:
        """Note a frame."""
        frame: Frame = heard.frame
        match frame:
            case SpeechEnded():
                self.asked.setdefault(frame.turn, frame)
            case TurnClosed():
                self.verdicts.setdefault(frame.turn, frame)
                self.closings.add((frame.turn, frame.seq))
            case Playback(state=PlaybackState.FINISHED):
                self.finished.add((frame.turn, frame.epoch))
            case Fault():
                self.faults.setdefault(frame.session, frame.sent_ns)
            case BackendStatus(state=BackendState.READY):
                self.serving[frame.backend, frame.session] = frame.sent_ns

    def whole_blocks(self, turn: str) -> range:
        """Numbers of its blocks; one at the edge of a turn is cut, and tells nobody its name."""
        asked = self.asked[turn]
        return range(-(-asked.start_position // CHUNK_SAMPLES), asked.position // CHUNK_SAMPLES)

    def lost(self) -> set[str]:
        """Turns without an outcome."""
        return self.asked.keys() - self.verdicts.keys()

    def twice(self) -> set[str]:
        """Turns with two outcomes, or with two answers heard in full."""
        closed = Counter(turn for turn, _ in self.closings)
        heard = Counter(turn for turn, _ in self.finished)
        return {turn for turn, number in (closed | heard).items() if number > 1}

    def outcomes(self) -> dict[str, int]:
        """Number of turns by what became of them and by whom."""
        words = (f"{each.outcome} {each.by}".strip() for each in self.verdicts.values())
        return dict(Counter(words))

    def failed(self) -> list[TurnClosed]:
        """Turns that failed, aloud."""
        return [each for each in self.verdicts.values() if each.outcome is Outcome.FAILED]

    def turns_of(self) -> dict[str, list[TurnClosed]]:
        """Verdicts by session."""
        by_session: defaultdict[str, list[TurnClosed]] = defaultdict(list)
        for verdict in self.verdicts.values():
            by_session[verdict.session].append(verdict)
        return dict(by_session)


def callers_actor(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a config that lets callers call."""
    return {"use": f"{HERE / 'callers.py'}:Callers", "options": dict(options)}


def used_s(pipeline: RunningPipeline) -> dict[str, float]:
    """Processor time of the room so far, by process."""
    used: defaultdict[str, float] = defaultdict(float)
    for process in _of_the_room(pipeline):
        used[actor_of(process)] += processor_s(process)
    return dict(used)


def room_mib(pipeline: RunningPipeline) -> float:
    """Memory of the room."""
    return sum(room_parts_mib(pipeline).values())


def room_parts_mib(pipeline: RunningPipeline) -> dict[str, float]:
    """Memory of the room, by process, and `files` that they map."""
    names = {process.pid: actor_of(process) for process in _of_the_room(pipeline)}
    return {
        names[part] if isinstance(part, int) else part: mib
        for part, mib in memory_mib(names).items()
    }


def counter(status: Status, actor: str, name: str) -> int:
    """What an actor counted."""
    health = _health(status, actor)
    return health.counters.get(name, 0) if health else 0


def gauge(status: Status, actor: str, name: str) -> float:
    """What an actor measured."""
    health = _health(status, actor)
    return health.gauges.get(name, 0.0) if health else 0.0


def _health(status: Status, actor: str) -> Health | None:
    return next((each.health for each in status.actors if each.actor == actor), None)


def _of_the_room(pipeline: RunningPipeline) -> list[psutil.Process]:
    callers = [each.pid for each in pipeline.status().actors if each.actor == CALLERS]
    return [process for process in pipeline.processes() if process.pid not in callers]
