"""The `echo` actor: sound of the microphone in, the same without the loudspeaker out."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterator
from contextvars import Context
from dataclasses import dataclass, field
from typing import ClassVar

from pydantic import Field

from actors.hearing.echo.canceller import Canceller, Mode
from actors.lib.audio.pcm import (
    BLOCK_SAMPLES,
    SAMPLE_BYTES,
    SPEECH_RATE_HZ,
    require_speech_rate,
    samples_to_ns,
    to_pcm,
)
from pipeline.actor import Actor, Options
from pipeline.frames import Audio, SessionEnded, SessionOpened
from pipeline.ports import In, Out

LONGEST_WAIT_S = 0.2
"""For a far end that is late, because the speaker's process had to wait for a processor. Only while
an answer is heard: what is missing then comes through as a voice."""

SAVED_EVERY = SPEECH_RATE_HZ
"""Samples. A checkpoint that changes makes a heartbeat come four times as often; what was sent on
since is sent again by a process that follows, and consumers drop it."""

LONGEST_BLOCK = 5 * BLOCK_SAMPLES
"""100 ms. What was retained comes in longer ones, and is cut: each is judged as a whole."""


class EchoOptions(Options):
    """Options of `echo`."""

    mode: Mode = Field(
        Mode.AEC,
        description="`aec` cancels the echo; `half_duplex` hears nothing while an answer sounds; "
        "`off` passes everything.",
    )
    noise_suppression: bool = Field(
        False, description="With `aec`: take out noise too. Costs words when both speak."
    )
    tail_ms: float = Field(
        400,
        ge=0,
        le=2000,
        description="With `half_duplex`: deaf for so long after a sound, which covers the echo of "
        "the room and the pauses within an answer.",
    )


@dataclass
class EchoSession:
    """What is known of one session.

    Attributes:
        canceller: Takes the far end out of its sound.
        waiting: Blocks that wait for their far end, each with the time at which it is given up.
        next: Position up to which its sound was sent on.
    """

    canceller: Canceller
    waiting: deque[tuple[float, Audio]] = field(default_factory=deque)
    next: int = 0


class Echo(Actor[EchoOptions]):
    """Publishes the microphone's blocks at their own positions, without the far end.

    Echo cancellation makes the sound 8 ms later (128 samples, in WebRTC's filter banks); blocks
    that are no multiple of 10 ms wait for the next one, and while an answer is heard those that
    come before their far end wait for it. Gauges: `reduction_db`, by how much the
    sound is fainter while an answer is heard; `lead_ms`, by how much the far end is fed ahead of
    the time at which it is said to be heard.
    """

    options_type = EchoOptions
    inputs: ClassVar = {
        "audio": In((Audio,), replay=True),
        "far_end": In((Audio,), replay=True),
    }
    # As long as a microphone retains: consumers are restarted just the same.
    outputs: ClassVar = {"audio": Out((Audio,), retain_s=15)}
    preload = ("pywebrtc_audio",)

    _timer: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Take up where the process before this one was."""
        self._saved: dict[str, list[int]] = self.checkpoint.setdefault("next", {})
        """By session: when it was opened, and the position up to which its sound was sent on."""

    def make_session(self, opened: SessionOpened) -> EchoSession:
        """Listen to a session from now on."""
        session = EchoSession(self._canceller())
        opened_ns, position = self._saved.get(opened.session, [opened.origin_ns, 0])
        if opened_ns == opened.origin_ns:
            session.next = position
        self._saved[opened.session] = [opened.origin_ns, session.next]
        return session

    def session_ended(self, state: EchoSession, ended: SessionEnded) -> None:
        """Forget a session."""
        self._saved.pop(ended.session, None)

    def on_far_end(self, frame: Audio) -> None:
        """Note what the loudspeaker plays."""
        session = self.sessions[frame.session]
        session.canceller.play(frame)
        self._work_off(session)

    def measure(self) -> None:
        """Say what went other than planned, and where a process that follows goes on."""
        for name in self.sessions:
            session: EchoSession = self.sessions[name]
            if session.next - self._saved[name][1] >= SAVED_EVERY:
                self._saved[name][1] = session.next
            for counter, count in session.canceller.counts().items():
                self.counters[counter] = count
            self.gauges.update(session.canceller.gauges)

    async def stop(self) -> None:
        """Wait for nothing any more."""
        if self._timer is not None:
            self._timer.cancel()

    def on_audio(self, frame: Audio) -> None:
        """Take a block, to send it on without the far end."""
        require_speech_rate(frame.rate_hz, self.name)
        session: EchoSession = self.sessions[frame.session]
        repeated = min(max(0, session.next - frame.position), frame.samples)
        self.counters["repeated_samples"] += repeated
        if repeated and repeated == frame.samples and not frame.final:
            return
        for part in _parts(frame, repeated):
            session.waiting.append((time.monotonic() + LONGEST_WAIT_S, part))
        self._work_off(session)

    def _work_off(self, session: EchoSession) -> None:
        """Send on what need not wait."""
        while session.waiting:
            deadline_s, frame = session.waiting[0]
            left_s = deadline_s - time.monotonic()
            if session.canceller.is_early(frame):
                if left_s > 0:
                    self.counters["waits"] += self._timer is None
                    self._wake_in(left_s)
                    return
                session.canceller.give_up()
            session.waiting.popleft()
            self._send_on(session, frame)

    def _wake_in(self, delay_s: float) -> None:
        def wake() -> None:
            self._timer = None
            for name in self.sessions:
                with self.work_of(name):
                    self._work_off(self.sessions[name])

        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(delay_s, wake, context=Context())

    def _send_on(self, session: EchoSession, frame: Audio) -> None:
        canceller = session.canceller
        for position, samples in canceller.hear(frame):
            end = position + len(samples)
            behind_ns = samples_to_ns(frame.position + frame.samples - end)
            final = frame.final and end == frame.position + frame.samples
            captured_ns, pcm = frame.origin_ns - behind_ns, to_pcm(samples)
            block = Audio.block(frame.session, captured_ns, position, pcm, final=final)
            self.publish("audio", block)
            session.next = end
        if frame.final:
            self.measure()
            session.canceller = self._canceller()
            session.waiting.clear()

    def _canceller(self) -> Canceller:
        options = self.options
        return Canceller(
            options.mode,
            noise_suppression=options.noise_suppression,
            tail_samples=round(options.tail_ms * SPEECH_RATE_HZ / 1000),
        )


def _parts(frame: Audio, begin: int) -> Iterator[Audio]:
    """Yield a block from its sample `begin` on, a long one in blocks of 20 ms."""
    if not begin and frame.samples <= LONGEST_BLOCK:
        yield frame
        return
    left = frame.samples - begin
    length = BLOCK_SAMPLES if left > LONGEST_BLOCK else left
    for at in range(begin, frame.samples, length) if left else (begin,):
        end = min(at + length, frame.samples)
        yield frame.model_copy(
            update={
                "position": frame.position + at,
                "pcm": frame.pcm[at * SAMPLE_BYTES : end * SAMPLE_BYTES],
                "origin_ns": frame.origin_ns - samples_to_ns(frame.samples - end, frame.rate_hz),
                "final": frame.final and end == frame.samples,
            }
        )
