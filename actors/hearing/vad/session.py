"""One session that is listened to, and when it may be forgotten."""

from __future__ import annotations

from dataclasses import dataclass, field

from actors.hearing.vad.playback_activity import Sounding
from actors.hearing.vad.stream import Saved, VoiceStream

FORGET_AFTER_NS = 60_000_000_000
"""How long an ended session is remembered: longer than any producer retains sound, so that sound
replayed after a restart does not open its turns again."""
FORGET_SILENT_NS = 600_000_000_000
"""After that a session that never said that it ended is taken to have, when another begins."""


@dataclass
class Session:
    """What is known of a session; times are those of the machine's clock.

    Attributes:
        stream: Its sound.
        sounding: Answers that are heard in it.
        heard_ns: When the newest of its sound was captured, or it began; None if nothing has come
            since it was taken up from a checkpoint.
        ended_ns: When it had ended; None while it goes on.
        saved: What the checkpoint has of it.
    """

    stream: VoiceStream
    sounding: Sounding = field(default_factory=Sounding)
    heard_ns: int | None = None
    ended_ns: int | None = None
    saved: Saved | None = None

    def ended_long_ago(self, now_ns: int) -> bool:
        """Whether no sound of it can be replayed any more."""
        return self.ended_ns is not None and now_ns - self.ended_ns > FORGET_AFTER_NS

    def silent_for_long(self, now_ns: int) -> bool:
        """Whether it must have ended without saying so."""
        return self.heard_ns is not None and now_ns - self.heard_ns > FORGET_SILENT_NS
