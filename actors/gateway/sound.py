"""A caller's sound as it comes, in whatever form, as samples at 16 kHz."""

from __future__ import annotations

import io
import queue
import threading
from collections.abc import Callable
from typing import Protocol

import numpy as np

from actors.gateway.errors import UnreadableSoundError
from actors.lib.audio.channels import ChannelMixer
from actors.lib.audio.container_sound import SOUND_FORMATS, container_sound, reason
from actors.lib.audio.pcm import SAMPLE_BYTES, SPEECH_RATE_HZ, Samples, to_samples
from actors.lib.audio.plain_wav import PlainSound, find_samples
from actors.lib.audio.prompt_resampler import PromptResampler

MOST_WAITING_BYTES = 8_000_000
"""Of compressed sound that was not decoded yet: ten minutes of Opus, faster than anybody speaks."""
MOST_DECODED_SAMPLES = 10 * SPEECH_RATE_HZ
"""That the event loop has not taken yet, 320 KB: some KB of a file may hold hours of silence, which
are decoded a thousand times as fast as they would be spoken."""
TAKEN_WITHIN_S = 20.0
"""An event loop that takes nothing for so long is gone; the supervisor waits less for one."""
RATES_HZ = (8_000, 192_000)
"""What sound cards and telephones have."""
MOST_CHANNELS = 8
"""Of surround sound, 7.1."""
WIDTHS = range(1, 5)
"""Bytes of a sample that is a whole number: 8 bits of old telephones to 32 of studios."""
WAV, WEBM, OGG, FLAC, MP4, ID3 = b"RIFF", b"\x1aE\xdf\xa3", b"OggS", b"fLaC", b"ftyp", b"ID3"
HEADERS = (WAV, WEBM, FLAC, ID3)
"""With which only files begin."""
FIRST_OGG_PAGE = 2
"""Flag of the page with which an Ogg stream begins."""
PROBING = {"probesize": "1024", "analyzeduration": "0"}
"""FFmpeg looks at 5 MB or 5 s before it begins, unless told; headers of sound are shorter, and of
MP3 this is an eighth of a second."""

OnSamples = Callable[[Samples], None]
OnDecoded = Callable[["ContainerDecoder", Samples], None]


class SoundDecoder(Protocol):
    """Turns bytes into samples, which it hands on when it has them."""

    def feed(self, data: bytes) -> None:
        """Take bytes.

        Raises:
            UnreadableSoundError: they are no sound.
        """

    def close(self) -> None:
        """No more bytes come; what is held back is handed on."""


class PcmDecoder:
    """Whole numbers as WAV has them, of any rate; of several channels those that carry sound."""

    def __init__(
        self, on_samples: OnSamples, rate_hz: int, channels: int = 1, width: int = SAMPLE_BYTES
    ) -> None:
        if not RATES_HZ[0] <= rate_hz <= RATES_HZ[1] or not 1 <= channels <= MOST_CHANNELS:
            raise UnreadableSoundError(
                f"{rate_hz} Hz with {channels} channels: send {RATES_HZ[0]} to {RATES_HZ[1]} Hz "
                "with one channel"
            )
        self._on_samples = on_samples
        self._channels = channels
        self._width = width
        self._mixer = ChannelMixer(channels, rate_hz)
        self._resampler = PromptResampler(rate_hz, SPEECH_RATE_HZ)
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """Take bytes; a sample may be cut in two."""
        data = self._rest + data
        whole = len(data) // (self._width * self._channels) * self._width * self._channels
        self._rest = data[whole:]
        samples = of_width(data[:whole], self._width)
        if not len(samples):
            return
        samples = self._mixer.mix(samples.reshape(-1, self._channels))
        self._hand_on(self._resampler.process(samples))

    def close(self) -> None:
        """Hand on what the resampler holds back."""
        self._hand_on(self._resampler.process(np.zeros(0, np.int16), last=True))

    def _hand_on(self, samples: Samples) -> None:
        if len(samples):
            self._on_samples(samples)


