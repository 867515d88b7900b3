"""A recording as a file for the viewer of Rerun."""

from __future__ import annotations

import io
import wave
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from actors.lib.audio.pcm import SAMPLE_BYTES, Samples, level_dbfs
from actors.recordings.conversation import RecordedTurn
from actors.recordings.narration import NarrationLine, Weight
from actors.recordings.reader import Recording
from actors.recordings.runs import RATE_HZ
from actors.recordings.showing import BLOCK, Shown, ShownPicture, ShownSound
from pipeline.errors import GreenroomError
from pipeline.frames import Route
from pipeline.logs import redact

if TYPE_CHECKING:
    import rerun as rr

TIMELINE = "time"
PIECE_BLOCKS = 10 * RATE_HZ // BLOCK
"""The viewer takes sound as files, and plays each from the time on that it bears: 10 s each."""
LEVELS = {Weight.INFO: "INFO", Weight.WARNING: "WARN", Weight.ERROR: "ERROR"}


def require_rerun() -> None:
    """Check that the package is there.

    Raises:
        GreenroomError: it is not.
    """
    if find_spec("rerun") is None:
        raise GreenroomError("this needs a package: pip install 'greenroom[rerun]'")


def write_rerun(everything: Iterable[Shown], path: Path, recording: Recording) -> None:
    """Write what is shown, in the order of time, by wall time.

    Entities: `sound`, user left and heard right; `level/user` and `level/heard`, dBFS; one for each
    camera; `log`; `route`; `latency_ms/...` for each turn.
    """
    import rerun as rr

    stream = rr.RecordingStream(f"greenroom {recording.metadata['pipeline']}")
    stream.save(path)
    sound = _Sound()

    def log(entity: str, at_ns: int, content: rr.AsComponents) -> None:
        unix_ns = at_ns + recording.clock_offset_ns
        stream.set_time(TIMELINE, timestamp=np.datetime64(unix_ns, "ns"))
        stream.log(entity, content, strict=True)

    for at_ns, content in everything:
        match content:
            case ShownSound():
                log(f"level/{content.side}", at_ns, rr.Scalars(level_dbfs(content.samples)))
                if piece := sound.add(at_ns, content):
                    log("sound", piece[0], _asset(piece[1]))
            case ShownPicture():
                jpeg = rr.EncodedImage(contents=content.image.jpeg, media_type="image/jpeg")
                log(content.stream.replace(".", "/"), at_ns, jpeg)
            case NarrationLine():
                text = f"{content.who}: {content.text}"
                log("log", at_ns, rr.TextLog(text, level=LEVELS[content.weight]))
            case Route():
                log("route", at_ns, rr.StateChange(state=redact(content.owner or "nobody")))
            case RecordedTurn():
                for name, latency_ms in content.latency_ms.items():
                    log(f"latency_ms/{name}", at_ns, rr.Scalars(latency_ms))
    if piece := sound.rest():
        log("sound", piece[0], _asset(piece[1]))
    stream.disconnect()


class _Sound:
    """Puts both sides together, some seconds at a time."""

    def __init__(self) -> None:
        self._begin_ns = 0
        self._sides: dict[str, list[Samples]] = {"user": [], "heard": []}

    def add(self, at_ns: int, block: ShownSound) -> tuple[int, bytes] | None:
        """Note a block; return a piece as a WAV file, and when it begins, if one is complete."""
        if not any(self._sides.values()):
            self._begin_ns = at_ns
        self._sides[block.side].append(block.samples)
        whole = all(len(blocks) == PIECE_BLOCKS for blocks in self._sides.values())
        return self.rest() if whole else None

    def rest(self) -> tuple[int, bytes] | None:
        """Return what there is, and begin anew."""
        if not all(self._sides.values()):
            return None
        sides = [np.concatenate(blocks) for blocks in self._sides.values()]
        self._sides = {side: [] for side in self._sides}
        file = io.BytesIO()
        with wave.open(file, "wb") as writer:
            writer.setnchannels(len(sides))
            writer.setsampwidth(SAMPLE_BYTES)
            writer.setframerate(RATE_HZ)
            writer.writeframes(np.stack(sides, axis=1).astype("<i2", copy=False).tobytes())
        return self._begin_ns, file.getvalue()


def _asset(wav: bytes) -> rr.AssetAudio:
    import rerun as rr

    return rr.AssetAudio(contents=wav, media_type="audio/wav")
