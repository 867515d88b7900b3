"""What both sides of a conversation sounded like, on one time axis."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from actors.lib.audio.pcm import Samples
from actors.recordings.messages import Channel
from actors.recordings.reader import Recording
from actors.recordings.runs import RATE_HZ, AnswerRuns, Run, StreamBlocks, laid_out
from pipeline.errors import GreenroomError, WireError, did_you_mean
from pipeline.frames import AnswerAudio, Audio, Playback

TYPES = frozenset({"audio", "answer_audio", "playback"})
"""What is looked at."""
FAR_END = "far_end"
"""Port on which players send what they played."""
WINDOW = RATE_HZ
"""Samples, one second: both sides are put together so many at a time."""


@dataclass
class SoundRuns:
    """The runs of each side.

    Attributes:
        user: What the user said, and the room.
        heard: What the user heard of the answers.
    """

    user: list[Run] = field(default_factory=list)
    heard: list[Run] = field(default_factory=list)

    @property
    def span_ns(self) -> tuple[int, int] | None:
        """When it begins and ends; None if there is none."""
        runs = [*self.user, *self.heard]
        if not runs:
            return None
        return min(run.begin_ns for run in runs), max(run.end_ns for run in runs)

    def windows(
        self, span_ns: tuple[int, int], size: int = WINDOW
    ) -> Iterator[tuple[Samples, Samples]]:
        """Give both sides, user and heard, from when to when, `size` samples at a time."""
        count = samples_in(span_ns)
        sides = (laid_out(runs, span_ns[0], count, size) for runs in (self.user, self.heard))
        return zip(*sides, strict=True)


def samples_in(span_ns: tuple[int, int]) -> int:
    """Return how many samples there are from when to when."""
    return round((span_ns[1] - span_ns[0]) * RATE_HZ / 1e9)


def sound_of(recording: Recording, wanted: str | None) -> SoundRuns:
    """Return what a recording sounded like.

    What was heard is what a player says it played; without that (`far_end`), the answers as far as
    `playback` says they were heard.

    Args:
        recording: With the types in `TYPES`.
        wanted: `actor.port` of the user's side, if not that on the way to the backends.

    Raises:
        GreenroomError: `wanted` carries no sound in this recording.
    """
    sounding = recording.of({"audio"}).channels
    user_stream = _user_stream(sounding, recording.config, wanted)
    has_far_end = any(each.port == FAR_END for each in sounding)

    def matters(channel: Channel) -> bool:
        if channel.type == "audio":
            return _name(channel) == user_stream or channel.port == FAR_END
        return channel.type in TYPES and not has_far_end

    messages = recording.messages.only(matters)
    user, far_end, answers = StreamBlocks(messages), StreamBlocks(messages), AnswerRuns(messages)
    for row, message in enumerate(messages):
        try:
            frame = message.frame()
        except WireError:
            continue
        match frame:
            case Audio() if message.port == FAR_END:
                far_end.add(row, frame)
            case Audio():
                user.add(row, frame)
            case AnswerAudio() | Playback():
                answers.add(row, frame)
    return SoundRuns(user.runs(), far_end.runs() if has_far_end else answers.runs())


def _user_stream(
    channels: list[Channel], config: Mapping[str, Any], wanted: str | None
) -> str | None:
    """Return the stream with the user's side: the last one on the way to the backends.

    With an echo canceller that is what it gives, in which the answers are not heard again.
    """
    found = sorted({_name(each) for each in channels})
    if wanted is not None:
        if wanted not in found:
            raise GreenroomError(
                f"no sound of {wanted!r} was recorded; {did_you_mean(wanted, found)}"
            )
        return wanted
    own = [name for name in found if not name.endswith(f".{FAR_END}")]
    read = {source for name in own for source in _sources(config, name.partition(".")[0])}
    return next((name for name in own if name not in read), None)


def _name(channel: Channel) -> str:
    return f"{channel.actor}.{channel.port}"


def _sources(config: Mapping[str, Any], actor: str) -> list[str]:
    inputs = config.get("actors", {}).get(actor, {}).get("inputs") or {}
    return [source for each in inputs.values() for source in _listed(each)]


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [str(each) for each in value or ()]
