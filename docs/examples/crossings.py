"""A voice detector: a voice swings slower than hiss, and is louder than a hum."""

import numpy as np


class Crossings:
    window_samples = 320  # 20 ms at 16 kHz

    def __init__(self):
        self.reset()

    def reset(self):
        self.noise = 100.0  # level of the background, in units of the samples

    def probability(self, window):
        samples = window.astype(float)
        level = float(np.abs(samples).mean())
        self.noise = min(self.noise * 1.01, level + 1.0)
        crossings = float((samples[1:] * samples[:-1] < 0).mean())
        return 1.0 if level > 4 * self.noise and crossings < 0.35 else 0.0
