"""From the capture of a chunk's last sample to that chunk at the server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.bare import send_alone
from benchmarks.figures import UP_LIMITS_MS, Figure, added
from benchmarks.server import Server, simulator
from benchmarks.setting import SHORT_ANSWER, talker
from benchmarks.sound import RATE_HZ, speech, write_wav
from benchmarks.tap import Tap, tapping
from pipeline.frames import ActorState, Audio, Frame, Health, SpeechStarted
from pipeline.testing import RunningPipeline, running

ROUNDS = 3
"""In each round one way is measured after the other, so that a busy moment meets them all."""
ROUND_S = 15.0
SETTLE_S = 2.0
"""Left out of each: what was said before the connection stood is sent late on purpose."""


def measure(folder: Path) -> list[Figure]:
    """Play speech in real time and compare, chunk by chunk, arrival with capture.

    The time includes TLS and the server's reading. google-genai alone, in one process that does
    nothing else, is what the way costs at least.
    """
    sound = write_wav(folder / "speech.wav", speech(ROUND_S))
    alone: list[float] = []
    by_server: list[float] = []
    by_us: list[float] = []
    with simulator(folder, SHORT_ANSWER) as server:
        for _ in range(ROUNDS):
            seen = len(server.arrivals())
            zero_ns = send_alone(server, sound)
            alone += _steady(server.arrivals()[seen:], zero_ns)
            by_server += _with_turns_by_server(folder, sound, server)
            by_us += _with_local_turns(folder, sound, server)
    return [
        Figure("chunk to server: google-genai alone", "ms", alone),
        Figure("chunk to server: turns by server", "ms", by_server),
        added("- added to google-genai alone", by_server, alone, UP_LIMITS_MS),
        Figure("chunk to server: local VAD", "ms", by_us),
        added("- added to google-genai alone", by_us, alone, UP_LIMITS_MS),
    ]


def _with_turns_by_server(folder: Path, sound: Path, server: Server) -> list[float]:
    config = talker(folder, [str(sound)], live={"inputs": {"speech": None}})
    seen = len(server.arrivals())
    with running(config) as pipeline, tapping(pipeline.runtime_dir, microphone=["health"]) as tap:
        zero_ns = _zero_ns(pipeline)
        list(_played(tap))
    return _steady(server.arrivals()[seen:], zero_ns)


def _with_local_turns(folder: Path, sound: Path, server: Server) -> list[float]:
    """Only what was captured after the detection of speech counts: what was before must wait."""
    config = talker(folder, [str(sound)])
    seen = len(server.arrivals())
    streams = {"microphone": ["health"], "vad": ["speech"]}
    with running(config) as pipeline, tapping(pipeline.runtime_dir, **streams) as tap:
        zero_ns = _zero_ns(pipeline)
        starts = [frame for frame in _played(tap) if isinstance(frame, SpeechStarted)]
    arrivals = iter(server.arrivals()[seen:])
    values: list[float] = []
    for start, turn in zip(starts, server.turns(), strict=True):
        position, end = start.position, start.position + turn["audio_ms"] * RATE_HZ / 1000
        while end - position > 1:
            at_ns, size = next(arrivals)
            position += size // 2
            captured_ns = zero_ns + position * 1_000_000_000 // RATE_HZ
            if captured_ns > start.sent_ns:
                values.append((at_ns - captured_ns) / 1e6)
    return values


def _steady(arrivals: Sequence[tuple[int, int]], zero_ns: int) -> list[float]:
    """How late each message of a stream without gaps is, in ms."""
    values: list[float] = []
    position = 0
    for at_ns, size in arrivals:
        position += size // 2
        if position > SETTLE_S * RATE_HZ:
            values.append((at_ns - zero_ns) / 1e6 - position * 1000 / RATE_HZ)
    return values


def _played(tap: Tap) -> Iterator[Frame]:
    """Yield what comes until the recording has been played."""
    for heard in tap.stream():
        frame = heard.frame
        if isinstance(frame, Health) and frame.state is ActorState.FINISHED:
            return
        yield frame


def _zero_ns(pipeline: RunningPipeline) -> int:
    """Return when sample 0 was captured."""
    frame = pipeline.frame("microphone", "audio", lambda _: True)
    assert isinstance(frame, Audio)
    return frame.origin_ns - (frame.position + frame.samples) * 1_000_000_000 // RATE_HZ
