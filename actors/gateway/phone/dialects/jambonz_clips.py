"""jambonz' verb `listen` as it is by default: what is played are clips, one after the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from actors.gateway.events import Message
from actors.gateway.phone.dialect import (
    NO_QUERY,
    AfterClear,
    LineEvent,
    LineTraits,
    MarkReached,
)
from actors.gateway.phone.dialects.jambonz import JambonzDialect
from actors.gateway.phone.dialects.line_dialect import compact
from actors.gateway.phone.dialects.media_json import number, packed
from actors.gateway.phone.dialects.sized_sound import Piece

CLIP_BYTES = 6_400
"""200 ms at 16 kHz: each clip is a file there, with a gap behind it; 10 at most may wait."""


class JambonzClipsDialect(JambonzDialect):
    """A call with `bidirectionalAudio: {enabled: true}`, not streaming."""

    name: ClassVar[str] = "jambonz-clips"
    traits: ClassVar[LineTraits] = replace(
        JambonzDialect.traits,
        queue_s=2.0,
        least_bytes=CLIP_BYTES,
        most_bytes=2 * CLIP_BYTES,
        # The end of a clip is told also if it was cut off: marks of those are not waited for.
        after_clear=AfterClear.DROPPED,
    )

    def __init__(self, query: Mapping[str, str] = NO_QUERY) -> None:
        super().__init__(query)
        self._clips = 0
        self._marks: deque[tuple[int, str]] = deque()
        """Names, and after which clip each is."""

    def finish(self) -> list[Message]:
        """Say the last clip, filled up with silence."""
        return self._all_said(self._sized.finish())

    def _all_said(self, pieces: list[Piece]) -> list[Message]:
        """Of marks nothing is said: the end of the clip before each is told anyway."""
        return [self._said(piece) for piece in pieces if not self._noted(piece)]

    def _noted(self, piece: Piece) -> bool:
        if isinstance(piece, bytes):
            return False
        self._marks.append((self._clips, piece))
        return True

    def _said(self, piece: Piece) -> Message:
        assert isinstance(piece, bytes)
        self._clips += 1
        return self._clip(piece, str(self._clips), queued=True)

    def _clip(self, payload: bytes, clip: str, *, queued: bool) -> str:
        data = {
            "audioContentType": "raw",
            "sampleRate": self._out.rate_hz,
            "audioContent": packed(payload),
            "id": clip,
            "queuePlay": queued,
        }
        return compact({"type": "playAudio", "data": data})

    def _cleared(self) -> list[Message]:
        """Only a clip that is not queued empties the queue, and only `killAudio` stops one."""
        self._marks.clear()
        silence = bytes(self._out.bytes_of(20))
        return [self._clip(silence, "", queued=False), compact({"type": "killAudio"})]

    def _answered(self, kind: str, data: Mapping[str, Any]) -> list[LineEvent]:
        clip = number(data, "id")
        if kind != "playDone" or clip is None:
            return []
        reached: list[LineEvent] = []
        while self._marks and self._marks[0][0] <= clip:
            reached.append(MarkReached(self._marks.popleft()[1]))
        return reached
