"""One session that is listened to."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field

from actors.hearing.vad.arrival import Arrival
from actors.hearing.vad.playback_activity import PlaybackActivity
from actors.hearing.vad.stream import Answered, Asked, Saved, VoiceStream
from actors.lib.audio.pcm import samples_to_ns
from pipeline.frames import Audio, SessionOpened


@dataclass
class VadSession:
    """What is known of a session.

    Attributes:
        opened: How it was opened.
        stream: Its sound.
        sounding: Answers that are heard in it.
        saved: What the memory has of it.
        arrival: Of its blocks.
        held: Blocks that wait for a verdict on a pause before them; None: none is waited for.
        newest: The block that was judged last.
        released: Position at which a turn is to end, because a key was let go; None: none is.
    """

    opened: SessionOpened
    stream: VoiceStream
    sounding: PlaybackActivity = field(default_factory=PlaybackActivity)
    saved: Saved | None = None
    arrival: Arrival = field(default_factory=Arrival)
    held: list[Audio] | None = None
    newest: Audio | None = None
    released: int | None = None

    @property
    def is_released(self) -> bool:
        """Whether all has been judged that was said before a key was let go."""
        heard = self.newest
        return (
            self.released is not None
            and heard is not None
            and heard.position + heard.samples >= self.released
        )

    def is_over_answer(self, zero_ns: int, position: int) -> bool:
        """Return whether an answer is heard at a sample; sample 0 is of `zero_ns`."""
        return self.sounding.at(zero_ns + samples_to_ns(position))


@dataclass(frozen=True)
class Listening:
    """Blocks of a session under way; `judging` publishes what follows from them."""

    name: str
    session: VadSession
    frames: list[Audio]
    judging: Generator[Asked, Answered, None]
