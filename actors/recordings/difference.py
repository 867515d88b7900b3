"""Difference between recorded and reproduced frames; sound is compared as it sounds. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from hashlib import sha256
from typing import Any

from actors.recordings.pieces import ComparedPiece, alike, pieces
from pipeline.frames import Frame

TIMES = ("seq", "boot", "sent_ns", "origin_ns", "at_ns", "retry_after_s")
"""Never the same in two runs; a wait until the next attempt is drawn by lot, too."""


@dataclass(frozen=True)
class Difference:
    """A frame that only one of them has, or its sound; `recorded` says which."""

    port: str
    recorded: bool
    fields: dict[str, Any]


def differences(
    recorded: Mapping[str, Sequence[Frame]],
    produced: Mapping[str, Sequence[Frame]],
    ignored: Collection[str] = (),
    *,
    placed: bool = True,
) -> list[Difference]:
    """Return what only one side has, by port in order.

    Into how many frames a sound was cut does not count: the sound of an answer, or a stream without
    gaps, is compared as one. Where a speaker was interrupted counts to `BROKEN_OFF_S`. Where the
    recording lacks frames, by its `seq`, there may be some now.

    Args:
        recorded: By output port.
        produced: The same ports.
        ignored: Fields that do not count, besides those of `TIMES`.
        placed: Positions of `Audio` come from what the actor was sent. If not, they come from its
            clock: only what sounds is compared, not the silence between.
    """
    skipped = {*TIMES, *ignored}
    found: list[Difference] = []
    for port, then in recorded.items():
        left = pieces(then, skipped, placed=placed)
        right = pieces(produced[port], skipped, placed=placed)
        matcher = SequenceMatcher(None, _keys(left), _keys(right), autojunk=False)
        for kind, a_from, a_to, b_from, b_to in matcher.get_opcodes():
            if kind == "equal":
                continue
            lost = sum(each.lost for each in left[a_from : a_to + 1])
            old, new = _unlike(left[a_from:a_to], right[b_from:b_to])
            found += [Difference(port, True, each.fields) for each in old]
            found += [Difference(port, False, each.fields) for each in _not_lost(new, lost)]
    return found


def _unlike(
    old: list[ComparedPiece], new: list[ComparedPiece]
) -> tuple[list[ComparedPiece], list[ComparedPiece]]:
    """Leave out what is alike but for where it was broken off."""
    left = list(new)
    unlike: list[ComparedPiece] = []
    for each in old:
        twin = next((other for other in left if alike(each, other)), None)
        if twin is None:
            unlike.append(each)
        else:
            left.remove(twin)
    return unlike, left


def _not_lost(produced: list[ComparedPiece], lost: int) -> list[ComparedPiece]:
    """Leave out as many frames as the recording lacks."""
    while produced and produced[0].frames <= lost:
        lost -= produced[0].frames
        produced = produced[1:]
    return produced


def _keys(found: list[ComparedPiece]) -> list[str]:
    return [repr({k: _short(v) for k, v in each.fields.items()}) for each in found]


def _short(value: object) -> object:
    """Stand for the bytes of an hour of sound, which may be 200 MB."""
    return sha256(value).digest() if isinstance(value, bytes) else value
