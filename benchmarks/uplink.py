"""From the capture of a chunk's last sample to that chunk at the server."""

from __future__ import annotations

from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.setting import RATE_HZ, SPEECH, config, read_wav, scenario, simulator, write_wav
from pipeline.frames import Audio
from pipeline.testing import running

SECONDS = 60
CHUNK_BYTES = 640


def measure(folder: Path) -> list[Figure]:
    """Play a minute of speech in real time; compare arrival with capture, chunk by chunk.

    Without a local detector every chunk is sent as it comes, so the nth chunk that arrives is the
    nth that was captured, and the time includes TLS and the simulator's own reading.
    """
    speech = b"".join(read_wav(path) for path in sorted(SPEECH.glob("*.wav")))
    minute = (speech * 3)[: SECONDS * RATE_HZ * 2]
    sound = write_wav(folder / "minute.wav", minute)
    path = config(folder, [str(sound)], live={"inputs": {"speech": None}})
    with simulator(folder, scenario(folder)) as server, running(path) as pipeline:
        first = pipeline.frame("microphone", "audio", lambda f: isinstance(f, Audio))
        assert isinstance(first, Audio)
        pipeline.until(lambda s: s.actors[0].health is not None and _finished(s), "the end")
        arrivals = server.journal()["arrivals"]
    captured_ns = first.origin_ns - first.position * 1_000_000_000 // RATE_HZ
    values, samples = [], 0
    for arrived_ns, size in arrivals:
        due_ns = captured_ns + samples * 1_000_000_000 // RATE_HZ
        values.append((arrived_ns - due_ns) / 1e6)
        samples += size // 2
    # What was recorded before the session was open is sent late on purpose.
    steady = [value for value in values[100:] if value < 1000]
    return [
        Figure("capture to server, added", "ms", steady, 1.0, 5.0, f"{len(steady)} chunks"),
    ]


def _finished(status: object) -> bool:
    from pipeline.frames import Status

    assert isinstance(status, Status)
    return all(
        a.health is not None and a.health.state == "finished"
        for a in status.actors
        if a.actor == "microphone"
    )
