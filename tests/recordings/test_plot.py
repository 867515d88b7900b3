"""The picture of a recorded conversation, and what it is made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from recorder_frames import BOOT, description

from actors.cli.plot import plot_command
from actors.lib.audio.pcm import Samples, to_pcm
from actors.recordings.envelope import envelopes, window_of
from actors.recordings.reader import frames, read_recording
from actors.recordings.timeline import ConversationTimeline, timeline_of
from actors.services.recorder.rotating_writer import RotatingWriter
from actors.services.recorder.rotation import RotationLimits
from pipeline.bus.blocking_subscriber import Taken
from pipeline.errors import GreenroomError
from pipeline.frames import (
    Audio,
    BackendStatus,
    EndReason,
    Fault,
    FaultClass,
    Frame,
    Outcome,
    Playback,
    PlaybackState,
    Route,
    Side,
    SpeechEnded,
    SpeechStarted,
    Transcript,
    TurnClosed,
    UserText,
)
from pipeline.frames.wire import encode

S = 1_000_000_000
ZERO_NS = 100 * S
"""When the run began."""


def at(seconds: float) -> int:
    return ZERO_NS + round(seconds * S)


class Talk:
    """Frames and when they were sent, s."""

    def __init__(self) -> None:
        self.sent: list[tuple[float, str, Frame, int]] = []

    def say(self, sent_s: float, stream: str, frame: Frame, boot: int = BOOT) -> None:
        self.sent.append((sent_s, stream, frame, boot))

    def sound(self, stream: str, rate_hz: int, samples: Samples, begin_s: float = 0.0) -> None:
        block = rate_hz // 50
        first = round(begin_s * rate_hz)
        for begin in range(0, len(samples), block):
            pcm = to_pcm(samples[begin : begin + block])
            position = first + begin
            end_s = (position + len(pcm) // 2) / rate_hz
            frame = Audio(position=position, rate_hz=rate_hz, pcm=pcm, origin_ns=at(end_s))
            self.say(end_s, stream, frame)

    def spoken(self, begin_s: float, end_s: float, said: str, owner: str = "live") -> str:
        position = round(begin_s * 16_000)
        turn = f"local:{position}"
        started = SpeechStarted(turn=turn, position=position, at_ns=at(begin_s))
        self.say(begin_s + 0.1, "vad.speech", started)
        ended = SpeechEnded(
            turn=turn,
            start_position=position,
            position=round(end_s * 16_000),
            at_ns=at(end_s),
            reason=EndReason.SILENCE,
        )
        self.say(end_s + 0.5, "vad.speech", ended)
        words = Transcript(turn=turn, side=Side.USER, text=said, epoch=1, backend=owner)
        self.say(end_s + 0.6, f"{owner}.transcript", words)
        return turn

    def answered(
        self, turn: str, first_s: float, closed_s: float, outcome: Outcome, by: str, asked_s: float
    ) -> None:
        heard = Playback(
            turn=turn,
            epoch=1,
            backend=by,
            state=PlaybackState.STARTED,
            played_samples=0,
            at_ns=at(first_s),
        )
        self.say(first_s, "speaker.playback", heard)
        latency_ms = (first_s - asked_s) * 1000
        verdict = TurnClosed(turn=turn, outcome=outcome, by=by, first_sound_ms=latency_ms)
        self.say(closed_s, "supervisor.turns", verdict)

    def record(self, path: Path) -> Path:
        writer = RotatingWriter(str(path), RotationLimits(), description(path.parent))
        for seq, (sent_s, stream, frame, boot) in enumerate(sorted(self.sent, key=lambda s: s[0])):
            actor, _, port = stream.partition(".")
            named = frame.model_copy(update={"session": frame.session or "local"})
            data = encode(named, seq=seq, boot=boot, sent_ns=at(sent_s))
            fields = {"type": frame.type_name, "seq": seq, "sent_ns": at(sent_s)}
            writer.write(Taken(actor, port, fields, data, at(sent_s)))
        writer.close()
        return path


def talk() -> Talk:
    """Twelve seconds: a turn answered, one interrupted, one that fails, one typed and left open."""
    made = Talk()
    noise = np.random.default_rng(1).normal(0, 3000, 16_000 * 12)
    made.sound("microphone.audio", 16_000, noise.astype(np.int16))
    made.sound("speaker.far_end", 24_000, np.full(24_000, 9000, np.int16), 2.0)
    made.say(0.05, "supervisor.route", Route(owner="live", epoch=1, reason="first"))
    first = made.spoken(0.5, 1.5, "go forward $10 and $20")
    made.answered(first, 2.0, 4.0, Outcome.ANSWERED, "live", 1.5)
    second = made.spoken(4.5, 5.5, "tell me a story")
    made.answered(second, 6.25, 7.5, Outcome.INTERRUPTED, "live", 5.5)
    third = made.spoken(7.0, 8.0, "stop")
    fault = Fault(backend="live", fault=FaultClass.QUOTA, code=1011, retry=True)
    made.say(8.6, "live.faults", fault)
    made.say(8.7, "supervisor.route", Route(owner="live", epoch=2, reason="again"))
    made.say(9.0, "supervisor.route", Route(owner="device", epoch=3, reason="quota"))
    made.say(10.0, "supervisor.turns", TurnClosed(turn=third, outcome=Outcome.FAILED))
    ready = BackendStatus(backend="live", state="ready")  # type: ignore[arg-type]
    made.say(10.2, "live.status", ready, boot=BOOT + 1)
    typed = UserText(turn="local:t5", text="hello", origin_ns=at(11.0))
    made.say(11.0, "console.text", typed)
    return made


def timeline_in(path: Path) -> ConversationTimeline:
    return timeline_of(list(frames(read_recording([path]).messages)))


def test_the_course_has_speech_turns_routes_faults_and_restarts(tmp_path: Path) -> None:
    found = timeline_in(talk().record(tmp_path / "talk.mcap"))
    assert [(s.begin_ns, s.end_ns) for s in found.speech] == [
        (at(0.5), at(1.5)),
        (at(4.5), at(5.5)),
        (at(7.0), at(8.0)),
    ]
    assert [
        (turn.recorded.said, turn.recorded.outcome, turn.begin_ns, turn.end_ns, turn.sounded_ns)
        for turn in found.turns
    ] == [
        ("go forward $10 and $20", "answered", at(0.5), at(4.0), at(2.0)),
        ("tell me a story", "interrupted", at(4.5), at(7.5), at(6.25)),
        ("stop", "failed", at(7.0), at(10.0), None),
        ("hello", "open", at(11.0), None, None),
    ]
    assert [(route.label, route.begin_ns, route.end_ns) for route in found.routes] == [
        ("live", at(0.05), at(9.0)),
        ("device", at(9.0), None),
    ]
    assert [(fault.label, fault.begin_ns) for fault in found.faults] == [
        ("live: quota 1011", at(8.6)),
        ("live: restarted", at(10.2)),
    ]


def test_the_picture_names_its_units_turns_routes_faults_and_latencies(tmp_path: Path) -> None:
    path = talk().record(tmp_path / "talk.mcap")
    plot_command([path], tmp_path / "talk.svg", None)
    drawn = (tmp_path / "talk.svg").read_text("utf-8")
    assert drawn.startswith("<?xml")
    for text in (
        "time, s",
        "after, ms",
        "(1 = full scale)",
        "“go forward $10 and $20”",
        "answered by live",
        "interrupted by live",
        "failed",
        "device",
        "live: quota 1011",
        "live: restarted",
        ">500<",
        ">750<",
        "test: 4 turns",
    ):
        assert text in drawn, text


def test_a_picture_lies_next_to_the_recording(tmp_path: Path) -> None:
    made = Talk()
    turn = made.spoken(0.5, 1.5, "go")
    made.answered(turn, 2.0, 4.0, Outcome.ANSWERED, "live", 1.5)
    path = made.record(tmp_path / "silent.mcap")
    plot_command([path], None, None)
    assert (tmp_path / "silent.png").read_bytes().startswith(b"\x89PNG")


def test_what_cannot_be_drawn_is_said_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Talk()
    made.say(0.0, "supervisor.route", Route(owner="live", epoch=1, reason="first"))
    empty = made.record(tmp_path / "empty.mcap")
    with pytest.raises(GreenroomError, match="nothing to draw"):
        plot_command([empty], None, None)
    with pytest.raises(GreenroomError, match=r"\.png or \.svg"):
        plot_command([empty], tmp_path / "talk.bmp", None)
    path = talk().record(tmp_path / "talk.mcap")
    with pytest.raises(GreenroomError, match="cannot write"):
        plot_command([path], tmp_path / "no" / "talk.svg", None)
    monkeypatch.setattr("actors.cli.plot.find_spec", lambda _name: None)
    with pytest.raises(GreenroomError, match=r"greenroom\[plot\]"):
        plot_command([path], None, None)


def test_the_outline_of_a_sound_keeps_its_peaks() -> None:
    samples = np.zeros(24_000 * 60, np.int16)
    samples[24_000 * 30] = 16_384
    samples[24_000 * 45] = -8_192
    size = window_of(len(samples))
    windows = ((samples[at : at + size],) for at in range(0, len(samples), size))
    ((at_s, low, high),) = envelopes(windows, size)
    assert high.max() == 0.5
    assert low.min() == -0.25
    assert at_s[high.argmax()] == pytest.approx(30, abs=0.05)
    assert at_s[low.argmin()] == pytest.approx(45, abs=0.05)
