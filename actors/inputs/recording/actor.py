"""Sends recordings as a microphone would: 20 ms at a time, silence in between, at real pace."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any, ClassVar

from actors.inputs.recording.clock import Clock
from actors.inputs.recording.cue import AnswerTimes, CueDecision, FileProgress, SendingState, judge
from actors.inputs.recording.options import STDIN, Item, RecordingOptions, Start
from actors.inputs.recording.sources import (
    BLOCK_BYTES,
    ReadAhead,
    read_descriptor,
    read_file,
)
from actors.lib.audio.decode import require_sound
from actors.lib.audio.pcm import (
    BLOCK_SAMPLES,
    BLOCKS_HZ,
    SAMPLE_BYTES,
    level_dbfs,
    samples_to_ns,
    to_samples,
)
from pipeline.actor import Actor
from pipeline.errors import ConfigError
from pipeline.frames import Audio, Playback, TurnClosed
from pipeline.ports import In, Out

NEEDED_INPUT = {Start.AFTER_ANSWER: "turns", Start.DURING_ANSWER: "playback"}
STDIN_FD = 0
STARVED_S = 0.2
"""How long a live source may pause before silence is sent in its place: longer than the 125 ms
blocks in which arecord writes."""


class RecordedInput(Actor[RecordingOptions]):
    """Plays files, waiting for answers where it is told to; ends after the last.

    A file that cannot be read to its end is over there, and told of."""

    options_type = RecordingOptions
    inputs: ClassVar = {
        "playback": In((Playback,), replay=True, required=False),
        "turns": In((TurnClosed,), replay=True, required=False),
    }
    outputs: ClassVar = {"audio": Out((Audio,), retain_s=15)}
    is_source = True

    _source: ReadAhead | None = None
    _clock: Clock | None = None
    _newest = b""
    _kept: FileProgress | None = None
    """What the checkpoint has."""
    _in_vain = 0
    """Files in a row of which nothing could be played."""

    @classmethod
    def check(cls, options: Any, config_dir: Path) -> None:
        """Check that every file is there and holds sound.

        Raises:
            DeviceError: one does not.
        """
        for item in options.files:
            if item.path != STDIN:
                require_sound(item.resolve(config_dir))

    def rates_hz(self) -> dict[str, float]:
        """Blocks of sound or of silence, all the time, at the pace of the options."""
        return {"audio": BLOCKS_HZ * self.options.pace}

    async def start(self) -> None:
        """Check the files and the wiring, and find out where the process before this one was."""
        for item in self.options.files:
            port = NEEDED_INPUT.get(item.start)
            if port is not None and port not in self.surroundings.connected:
                raise ConfigError(
                    f"actors.{self.name}: a file that starts {item.start.value} needs the input "
                    f"{port!r}: connect it, or start the file at_once"
                )
        saved = self.checkpoint.get("progress")
        if not saved:
            await asyncio.to_thread(self.check, self.options, self.surroundings.config_dir)
        self._answers = AnswerTimes(self.session)
        self._progress = FileProgress.restore(saved) if saved else FileProgress()
        self._before = self._progress
        self._base_ns: int = self.checkpoint.get("base_ns", 0)
        self._fed_ns = time.monotonic_ns()

    def on_playback(self, frame: Playback) -> None:
        """Note when an answer began to be heard."""
        self._answers.on_playback(frame)

    def on_turns(self, frame: TurnClosed) -> None:
        """Note when a turn was closed."""
        self._answers.on_turns(frame)

    async def run(self) -> None:
        """Send block after block until everything is played."""
        if not self._base_ns:
            self._base_ns = time.monotonic_ns()
        self._clock = Clock()
        while self._progress.phase is not SendingState.DONE:
            if self._source is None and self._progress.phase in (
                SendingState.WAITING,
                SendingState.PLAYING,
            ):
                self._source = self._open()
            due_ns = self._next_due_ns()
            if self._is_at_hand():
                await self._clock.beat(due_ns, self._send_what_is_at_hand)
                continue
            await self._clock.sleep_until(due_ns)
            before = self._progress
            self._send(before, await self._next_sound(due_ns))

    async def stop(self) -> None:
        """Close the file."""
        if self._clock is not None:
            self._clock.close()
        await self._close()

    def measure(self) -> None:
        """Say how loud the newest block is, and write down where a process that follows goes on."""
        if not self._newest:
            return
        self.gauges["level_dbfs"] = level_dbfs(to_samples(self._newest))
        before, kept = self._before, self._kept
        if kept is None or before.is_far_from(kept):
            self._kept = before
            self.checkpoint["progress"] = list(before)
            self.checkpoint["base_ns"] = self._base_ns

    def _is_at_hand(self) -> bool:
        """Whether a whole block of a file has been read which is not its last."""
        if self._source is None or self._progress.phase is not SendingState.PLAYING:
            return False
        return self._item().path != STDIN and self._source.holds(2)

    def _send_what_is_at_hand(self) -> int | None:
        """Send a block; return when the next one is due, None if that is not at hand."""
        assert self._source is not None
        before = self._progress
        self._progress = before.sent_block(BLOCK_SAMPLES)
        self._send(before, self._source.read())
        return self._next_due_ns() if self._is_at_hand() else None

    async def _next_sound(self, due_ns: int) -> bytes:
        """Return what goes into the next block, and move on."""
        if self._progress.phase is SendingState.WAITING:
            self._progress = self._begin_if_cued(due_ns)
        pcm = b""
        if self._progress.phase is SendingState.PLAYING:
            pcm = await self._next_block(due_ns)
        self._progress = self._progress.sent_block(len(pcm) // SAMPLE_BYTES)
        if self._progress.phase is SendingState.PLAYING and self._played_out():
            await self._end_item()
        elif self._progress.phase is SendingState.TAIL:
            self._progress = self._progress.end_tail(self.options)
        return pcm

    def _begin_if_cued(self, due_ns: int) -> FileProgress:
        progress = self._progress
        since_ns = self._due_ns(progress.since)
        verdict = judge(progress, self._answers, self.options, since_ns, due_ns)
        if verdict is CueDecision.WAIT:
            return progress
        if verdict is CueDecision.GIVE_UP:
            self.counters["answers_missed"] += 1
            self.log.warning(
                "no answer came: going on without it", waited_s=self.options.answer_timeout_s
            )
        self.log.info("playing", file=self._item().path)
        return progress.begin_item()

    async def _next_block(self, due_ns: int) -> bytes:
        assert self._source is not None
        if self._item().path != STDIN:
            # One more than is taken shows whether this is the last block.
            await self._source.available(2)
            return self._source.read()
        patience_s = STARVED_S - (time.monotonic_ns() - self._fed_ns) / 1e9
        try:
            async with asyncio.timeout(max(0.0, patience_s)):
                await self._source.available(1)
        except TimeoutError:
            self.counters["starved"] += 1
            return b""
        self._fed_ns = time.monotonic_ns()
        # A source with a clock of its own is behind ours: from now on expect it that much later.
        self._base_ns += max(0, self._fed_ns - due_ns)
        return self._source.read()

    def _played_out(self) -> bool:
        return self._source is not None and self._source.exhausted

    async def _end_item(self) -> None:
        assert self._source is not None
        failure = self._source.failure
        await self._close()
        if failure is not None:
            self.counters["unreadable_files"] += 1
            self.log.error("a file cannot be read to its end", problem=str(failure))
        self._in_vain = 0 if self._progress.offset else self._in_vain + 1
        self._progress = self._progress.end_item(self.options)
        if self._in_vain >= len(self.options.files):
            # Files that are played for ever and have become unreadable: there is no more to give.
            self._progress = self._progress.enter(SendingState.TAIL)

    def _send(self, before: FileProgress, pcm: bytes) -> None:
        position = before.position
        pcm = pcm.ljust(BLOCK_BYTES, b"\0")
        captured_ns = self._due_ns(position + BLOCK_SAMPLES)
        final = self._progress.phase is SendingState.DONE
        self.publish("audio", Audio.block(self.session, captured_ns, position, pcm, final=final))
        # One block back: what is being sent while the process is killed is sent again.
        self._before, self._newest = before, pcm

    def _open(self) -> ReadAhead:
        playing = self._progress.phase is SendingState.PLAYING
        skip = self._progress.offset if playing else 0
        item = self._item()
        if item.path == STDIN:
            return ReadAhead(read_descriptor(STDIN_FD))
        return ReadAhead(
            read_file(item.resolve(self.surroundings.config_dir), skip, self._on_damage)
        )

    async def _close(self) -> None:
        source, self._source = self._source, None
        if source is not None:
            await source.close()

    def _on_damage(self, problem: str) -> None:
        self.counters["damaged_packets"] += 1
        self.log.warning("a piece of the file is damaged and left out", problem=problem)

    def _item(self) -> Item:
        return self.options.files[self._progress.item % len(self.options.files)]

    def _next_due_ns(self) -> int:
        return self._due_ns(self._progress.position + BLOCK_SAMPLES)

    def _due_ns(self, position: int) -> int:
        """Return when the samples before `position` have all been captured."""
        return self._base_ns + int(samples_to_ns(position) / self.options.pace)
