"""Normal form of frames for comparison: sound joined, times left out. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from actors.lib.audio.pcm import SAMPLE_BYTES
from actors.outputs.playout.answer_track import FADE_SAMPLES
from actors.outputs.playout.playout_state import RATE_HZ
from pipeline.frames import AnswerAudio, Audio, Frame, Playback, PlaybackState

PAUSE_S = 0.02
"""Samples of zero for so long, a block, are no part of a sound but time in which none was made."""
BROKEN_OFF_S = 0.1
"""Between two runs of the same interruption: a speaker stops at its next block of 20 ms, and on a
busy machine it, or the answer before, came 60 ms late."""


@dataclass
class ComparedPiece:
    """A frame, or the sound of several.

    Attributes:
        fields: What is compared.
        frames: How many frames it was.
        lost: How many frames before it are missing, by `seq`.
    """

    fields: dict[str, Any]
    frames: int = 1
    lost: int = 0


def pieces(
    frames: Iterable[Frame], skipped: Collection[str], *, placed: bool
) -> list[ComparedPiece]:
    """Return the frames of one port, with contiguous sound joined.

    Args:
        frames: In the order of sending.
        skipped: Fields that do not count.
        placed: As for `differences`.
    """
    found: list[ComparedPiece] = []
    joining: dict[tuple[object, ...], tuple[ComparedPiece, list[bytes], int]] = {}
    before: Frame | None = None
    for frame in frames:
        lost, before = _lost(before, frame), frame
        if not isinstance(frame, (Audio, AnswerAudio)):
            found.append(ComparedPiece(_fields(frame, skipped), 1, lost))
            continue
        key = _key(frame)
        end = frame.position + len(frame.pcm) // SAMPLE_BYTES
        if key in joining and joining[key][2] == frame.position:
            piece, sound, _ = joining[key]
            piece.frames += 1
            piece.lost += lost
        else:
            piece, sound = ComparedPiece(_fields(frame, skipped), 1, lost), []
            found.append(piece)
        sound.append(frame.pcm)
        joining[key] = piece, sound, end
        if "pcm" not in skipped:
            piece.fields["pcm"] = sound
        if isinstance(frame, Audio) and frame.final and "final" not in skipped:
            piece.fields["final"] = True
    for piece in found:
        if isinstance(piece.fields.get("pcm"), list):
            piece.fields["pcm"] = b"".join(piece.fields["pcm"])
    return found if placed else [each for piece in found for each in _sounding(piece)]


def alike(one: ComparedPiece, other: ComparedPiece) -> bool:
    """Whether they are the same but for where they were broken off."""
    a, b = one.fields, other.fields
    if a["type"] != b["type"]:
        return False
    if a["type"] == Playback.type_name:
        if a.get("state") != PlaybackState.INTERRUPTED or "played_samples" not in a:
            return False
        apart = abs(a["played_samples"] - b["played_samples"])
        return apart <= BROKEN_OFF_S * RATE_HZ and _without(a, "played_samples") == _without(
            b, "played_samples"
        )
    if a["type"] != Audio.type_name or "position" in a or not ("pcm" in a and "pcm" in b):
        return False
    short, long = sorted((len(a["pcm"]), len(b["pcm"])))
    bytes_per_s = a.get("rate_hz", RATE_HZ) * SAMPLE_BYTES
    # What was broken off ends in a fade.
    kept = max(0, short - bytes_per_s * FADE_SAMPLES // RATE_HZ)
    same = a["pcm"][:kept] == b["pcm"][:kept] and _without(a, "pcm") == _without(b, "pcm")
    return 0 < long - short <= BROKEN_OFF_S * bytes_per_s and same


def _without(fields: dict[str, Any], name: str) -> dict[str, Any]:
    return {k: v for k, v in fields.items() if k != name}


def _lost(before: Frame | None, frame: Frame) -> int:
    """A gap in `seq`; a process begins at 0."""
    first = before is None or before.boot != frame.boot
    return max(0, frame.seq - (0 if first or before is None else before.seq + 1))


def _key(frame: Audio | AnswerAudio) -> tuple[object, ...]:
    if isinstance(frame, AnswerAudio):
        return frame.session, frame.turn, frame.epoch, frame.backend, frame.rate_hz
    return frame.session, frame.rate_hz


def _fields(frame: Frame, skipped: Collection[str]) -> dict[str, Any]:
    kept = {k: v for k, v in frame.model_dump(mode="python").items() if k not in skipped}
    return {"type": frame.type_name, **kept}


def _sounding(piece: ComparedPiece) -> Iterator[ComparedPiece]:
    """Cut a stream of sound where it is silent."""
    fields = piece.fields
    if fields["type"] != Audio.type_name or "pcm" not in fields:
        yield piece
        return
    samples = np.frombuffer(fields["pcm"], "<i2")
    at = np.flatnonzero(samples)
    kept = {k: v for k, v in fields.items() if k not in ("position", "pcm", "final")}
    if len(at):
        breaks = np.flatnonzero(np.diff(at) > PAUSE_S * fields.get("rate_hz", 1)) + 1
        for sound in np.split(at, breaks):
            yield ComparedPiece(
                {**kept, "pcm": samples[sound[0] : sound[-1] + 1].tobytes()}, piece.frames
            )
    if fields.get("final"):
        yield ComparedPiece({**kept, "final": True})
