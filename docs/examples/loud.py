"""Makes quiet sound louder: stands between a microphone and the actors that listen to it."""

import numpy as np

from pipeline.actor import Actor, Options
from pipeline.frames import Audio
from pipeline.ports import Out


class LoudOptions(Options):
    gain: float = 4.0


class Loud(Actor[LoudOptions]):
    audio: Out[Audio] = Out(retain_s=30)

    def on_sound(self, frame: Audio) -> None:
        samples = np.frombuffer(frame.pcm, "<i2") * self.options.gain
        pcm = samples.clip(-32768, 32767).astype("<i2").tobytes()
        self.audio.publish(frame.model_copy(update={"pcm": pcm}))
