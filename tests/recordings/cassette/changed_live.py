"""What somebody might have made of `live`."""

from __future__ import annotations

from actors.backends.gemini.live.actor import Live
from pipeline.frames import Audio, Frame, Side, Transcript


class Forgetful(Live):
    """Does not tell what the user said."""

    def publish(self, port: str, frame: Frame) -> None:
        """Send all but that."""
        if not (isinstance(frame, Transcript) and frame.side is Side.USER and frame.text):
            super().publish(port, frame)


class Mumbling(Live):
    """Sends the service another sound than it heard."""

    def on_audio(self, frame: Audio) -> None:
        """Hear each block backwards."""
        super().on_audio(frame.model_copy(update={"pcm": frame.pcm[::-1]}))
