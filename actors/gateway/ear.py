"""What is heard of one caller: its sound as blocks on one time line, silence filled in."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from actors.gateway.errors import UnreadableSoundError
from actors.gateway.sound import (
    ContainerDecoder,
    PcmDecoder,
    SoundDecoder,
    begins_file,
    begins_mp3,
    cuts_header,
    plain_wav,
)
from actors.gateway.sound_marks import SoundMarks
from actors.lib.audio.pcm import (
    BLOCK_SAMPLES,
    SAMPLE_BYTES,
    SPEECH_RATE_HZ,
    Samples,
    samples_to_ns,
    silence,
    to_pcm,
)
from pipeline.frames import Audio

BLOCK_BYTES = BLOCK_SAMPLES * SAMPLE_BYTES
PLAIN = (SPEECH_RATE_HZ, 1, SAMPLE_BYTES)
"""What is heard as it is: rate, channels and bytes of a sample of the pipeline's own sound."""
LATE_NS = 400_000_000
"""Without a block for so long a caller who was speaking is taken to be silent: longer than a mobile
network hesitates as a rule, shorter than a person waits."""
FILLED_SAMPLES = SPEECH_RATE_HZ // 10
"""Silence that is filled in at a time."""
HUSH_SAMPLES = SPEECH_RATE_HZ * 3 // 2
"""Silence that ends a turn for every detector: three times what `vad` waits for by default."""
MOST_AHEAD_S = 120.0
"""Sound ahead of the clock: a message of two minutes sent at once is heard, ten are refused."""
JUMP_SAMPLES = int((MOST_AHEAD_S + 5.0) * SPEECH_RATE_HZ)
"""After a restart the time line goes on so much later than was last saved, at least once a second:
what was sent since was at most so much ahead of the clock."""


