"""What is published of what the endpointing found out."""

from __future__ import annotations

from actors.hearing.vad.endpointing import (
    Moment,
    RejectedSpeech,
    TentativeSpeech,
    TurnEnded,
    TurnStarted,
)
from actors.lib.audio.pcm import samples_to_ns
from pipeline.frames import (
    Audio,
    Frame,
    SpeechEnded,
    SpeechStarted,
    TentativeSpeechRejected,
    TentativeSpeechStarted,
    turn_id,
)


def speech_frame(heard: Audio, moment: Moment, zero_ns: int) -> Frame:
    """Return the frame that tells of a moment.

    Args:
        heard: The block in which it was found out.
        moment: What was found out.
        zero_ns: Capture time of sample 0, had the stream begun there.
    """

    def at_ns(position: int) -> int:
        return zero_ns + samples_to_ns(position)

    session, origin_ns = heard.session, heard.origin_ns
    match moment:
        case TentativeSpeech(position) | TurnStarted(position):
            doubted = isinstance(moment, TentativeSpeech)
            return (TentativeSpeechStarted if doubted else SpeechStarted)(
                session=session,
                origin_ns=origin_ns,
                turn=turn_id(session, position),
                position=position,
                at_ns=at_ns(position),
            )
        case RejectedSpeech(start, position):
            return TentativeSpeechRejected(
                session=session,
                origin_ns=origin_ns,
                turn=turn_id(session, start),
                position=position,
            )
        case TurnEnded():
            return SpeechEnded(
                session=session,
                origin_ns=origin_ns,
                turn=turn_id(session, moment.start),
                start_position=moment.start,
                position=moment.position,
                at_ns=at_ns(moment.voiced_end - 1),
                reason=moment.reason,
            )