class ContainerDecoder:
    """WebM, Ogg, MP4, MP3, FLAC and what else FFmpeg reads, as it comes, in a thread.

    Chunks of MediaRecorder are no files: the first has the header of all.
    """

    def __init__(
        self,
        on_samples: OnDecoded,
        on_end: Callable[[ContainerDecoder, str], None],
        before: ContainerDecoder | None = None,
    ) -> None:
        """Begin.

        Args:
            on_samples: Given samples, in the thread; then `taken` is to be called.
            on_end: Told, in the thread, that this one is over, and what was wrong with the sound;
                an empty text if nothing was.
            before: Whose sound comes before this one's, also where it is not all decoded yet.
        """
        self._on_samples = on_samples
        self._on_end = on_end
        self._chunks: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._fed = 0
        """Bytes; written by who feeds."""
        self._taken = 0
        """The same, written by the thread."""
        self._rest = b""
        self._damage: list[str] = []
        self._decoded = 0
        """Samples that were handed on, and not taken yet."""
        self._changed = threading.Condition()
        self.is_stopped = False
        """The rest is not wanted."""
        self._thread = threading.Thread(
            target=self._decode, args=[before], name="caller's sound", daemon=True
        )
        self._thread.start()

    def feed(self, data: bytes) -> None:
        """Take bytes."""
        if self._fed - self._taken + len(data) > MOST_WAITING_BYTES:
            raise UnreadableSoundError("sound comes faster than it can be decoded: send it in time")
        if data:
            self._fed += len(data)
            self._chunks.put(data)

    def close(self) -> None:
        """Decode the rest."""
        self._chunks.put(b"")

    def taken(self, samples: int) -> None:
        """Note that so many samples that were handed on are dealt with."""
        with self._changed:
            self._decoded -= samples
            self._changed.notify()

    def stop(self) -> None:
        """Decode no more of it."""
        with self._changed:
            self.is_stopped = True
            self._changed.notify()
        self._chunks.put(b"")

    def join(self) -> None:
        """Wait until all of it was handed on."""
        self._thread.join()

    def read(self, size: int) -> bytes:
        """What FFmpeg reads from: blocks until there is something; nothing is the end."""
        if not self._rest:
            self._rest = self._chunks.get()
            self._taken += len(self._rest)
            if not self._rest:
                self._chunks.put(b"")
        piece, self._rest = self._rest[:size], self._rest[size:]
        return piece

    def _decode(self, before: ContainerDecoder | None) -> None:
        if before is not None:
            before.join()
        try:
            self._decode_all()
        except Exception as error:  # noqa: BLE001 - PyAV raises many kinds for what is no sound
            self._damage.append(reason(error))
        self._on_end(self, self._damage[0] if self._damage else "")

    def _decode_all(self) -> None:
        import av

        options = {**PROBING, "format_whitelist": SOUND_FORMATS}
        with av.open(
            self, "r", options=options, buffer_size=4096, metadata_errors="ignore"
        ) as container:
            stream = container.streams.best("audio")
            if stream is None or stream.codec_context is None:
                raise ValueError("there is no sound in it")
            for piece in container_sound(container, stream, SPEECH_RATE_HZ, self._damage.append):
                if not self._may_hand_on(len(piece)):
                    return
                if len(piece):
                    self._on_samples(self, piece)

    def _may_hand_on(self, samples: int) -> bool:
        """Wait until there is room for so many; return whether there is."""

        def is_due() -> bool:
            return self.is_stopped or self._decoded < MOST_DECODED_SAMPLES

        with self._changed:
            if not self._changed.wait_for(is_due, TAKEN_WITHIN_S) or self.is_stopped:
                return False
            self._decoded += samples
            return True


def begins_file(data: bytes) -> bool:
    """Whether bytes are the header of a sound file, which no piece from its middle looks like."""
    begins_ogg = data.startswith(OGG) and len(data) > 5 and bool(data[5] & FIRST_OGG_PAGE)
    return data.startswith(HEADERS) or data[4:8] == MP4 or begins_ogg


def begins_compressed(data: bytes) -> bool:
    """Whether bytes are such a header that samples begin so once in 2^32 times, not more often."""
    return data.startswith((WEBM, OGG, FLAC)) or data[4:8] == MP4


def cuts_header(data: bytes) -> bool:
    """Whether bytes may be a part of what a file begins with, too short to tell.

    The first piece of Chromium's recorder is a single byte, 1A, where its machine is busy.
    """
    return 0 < len(data) < len(WEBM) and any(each.startswith(data) for each in (*HEADERS, OGG))


def begins_mp3(data: bytes) -> bool:
    """Whether bytes begin with a frame of MP3, of which a file may have no other header."""
    return len(data) > 1 and data[0] == 0xFF and data[1] & 0xE6 in (0xE2, 0xE6)


def of_width(data: bytes, width: int) -> Samples:
    """Return little-endian whole numbers of so many bytes as samples of 16 bits.

    Those of one byte have no sign, as everywhere in WAV.
    """
    if width == SAMPLE_BYTES:
        return to_samples(data)
    numbers = np.frombuffer(data, np.uint8)
    if width == 1:
        return (numbers.astype(np.int16) - 128) << 8
    return to_samples(numbers.reshape(-1, width)[:, -SAMPLE_BYTES:].tobytes())


def plain_wav(data: bytes) -> tuple[PlainSound, bytes] | None:
    """Return what a WAV file of whole numbers says of them, and these; None if it is another."""
    sound = find_samples(io.BytesIO(data), len(data), WIDTHS)
    if sound is None:
        return None
    size = sound.samples * sound.channels * sound.width
    return sound, data[sound.begin :] if sound.goes_on else data[sound.begin : sound.begin + size]
