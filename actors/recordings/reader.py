"""Reads recordings, also those whose recorder was killed."""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from actors.recordings.mcap_blocks import Block, opened, records_of
from actors.recordings.messages import Channel, Index, RecordedMessage, RecordedMessages
from actors.services.recorder.actor import require_mcap
from actors.services.recorder.mcap_file import METADATA
from pipeline.errors import GreenroomError, WireError, did_you_mean
from pipeline.frames import Frame
from pipeline.logs import redact

__all__ = [
    "RecordedMessage",
    "RecordedMessages",
    "Recording",
    "beside",
    "frames",
    "read_recording",
]

SHARED_TYPES = frozenset({"health", "status"})
"""They are about actors and the pipeline, whatever session their header names."""
SPOKEN_TYPES = frozenset(
    {"audio", "answer_audio", "speech_started", "user_text", "transcript", "turn_closed"}
)
"""A session that carries one of these is a conversation."""


@dataclass
class Recording:
    """The messages of one run, in the order of sending.

    Attributes:
        files: Where they are; they are read again each time the messages are looked at.
        messages: Each once, though a restarted recorder writes again what it finds retained.
        metadata: As recorded: `version`, `pipeline`, `session`, `started_ns`, `config`...
        whole: Every file was ended properly; if not, the recorder was killed.
    """

    files: list[Path]
    messages: RecordedMessages
    metadata: dict[str, str] = field(default_factory=dict)
    whole: bool = True

    @property
    def config(self) -> dict[str, Any]:
        """The resolved config, without secrets."""
        config: dict[str, Any] = json.loads(self.metadata.get("config", "{}"))
        return config

    @property
    def clock_offset_ns(self) -> int:
        """From monotonic to wall time."""
        return int(self.metadata["clock_offset_ns"])

    def actors(self) -> dict[str, list[str]]:
        """Ports that carried something, by actor."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for channel in self.messages.channels:
            if channel.port not in found[channel.actor]:
                found[channel.actor].append(channel.port)
        return dict(found)

    @property
    def sessions(self) -> list[str]:
        """The conversations in it, in the order in which they began."""
        return self.of(SPOKEN_TYPES).sessions

    def of_session(self, session: str) -> Recording:
        """Return what belongs to one session.

        Raises:
            GreenroomError: nothing of it was recorded.
        """
        found = self.sessions
        if session not in found:
            raise GreenroomError(
                f"no session {session!r} was recorded; {did_you_mean(session, found)}"
            )
        return replace(self, messages=self.messages.of_session(session, SHARED_TYPES))

    def by_session(self, session: str | None) -> list[tuple[str, Recording]]:
        """Return the sessions one by one with their names: the one named, or all.

        A recording without any conversation is returned as it is.

        Raises:
            GreenroomError: nothing of the one named was recorded.
        """
        names = self.sessions if session is None else [session]
        return [(each, self.of_session(each)) for each in names] or [("", self)]

    def of(self, types: Collection[str]) -> RecordedMessages:
        """The messages of these types of frame."""
        return self.messages.only(lambda channel: channel.type in types)


def beside(files: Sequence[Path], suffix: str) -> Path:
    """Return where something made from a recording goes by default: next to its first file.

    Raises:
        GreenroomError: that is a folder.
    """
    first = min(files)
    if first.is_dir():
        raise GreenroomError(f"{first} is a folder: name the files of one recording")
    return first.with_suffix(suffix)


def read_recording(files: Sequence[Path], types: Collection[str] | None = None) -> Recording:
    """Find all messages in the files of one recording.

    Args:
        files: In any order.
        types: Only these types of frame; None is all.

    Raises:
        GreenroomError: one is no MCAP file of greenroom, or they are of different runs.
    """
    require_mcap()
    index = Index()
    metadata: dict[str, str] = {}
    whole = True
    for path in files:
        found, ended = _read_file(path, index, types)
        same = ("pipeline", "started_ns")
        if metadata and any(found[name] != metadata[name] for name in same):
            raise GreenroomError(f"{path} is of another run than {files[0]}")
        metadata = metadata or found
        whole &= ended
    return Recording(list(files), index.in_order(), metadata, whole)


def _read_file(
    path: Path, index: Index, types: Collection[str] | None
) -> tuple[dict[str, str], bool]:
    """Note the messages of a file; return its metadata, and whether it has an end."""
    from mcap import records

    channels: dict[int, Channel] = {}
    metadata: dict[str, str] | None = None
    offset_ns = 0
    ended = False
    for offset, record in records_of(path):
        block = Block(path, offset)
        nth = -1
        for each in opened(record, path):
            match each:
                case records.Metadata(name=name) if name == METADATA:
                    metadata = each.metadata
                    offset_ns = int(metadata["clock_offset_ns"])
                case records.Channel():
                    kind = each.metadata.get("type", "")
                    if types is None or kind in types:
                        actor, _, port = each.topic.partition(".")
                        channels[each.id] = Channel(actor, port, kind)
                case records.Message():
                    nth += 1
                    if metadata is not None and each.channel_id in channels:
                        sent_ns = each.publish_time - offset_ns
                        index.add(channels[each.channel_id], block, nth, each, sent_ns)
                case records.Footer():
                    ended = True
    if metadata is None:
        raise GreenroomError(f"{path} is no recording of greenroom")
    return metadata, ended


def frames(messages: Iterable[RecordedMessage]) -> Iterator[tuple[RecordedMessage, Frame]]:
    """Decode what is known here; other people's frame types are left out, and counted aloud."""
    left_out: Counter[tuple[str, str]] = Counter()
    try:
        for message in messages:
            try:
                frame = message.frame()
            except WireError as error:
                left_out[f"{message.actor}.{message.port}", str(error)] += 1
                continue
            yield message, frame
    finally:
        for (stream, problem), count in left_out.items():
            _tell_left_out(stream, problem, count)


@cache
def _tell_left_out(stream: str, problem: str, count: int) -> None:
    """Say it once: a recording is gone through several times."""
    messages = "a message" if count == 1 else f"{count} messages"
    # Not on the log, which goes to the standard output of a command: there may be its result.
    print(f"left out {messages} of {stream}: {redact(problem)}", file=sys.stderr)  # noqa: T201
