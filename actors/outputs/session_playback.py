"""The playback of one session: fed on the event loop, asked for blocks from any thread."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from actors.lib.audio.pcm import Samples
from actors.outputs.far_end import FarEnd
from actors.outputs.output import AnswerPosition, Output
from actors.outputs.playout.chime import NO_CHIME, listening_chime, mixed
from actors.outputs.playout.failure_prompt import BACKEND, failure_prompt
from actors.outputs.playout.playout import Playout
from actors.outputs.playout.playout_state import PlayoutState
from pipeline.frames import (
    AnswerAudio,
    AnswerEnded,
    Audio,
    Playback,
    Route,
    SpeechStarted,
    TentativeSpeechStarted,
    TurnClosed,
)


@dataclass(frozen=True)
class PlaybackReport:
    """What came of playback since the last report.

    Attributes:
        events: What happened, in order.
        far_end: What was played.
        counts: What went other than planned, since the last report.
        gauges: How things are now, in ms.
    """

    events: list[Playback]
    far_end: list[Audio]
    counts: Counter[str]
    gauges: dict[str, float]


class SessionPlayback:
    """A playout, what was played of it, and the output that plays it."""

    def __init__(
        self,
        session: str,
        output: Output,
        *,
        prebuffer_ms: float,
        far_end: FarEnd | None,
        prompt: Samples | None,
        resume: Mapping[str, Any] | None,
        on_due: Callable[[SessionPlayback], None],
    ) -> None:
        """Make one that plays nothing yet; `open` begins.

        Args:
            session: Whose answers are played.
            output: What asks for blocks.
            prebuffer_ms: Sound to have before an answer starts.
            far_end: Collects what was played; None: nobody listens to it.
            prompt: What is played when a turn fails; None: nothing.
            resume: What `snapshot` of an earlier process said.
            on_due: Called when there is something to report, in the thread that rendered.
        """
        self.session = session
        self.prompt = prompt
        self._output = output
        self._playout = Playout(prebuffer_ms=prebuffer_ms, resume=resume)
        # Held by the device's thread while it renders a block, some 30 us.
        self._lock = threading.Lock()
        self._far_end = far_end
        self._on_due = on_due
        self._told = False
        """What is due has been told of, and not been asked for yet."""
        self._chime = NO_CHIME
        """What is left to be heard of it."""
        self.sounded = False
        """Whether any sample of the last rendered block belongs to an answer, or to the chime."""
        self._handover_ms = 0.0
        self._counted: Counter[str] = Counter()

    @property
    def is_idle(self) -> bool:
        """Whether there is no answer to play."""
        return self._playout.state is PlayoutState.IDLE and not len(self._chime)

    @property
    def is_hushed(self) -> bool:
        """Whether there is none, and has been none for so long that silence need not be in time."""
        return self.is_idle and (self._far_end is None or self._far_end.is_hushed)

    @property
    def position(self) -> AnswerPosition:
        """Up to where answers were rendered."""
        return self._playout.position

    @property
    def waiting_ms(self) -> float:
        """Sound of answers that has come and is not heard yet."""
        with self._lock:
            return self._playout.buffered_ms

    @property
    def is_paused(self) -> bool:
        """Whether the answer is held while it is not known whether the user speaks."""
        return self._playout.state is PlayoutState.PAUSED

    @property
    def is_whole(self) -> bool:
        """Whether all of the answer that is heard has come."""
        with self._lock:
            return self._playout.is_whole

    @property
    def is_apologizing(self) -> bool:
        """Whether a failure prompt is to be heard, or is being heard."""
        with self._lock:
            return self._playout.has_answer_of(BACKEND)

    def open(self) -> None:
        """Let the output ask for blocks.

        Raises:
            DeviceError: it cannot be opened.
        """
        self._output.open(self)

    def close(self) -> None:
        """Let go of the output."""
        self._output.close()

    def push(self, frame: AnswerAudio) -> None:
        """Take a block of an answer."""
        self._output.play_on()
        with self._lock:
            self._playout.push(frame)

    def end(self, frame: AnswerEnded) -> None:
        """Take the end of an answer."""
        self._output.play_on()
        with self._lock:
            self._playout.end(frame)

    def stop(self, speech: SpeechStarted) -> None:
        """End what is being played: the user speaks."""
        with self._lock:
            self._playout.stop(speech, fade=self._output.takes_samples)

    def pause(self, voice: TentativeSpeechStarted) -> None:
        """Hold what is being played: the user may be speaking."""
        with self._lock:
            self._playout.pause(voice, fade=self._output.takes_samples)

    def resume(self) -> None:
        """Go on: nobody spoke."""
        with self._lock:
            self._playout.resume()

    def route(self, frame: Route) -> None:
        """Take no more from backends that lost the route."""
        with self._lock:
            self._playout.route(frame)

    def apologize(self, closed: TurnClosed) -> bool:
        """Play the failure prompt; return whether there was room for it."""
        if self.prompt is None:
            return False
        self._output.play_on()
        with self._lock:
            if self._playout.is_busy_with_another(closed.turn):
                return False
            audio, ended = failure_prompt(closed, self.prompt)
            self._playout.push(audio)
            self._playout.end(ended)
            return True

    def chime(self) -> None:
        """Sound the chime, over whatever is heard."""
        self._output.play_on()
        with self._lock:
            self._chime = listening_chime()

    def render(self, count: int, at_ns: int) -> Samples:
        """Return the next samples at 24 kHz; see `SoundSource`."""
        with self._lock:
            samples = self._playout.render(count, at_ns)
            self.sounded = self._playout.sounding > 0 or len(self._chime) > 0
            if len(self._chime):
                samples, self._chime = mixed(samples, self._chime)
            sent_ns, self._playout.started_sent_ns = self._playout.started_sent_ns, 0
            if sent_ns:
                self._handover_ms = (time.monotonic_ns() - sent_ns) / 1e6
            due = bool(self._playout.events.waiting)
            if self._far_end is not None:
                self._far_end.add(samples, at_ns, sounds=self.sounded)
                due = due or self._far_end.is_due
            tells, self._told = due and not self._told, due
        if tells:
            self._on_due(self)
        return samples

    def break_off(self) -> None:
        """Say that samples were not asked for in time; see `SoundSource`."""
        with self._lock:
            if self._far_end is not None:
                self._far_end.break_off()

    def snapshot(self) -> dict[str, Any]:
        """Return what a successor needs to go on where this one was."""
        with self._lock:
            return self._playout.snapshot()

    def report(self) -> PlaybackReport:
        """Return what happened and what was played since the last time."""
        with self._lock:
            self._told = False
            events = self._playout.events.drain()
            far_end = self._far_end.drain() if self._far_end is not None else []
            counts = Counter(vars(self._playout.counts))
            gauges = {
                "buffered_ms": self._playout.buffered_ms,
                "prebuffer_ms": self._playout.prebuffer.target_ms,
                "handover_ms": self._handover_ms,
            }
        fresh = Counter(counts)
        fresh.subtract(self._counted)
        self._counted = counts
        return PlaybackReport(events, far_end, fresh, gauges)
