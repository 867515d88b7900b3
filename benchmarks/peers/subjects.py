"""Who is measured: the floor, the peers, and we."""

from __future__ import annotations

import sys
from functools import partial
from importlib.metadata import version
from pathlib import Path

from benchmarks.peers.environment import interpreter, pinned
from benchmarks.peers.greenroom import GreenroomSubject
from benchmarks.peers.observation import Subject
from benchmarks.peers.program_subject import ProgramSubject

MOST_SESSIONS = 50
"""In one process; the design's question is what becomes of 1, 10, 25 and 50."""

FLOOR: Subject = ProgramSubject(
    "google-genai alone", "floor", lambda: Path(sys.executable), MOST_SESSIONS
)
PEERS: tuple[Subject, ...] = (
    ProgramSubject("Pipecat", "pipecat", partial(interpreter, "pipecat"), MOST_SESSIONS),
    ProgramSubject("LiveKit Agents", "livekit", partial(interpreter, "livekit"), MOST_SESSIONS),
)
OURS: Subject = GreenroomSubject(MOST_SESSIONS)
SUBJECTS = (FLOOR, *PEERS, OURS)


def prepare() -> None:
    """Make the peers' environments if they are not there yet."""
    for name in ("pipecat", "livekit"):
        interpreter(name)


def versions() -> str:
    """Name what the peers are, in a line."""
    return (
        f"Pipecat {pinned('pipecat', 'pipecat-ai')} (google-genai "
        f"{pinned('pipecat', 'google-genai')}), LiveKit Agents "
        f"{pinned('livekit', 'livekit-agents')} (google-genai "
        f"{pinned('livekit', 'google-genai')}); Greenroom {version('greenroom')} and "
        f"google-genai alone {version('google-genai')}"
    )
