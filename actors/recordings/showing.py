"""Content for viewers of recordings, in the order of time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge
from typing import NamedTuple

from actors.lib.audio.pcm import Samples, samples_to_ns
from actors.recordings import narration, sound, timeline
from actors.recordings.conversation import RecordedTurn
from actors.recordings.narration import NarrationLine, narrated
from actors.recordings.reader import Recording, frames
from actors.recordings.runs import RATE_HZ
from actors.recordings.sound import sound_of
from pipeline.errors import GreenroomError
from pipeline.frames import Image, Route

TYPES = sound.TYPES | timeline.TYPES | narration.TYPES | {"image"}
BLOCK = RATE_HZ // 10
"""Samples: a viewer starts playing at any tenth of a second."""


@dataclass(frozen=True)
class ShownSound:
    """A block of what one side heard or said, at `RATE_HZ`; `side` is `user` or `heard`."""

    side: str
    samples: Samples


@dataclass(frozen=True)
class ShownPicture:
    """A picture; `stream` is `actor.port`."""

    stream: str
    image: Image


Content = ShownSound | ShownPicture | NarrationLine | RecordedTurn | Route


class Shown(NamedTuple):
    """Something to show, from when on, monotonic."""

    at_ns: int
    content: Content


def shown(recording: Recording, user: str | None) -> Iterator[Shown]:
    """Give everything in order.

    Args:
        recording: With the types in `TYPES`.
        user: The stream with the user's side, if not that on the way to the backends.

    Raises:
        GreenroomError: there is nothing, or `user` carries no sound.
    """
    heard = sound_of(recording, user)
    happened = timeline.timeline_of(frames(recording.of(timeline.TYPES)))
    if not (heard.span_ns or happened.span_ns or recording.of({"image"})):
        raise GreenroomError("neither sound, pictures nor turns were recorded: nothing to show")
    sources = (
        _sounds(heard),
        _pictures(recording),
        (Shown(line.at_ns, line) for line in narrated(frames(recording.of(narration.TYPES)))),
        _turns(happened),
        (
            Shown(message.sent_ns, f)
            for message, f in frames(recording.of({Route.type_name}))
            if isinstance(f, Route)
        ),
    )
    return merge(*sources, key=lambda each: each.at_ns)


def _sounds(heard: sound.SoundRuns) -> Iterator[Shown]:
    if heard.span_ns is None:
        return
    for n, sides in enumerate(heard.windows(heard.span_ns, BLOCK)):
        at_ns = heard.span_ns[0] + samples_to_ns(n * BLOCK, RATE_HZ)
        for side, samples in zip(("user", "heard"), sides, strict=True):
            yield Shown(at_ns, ShownSound(side, samples))


def _pictures(recording: Recording) -> Iterator[Shown]:
    for message, frame in frames(recording.of({"image"})):
        if isinstance(frame, Image):
            at_ns = frame.origin_ns or message.sent_ns
            yield Shown(at_ns, ShownPicture(f"{message.actor}.{message.port}", frame))


def _turns(happened: timeline.ConversationTimeline) -> Iterator[Shown]:
    ended = [(each.end_ns or each.begin_ns, each.recorded) for each in happened.turns]
    for at_ns, recorded in sorted(ended, key=lambda each: each[0]):
        yield Shown(at_ns, recorded)
