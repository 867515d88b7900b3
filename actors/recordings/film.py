"""A conversation as a film: camera pictures, both sides' sound, subtitles."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from fractions import Fraction
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from actors.lib.audio.pcm import Samples
from actors.recordings.captions import Caption
from actors.recordings.runs import RATE_HZ
from pipeline.frames import Image

if TYPE_CHECKING:
    from av import VideoFrame

MS = Fraction(1, 1000)
NS_PER_MS = 1_000_000
BLACK = (640, 360)
"""Size of the picture when there was no camera."""
SEEKABLE_EVERY = 10
"""Pictures; a camera sends one or two a second, and a player seeks no finer than this."""
ASS_HEADER = b"""[Script Info]
ScriptType: v4.00+

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, \
Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, \
Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""
"""FFmpeg takes subtitles in this form only; of the style MP4 players heed nothing."""


class Film:
    """Writes an MP4: H.264 at the times of the pictures, AAC, mov_text.

    Args:
        file: Where; it must be able to seek.
        size: Width and height of the picture.
    """

    def __init__(self, file: IO[bytes], size: tuple[int, int] = BLACK) -> None:
        import av

        # H.264 with colour at half the resolution knows even sizes only.
        width, height = (max(2, n // 2 * 2) for n in size)
        self._out: Any = av.open(file, "w", format="mp4")
        self._video: Any = self._out.add_stream("libx264", options={"preset": "veryfast"})
        self._video.width, self._video.height, self._video.pix_fmt = width, height, "yuv420p"
        self._video.codec_context.time_base = MS
        self._video.codec_context.gop_size = SEEKABLE_EVERY
        self._audio: Any = self._out.add_stream("aac", rate=RATE_HZ, layout="stereo")
        self._words: Any = self._out.add_stream("mov_text")
        self._words.time_base = self._words.codec_context.time_base = MS
        self._words.codec_context.subtitle_header = ASS_HEADER
        self._jpeg: Any = av.CodecContext.create("mjpeg", "r")
        self._last: VideoFrame = self._fitted(
            av.VideoFrame.from_ndarray(np.zeros((2, 2, 3), np.uint8), "rgb24")
        )
        self._shown_ms = -1
        self.broken = 0
        """Pictures that could not be decoded."""

    def write(
        self,
        pictures: Iterable[Image],
        seconds: Iterable[tuple[Samples, Samples]],
        captions: Iterable[Caption],
        span_ns: tuple[int, int],
    ) -> None:
        """Write everything and close.

        Args:
            pictures: In the order of capture; each stays until the next; black before the
                first.
            seconds: Left and right, at `RATE_HZ`, a second at a time.
            captions: In order.
            span_ns: When the film begins and ends.
        """
        begin_ns, end_ns = span_ns
        length_ms = (end_ns - begin_ns) // NS_PER_MS
        words = {(each.begin_ns - begin_ns) // NS_PER_MS: each for each in captions}
        due = deque[tuple[int, Image]]()
        coming = (((each.origin_ns - begin_ns) // NS_PER_MS, each) for each in pictures)

        def fetch(until_ms: int) -> None:
            while (not due or due[-1][0] < until_ms) and (found := next(coming, None)):
                due.append(found)

        fetch(1)
        first: Image | None = None
        while due and due[0][0] <= 0:
            first = due.popleft()[1]
        self._show(first, 0)
        # In the order of time, lest the container hold one stream back until another comes.
        for at_ms, sides in zip(range(0, length_ms, 1000), seconds, strict=False):
            until_ms = min(at_ms + 1000, length_ms)
            self._play(sides, at_ms)
            fetch(until_ms)
            while due and due[0][0] < until_ms:
                ms, picture = due.popleft()
                self._show(picture, ms)
            for ms in sorted(words.keys() & set(range(at_ms, until_ms))):
                self._caption(words[ms], ms)
        self._show(None, length_ms)
        for stream in (self._video, self._audio):
            self._out.mux(stream.encode(None))
        self._out.close()

    def _show(self, picture: Image | None, at_ms: int) -> None:
        """Show a picture, or the one before once more."""
        if at_ms <= self._shown_ms:
            return
        if picture is not None:
            self._last = self._decoded(picture.jpeg) or self._last
        self._last.pts, self._last.time_base = at_ms, MS
        self._shown_ms = at_ms
        self._out.mux(self._video.encode(self._last))

    def _decoded(self, jpeg: bytes) -> VideoFrame | None:
        import av

        try:
            (frame,) = self._jpeg.decode(av.Packet(jpeg))
        except (av.FFmpegError, ValueError):
            self.broken += 1
            return None
        return self._fitted(frame)

    def _fitted(self, frame: VideoFrame) -> VideoFrame:
        width, height = self._video.width, self._video.height
        fitted = frame.reformat(width, height, "yuv420p", dst_color_range="MPEG")
        # What kind of picture it was in the JPEG stream would be asked of the encoder too.
        fitted.pict_type = 0
        return fitted

    def _play(self, sides: tuple[Samples, Samples], at_ms: int) -> None:
        from av import AudioFrame

        first = at_ms * RATE_HZ // 1000
        packed = np.stack(sides, axis=1).reshape(1, -1)
        frame = AudioFrame.from_ndarray(packed, format="s16", layout="stereo")
        frame.rate, frame.pts, frame.time_base = RATE_HZ, first, Fraction(1, RATE_HZ)
        self._out.mux(self._audio.encode(frame))

    def _caption(self, caption: Caption, at_ms: int) -> None:
        from av.subtitles.subtitle import SubtitleSet

        length_ms = max(1, (caption.end_ns - caption.begin_ns) // NS_PER_MS)
        # A backslash begins a command in this form.
        line = "0,0,Default,,0,0,0,," + caption.text.replace("\\", "/")
        words = SubtitleSet.create(line.encode(), start=0, end=length_ms, pts=at_ms * 1000)
        packet = self._words.codec_context.encode_subtitle(words)
        packet.stream, packet.time_base = self._words, MS
        packet.pts = packet.dts = at_ms
        packet.duration = length_ms
        self._out.mux(packet)
