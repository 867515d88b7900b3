"""Somebody else's voice activity detector: what is louder than a threshold is speech."""

from array import array

from pipeline.actor import Actor, Options
from pipeline.frames import Audio, EndReason, SpeechEnded, SpeechStarted, turn_id
from pipeline.ports import In, Out


class ThresholdOptions(Options):
    threshold: int = 1000
    silence_ms: int = 600


class Threshold(Actor[ThresholdOptions]):
    inputs = {"audio": In(replay=True)}
    speech: Out[SpeechStarted | SpeechEnded] = Out(retain_s=30)
    begun: int | None = None

    def on_audio(self, block: Audio) -> None:
        end = block.position + block.samples
        if max(map(abs, array("h", block.pcm)), default=0) > self.options.threshold:
            self.heard, self.heard_ns = end, block.origin_ns
            if self.begun is None:
                self.begun, self.turn = block.position, turn_id(block.session, block.position)
                started = SpeechStarted(
                    session=block.session,
                    turn=self.turn,
                    position=self.begun,
                    at_ns=block.origin_ns,
                )
                self.speech.publish(started)
        elif self.begun is not None and end - self.heard > self.options.silence_ms * 16:
            ended = SpeechEnded(
                session=block.session,
                turn=self.turn,
                start_position=self.begun,
                position=self.heard,
                at_ns=self.heard_ns,
                reason=EndReason.SILENCE,
            )
            self.speech.publish(ended)
            self.begun = None
