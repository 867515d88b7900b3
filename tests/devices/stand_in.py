"""The ports of a backend and a voice detector in one, for a test to speak through."""

from __future__ import annotations

from pipeline.actor import Actor, Options
from pipeline.frames import AnswerAudio, AnswerEnded, SpeechEnded, SpeechStarted
from pipeline.ports import Out


class StandIn(Actor[Options]):
    """Never runs: the test binds its endpoint."""

    outputs = {
        "audio": Out((AnswerAudio,)),
        "answer": Out((AnswerEnded,)),
        "speech": Out((SpeechStarted, SpeechEnded)),
    }
