"""The `echo` actor: sound of the microphone in, the same without the loudspeaker out."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from actors.audio.pcm import SPEECH_RATE_HZ, samples_to_ns, to_pcm
from actors.echo.canceller import Canceller, Mode
from pipeline.actor import Actor, Options
from pipeline.errors import ConfigError
from pipeline.frames import Audio
from pipeline.ports import In, Out


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


class Echo(Actor[EchoOptions]):
    """Publishes the microphone's blocks at their own positions, without the far end.

    Echo cancellation makes the sound 8 ms later (128 samples, in WebRTC's filter banks); blocks
    that are no multiple of 10 ms wait for the next one. Gauges: `reduction_db`, by how much the
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

    async def start(self) -> None:
        """Take up where the process before this one was."""
        self._sessions: dict[str, Canceller] = {}
        self._next: dict[str, int] = self.checkpoint.setdefault("next", {})

    def on_far_end(self, frame: Audio) -> None:
        """Note what the loudspeaker plays."""
        self._session(frame.session).play(frame)

    def on_audio(self, frame: Audio) -> None:
        """Take the far end out of a block and send it on."""
        if frame.rate_hz != SPEECH_RATE_HZ:
            raise ConfigError(
                f"{self.name}.audio gets sound at {frame.rate_hz} Hz and takes {SPEECH_RATE_HZ}: "
                "set the rate of the actor that sends it"
            )
        known = self._next.get(frame.session, 0)
        if frame.position + frame.samples <= known and not frame.final:
            self.counters["repeated_samples"] += frame.samples
            return
        canceller = self._session(frame.session)
        for position, samples in canceller.hear(frame):
            end = position + len(samples)
            behind_ns = samples_to_ns(frame.position + frame.samples - end)
            self.publish(
                "audio",
                Audio(
                    session=frame.session,
                    origin_ns=frame.origin_ns - behind_ns,
                    position=position,
                    pcm=to_pcm(samples),
                    final=frame.final and end == frame.position + frame.samples,
                ),
            )
            self._next[frame.session] = end
        for name, count in canceller.counts().items():
            self.counters[name] = count
        self.gauges.update(canceller.gauges)
        if frame.final:
            del self._sessions[frame.session]

    def _session(self, name: str) -> Canceller:
        found = self._sessions.get(name)
        if found is None:
            options = self.options
            found = self._sessions[name] = Canceller(
                options.mode,
                noise_suppression=options.noise_suppression,
                tail_samples=round(options.tail_ms * SPEECH_RATE_HZ / 1000),
            )
        return found
