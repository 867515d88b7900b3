"""What a subject is told to do, in a form that any environment can read."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

MODEL = "gemini-3.8-live"
KEY = "bench"
"""Before the number of the session: the server tells sessions apart by their keys."""
STAND_IN_KEY = "standin"
"""Of a second service, which has quota left."""


@dataclass(frozen=True)
class Task:
    """One run of a subject.

    Attributes:
        base_url: Https address of the server.
        ca_file: Its certificate authority, PEM.
        sound: WAV file that is spoken into each session, 16 kHz mono.
        sessions: How many at once, in one process; each begins elsewhere in the sound.
        block: Hold user code for half a second in the middle of each answer.
        stand_in: A second service is configured, in the way that the subject's manual shows.
        server_turns: The server finds where a turn ends, and not a VAD of the subject's.
    """

    base_url: str
    ca_file: str
    sound: str
    sessions: int = 1
    block: bool = False
    stand_in: bool = False
    server_turns: bool = False

    def text(self) -> str:
        """For the command line of a program."""
        return json.dumps(asdict(self))

    @classmethod
    def parse(cls, text: str) -> Task:
        """Read what `text` wrote."""
        return cls(**json.loads(text))


def rotation(session: int, sessions: int, samples: int, chunk: int) -> int:
    """Return the sample at which a session begins: at a whole chunk, spread over the sound."""
    return samples // chunk * session // sessions * chunk
