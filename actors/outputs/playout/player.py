"""What `speaker` and `wav_sink` have in common: everything but where the samples go."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeVar

import numpy as np
from pydantic import Field

from actors.lib.audio.pcm import Samples, samples_to_ns, to_pcm
from actors.lib.audio.timeline import Timeline
from actors.outputs.playout.failure_prompt import BACKEND, PACKAGED, load_notice, notice_for
from actors.outputs.playout.playout import RATE_HZ, Playout
from actors.outputs.playout.playout_state import PlayoutState
from pipeline.actor import Actor, Options, Surroundings
from pipeline.frames import (
    AnswerAudio,
    AnswerEnded,
    Audio,
    Frame,
    Outcome,
    Playback,
    PlaybackState,
    Route,
    SpeechEnded,
    SpeechStarted,
    TurnClosed,
    VoiceDismissed,
    VoiceStarted,
)
from pipeline.ports import In, Out

FAR_END_SAMPLES = RATE_HZ // 50
"""20 ms, as microphones send; an echo canceller works on pieces of 10 ms."""
UNHEARD_SAMPLES = 10 * FAR_END_SAMPLES
"""For nobody but a tap, the event loop need not wake up fifty times a second."""


class PlayerOptions(Options):
    """Options of everything that plays answers."""

    barge_in: bool = Field(True, description="Stop playing as soon as the user speaks.")
    prebuffer_ms: float = Field(
        40.0,
        ge=0,
        le=400,
        description="Sound to have before an answer starts; grows after underruns, up to 400.",
    )
    notice: Literal["packaged"] | Path | None = Field(
        "packaged",
        description="WAV file, from the config's folder, that is played when a turn fails and "
        "`turns` is connected; `packaged`: an apology in English.",
    )

    def notice_path(self, config_dir: Path) -> Path | None:
        """Return where the notice is."""
        if self.notice is None:
            return None
        return (
            PACKAGED if self.notice == "packaged" else config_dir / Path(self.notice).expanduser()
        )


PlayerOptionsT = TypeVar("PlayerOptionsT", bound=PlayerOptions)


class Player(Actor[PlayerOptionsT]):
    """Plays answers; a subclass asks for blocks by `render` at the pace of its device.

    On `voice` an answer is held until it is known whether the user speaks; on `speech` it is
    stopped. A turn that failed is answered with the notice, of which `playback` tells nothing.

    `playback` tells what was heard of each answer. `far_end` is all that was played, silence
    included, at 24 kHz, in pieces of 20 ms, or of 200 ms where no actor listens to it; `origin_ns`
    is when the last sample of a piece was heard, and position 0 is the start of the pipeline, as
    on a microphone.

    Gauges, for the newest answer: `queued_ms` from its first block being sent to its lying where
    the device takes the next block from; `handover_ms` to the device having taken it, which the
    pre-buffer and the rhythm of the device put off.
    """

    # Replayed, so that a player restarted in mid-answer goes on where it was.
    inputs: ClassVar[Mapping[str, In]] = {
        "audio": In((AnswerAudio,), replay=True),
        "answer": In((AnswerEnded,), replay=True),
        "speech": In((SpeechStarted, SpeechEnded), required=False),
        "voice": In((VoiceStarted, VoiceDismissed), required=False),
        "route": In((Route,), replay=True, required=False),
        "turns": In((TurnClosed,), required=False),
    }
    outputs: ClassVar[Mapping[str, Out]] = {
        "playback": Out((Playback,), retain_s=30),
        # An echo canceller that was killed takes up the sound where it stopped.
        "far_end": Out((Audio,), retain_s=2),
    }

    def __init__(self, options: PlayerOptionsT, surroundings: Surroundings) -> None:
        super().__init__(options, surroundings)
        self._playout = Playout(
            prebuffer_ms=options.prebuffer_ms, resume=self.checkpoint.get("playout")
        )
        # Held by the device's thread while it renders a block, some 30 us.
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._loop_thread = 0
        self._piece = UNHEARD_SAMPLES if "far_end" in surroundings.unheard else FAR_END_SAMPLES
        self._played: list[tuple[Samples, int]] = []
        self._played_samples = 0
        self._timeline = Timeline(surroundings.started_ns, RATE_HZ)
        self._handover_ms = 0.0
        self._notice: Samples | None = None

    @classmethod
    def check(cls, options: Any, config_dir: Path) -> None:
        """Look whether the notice can be played.

        Raises:
            ConfigError: it cannot.
        """
        path = options.notice_path(config_dir)
        if path is not None:
            load_notice(path, RATE_HZ)

    async def start(self) -> None:
        """Load the notice, and remember the loop, for the device's thread."""
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        path = self.options.notice_path(self.surroundings.config_dir)
        if path is not None and "turns" in self.surroundings.connected:
            self._notice = load_notice(path, RATE_HZ)

    def on_audio(self, frame: AnswerAudio) -> None:
        """Take a block of an answer."""
        if self._is_ours(frame):
            self.play_on()
            with self._lock:
                self._playout.push(frame)
            if frame.position == 0:
                self.gauges["queued_ms"] = (time.monotonic_ns() - frame.sent_ns) / 1e6
            self._report()

    def on_answer(self, frame: AnswerEnded) -> None:
        """Take the end of an answer."""
        if self._is_ours(frame):
            with self._lock:
                self._playout.end(frame)
            self._report()

    def on_speech(self, frame: SpeechStarted | SpeechEnded) -> None:
        """Stop when the user begins to speak."""
        if self.options.barge_in and isinstance(frame, SpeechStarted) and self._is_ours(frame):
            with self._lock:
                self._playout.stop(frame, fade=self.takes_samples())
            self._report()

    def on_voice(self, frame: VoiceStarted | VoiceDismissed) -> None:
        """Hold the answer while it is not known whether the user speaks."""
        if self.options.barge_in and self._is_ours(frame):
            with self._lock:
                if isinstance(frame, VoiceStarted):
                    self._playout.pause(frame, fade=self.takes_samples())
                else:
                    self._playout.resume()
            self._report()

    def on_turns(self, frame: TurnClosed) -> None:
        """Say so when a turn failed, unless another one is being answered or spoken."""
        if self._notice is None or frame.outcome is not Outcome.FAILED or not self._is_ours(frame):
            return
        self.play_on()
        with self._lock:
            if self._playout.is_busy_with_another(frame.turn):
                self.counters["notices_left_out"] += 1
                return
            audio, ended = notice_for(frame, self._notice)
            self._playout.push(audio)
            self._playout.end(ended)
        self._report()

    def on_route(self, frame: Route) -> None:
        """Take no more from backends that lost the route."""
        if self._is_ours(frame):
            with self._lock:
                self._playout.route(frame)
            self._report()

    def play_on(self) -> None:
        """A sound is about to come; what should have been played by now has to be, without it."""

    def takes_samples(self) -> bool:
        """Return whether the device asks for blocks now."""
        return True

    @property
    def is_idle(self) -> bool:
        """Whether there is no answer to play."""
        return self._playout.state is PlayoutState.IDLE

    @property
    def last_block_sounded(self) -> bool:
        """Whether any sample of the last rendered block belongs to an answer."""
        return self._playout.sounding > 0

    def render(self, count: int, at_ns: int) -> Samples:
        """Return the next `count` samples at 24 kHz; from any thread.

        Args:
            count: How many.
            at_ns: Monotonic time at which the first of them is heard.
        """
        with self._lock:
            samples = self._playout.render(count, at_ns)
            sent_ns, self._playout.started_sent_ns = self._playout.started_sent_ns, 0
            if sent_ns:
                self._handover_ms = (time.monotonic_ns() - sent_ns) / 1e6
            self._played.append((samples, at_ns))
            self._played_samples += count
            due = self._played_samples >= self._piece or bool(self._playout.events)
        if due and self._loop is not None:
            here = threading.get_ident() == self._loop_thread
            (self._loop.call_soon if here else self._loop.call_soon_threadsafe)(self._report)
        return samples

    def lose_device(self) -> None:
        """The stream of samples broke off: `far_end` goes on where the clock says."""
        with self._lock:
            self._played.clear()
            self._played_samples = 0
        self._timeline.lose()

    def _is_ours(self, frame: Frame) -> bool:
        if frame.session == self.session:
            return True
        self.counters["foreign_session"] += 1
        return False

    def _report(self) -> None:
        """Publish what happened and what was heard since the last time."""
        with self._lock:
            events, self._playout.events = self._playout.events, []
            played = self._take_played()
            counts = dict(vars(self._playout.counts))
            self.gauges["buffered_ms"] = self._playout.buffered_ms
            self.gauges["prebuffer_ms"] = self._playout.prebuffer.target_ms
            if events:
                self.checkpoint["playout"] = self._playout.snapshot()
        for name, count in counts.items():
            self.counters[name] = count
        self.gauges["handover_ms"] = self._handover_ms
        for event in events:
            if event.backend == BACKEND:
                self.counters["notices"] += event.state is PlaybackState.STARTED
            else:
                self.publish("playback", event)
        for samples, first_ns in played:
            self.publish(
                "far_end",
                Audio(
                    session=self.session,
                    position=self._timeline.advance(len(samples), first_ns),
                    rate_hz=RATE_HZ,
                    pcm=to_pcm(samples),
                    origin_ns=first_ns + samples_to_ns(len(samples), RATE_HZ),
                ),
            )

    def _take_played(self) -> list[tuple[Samples, int]]:
        """Return what was played, in pieces of one size; the rest waits for more."""
        whole = self._played_samples // self._piece * self._piece
        if not whole:
            return []
        joined = np.concatenate([samples for samples, _ in self._played])
        first_ns = self._played[0][1]
        self._played_samples -= whole
        rest = (joined[whole:], first_ns + samples_to_ns(whole, RATE_HZ))
        self._played = [rest] if self._played_samples else []
        return [
            (joined[at : at + self._piece], first_ns + samples_to_ns(at, RATE_HZ))
            for at in range(0, whole, self._piece)
        ]
