"""The way back to who is on the telephone: sound in the form of the line, and what came of it."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable

from actors.gateway.events import Message
from actors.gateway.phone.dialect import (
    CallStarted,
    LineTraits,
    MarkReached,
    PacedBy,
    PhoneDialect,
)
from actors.gateway.phone.heard import HeardLine
from actors.gateway.phone.options import PhoneOptions
from actors.gateway.phone.sound.comfort_noise import ComfortNoise
from actors.gateway.phone.sound.echo_suppressor import EchoSuppressor
from actors.gateway.phone.sound.line_encoder import LineEncoder, encode, line_silence
from actors.lib.audio.pcm import Samples
from actors.outputs.metronome import BLOCK_NS
from actors.outputs.playout.gate import Barrier
from pipeline.frames import Playback, PlaybackState, SpeechStarted

SILENCE_MS = 20.0
"""Of a message that only says that we are there: what every line carries in one."""
ON_TIME_NS = BLOCK_NS // 2
"""Sound that is not to be sent ahead is sent at the beat that is next to its time."""
LATE_SHARE = 3
"""Of what the gateway was late within the last seconds: so much more is sent ahead, as who was late
is later soon, and what makes it late grows with each call."""
ALIVE_SHARE = 0.4
"""Of the time after which a provider gives up a silent line; looked at twice a second at least."""


class PhoneLine:
    """Sends the sound of one call, and knows what was heard of it.

    Args:
        dialect: How the provider says it.
        started: What the provider said of the line.
        send: Sends a message.
        options: How calls are served.
        counters: Of the gateway.
        echo: Told what is heard; None: nobody is.
    """

    def __init__(
        self,
        dialect: PhoneDialect,
        started: CallStarted,
        send: Callable[[Message], None],
        options: PhoneOptions,
        counters: Counter[str],
        echo: EchoSuppressor | None = None,
    ) -> None:
        self._echo = echo
        self._dialect = dialect
        self._sound = started.sound_out
        self._send = send
        self._counters = counters
        self._encoder = LineEncoder(started.sound_out)
        level_dbfs = options.comfort_noise_dbfs
        self._noise = None if level_dbfs is None else ComfortNoise(level_dbfs)
        self._noise_until_ns = 0
        self._mark_ns = int(options.mark_ms * 1e6)
        self._unmarked_ns = 0
        self._unfinished = False
        self._sent_ns = time.monotonic_ns()
        self._paused = False
        """The provider's queue is full."""
        self._on_its_way: deque[tuple[int, Samples]] = deque()
        """Blocks that are not known to have been heard, each with its end on the time line."""
        self.again: deque[Samples] = deque()
        """Blocks that were thrown away for a while, to be sent before others."""
        self._again_from_ns = 0
        self.held = False
        """Something else than answers is being sent."""
        traits = self.traits
        self.heard = HeardLine(marks=traits.marks)
        keeps_ms = 0.0 if traits.paced_by is PacedBy.OURS else traits.queue_s * 1000
        # A message goes out when its end is there, and its beginning is to be early as well.
        held_ms = dialect.held_ms(BLOCK_NS / 1e6)
        self._ahead_ns = int(min(options.ahead_ms + held_ms, keeps_ms) * 1e6)
        """So much is on its way to be heard at the most, with what waits here for more."""
        most_ms = max(options.ahead_ms, options.most_ahead_ms) if traits.clears else 0.0
        self._most_ahead_ns = max(self._ahead_ns, int(min(most_ms + held_ms, keeps_ms) * 1e6))
        self._least_ahead_ns = self._ahead_ns
        self._begins_at_ns = int(traits.begins_at_ms * 1e6)
        self._burst_ns = 0
        """Sent since all was heard."""

    @property
    def traits(self) -> LineTraits:
        """What the line can do."""
        return self._dialect.traits

    @property
    def paused(self) -> bool:
        """Whether nothing of an answer is to be sent for now."""
        return self._paused or self.held

    def takes(self, now_ns: int, *, ahead: bool) -> bool:
        """Whether a block of an answer may be sent now.

        Args:
            now_ns: Monotonic time.
            ahead: What follows it is there: it may be sent before its time.
        """
        return self.due_ns(now_ns, ahead=ahead) <= now_ns

    def due_ns(self, now_ns: int, *, ahead: bool = True) -> int:
        """Return the monotonic time at which the next block may be sent."""
        left_ns = self.heard.left_ns(now_ns)
        if left_ns and ahead and self._burst_ns <= self._begins_at_ns:
            return now_ns
        early_ns = max(self._ahead_ns - BLOCK_NS, ON_TIME_NS) if ahead else ON_TIME_NS
        return now_ns + left_ns - early_ns

    def hurry(self, late_ns: int) -> None:
        """Send so much earlier as the gateway itself was late within the last seconds."""
        late_ns = late_ns if late_ns > ON_TIME_NS else 0
        wanted_ns = self._least_ahead_ns + LATE_SHARE * late_ns
        self._ahead_ns = min(wanted_ns, self._most_ahead_ns)

    def pause(self, pauses: bool) -> None:
        """The provider's queue is full, or has room again."""
        self._paused = pauses

    def play(self, block: Samples, now_ns: int) -> None:
        """Send a block of 20 ms of an answer, at 24 kHz."""
        payload = self._encoder.feed(block)
        self._say(self._dialect.sound(payload), now_ns)
        begin_ns = self.heard.next_ns(now_ns)
        self._burst_ns = BLOCK_NS + (self._burst_ns if self.heard.left_ns(now_ns) else 0)
        if self._echo is not None:
            self._echo.play(block, begin_ns)
        self.heard.sent(now_ns)
        self._on_its_way.append((begin_ns + BLOCK_NS, block))
        heard_ns = self.heard.heard_ns(now_ns)
        while self._on_its_way and self._on_its_way[0][0] <= heard_ns:
            self._on_its_way.popleft()
        self._unfinished = True
        self._unmarked_ns += BLOCK_NS
        if self._unmarked_ns >= self._mark_ns:
            self._mark(now_ns)

    def finish(self, now_ns: int) -> None:
        """No more sound comes for now: send what is held back, and mark its end."""
        if not self._unfinished:
            return
        self._unfinished = False
        self._say(self._dialect.sound(self._encoder.flush()), now_ns)
        self._mark(now_ns)
        self._say(self._dialect.finish(), now_ns)

    def clear(self, now_ns: int) -> None:
        """Throw away what waits to be heard, here and there."""
        self._throw_away(now_ns)
        self.again.clear()
        # Nothing waits there if we pace it; a queue that cannot be cleared is heard to its end.
        if self.traits.clears or self.traits.paced_by is PacedBy.OURS:
            self.heard.cut(now_ns)
            if self._echo is not None:
                self._echo.cut(now_ns)

    def suspend(self, now_ns: int) -> None:
        """Fall silent: whoever is on the line may be speaking. What was on its way may go on."""
        if not self.traits.clears or self.heard.is_suspended or not self.heard.left_ns(now_ns):
            return
        heard_ns = self.heard.suspend(now_ns)
        on_its_way = [each for each in self._on_its_way if each[0] > heard_ns]
        self._again_from_ns = on_its_way[0][0] - BLOCK_NS if on_its_way else heard_ns
        # What was to be sent again before, and was not yet, comes after it.
        self.again.extendleft(block for _, block in reversed(on_its_way))
        self._throw_away(now_ns)
        if self._echo is not None:
            self._echo.cut(now_ns)

    def resume(self, now_ns: int) -> None:
        """It was nothing: what was thrown away is to be sent again."""
        self.heard.resume(self._again_from_ns, now_ns)

    def _throw_away(self, now_ns: int) -> None:
        self._encoder.clear()
        self._on_its_way.clear()
        self._unfinished = False
        self._unmarked_ns = 0
        self._say(self._dialect.clear(), now_ns)

    def barge_in(self, speech: SpeechStarted, now_ns: int) -> None:
        """Who is on the line speaks: answers that were sent whole are not to be heard either."""
        barrier = Barrier(speech.position, speech.at_ns)
        turns = self.heard.unheard(now_ns)
        if any(barrier.stands_after(turn) is not False for turn in turns):
            self.clear(now_ns)

    def reach(self, mark: MarkReached, now_ns: int) -> None:
        """A mark came back."""
        if not mark.cleared and not self.heard.reached(mark.name, now_ns):
            self._counters["phone_marks_cleared"] += 1

    def account(self, frame: Playback) -> list[Playback]:
        """Take what was sent of an answer; return what is known by now to have been heard."""
        now_ns = time.monotonic_ns()
        if self.heard.is_suspended and frame.state is PlaybackState.INTERRUPTED:
            # It does not go on, whoever ended it.
            self.again.clear()
            self.heard.cut(now_ns)
        return self.heard.account(frame, now_ns)

    def beat(self, now_ns: int) -> list[Playback]:
        """Keep the line alive; return what is known by now to have been heard."""
        keeps_s = self.traits.keeps_alive_s
        if keeps_s is not None and now_ns - self._sent_ns > keeps_s * ALIVE_SHARE * 1e9:
            self._say(self._dialect.sound(line_silence(self._sound, SILENCE_MS)), now_ns)
        lost = self.heard.marks_lost
        told = self.heard.due(now_ns)
        self._counters["phone_marks_lost"] += self.heard.marks_lost - lost
        return told

    @property
    def murmurs(self) -> bool:
        """Whether it has noise for pauses."""
        return self._noise is not None

    def murmur(self, now_ns: int) -> None:
        """Fill a pause with noise, as far as there is any."""
        if self._noise is None or self._paused or self.heard.left_ns(now_ns):
            return
        self._noise_until_ns = max(self._noise_until_ns, now_ns)
        while self._noise_until_ns <= now_ns + ON_TIME_NS:
            self._noise_until_ns += BLOCK_NS
            noise = self._noise.block(round(self._sound.rate_hz * BLOCK_NS / 1e9))
            self._say(self._dialect.sound(encode(noise, self._sound.encoding)), now_ns)

    def press(self, keys: str, now_ns: int) -> bool:
        """Press keys; return whether the line can be told to."""
        if self.traits.keys_out:
            self._say(self._dialect.press(keys), now_ns)
        return self.traits.keys_out

    def hang_up(self) -> None:
        """End the call, where that is a message."""
        self._say(self._dialect.hang_up(), time.monotonic_ns())

    def _mark(self, now_ns: int) -> None:
        self._unmarked_ns = 0
        if self.traits.marks:
            self._say(self._dialect.mark(self.heard.mark()), now_ns)

    def _say(self, messages: list[Message], now_ns: int) -> None:
        for message in messages:
            self._send(message)
            self._sent_ns = now_ns
