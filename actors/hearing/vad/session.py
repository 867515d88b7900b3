"""One session that is listened to."""

from __future__ import annotations

from dataclasses import dataclass, field

from actors.hearing.vad.playback_activity import PlaybackActivity
from actors.hearing.vad.stream import Saved, VoiceStream
from pipeline.frames import Audio, SessionOpened


@dataclass
class VadSession:
    """What is known of a session.

    Attributes:
        opened: How it was opened.
        stream: Its sound.
        sounding: Answers that are heard in it.
        saved: What the memory has of it.
        held: Blocks that wait for a verdict on a pause before them; None: none is waited for.
    """

    opened: SessionOpened
    stream: VoiceStream
    sounding: PlaybackActivity = field(default_factory=PlaybackActivity)
    saved: Saved | None = None
    held: list[Audio] | None = None
