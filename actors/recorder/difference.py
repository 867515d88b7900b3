"""What an actor gave then and gives now, frame by frame. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from pipeline.frames import Frame

TIMES = ("seq", "boot", "sent_ns", "origin_ns", "at_ns")
"""Never the same in two runs."""


@dataclass(frozen=True)
class Difference:
    """A frame that only one of them has; `recorded` says which."""

    port: str
    recorded: bool
    fields: dict[str, Any]


def differences(
    recorded: Mapping[str, Sequence[Frame]],
    produced: Mapping[str, Sequence[Frame]],
    ignored: Collection[str] = (),
) -> list[Difference]:
    """Return the frames that only one side has, by port in order.

    Args:
        recorded: By output port.
        produced: The same ports.
        ignored: Fields that do not count, besides those of `TIMES`.
    """
    skipped = {*TIMES, *ignored}
    found: list[Difference] = []
    for port, then in recorded.items():
        left = [_fields(frame, skipped) for frame in then]
        right = [_fields(frame, skipped) for frame in produced[port]]
        matcher = SequenceMatcher(None, _keys(left), _keys(right), autojunk=False)
        for kind, a_from, a_to, b_from, b_to in matcher.get_opcodes():
            if kind != "equal":
                found += [Difference(port, True, each) for each in left[a_from:a_to]]
                found += [Difference(port, False, each) for each in right[b_from:b_to]]
    return found


def _fields(frame: Frame, skipped: Collection[str]) -> dict[str, Any]:
    kept = {k: v for k, v in frame.model_dump(mode="python").items() if k not in skipped}
    return {"type": frame.type_name, **kept}


def _keys(fields: list[dict[str, Any]]) -> list[str]:
    return [repr(each) for each in fields]
