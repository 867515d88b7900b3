"""Plays answers into WAV files, at the pace at which a person would hear them."""

from __future__ import annotations

import hashlib
import re
from enum import StrEnum
from pathlib import Path

import numpy as np
from pydantic import Field

from actors.lib.audio.pcm import Samples
from actors.lib.audio.wav_file import WavFile
from actors.outputs.metronome import Metronome
from actors.outputs.output import SoundSource
from actors.outputs.paced_output import PacedOutput, Quiet
from actors.outputs.player import Player
from actors.outputs.player_options import PlayerOptions
from actors.outputs.playout.playout_state import RATE_HZ
from actors.outputs.session_playback import SessionPlayback
from pipeline.frames import ActorState, SessionEnded, SessionOpened
from pipeline.surroundings import Surroundings

PAUSE_SAMPLES = RATE_HZ * 300 // 1000
"""What `trim` leaves of a silence: as long as a pause between two sentences."""
MOST_NAME_CHARACTERS = 80
"""Of a session's name in the name of its file: file systems take 255 bytes in all."""


class Silence(StrEnum):
    """What becomes of the time in which nothing is said."""

    KEEP = "keep"
    TRIM = "trim"


class WavSinkOptions(PlayerOptions):
    """Options of `wav_sink`."""

    path: Path = Field(
        Path("out/answers.wav"), description="Taken from the working directory; folders are made."
    )
    every_session: bool = Field(
        False,
        description="Callers too get a file each, named `<path>-<session>.wav`; if not, only the "
        "config's own session is played.",
    )
    silence: Silence = Field(
        Silence.TRIM, description="keep: the file is as long as the run. trim: pauses of 0.3 s."
    )
    pace: float = Field(1.0, gt=0, le=100, description="1 is real time; 10 plays ten times faster.")


class WavSink(Player[WavSinkOptions]):
    """A speaker without a sound card: the same playback, heard by a file.

    A full disk does not stop the conversation: the actor is degraded, and what cannot be written
    is counted in `unwritten_samples`.
    """

    options_type = WavSinkOptions

    def __init__(self, options: WavSinkOptions, surroundings: Surroundings) -> None:
        super().__init__(options, surroundings)
        self._metronome = Metronome(options.pace, self.work_of)

    @classmethod
    def reports_callers(cls, options: WavSinkOptions) -> bool:
        """Whether callers have files too."""
        return options.every_session

    def make_output(self, opened: SessionOpened) -> WavOutput | None:
        """Return a file for the config's own session, and for others if asked to.

        It is written anew, or appended to where an earlier process of this pipeline was killed.
        """
        own = opened.session == self.session
        if not own and not self.options.every_session:
            return None
        path = self.options.path.absolute()
        if not own:
            path = path.with_name(f"{path.stem}-{_file_name(opened.session)}{path.suffix}")
        files = self.checkpoint.setdefault("files", {})
        append = files.get(opened.session) == str(path)
        files[opened.session] = str(path)
        return WavOutput(self, path, self._quiet(own=own), append=append)

    def session_ended(self, state: SessionPlayback | None, ended: SessionEnded) -> None:
        """Let go of a session and its file."""
        self.checkpoint.get("files", {}).pop(ended.session, None)
        super().session_ended(state, ended)

    @property
    def metronome(self) -> Metronome:
        """The one clock of all files."""
        return self._metronome

    async def run(self) -> None:
        """Ask for a block whenever one would be due on a sound device."""
        await self._metronome.run()

    def count_slip(self) -> None:
        """Count that the clock had stood still."""
        self.counters["clock_slips"] += 1

    def report_unwritten(self, path: Path, samples: int, error: OSError) -> None:
        """Say that a file cannot be written."""
        self.counters["unwritten_samples"] += samples
        if self.state is not ActorState.DEGRADED:
            self.log.warning("cannot write", path=str(path), problem=str(error))
        self.set_state(ActorState.DEGRADED, f"cannot write {path}: {error}")

    def report_written(self) -> None:
        """Say that writing goes well again."""
        if self.state is ActorState.DEGRADED:
            self.set_state(ActorState.READY)

    def _quiet(self, *, own: bool) -> Quiet:
        if "far_end" not in self.surroundings.unheard:
            return Quiet.TICKS
        return Quiet.LAGS if own or self.options.silence is Silence.KEEP else Quiet.SKIPS


class WavOutput(PacedOutput):
    """A file of one session."""

    def __init__(self, sink: WavSink, path: Path, quiet: Quiet, *, append: bool) -> None:
        super().__init__(sink.metronome, quiet, sink.count_slip)
        self._sink = sink
        self._path = path
        self._append = append
        self._keeps_silence = sink.options.silence is Silence.KEEP
        self._file: WavFile | None = None
        self._pause = 0

    def open(self, source: SoundSource) -> None:
        """Open the file.

        Raises:
            DeviceError: it cannot be written.
        """
        self._file = WavFile(self._path, RATE_HZ, append=self._append)
        super().open(source)

    def close(self) -> None:
        """Close the file."""
        super().close()
        if self._file is not None:
            self._file.close()
            self._file = None

    def play(self, block: Samples, *, sounds: bool) -> None:
        """Write a block, and of the silence before it what is to be kept."""
        if sounds:
            self._store(np.concatenate([np.zeros(self._pause, np.int16), block]))
            self._pause = 0
        elif self._keeps_silence:
            self._store(block)
        else:
            self._pause = min(self._pause + len(block), PAUSE_SAMPLES)

    def _store(self, samples: Samples) -> None:
        assert self._file is not None
        try:
            self._file.write(samples)
        except OSError as error:
            self._sink.report_unwritten(self._path, len(samples), error)
        else:
            self._sink.report_written()


def _file_name(session: str) -> str:
    """Return a session's name as a part of a file's; one that had to be changed stays unique."""
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", session)[:MOST_NAME_CHARACTERS]
    if plain == session:
        return plain
    return f"{plain}-{hashlib.sha256(session.encode()).hexdigest()[:8]}"
