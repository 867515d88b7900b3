"""The file that stands for a speaker, with a note of when each answer was there to be played."""

from __future__ import annotations

import json
import time
from pathlib import Path

from actors.outputs.wav_file import WavSink
from pipeline.frames import AnswerAudio


class ArrivalSink(WavSink):
    """Writes a line beside its file for the first block of each answer."""

    def on_audio(self, frame: AnswerAudio) -> None:
        """Take a block of an answer."""
        super().on_audio(frame)
        at_ns = time.monotonic_ns()
        if frame.position == 0:
            notes = notes_of(self.options.path)
            line = {"turn": frame.turn, "at_ns": at_ns, "sent_ns": frame.sent_ns}
            with notes.open("a") as file:
                file.write(json.dumps(line) + "\n")


def notes_of(path: Path) -> Path:
    """Where the lines of a sink that writes to `path` are."""
    return path.with_suffix(".jsonl")
