"""Change the sample rate of a stream and hold next to nothing back: for telephones and callers."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from actors.lib.audio.pcm import Samples
from actors.lib.audio.polyphase import Polyphase, fits


class Converter(Protocol):
    """One stream, from its first sample to its last."""

    def feed(self, samples: Samples) -> Samples:
        """Return what is ready after the next samples."""

    def finish(self) -> Samples:
        """Return what is held back, at the end of the stream."""


class PromptResampler:
    """Turns blocks at one rate into blocks at another, without seams between them.

    It holds back 2 ms between 8 kHz and 16 or 24 kHz, where soxr's `Resampler` holds 4 to 61, and
    is flat to 3.4 kHz. Rates without a ratio of small numbers, such as 44.1 and 16 kHz, are
    FFmpeg's.

    The blocks that come out are of uneven length. Equal rates pass through.
    """

    def __init__(self, from_hz: int, to_hz: int) -> None:
        self.from_hz = from_hz
        self.to_hz = to_hz
        self._converter: Converter | None = None

    def process(self, samples: Samples, *, last: bool = False) -> Samples:
        """Return what is ready of the stream after `samples`; with `last`, all that is left.

        After `last` the next block begins a new stream.
        """
        if self.from_hz == self.to_hz:
            return samples
        if self._converter is None:
            if not len(samples):
                return samples[:0]
            kind = Polyphase if fits(self.from_hz, self.to_hz) else FfmpegConverter
            self._converter = kind(self.from_hz, self.to_hz)
        ready = self._converter.feed(samples)
        if last:
            ready = np.concatenate([ready, self._converter.finish()])
            self._converter = None
        return ready

    def clear(self) -> None:
        """Forget what is held back; the next block begins a new stream."""
        self._converter = None


class FfmpegConverter:
    """FFmpeg's resampler: 60 dB down half a kilohertz above the band."""

    def __init__(self, from_hz: int, to_hz: int) -> None:
        self._from_hz = from_hz
        self._graph = _graph(from_hz, to_hz)

    def feed(self, samples: Samples) -> Samples:
        """Return what is ready after the next samples."""
        from av import AudioFrame

        if not len(samples):
            return samples[:0]
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples)[None], "s16", "mono")
        frame.rate = self._from_hz
        self._graph.push(frame)
        return self._ready()

    def finish(self) -> Samples:
        """Return what is held back, at the end of the stream."""
        self._graph.push(None)
        return self._ready()

    def _ready(self) -> Samples:
        pieces = []
        while True:
            try:
                pieces.append(self._graph.pull().to_ndarray().reshape(-1))
            except (BlockingIOError, EOFError):  # All that there is for now, or at all.
                break
        return np.concatenate([np.zeros(0, np.int16), *pieces])


def _graph(from_hz: int, to_hz: int) -> Any:
    """As `av.AudioResampler` makes it, which starts as many threads as there are processors."""
    from av.filter import Graph

    graph = Graph()
    graph.threads = 1
    source = graph.add("abuffer", sample_rate=str(from_hz), sample_fmt="s16", channel_layout="mono")
    form = graph.add("aformat", sample_rates=str(to_hz), sample_fmts="s16", channel_layouts="mono")
    graph.link_nodes(source, form, graph.add("abuffersink")).configure()
    return graph