class CallerEar:
    """Turns what a caller sends into blocks of 20 ms at 16 kHz."""

    def __init__(
        self,
        session: str,
        publish: Callable[[Audio], None],
        call_soon: Callable[[Callable[[], None]], None],
        on_problem: Callable[[str], None],
        position: int = 0,
    ) -> None:
        """Begin.

        Args:
            session: Whose ear it is.
            publish: Sends a block.
            call_soon: Runs something on the event loop, from any thread.
            on_problem: Told, on the event loop, what was wrong with sound that was taken before.
            position: Where the time line begins.
        """
        self._session = session
        self._publish = publish
        self._call_soon = call_soon
        self._on_problem = on_problem
        self.position = position
        """Of the next block: samples at 16 kHz."""
        self._decoder: SoundDecoder | None = None
        self._container: ContainerDecoder | None = None
        """The newest one, which may be at work still."""
        self._form: tuple[int, int, int] | None = None
        self._in_wav = False
        """What comes without a header, or a word of its form, is the rest of a WAV file."""
        self._waiting = b""
        self._cut = b""
        """The first half of a sample, of which the other is still to come."""
        self._head = b""
        """A piece that ends within the header of a file, if it is one."""
        self._began_ns = time.monotonic_ns() - samples_to_ns(position)
        self._newest_ns = 0
        self.marks: SoundMarks | None = None
        """Of a client that counts what it sends, as samples at 16 kHz."""

    @property
    def heard_position(self) -> int:
        """One past the last sample that has come."""
        return self.position + len(self._waiting) // SAMPLE_BYTES

    def begin_at(self, position: int) -> None:
        """Let the time line begin elsewhere; nothing has been heard yet."""
        assert not self._newest_ns
        self.position = position
        self._began_ns = time.monotonic_ns() - samples_to_ns(position)

    @property
    def is_new(self) -> bool:
        """Whether nothing has been heard yet."""
        return not self._newest_ns

    def hear_pcm(
        self,
        data: bytes,
        rate_hz: int = SPEECH_RATE_HZ,
        channels: int = 1,
        width: int = SAMPLE_BYTES,
    ) -> None:
        """Take little-endian samples; those of one byte have no sign.

        Raises:
            UnreadableSoundError: they cannot be.
        """
        form = (rate_hz, channels, width)
        if self.marks is not None and form == PLAIN:
            self.marks.heard(len(data) // SAMPLE_BYTES, self.heard_position)
        if self._form != form:
            self.end_file()
            if form != PLAIN:
                self._decoder = PcmDecoder(self.hear, *form)
            self._form = form
        data = self._with_head(data)
        if self._decoder is not None:
            self._decoder.feed(data)
            return
        if self._cut or len(data) % SAMPLE_BYTES:
            data = self._cut + data
            whole = len(data) // SAMPLE_BYTES * SAMPLE_BYTES
            data, self._cut = data[:whole], data[whole:]
        self._hear(data)

    def hear_file(self, data: bytes) -> None:
        """Take the next piece of a sound file; one that begins with a header begins another.

        Raises:
            UnreadableSoundError: it is none.
        """
        if not data:
            return  # A browser's recorder may have nothing yet when a piece is due.
        data = self._with_head(data)
        if cuts_header(data):
            self._head = data
            return
        wav = plain_wav(data)
        if wav is not None:
            sound, pcm = wav
            self.hear_pcm(pcm, sound.rate_hz, sound.channels, sound.width)
            self._in_wav = sound.goes_on
        elif self._form is not None and not begins_file(data):
            self.hear_pcm(data, *self._form)  # The rest of a WAV file.
        else:
            if begins_file(data) or (self._decoder is None and begins_mp3(data)):
                self.end_file()
                self._container = ContainerDecoder(self._on_samples, self._on_end, self._container)
                self._decoder = self._container
            if self._decoder is None:
                raise UnreadableSoundError(
                    "this is no sound file, or the middle of one: begin with its first piece"
                )
            self._decoder.feed(data)

    def takes_file(self, data: bytes) -> bool:
        """Whether bytes without a word of their form are, or go on with, a sound file."""
        is_container = self._decoder is not None and self._form is None
        data = self._head + data
        return is_container or self._in_wav or begins_file(data) or cuts_header(data)

    def end_file(self) -> None:
        """What was sent so far is all of that file."""
        if self._decoder is not None:
            self._decoder.close()
        self._decoder, self._form, self._in_wav = None, None, False
        self._cut = self._head = b""

    def hear(self, samples: Samples) -> None:
        """Take samples at 16 kHz and send the blocks that are full.

        Raises:
            UnreadableSoundError: they come far faster than anybody speaks.
        """
        self._hear(to_pcm(samples))

    def hear_stored(self, samples: Samples) -> None:
        """Take samples at 16 kHz of what was recorded before: as fast as they are brought.

        Until `hush` none of it is late: silence that is filled in would be taken for the file's.
        """
        self._newest_ns = sys.maxsize
        self._send(to_pcm(samples), time.monotonic_ns())

    def hush(self) -> None:
        """The caller says itself that it has stopped speaking: no need to wait for silence."""
        now_ns = time.monotonic_ns()
        self._newest_ns = min(self._newest_ns, now_ns)
        self._send(silence(HUSH_SAMPLES), now_ns)

    def fill(self) -> bool:
        """Send silence for a caller of whom nothing comes; return whether it did."""
        now_ns = time.monotonic_ns()
        if now_ns - self._newest_ns < LATE_NS:
            return False
        self._send(silence(FILLED_SAMPLES), now_ns)
        return True

    def _with_head(self, data: bytes) -> bytes:
        data, self._head = self._head + data, b""
        return data

    def _hear(self, pcm: bytes) -> None:
        now_ns = time.monotonic_ns()
        # Who was silent for a while is not behind.
        self._began_ns = max(self._began_ns, now_ns - samples_to_ns(self.position) - LATE_NS)
        samples = len(pcm) // SAMPLE_BYTES
        ahead_ns = self._began_ns + samples_to_ns(self.position + samples) - now_ns
        if ahead_ns > MOST_AHEAD_S * 1e9:
            raise UnreadableSoundError(
                f"sound comes {MOST_AHEAD_S:g} s faster than it is spoken: send it in time"
            )
        self._newest_ns = now_ns
        self._send(pcm, now_ns)

    def _send(self, pcm: bytes, now_ns: int) -> None:
        if self._waiting:
            pcm = self._waiting + pcm
        whole = len(pcm) // BLOCK_BYTES * BLOCK_BYTES
        self._waiting = pcm[whole:]
        for at in range(0, whole, BLOCK_BYTES):
            left = (len(pcm) - at - BLOCK_BYTES) // SAMPLE_BYTES
            origin_ns = now_ns - samples_to_ns(left)
            block = pcm[at : at + BLOCK_BYTES]
            self._publish(Audio.block(self._session, origin_ns, self.position, block))
            self.position += BLOCK_SAMPLES

    def _on_samples(self, decoder: ContainerDecoder, samples: Samples) -> None:
        self._call_soon(lambda: self._hear_decoded(decoder, samples))

    def _hear_decoded(self, decoder: ContainerDecoder, samples: Samples) -> None:
        try:
            if not decoder.is_stopped:
                self.hear(samples)
        except UnreadableSoundError as error:
            # Of an hour in some KB all that follows would be refused as well.
            decoder.stop()
            self._on_problem(str(error))
        finally:
            decoder.taken(len(samples))

    def _on_end(self, decoder: ContainerDecoder, problem: str) -> None:
        self._call_soon(lambda: self._end_of(decoder, problem))

    def _end_of(self, decoder: ContainerDecoder, problem: str) -> None:
        if self._decoder is decoder:
            self._decoder = None
        if self._container is decoder:
            self._container = None
        if problem:
            self._on_problem(f"the sound cannot be decoded: {problem}")
