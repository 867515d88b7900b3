"""The provider's end of a media socket: what it sends, what it takes, what the line plays."""

from __future__ import annotations

from enum import Enum, auto

from actors.cli.calling.happening import Happening, Tell, Value, What
from actors.cli.calling.line_form import BLOCK_S
from actors.cli.calling.line_queue import LineQueue, PlacedMark, Stretch
from actors.cli.calling.orders import (
    ClearLine,
    EndAnswer,
    EndCall,
    ForgetMarks,
    Order,
    PauseLine,
    PlayKeys,
    PlaySound,
    ReportDrained,
    ReportStatus,
    SetMark,
    Told,
    WrongMessage,
)
from actors.cli.calling.provider_words import LineStatus, MarksAfterClear, ProviderWords, Words
from actors.lib.audio.pcm import Samples

STOOD_STILL_S = 0.5
"""Time passes in blocks of 20 ms: who plays the provider had no processor for so long."""


class LineState(Enum):
    """Of a call at its provider."""

    RINGING = auto()
    """The socket is open; the server was not told yet that the line is up."""
    UP = auto()
    OVER = auto()


class ProviderSide:
    """A call at its provider, as strict as the real one: pure, the time is passed in.

    Every method that returns messages returns those for the server. Times are seconds since the
    socket was opened, and never go back; the line is up at once.

    Args:
        words: How the provider says it.
        tell: Told what happens, faults too.
    """

    def __init__(self, words: ProviderWords, tell: Tell) -> None:
        self.words = words
        self.state = LineState.RINGING
        self._tell = tell
        self._queue = LineQueue(words.heard.rate_hz, words.queue_s, words.prefill_s)
        self._spoken = 0
        """Blocks, with those that were lost."""
        self._said = 0
        """Messages of sound."""
        self.most_waiting_s = 0.0
        """How much waited at most."""
        self._flow_paused = False
        self._reports_drained = False
        self._heard_from_s = 0.0
        self._played_s = 0.0
        self._stretches: list[Stretch] = []

    @property
    def waiting_s(self) -> float:
        """How much sound waits to be played."""
        return self._queue.waiting_s

    def begin(self) -> list[Words]:
        """The line is up."""
        self.state = LineState.UP
        self._happened(0.0, What.STARTED, call_id=self.words.facts.call_id)
        return self.words.begin()

    def speak(self, samples: Samples, *, lost: bool = False) -> list[Words]:
        """The person says a block.

        Args:
            samples: 20 ms at the rate of the line.
            lost: It does not arrive.
        """
        at_ms = round(self._spoken * BLOCK_S * 1000)
        self._spoken += 1
        if not lost or self.words.numbers_lost_sound:
            self._said += 1
        if lost:
            return []
        return self.words.sound(self.words.form.encode(samples), self._said, at_ms)

    def press(self, key: str, now_s: float) -> list[Words]:
        """The person presses a key."""
        self._happened(now_s, What.KEY, key=key)
        return self.words.key(key, round(now_s * 1000))

    def hang_up(self, now_s: float, why: str = "") -> list[Words]:
        """The person hangs up."""
        return self.words.stop() if self._over(now_s, "caller", why) else []

    def lost(self, now_s: float, why: str, *, by: str = "server") -> None:
        """The server closed the socket, or the network took it away."""
        self._over(now_s, by, why)

    def interrupted(self, now_s: float, why: str) -> None:
        """The connection is lost and comes back: what waits is not played, as pages do."""
        if self.state is LineState.UP:
            self._happened(now_s, What.LOST, why=why)
            self._clear(now_s)

    def take(self, message: Words, now_s: float) -> list[Words]:
        """Take a message of the server."""
        replies = self._advance(now_s)
        if self.state is LineState.RINGING:
            self._happened(now_s, What.FAULT, text="a message before the line is up is lost")
            return replies
        size = len(message) if isinstance(message, bytes) else len(message.encode())
        most = self.words.most_bytes
        if size > most:
            text = f"a message of {size} bytes ends the call: {most} at most"
            self._happened(now_s, What.FAULT, text=text)
            self._over(now_s, "provider", "a message is too long")
        if self.state is LineState.OVER:
            return replies
        self._heard_from_s = now_s
        for order in self.words.understand(message):
            replies += self._follow(order, now_s)
        # A mark behind sound that was played already is reached at once.
        return replies + self._advance(now_s)

    def play(self, now_s: float) -> tuple[list[Stretch], list[Words]]:
        """Play on; return what the person heard since it was last asked."""
        replies = self._advance(now_s)
        stood_still_s = now_s - self._played_s
        self._played_s = now_s
        if stood_still_s > STOOD_STILL_S:
            # What the server sent meanwhile was not read yet: it was not silent.
            self._heard_from_s = min(now_s, self._heard_from_s + stood_still_s)
        limit_s = self.words.silent_end_s
        silent_s = now_s - self._heard_from_s
        if limit_s is not None and silent_s > limit_s and self.state is LineState.UP:
            why = f"nothing came for {limit_s:g} s"
            self._happened(now_s, What.FAULT, text=why)
            self._over(now_s, "provider", why)
        return self.heard(), replies

    def heard(self) -> list[Stretch]:
        """Return what the person heard since it was last asked, without playing on."""
        heard, self._stretches = self._stretches, []
        return heard

    def _advance(self, now_s: float) -> list[Words]:
        if self.state is LineState.RINGING:
            return []
        stretch = self._queue.advance(now_s)
        if len(stretch.samples):
            self._stretches.append(stretch)
        replies: list[Words] = []
        for mark in stretch.marks:
            replies += self._give_back(mark, now_s, cleared=False)
        levels = self.words.flow_levels
        if self._flow_paused and levels is not None and self._waiting_blocks < levels[1]:
            replies += self._set_flow(now_s, paused=False)
        if self._reports_drained and not self._queue.waiting_s:
            self._reports_drained = False
            replies += self.words.drained()
        return replies

    def _follow(self, order: Order, now_s: float) -> list[Words]:
        match order:
            case PlaySound(samples):
                return self._add(samples, now_s)
            case SetMark(name):
                self._queue.mark(PlacedMark(order, now_s))
                self._happened(now_s, What.MARK, name=name)
            case ForgetMarks():
                self._queue.forget_marks()
            case ClearLine():
                return self._clear(now_s)
            case PauseLine(paused):
                self._queue.paused = paused
            case PlayKeys(keys):
                self._happened(now_s, What.KEYS_SENT, keys=keys)
            case ReportDrained():
                self._reports_drained = True
            case ReportStatus():
                paused = self._queue.paused
                return self.words.status(
                    LineStatus(self._waiting_blocks, self._flow_paused, paused)
                )
            case _:
                return self._learn(order, now_s)
        return []

    def _learn(self, order: Order, now_s: float) -> list[Words]:
        """Follow what changes nothing of what is played."""
        match order:
            case EndAnswer():
                self._queue.mark(PlacedMark(order, now_s))
            case Told(what, values):
                self._happened(now_s, what, **values)
            case EndCall():
                self._over(now_s, "server", "it said so")
            case WrongMessage(text, reply, ends):
                self._happened(now_s, What.FAULT, text=text)
                if ends:
                    self._over(now_s, "provider", text)
                return [] if reply is None else [reply]
        return []

    def _add(self, samples: Samples, now_s: float) -> list[Words]:
        dropped = self._queue.add(samples)
        if dropped:
            ms = dropped / self.words.heard.rate_hz * 1000
            self._happened(now_s, What.DROPPED, ms=ms)
        self.most_waiting_s = max(self.most_waiting_s, self._queue.waiting_s)
        levels = self.words.flow_levels
        if not self._flow_paused and levels is not None and self._waiting_blocks >= levels[0]:
            return self._set_flow(now_s, paused=True)
        return []

    def _clear(self, now_s: float) -> list[Words]:
        cleared = self._queue.clear()
        left_ms = cleared.samples / self.words.heard.rate_hz * 1000
        marks = sum(isinstance(each.mark, SetMark) for each in cleared.marks)
        self._happened(now_s, What.CLEAR, left_ms=left_ms, marks=marks)
        replies = self.words.cleared()
        if self.words.after_clear is not MarksAfterClear.NEVER:
            for mark in cleared.marks:
                replies += self._give_back(mark, now_s, cleared=True)
        return replies

    def _give_back(self, placed: PlacedMark, now_s: float, *, cleared: bool) -> list[Words]:
        if isinstance(placed.mark, EndAnswer):
            return []
        after_ms = (now_s - placed.asked_s) * 1000
        name = placed.mark.name
        self._happened(now_s, What.MARK_BACK, name=name, after_ms=after_ms, cleared=cleared)
        return self.words.marked(placed.mark, cleared=cleared)

    def _set_flow(self, now_s: float, *, paused: bool) -> list[Words]:
        self._flow_paused = paused
        waiting_ms = self._queue.waiting_s * 1000
        self._happened(now_s, What.FLOW, paused=paused, waiting_ms=waiting_ms)
        return self.words.flow(paused)

    def _over(self, now_s: float, by: str, why: str) -> bool:
        """End the call; return whether it was not over before."""
        if self.state is LineState.OVER:
            return False
        self.state = LineState.OVER
        self._happened(now_s, What.HUNG_UP, by=by, why=why)
        return True

    @property
    def _waiting_blocks(self) -> int:
        return round(self._queue.waiting_s / BLOCK_S)

    def _happened(self, now_s: float, what: What, **values: Value) -> None:
        self._tell(Happening(now_s, what, values))
