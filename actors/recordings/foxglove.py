"""A recording as an MCAP file with the types that Foxglove shows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from typing import IO, TYPE_CHECKING, Any

from actors.lib.audio.pcm import to_pcm
from actors.recordings.conversation import RecordedTurn
from actors.recordings.narration import NarrationLine, Weight
from actors.recordings.runs import RATE_HZ
from actors.recordings.showing import Shown, ShownPicture, ShownSound
from pipeline.errors import GreenroomError
from pipeline.frames import Route
from pipeline.frames.values import json_text
from pipeline.logs import redact

if TYPE_CHECKING:
    from google.protobuf.message import Message as Proto
    from google.protobuf.timestamp_pb2 import Timestamp

PACKAGES = ("mcap_protobuf", "foxglove_schemas_protobuf")
LATENCIES = ("detected", "answered", "first_sound")
TURN_FIELDS = {
    **dict.fromkeys(("turn", "said", "answer", "outcome", "by"), "string"),
    **{f"{name}_ms": "number" for name in LATENCIES},
}
ROUTE_FIELDS = {"owner": "string", "epoch": "integer", "reason": "string"}


def require_foxglove() -> None:
    """Check that the packages are there.

    Raises:
        GreenroomError: they are not.
    """
    if any(find_spec(each) is None for each in PACKAGES):
        raise GreenroomError("this needs packages: pip install 'greenroom[foxglove]'")


class FoxgloveFile:
    """Sound, pictures and words as `foxglove.RawAudio`, `CompressedImage` and `Log`.

    Turns with their latencies, and the route, are JSON with a flat schema: to be plotted.

    Args:
        file: Where.
        clock_offset_ns: From the times of the recording to wall time.
        metadata: Of the recording.
    """

    def __init__(self, file: IO[bytes], clock_offset_ns: int, metadata: Mapping[str, str]) -> None:
        from mcap.writer import Writer

        self._offset_ns = clock_offset_ns
        self._writer = Writer(file)
        self._writer.start(profile="")
        self._writer.add_metadata("greenroom", dict(metadata))
        self._channels: dict[str, int] = {}
        self._schemas: dict[str, int] = {}

    def write(self, everything: Iterable[Shown]) -> None:
        """Write what is shown, in the order of time, and the index."""
        for at_ns, content in everything:
            unix_ns = at_ns + self._offset_ns
            match content:
                case ShownSound():
                    self._audio(content, unix_ns)
                case ShownPicture():
                    self._image(content, unix_ns)
                case NarrationLine():
                    self._log(content, unix_ns)
                case RecordedTurn():
                    self._json("turns", "greenroom.Turn", TURN_FIELDS, _turn(content), unix_ns)
                case Route():
                    route = content.model_dump(include=set(ROUTE_FIELDS))
                    self._json("route", "greenroom.Route", ROUTE_FIELDS, route, unix_ns)
        self._writer.finish()  # type: ignore[no-untyped-call]

    def _audio(self, block: ShownSound, unix_ns: int) -> None:
        from foxglove_schemas_protobuf.RawAudio_pb2 import RawAudio

        message = RawAudio(
            timestamp=_timestamp(unix_ns),
            data=to_pcm(block.samples),
            format="pcm-s16",
            sample_rate=RATE_HZ,
            number_of_channels=1,
        )
        self._proto(f"{block.side}/audio", message, unix_ns)

    def _image(self, picture: ShownPicture, unix_ns: int) -> None:
        from foxglove_schemas_protobuf.CompressedImage_pb2 import CompressedImage

        message = CompressedImage(
            timestamp=_timestamp(unix_ns),
            frame_id=picture.stream,
            data=picture.image.jpeg,
            format="jpeg",
        )
        self._proto(picture.stream.replace(".", "/"), message, unix_ns)

    def _log(self, line: NarrationLine, unix_ns: int) -> None:
        from foxglove_schemas_protobuf.Log_pb2 import Log

        levels = {Weight.INFO: Log.INFO, Weight.WARNING: Log.WARNING, Weight.ERROR: Log.ERROR}
        message = Log(
            timestamp=_timestamp(unix_ns),
            level=levels[line.weight],
            message=line.text,
            name=line.who,
        )
        self._proto("log", message, unix_ns)

    def _proto(self, topic: str, message: Proto, unix_ns: int) -> None:
        from mcap_protobuf.schema import register_schema

        name = type(message).DESCRIPTOR.full_name
        if name not in self._schemas:
            self._schemas[name] = register_schema(self._writer, type(message))
        self._add(topic, "protobuf", name, message.SerializeToString(), unix_ns)

    def _json(
        self,
        topic: str,
        name: str,
        fields: Mapping[str, str],
        values: Mapping[str, Any],
        unix_ns: int,
    ) -> None:
        if name not in self._schemas:
            properties = {key: {"type": kind} for key, kind in fields.items()}
            schema = {"title": name, "type": "object", "properties": properties}
            self._schemas[name] = self._writer.register_schema(
                name=name, encoding="jsonschema", data=json.dumps(schema).encode()
            )
        data = redact(json_text(values, ensure_ascii=False)).encode()
        self._add(topic, "json", name, data, unix_ns)

    def _add(self, topic: str, encoding: str, schema: str, data: bytes, unix_ns: int) -> None:
        if topic not in self._channels:
            self._channels[topic] = self._writer.register_channel(
                topic=f"/{topic}", message_encoding=encoding, schema_id=self._schemas[schema]
            )
        self._writer.add_message(
            channel_id=self._channels[topic],
            log_time=unix_ns,
            publish_time=unix_ns,
            data=data,
        )


def _turn(turn: RecordedTurn) -> dict[str, Any]:
    """A turn without the latencies that are not known: a viewer would plot them as numbers."""
    words = {name: getattr(turn, name) for name in ("turn", "said", "answer", "outcome", "by")}
    known = {f"{name}_ms": turn.latency_ms[name] for name in LATENCIES if name in turn.latency_ms}
    return {**words, **known}


def _timestamp(unix_ns: int) -> Timestamp:
    from google.protobuf.timestamp_pb2 import Timestamp

    seconds, nanos = divmod(unix_ns, 1_000_000_000)
    return Timestamp(seconds=seconds, nanos=nanos)
