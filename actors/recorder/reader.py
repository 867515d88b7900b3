"""Reads recordings, also those whose recorder was killed."""

from __future__ import annotations

import json
import struct
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from actors.recorder.actor import require_mcap
from actors.recorder.mcap_file import METADATA
from pipeline.errors import GreenroomError, WireError
from pipeline.frames import Frame
from pipeline.wire import decode


class Message(NamedTuple):
    """A frame of a recording.

    Attributes:
        actor: Whose.
        port: On which of its ports.
        payload: Its bytes, as they were on the socket.
        sent_ns: Monotonic time of sending, on the clock of the recorded run.
        sequence: Its `seq`.
    """

    actor: str
    port: str
    payload: bytes
    sent_ns: int
    sequence: int

    def frame(self) -> Frame:
        """Decode the frame.

        Raises:
            WireError: it is of a type or version that is not known here.
        """
        return decode(self.payload)


@dataclass
class Recording:
    """The messages of one run, in the order of sending.

    Attributes:
        files: Where it was read from.
        metadata: As recorded: `version`, `pipeline`, `session`, `started_ns`, `config`...
        messages: Each once, though a restarted recorder writes again what it finds retained.
        whole: Every file was ended properly; if not, the recorder was killed.
    """

    files: list[Path]
    metadata: dict[str, str] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    whole: bool = True

    @property
    def config(self) -> dict[str, Any]:
        """The resolved config, without secrets."""
        config: dict[str, Any] = json.loads(self.metadata.get("config", "{}"))
        return config

    def actors(self) -> dict[str, list[str]]:
        """Ports that carried something, by actor."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for message in self.messages:
            if message.port not in found[message.actor]:
                found[message.actor].append(message.port)
        return dict(found)


def read_recording(files: Sequence[Path], types: Collection[str] | None = None) -> Recording:
    """Read all files of one recording.

    Args:
        files: In any order.
        types: Only these types of frame; None is all.

    Raises:
        GreenroomError: one is no MCAP file of greenroom, or they are of different runs.
    """
    require_mcap()
    recording = Recording(list(files))
    seen: set[tuple[str, str, bytes]] = set()
    for path in files:
        _read_file(path, recording, seen, types)
    recording.messages.sort(key=lambda each: each.sent_ns)
    return recording


def _read_file(
    path: Path,
    recording: Recording,
    seen: set[tuple[str, str, bytes]],
    types: Collection[str] | None,
) -> None:
    from mcap.records import Channel, Footer, Metadata
    from mcap.records import Message as Record

    channels: dict[int, Channel] = {}
    offset_ns: int | None = None
    ended = False
    for record in _records(path):
        match record:
            case Metadata(name=name, metadata=metadata) if name == METADATA:
                offset_ns = int(metadata["clock_offset_ns"])
                _same_run(path, recording, metadata)
            case Channel():
                if types is None or record.metadata.get("type") in types:
                    channels[record.id] = record
            case Record() if offset_ns is not None and record.channel_id in channels:
                actor, _, port = channels[record.channel_id].topic.partition(".")
                key = (actor, port, record.data)
                if key not in seen:
                    seen.add(key)
                    sent_ns = record.publish_time - offset_ns
                    message = Message(actor, port, record.data, sent_ns, record.sequence)
                    recording.messages.append(message)
            case Footer():
                ended = True
    if offset_ns is None:
        raise GreenroomError(f"{path} is no recording of greenroom")
    recording.whole &= ended


def _records(path: Path) -> Iterator[Any]:
    """Every record that is there as a whole; the seeking reader wants the end of the file."""
    from mcap.exceptions import EndOfFile, McapError
    from mcap.stream_reader import StreamReader

    try:
        with path.open("rb") as file:
            try:
                yield from StreamReader(file).records
            except (EndOfFile, struct.error):
                return
    except (OSError, McapError) as error:
        raise GreenroomError(f"{path} cannot be read as a recording: {error}") from error


def _same_run(path: Path, recording: Recording, metadata: dict[str, str]) -> None:
    first = recording.metadata
    if first and (first["pipeline"], first["started_ns"]) != (
        metadata["pipeline"],
        metadata["started_ns"],
    ):
        raise GreenroomError(f"{path} is of another run than {recording.files[0]}")
    recording.metadata = first or metadata


def frames(messages: Sequence[Message]) -> Iterator[tuple[Message, Frame]]:
    """Decode what is known here; other people's frame types are passed over."""
    for message in messages:
        try:
            yield message, message.frame()
        except WireError:
            continue
