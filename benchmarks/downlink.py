"""From the first piece of an answer leaving the server to that piece in the playout."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from benchmarks.arrival_sink import notes_of
from benchmarks.bare import receive_alone
from benchmarks.figures import DOWN_LIMITS_MS, Figure, added
from benchmarks.server import TYPED_WORD, simulator
from benchmarks.setting import SHORT_ANSWER, talker
from benchmarks.sound import RATE_HZ, write_wav
from benchmarks.tap import tapping
from pipeline.frames import ActorState, Health, Playback, PlaybackState
from pipeline.testing import running

TRIALS = 100
WARM_UP = 3
SILENCE_S = 900
"""More than the run takes: the microphone hears nothing, but it is there."""


def measure(folder: Path) -> list[Figure]:
    """Type line after line, each when the answer to the one before has been heard.

    The clock starts when the server hands the first piece to its socket: TLS, the parsing by
    google-genai and the way between two processes of ours are in it. It stops when the piece is
    in the playout: longer than the pre-buffer of 40 ms, it is in the next block of the device.
    google-genai alone stops when its message is there.
    """
    lines = folder / "typed.txt"
    lines.write_text("".join(f"{TYPED_WORD} {n}\n" for n in range(TRIALS + WARM_UP)))
    silence = write_wav(folder / "silence.wav", np.zeros(SILENCE_S * RATE_HZ, np.int16))
    config = talker(
        folder,
        [str(silence)],
        console={
            "use": "console",
            "inputs": {"turns": "supervisor.turns"},
            "options": {"path": str(lines), "wait": True},
        },
        live={"inputs": {"text": "console.text"}},
        speaker={"use": f"{Path(__file__).with_name('arrival_sink.py')}:ArrivalSink"},
    )
    streams = {"console": ["health"], "speaker": ["playback"]}
    begun_ns: dict[str, int] = {}
    with simulator(folder, SHORT_ANSWER) as server:
        came_ns = receive_alone(server, TRIALS + WARM_UP)
        alone = [
            (came - turn["first_audio_ns"]) / 1e6
            for came, turn in zip(came_ns, server.turns(), strict=True)
        ][WARM_UP:]
        with running(config) as pipeline, tapping(pipeline.runtime_dir, **streams) as tap:
            pipeline.until(lambda status: bool(status.actors), "a sign of life")
            for heard in tap.stream(SILENCE_S):
                frame = heard.frame
                if isinstance(frame, Playback) and frame.state is PlaybackState.STARTED:
                    begun_ns[frame.turn] = frame.at_ns
                elif isinstance(frame, Health) and frame.state is ActorState.FINISHED:
                    break
        left_ns = [turn["first_audio_ns"] for turn in server.turns()]
    notes = [json.loads(line) for line in notes_of(folder / "answer.wav").read_text().splitlines()]
    trials = list(zip(left_ns, notes, strict=True))[WARM_UP:]
    ours = [(note["at_ns"] - left) / 1e6 for left, note in trials]
    return [
        Figure("first piece of an answer: server to google-genai alone", "ms", alone),
        Figure("first piece of an answer: server to playout", "ms", ours),
        added("- added to google-genai alone", ours, alone, DOWN_LIMITS_MS),
        Figure(
            "- of that, live to playout",
            "ms",
            [(note["at_ns"] - note["sent_ns"]) / 1e6 for _, note in trials],
        ),
        Figure(
            "- and then to the next block of 20 ms",
            "ms",
            [(begun_ns[note["turn"]] - note["at_ns"]) / 1e6 for _, note in trials],
        ),
    ]
