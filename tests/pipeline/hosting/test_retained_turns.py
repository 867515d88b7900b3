"""Real processes: the sound of a closed turn is not kept as long as that of an open one."""

from __future__ import annotations

import time
from pathlib import Path

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
    with listening(runtime_dir, "answering", "audio") as listener:
        while not listener.has_all("answering", "audio"):
            before_s = time.monotonic()
            for taken in listener.receive(PATIENCE_MS):
                frame = decode(taken.payload)
                assert isinstance(frame, AnswerAudio)
                turns.add(frame.turn)
            assert time.monotonic() - before_s < PATIENCE_MS / 1000, "no answer"
    return turns


def test_sound_is_let_go_of_once_its_turn_is_closed(tmp_path: Path) -> None:
    actors = {
        "answering": actor("Answering", inputs={"turns": "closing.turns"}),
        "closing": actor("Closing", inputs={"audio": "answering.audio"}),
    }
    with running(config(tmp_path, actors)) as pipeline:
        pipeline.until(
            lambda _: retained_turns(pipeline.runtime_dir) == {"local:320"},
            "only the open turn kept",
        )
