"""What is typed becomes turns; what is said is printed."""

from __future__ import annotations

import asyncio
import io
import math
import os
import stat
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from actors.inputs.console.lines import LineReader
from actors.inputs.console.one_line import one_line
from pipeline.actor import Actor, Options
from pipeline.errors import ConfigError, DeviceError
from pipeline.frames import (
    ListenAction,
    ListenCommand,
    Outcome,
    Side,
    Transcript,
    TurnClosed,
    UserText,
)
from pipeline.logs import redact
from pipeline.paths import PathOrName
from pipeline.ports import In, Out
from pipeline.turns.transcript_lines import TranscriptLine, TranscriptLines

if TYPE_CHECKING:
    from pipeline.surroundings import Surroundings

TERMINAL = "-"
"""Value of `path` for standard input, as in other commands."""
LATE_TRANSCRIPT_S = 1.0
"""How long a closed turn waits for the words of the user, which may come after the answer."""

SPEAKERS = {Side.USER: "you", Side.MODEL: "gemini"}


class ConsoleOptions(Options):
    """Options of `console`."""

    path: PathOrName | None = Field(
        TERMINAL,
        description="Where lines to send come from: `-` the terminal (standard input), a file or "
        "FIFO from config_dir, null nothing.",
    )
    wait: bool = Field(
        False, description="Send a line only when the turn of the line before is closed."
    )
    print: bool = Field(True, description="Write transcripts to standard output.")


class Console(Actor[ConsoleOptions]):
    """Sends lines and prints transcripts. Finished at the end of its input.

    Enter alone, in a terminal, asks on `listen` to be listened to.
    """

    options_type = ConsoleOptions
    inputs: ClassVar = {
        "transcript": In((Transcript,), required=False),
        "turns": In((TurnClosed,), required=False),
    }
    outputs: ClassVar = {"text": Out((UserText,), retain_s=30), "listen": Out((ListenCommand,))}
    is_source = True

    def __init__(self, options: ConsoleOptions, surroundings: Surroundings) -> None:
        """Set up the transcript; the input is opened in `start`."""
        super().__init__(options, surroundings)
        self._transcript = TranscriptLines(LATE_TRANSCRIPT_S)
        self._lines: asyncio.Queue[str | None] = asyncio.Queue()
        self._reader: LineReader | None = None
        self._echoed = False
        self._printing = options.print
        self._already_typed = 0
        self._awaited = ""
        self._answered = asyncio.Event()

    async def start(self) -> None:
        """Open the input.

        Raises:
            ConfigError: `wait` is set and nothing tells when turns are closed.
            DeviceError: the file cannot be read.
        """
        if self.options.wait and "turns" not in self.surroundings.connected:
            raise ConfigError(
                f"actors.{self.name}.options.wait: connect its input turns to supervisor.turns"
            )
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8", errors="replace")
        fd = self._open()
        if fd is None:
            self._lines.put_nowait(None)
        else:
            self._reader = LineReader(fd, self._lines.put_nowait, self._on_end)

    async def run(self) -> None:
        """Send line after line; returns at the end of the input."""
        while (line := await self._lines.get()) is not None:
            if self._reader is not None:
                self._reader.taken()
            text = one_line(line)
            if text and self._already_typed:
                self._already_typed -= 1
            elif text:
                await self._type(text)
            elif self._echoed:
                # Enter alone, in a terminal: the key of push-to-talk.
                self.publish("listen", ListenCommand(action=ListenAction.TAP, by="Enter"))

    async def stop(self) -> None:
        """End the reading; print what was still waited for."""
        if self._reader is not None:
            self._reader.close()
        self._print(self._transcript.overdue(math.inf))

    def on_transcript(self, piece: Transcript) -> None:
        """Print what is complete."""
        if piece.session != self.session:
            return
        self._print(self._transcript.add(piece))

    def on_turns(self, closed: TurnClosed) -> None:
        """Print what is left of the turn; let the next line go."""
        if closed.session != self.session:
            return
        if closed.turn == self._awaited:
            self._answered.set()
        self._print(self._transcript.close(closed, time.monotonic()))
        self.spawn(self._print_late(), "late transcript")
        if closed.outcome is Outcome.FAILED:
            self._write([f"no answer: {closed.reason or 'nobody knows why'}"])

    async def _print_late(self) -> None:
        await asyncio.sleep(LATE_TRANSCRIPT_S)
        self._print(self._transcript.overdue(time.monotonic()))

    async def _type(self, text: str) -> None:
        turn = f"{self.session}:t{time.monotonic_ns()}"
        self._awaited = turn
        self._answered.clear()
        *earlier, own = self._transcript.typed(self.session, turn, text)
        self._print(earlier if self._echoed else [*earlier, own])
        self.publish("text", UserText(session=self.session, turn=turn, text=text))
        self.counters["typed"] += 1
        self.checkpoint["typed"] = self.checkpoint.get("typed", 0) + 1
        if self.options.wait:
            await self._answered.wait()

    def _open(self) -> int | None:
        path = self.options.path
        if path is None:
            return None
        if path == TERMINAL:
            return self._open_terminal()
        file = Path(self.surroundings.config_dir, path)
        try:
            # Without O_NONBLOCK the opening of a FIFO waits for its writer.
            fd = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            raise DeviceError(f"{self.name}: cannot read {file}: {error.strerror}") from error
        kind = os.fstat(fd).st_mode
        if stat.S_ISDIR(kind):
            os.close(fd)
            raise DeviceError(f"{self.name}: {file} is a folder; name a file of lines")
        if stat.S_ISREG(kind):
            # Read again from its beginning after a restart.
            self._already_typed = int(self.checkpoint.get("typed", 0))
        return fd

    def _open_terminal(self) -> int | None:
        try:
            self._echoed = os.isatty(0)
            if self._echoed and os.tcgetpgrp(0) != os.getpgrp():
                # Reading would stop the process (SIGTTIN).
                self.log.warning("no typing: the process is not in the terminal's foreground")
                return None
            return os.dup(0)
        except OSError as error:
            self.log.warning("no typing: standard input cannot be read", error=str(error))
            return None

    def _on_end(self, error: OSError | None) -> None:
        if error is not None:
            self.log.warning("no more typing: the input cannot be read", error=str(error))
        self._lines.put_nowait(None)

    def _print(self, lines: list[TranscriptLine]) -> None:
        self._write([f"{SPEAKERS[line.side]}: {line.text}" for line in lines])

    def _write(self, lines: list[str]) -> None:
        if not (self._printing and lines):
            return
        try:
            sys.stdout.write("".join(f"{redact(one_line(line))}\n" for line in lines))
            sys.stdout.flush()
        except BrokenPipeError:
            self._printing = False
            self.log.warning("no more printing: nobody reads standard output")
