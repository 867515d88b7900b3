"""Where somebody on the telephone hears: answers, as long before their time as the line keeps."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from actors.gateway.caller_output import BLOCK_MS
from actors.gateway.phone.line import PhoneLine
from actors.outputs.metronome import BLOCK_NS, BLOCK_SAMPLES, Metronome
from actors.outputs.output import SoundSource
from pipeline.frames import Playback

TRAVEL_S = 0.3
"""What was sent last is on its way for so long: the round trip to another continent."""


class PhoneOutput:
    """Asks for blocks while less than it may is on its way to be heard.

    Args:
        metronome: When it is looked at.
        line: Where they go.
        publish: Told what was heard.
    """

    def __init__(
        self, metronome: Metronome, line: PhoneLine, publish: Callable[[Playback], None]
    ) -> None:
        self._metronome = metronome
        self._line = line
        self._publish = publish
        self._source: SoundSource | None = None
        self._stilled = asyncio.Event()

    @property
    def session(self) -> str:
        """Whose sound it plays; empty while it is closed."""
        return "" if self._source is None else self._source.session

    @property
    def takes_samples(self) -> bool:
        """Not at once: what is cut is thrown away at the provider, and nothing is faded out."""
        return False

    @property
    def rests(self) -> bool:
        """Whether it can do without a beat."""
        is_idle = self._source is None or self._source.is_idle
        line = self._line
        return is_idle and not line.heard.waits and not line.murmurs and not line.again

    def open(self, source: SoundSource) -> None:
        """Begin to ask for blocks."""
        self._source = source
        self._metronome.add(self)

    def play_on(self) -> None:
        """Sound is about to come; what may be sent ahead of it does not wait for a beat."""
        self._metronome.stir()
        if self._source is not None and self._source.is_idle:
            self._metronome.soon(self)

    def close(self) -> None:
        """Ask for no more."""
        self._metronome.remove(self)
        self._source = None
        self._stilled.set()

    async def quiet(self) -> None:
        """Return once all that there was to be heard was heard."""
        while self._source is not None and not (self._source.is_idle and not self._line.again):
            self._stilled.clear()
            await self._stilled.wait()
        left_ns = self._line.heard.left_ns(time.monotonic_ns())
        if left_ns:
            await asyncio.sleep(left_ns / 1e9 + TRAVEL_S)

    def play_until(self, now_ns: int) -> None:
        """Send what may be sent by now, and tell what was heard."""
        for frame in self._line.beat(now_ns):
            self._publish(frame)
        source, line = self._source, self._line
        if source is None or line.paused:
            return
        line.hurry(self._metronome.lateness.worst_ns(now_ns))
        if line.heard.is_suspended:
            self._look_whether_it_goes_on(source, now_ns)
        if not line.heard.is_suspended:
            self._send(source, now_ns)
        is_over = source.is_idle and not line.again
        if is_over:
            self._stilled.set()
        if is_over or not line.heard.left_ns(now_ns):
            line.finish(now_ns)
        line.murmur(now_ns)

    def suspend(self) -> None:
        """Fall silent with an answer that is held."""
        if self._source is not None and self._source.is_paused:
            self._line.suspend(time.monotonic_ns())

    def _send(self, source: SoundSource, now_ns: int) -> None:
        line = self._line
        while line.takes(now_ns, ahead=self._goes_on(source)):
            if line.again:
                block = line.again.popleft()
            elif source.is_idle:
                break
            else:
                block = source.render(BLOCK_SAMPLES, line.heard.next_ns(now_ns))
                if not source.sounded:
                    break
            line.play(block, now_ns)

    def _look_whether_it_goes_on(self, source: SoundSource, now_ns: int) -> None:
        """The answer decides: it is held until it sounds again, or is over."""
        line = self._line
        block = source.render(BLOCK_SAMPLES, now_ns + len(line.again) * BLOCK_NS)
        if source.sounded:
            line.again.append(block)
        if source.sounded or source.is_idle:
            line.resume(now_ns)

    def _goes_on(self, source: SoundSource) -> bool:
        """Only what is there is sent ahead: an answer is not to run dry before its time."""
        return bool(self._line.again) or source.waiting_ms >= BLOCK_MS or source.is_whole
