"""Takes everything louder than a threshold for speech."""

from array import array

from pipeline.actor import Actor, Options
from pipeline.frames import Audio, EndReason, SpeechEnded, SpeechStarted, turn_id
from pipeline.ports import In, Out


class LoudOptions(Options):
    threshold: int = 1000
    silence_ms: int = 600


class Loud(Actor[LoudOptions]):
    """Takes everything louder than a threshold for speech."""

    options_type = LoudOptions
    inputs = {"audio": In((Audio,), replay=True)}
    outputs = {"speech": Out((SpeechStarted, SpeechEnded), retain_s=30)}
    begun: int | None = None

    def on_audio(self, block: Audio) -> None:
        end = block.position + block.samples
        if max(map(abs, array("h", block.pcm)), default=0) > self.options.threshold:
            self.heard, self.heard_ns = end, block.origin_ns
            if self.begun is None:
                self.begun, self.turn = block.position, turn_id(block.session, block.position)
                started = SpeechStarted(turn=self.turn, position=self.begun, at_ns=block.origin_ns)
                self.publish("speech", started)
        elif self.begun is not None and end - self.heard > self.options.silence_ms * 16:
            ended = SpeechEnded(
                turn=self.turn,
                start_position=self.begun,
                position=self.heard,
                at_ns=self.heard_ns,
                reason=EndReason.SILENCE,
            )
            self.publish("speech", ended)
            self.begun = None
