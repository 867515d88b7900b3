"""Where `greenroom replay` waits, as asked for on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from actors.recordings.reader import Recording, frames
from actors.recordings.stepping import TYPES, Steps, turns_sent
from pipeline.errors import GreenroomError, did_you_mean


class Stepping(NamedTuple):
    """Whether to wait before each turn, or before each frame of `stream`."""

    wanted: bool = False
    stream: str | None = None


def steps_of(recording: Recording, actors: Sequence[str], stepping: Stepping) -> Steps | None:
    """Return where to wait; None is nowhere.

    Raises:
        GreenroomError: these actors sent nothing of the kind.
    """
    if stepping.stream is not None:
        sent = {f"{a}.{port}": (a, port) for a in actors for port in recording.actors()[a]}
        if stepping.stream not in sent:
            hint = did_you_mean(stepping.stream, sent)
            raise GreenroomError(f"--step-on {stepping.stream}: it is not replayed; {hint}")
        return Steps(stream=sent[stepping.stream])
    if not stepping.wanted:
        return None
    sounding = any(each.actor in actors for each in recording.of({"audio"}).channels)
    turns = turns_sent(frames(recording.of(TYPES)), actors, sounding=sounding)
    if not turns:
        names = " and ".join(actors)
        raise GreenroomError(
            f"no turns of {names} in the recording: choose a stream of theirs with --step-on"
        )
    return Steps(turns)
