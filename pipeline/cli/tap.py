"""`greenroom tap`: see what passes on a stream."""

from __future__ import annotations

import struct
import sys
import time
from collections.abc import Iterator
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any

import zmq

from pipeline.bus.blocking_subscriber import BlockingSubscriber
from pipeline.cli.meter import Meter, Reading
from pipeline.cli.running import find_runtime_dir, listening
from pipeline.config.description import read_description
from pipeline.errors import GreenroomError, did_you_mean
from pipeline.frames.values import json_text
from pipeline.frames.wire import decode
from pipeline.ports import StreamRef

SHOWN_BYTES = 16
"""Of sound and pictures only the size and the beginning are shown."""
RAW_LENGTH = struct.Struct(">I")
"""Before each raw payload: its length in bytes, big-endian."""
REFRESH_NS = 1_000_000_000
"""A rate that changes more often cannot be read."""
NS_PER_MS = 1_000_000


class TapMode(StrEnum):
    """What is written of a frame."""

    JSON = "json"
    RAW = "raw"
    HZ = "hz"


def tap_command(stream: str, pipeline: str | None, count: int | None, mode: TapMode) -> None:
    """Write what comes on a stream to standard output, until Control-C.

    Raises:
        GreenroomError: there is no such stream or pipeline, or raw bytes would go to a terminal.
    """
    try:
        ref = StreamRef.parse(stream)
    except ValueError as error:
        raise GreenroomError(str(error)) from error
    if mode is TapMode.RAW and sys.stdout.isatty():
        raise GreenroomError("--raw writes binary: send it to a file or a program")
    write = {TapMode.JSON: _json, TapMode.RAW: _raw, TapMode.HZ: _hz}[mode]
    runtime_dir = find_runtime_dir(pipeline)
    _check(ref, runtime_dir)
    with listening(runtime_dir, ref.actor, ref.port) as listener:
        try:
            write(listener, count)
        except (KeyboardInterrupt, zmq.ContextTerminated):
            return


def _check(ref: StreamRef, runtime_dir: Path) -> None:
    known = read_description(runtime_dir).streams
    ports = [each.port for each in known if each.actor == ref.actor]
    if not ports:
        hint = did_you_mean(ref.actor, [each.actor for each in known])
        raise GreenroomError(f"no actor {ref.actor!r} publishes in this pipeline; {hint}")
    if ref.port not in ports:
        hint = did_you_mean(ref.port, ports)
        raise GreenroomError(f"{ref.actor} has no output port {ref.port!r}; {hint}")


def _json(listener: BlockingSubscriber, count: int | None) -> None:
    for frame in islice(listener.frames(), count):
        fields = {"type": frame.type_name, **frame.model_dump(mode="python")}
        print(json_text(fields, default=_brief), flush=True)  # noqa: T201


def _brief(value: Any) -> Any:
    if isinstance(value, bytes):
        return f"{len(value)} bytes: {value[:SHOWN_BYTES].hex()}"
    return str(value)


def _raw(listener: BlockingSubscriber, count: int | None) -> None:
    """Write each payload as it came, also one that is no frame."""
    for payload in islice(_payloads(listener), count):
        sys.stdout.buffer.write(RAW_LENGTH.pack(len(payload)) + payload)
        sys.stdout.buffer.flush()


def _payloads(listener: BlockingSubscriber) -> Iterator[bytes]:
    while True:
        for taken in listener.receive():
            yield taken.payload


def _hz(listener: BlockingSubscriber, count: int | None) -> None:
    """Measure what comes; what was retained is old on purpose and does not count."""
    now_ns = time.monotonic_ns()
    meter, seen = Meter(now_ns), 0
    due_ns = now_ns + REFRESH_NS
    while seen != count:
        for taken in listener.receive(max(0, due_ns - now_ns) // NS_PER_MS + 1):
            if not taken.retained and seen != count:
                meter.on_frame(decode(taken.payload), len(taken.payload), taken.at_ns)
                seen += 1
        now_ns = time.monotonic_ns()
        if now_ns >= due_ns or seen == count:
            print(_reading_line(meter.read(now_ns)), flush=True)  # noqa: T201
            due_ns = now_ns + REFRESH_NS


def _reading_line(reading: Reading) -> str:
    return (
        f"{reading.rate_hz:.1f} Hz   age p50 {_age(reading.age_p50_ms)}, "
        f"p99 {_age(reading.age_p99_ms)}   {reading.bytes_per_s:,.0f} bytes/s   lost {reading.lost}"
    )


def _age(age_ms: float | None) -> str:
    return "-" if age_ms is None else f"{age_ms:.1f} ms"
