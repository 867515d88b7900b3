"""Real processes: the sound of a closed turn is not kept as long as that of an open one."""

from __future__ import annotations

from pathlib import Path

import zmq
from supervised import actor, config

from pipeline.cli.running import listening
from pipeline.frames import AnswerAudio
from pipeline.frames.wire import decode
from pipeline.testing import running

PATIENCE_MS = 20_000
"""Only a broken producer does not answer."""


def retained_turns(runtime_dir: Path) -> set[str]:
    """Turns of what a player would get that is started now."""
    turns = set()
    with listening(runtime_dir, "answering", "audio") as socket:
        socket.setsockopt(zmq.RCVTIMEO, PATIENCE_MS)
        while True:
            _, payload = socket.recv_multipart()
            if not payload:
                return turns
            frame = decode(payload)
            assert isinstance(frame, AnswerAudio)
            turns.add(frame.turn)


def test_sound_is_let_go_of_once_its_turn_is_closed(tmp_path: Path) -> None:
    actors = {
        "answering": actor("Answering", inputs={"turns": "closing.turns"}),
        "closing": actor("Closing"),
    }
    with running(config(tmp_path, actors)) as pipeline:
        pipeline.until(
            lambda _: retained_turns(pipeline.runtime_dir) == {"local:320"},
            "only the open turn kept",
        )
