"""What is found out in the sound of a session, and told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator
from functools import partial

from actors.hearing.vad.endpointing import Moment, RejectedSpeech, TentativeSpeech, TurnStarted
from actors.hearing.vad.memory import StreamStore
from actors.hearing.vad.session import VadSession
from actors.hearing.vad.speech_frames import speech_frame
from actors.hearing.vad.stream import Answered, Asked
from actors.lib.audio.pcm import samples_to_ns, to_samples
from pipeline.frames import Audio, Frame


class SessionHearing:
    """Feeds the stream of a session with its blocks, and says what follows from them."""

    def __init__(
        self, memory: StreamStore, counters: Counter[str], publish: Callable[[str, Frame], None]
    ) -> None:
        """Make one for all sessions.

        Args:
            memory: Where it is kept how far a session is.
            counters: Where turns and doubts are counted.
            publish: As `Actor.publish`, for `speech` and `voice`.
        """
        self._memory = memory
        self._counters = counters
        self._publish = publish

    def hear(self, session: VadSession, frames: list[Audio]) -> Generator[Asked, Answered, None]:
        """Yield what is to be judged of a session, and say what follows from it.

        More frames may be added while it waits.
        """
        stream = session.stream
        if session.is_released:
            yield from self._release(session)
        for frame in frames:
            # By window, as a block of a replay is half a second long.
            stream.over_answer = partial(session.is_over_answer, _zero_ns(frame))
            moments = yield from stream.feed(frame.position, to_samples(frame.pcm))
            if frame.final:
                moments += yield from stream.finish()
            self._tell(frame, moments)
            session.newest = frame
            if session.is_released:
                yield from self._release(session)
            self._memory.keep(session)

    def _release(self, session: VadSession) -> Generator[Asked, Answered, None]:
        """End a turn where the stream is."""
        session.released, frame = None, session.newest
        assert frame is not None
        self._tell(frame, (yield from session.stream.cut()))
        self._memory.keep(session)

    def _tell(self, heard: Audio, moments: list[Moment]) -> None:
        for moment in moments:
            match moment:
                case TentativeSpeech():
                    self._counters["voices_doubted"] += 1
                case TurnStarted():
                    self._counters["turns"] += 1
                case RejectedSpeech():
                    self._counters["voices_dismissed"] += 1
            voice = isinstance(moment, (TentativeSpeech, RejectedSpeech))
            frame = speech_frame(heard, moment, _zero_ns(heard))
            self._publish("voice" if voice else "speech", frame)


def _zero_ns(frame: Audio) -> int:
    """Return the capture time of sample 0, had the stream begun there."""
    return frame.origin_ns - samples_to_ns(frame.position + frame.samples - 1)
