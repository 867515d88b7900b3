"""What the connections of a cassette share: what can be said, how fast, what was strange."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from actors.lib.audio.pcm import SPEECH_RATE_HZ
from actors.recordings.cassette.recorded_frame import Utterance
from actors.simulator.tasks import Tasks

SERVER_FILE = "cassette.json"
"""In the runtime folder, for the option `server_file` of a backend."""


@dataclass
class ScriptCursor:
    """One for all connections of a cassette.

    Attributes:
        said: The turns of the recording.
        pace: 2 is twice as fast as the recording.
        strange: In words, what the client said that is not in the recording.
        faults: What the cassette itself failed with.
        tasks: End with the cassette.
    """

    said: Sequence[Utterance]
    pace: float = 1.0
    strange: list[str] = field(default_factory=list)
    faults: list[BaseException] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tasks = Tasks(self.faults.append)

    def spoken(self, pcm: bytes, before: Sequence[str]) -> str | None:
        """Return the turn whose sound this ends with.

        Speech that was not answered may come before it, and after it the silence that was sent
        until the end of the turn was detected.

        Args:
            pcm: What the client sent as one turn.
            before: Turns said before on this connection: the same words may be said twice.
        """
        at = {each.turn: pcm.rfind(each.pcm) for each in self.said if each.pcm}
        last = max(at.values(), default=-1)
        fits = [turn for turn, found in at.items() if found == last >= 0]
        return self._first(fits, before, f"{len(pcm) / 2 / SPEECH_RATE_HZ:.2f} s of speech")

    def typed(self, text: str, before: Sequence[str]) -> str | None:
        """Return the turn in which this was typed."""
        fits = [each.turn for each in self.said if each.text and text.endswith(each.text)]
        return self._first(fits, before, f"the text {text!r}")

    def _first(self, fits: list[str], before: Sequence[str], what: str) -> str | None:
        found = next((turn for turn in fits if turn not in before), next(iter(fits), None))
        if found is None:
            self.strange.append(what)
        return found
