"""The frame of a subject's program: opens sessions, speaks into them, tells what was heard.

It runs in the subject's environment: only what comes with Python may be imported here.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
import wave
from collections.abc import Callable
from typing import Any, Protocol

from benchmarks.peers.device import Device
from benchmarks.peers.feeder import CHUNK_SAMPLES, Feeder
from benchmarks.peers.task import KEY, Task, rotation

BLOCK_AFTER_S = 0.5
BLOCK_S = 0.5


class Line(Protocol):
    """One session of a subject."""

    async def open(self) -> None:
        """Connect; return when sound may come."""

    def hear(self, pcm: bytes) -> None:
        """Take 20 ms from the microphone."""


def run(make: Callable[[Task, str, Device], Line], depth_ms: float) -> None:
    """Do the task on the command line; print, as JSON lines, when it began and what was heard.

    Args:
        make: Gets the task, the session's key and its device.
        depth_ms: What the subject's usual output holds in its device.
    """
    asyncio.run(_run(Task.parse(sys.argv[1]), make, depth_ms))


async def _run(task: Task, make: Callable[[Task, str, Device], Line], depth_ms: float) -> None:
    with wave.open(task.sound) as file:
        pcm = file.readframes(-1)
    devices = [Device(depth_ms) for _ in range(task.sessions)]
    lines = [make(task, f"{KEY}-{index}", device) for index, device in enumerate(devices)]
    for line in lines:
        await line.open()
    if task.block:
        for device in devices:
            device.on_start = _block_later
    sounds = []
    for index in range(task.sessions):
        start = 2 * rotation(index, task.sessions, len(pcm) // 2, CHUNK_SAMPLES)
        sounds.append(pcm[start:] + pcm[:start])
    await Feeder().feed(sounds, [line.hear for line in lines], lambda at: _tell(zeros_ns=at))
    _tell(runs=[device.runs for device in devices])
    # How a subject takes its sessions down is not measured, and some never finish.
    os._exit(0)


def _block_later() -> None:
    """Be the user's function that does not yield."""
    asyncio.get_running_loop().call_later(BLOCK_AFTER_S, time.sleep, BLOCK_S)


def _tell(**facts: Any) -> None:
    print(json.dumps(facts), flush=True)
