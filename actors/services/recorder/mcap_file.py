"""One MCAP file while it is written."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.bus.blocking_subscriber import Taken
from pipeline.frames import FRAME_TYPES

if TYPE_CHECKING:
    from mcap.writer import Writer

CHUNK_BYTES = 64 * 1024
"""What a killed recorder loses at most; of 5,000 messages 4,992 were read with it."""
PROFILE = "greenroom"
METADATA = "greenroom"
"""Name of the metadata record with the config and the version."""


def _open_now(path: str, flags: int) -> int:
    """Open a file to write to; a pipe that nobody reads is an error, not a wait without an end."""
    descriptor = os.open(path, flags | os.O_NONBLOCK, 0o666)
    os.set_blocking(descriptor, True)
    return descriptor


class McapFile:
    """Frames in, messages out: a channel for each stream and type of frame.

    The bytes are those of the socket (message encoding `msgpack`), the schema is the frame's JSON
    Schema. Log and publish times are wall time: the monotonic times of the frames plus one constant
    `clock_offset_ns`, which the metadata names.

    Raises:
        OSError: from every method, when the disk is full or the like; then only `abandon` is left.
    """

    def __init__(self, path: Path, metadata: Mapping[str, str], clock_offset_ns: int) -> None:
        from mcap.writer import CompressionType, Writer

        self.path = path
        self._offset_ns = clock_offset_ns
        self._channels: dict[tuple[str, str, str], int] = {}
        self._schemas: dict[str, int] = {}
        # Unlike "xb" this also opens a device; the caller sees to a name that is free.
        self._raw = io.FileIO(path, "w", opener=_open_now)
        self._buffer = io.BufferedWriter(self._raw)
        self._writer: Writer = Writer(
            self._buffer, chunk_size=CHUNK_BYTES, compression=CompressionType.ZSTD
        )
        try:
            self._writer.start(profile=PROFILE)
            self._writer.add_metadata(
                METADATA, {**metadata, "clock_offset_ns": str(clock_offset_ns)}
            )
            self._buffer.flush()
        except OSError:
            self.abandon()
            raise

    @property
    def size_bytes(self) -> int:
        """What is written so far, the chunk in progress excepted."""
        return self._buffer.tell() if self._raw.seekable() else 0

    def write(self, taken: Taken) -> None:
        """Add a frame."""
        self._writer.add_message(
            channel_id=self._channel(taken),
            log_time=taken.at_ns + self._offset_ns,
            publish_time=taken.sent_ns + self._offset_ns,
            sequence=taken.frame.get("seq", 0) & 0xFFFFFFFF,
            data=taken.payload,
        )

    def flush(self) -> None:
        """End the chunk and hand it to the operating system."""
        self._writer.flush()  # type: ignore[no-untyped-call]

    def close(self) -> None:
        """Write the index and close."""
        self._writer.finish()  # type: ignore[no-untyped-call]
        self._buffer.close()

    def abandon(self) -> None:
        """Close without another byte: what was written whole stays readable."""
        self._raw.close()

    def _channel(self, taken: Taken) -> int:
        kind = str(taken.frame["type"])
        key = (taken.actor, taken.port, kind)
        if key not in self._channels:
            self._channels[key] = self._writer.register_channel(
                topic=f"{taken.actor}.{taken.port}",
                message_encoding="msgpack",
                schema_id=self._schema(kind),
                metadata={"actor": taken.actor, "port": taken.port, "type": kind},
            )
        return self._channels[key]

    def _schema(self, kind: str) -> int:
        if kind not in FRAME_TYPES:
            return 0  # A frame type of somebody else's actor: MCAP's number for "no schema".
        if kind not in self._schemas:
            schema = FRAME_TYPES[kind].model_json_schema()
            self._schemas[kind] = self._writer.register_schema(
                name=kind, encoding="jsonschema", data=json.dumps(schema).encode()
            )
        return self._schemas[kind]
