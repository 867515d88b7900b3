"""A recording as files for Foxglove and Rerun, read back by their own packages."""

from __future__ import annotations

import io
import json
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from mcap.reader import make_reader
from mcap_protobuf.decoder import DecoderFactory
from recorder_frames import description, taken
from test_export import LIVE, ZERO_NS, S, picture, playback, recorded, sound

from actors.cli.export import ExportForm, export_command
from actors.lib.audio.pcm import to_samples
from actors.recordings.reader import read_recording
from actors.services.recorder.rotating_writer import RotatingWriter
from actors.services.recorder.rotation import RotationLimits
from pipeline.errors import GreenroomError
from pipeline.frames import (
    EndReason,
    Fault,
    FaultClass,
    Outcome,
    PlaybackState,
    Route,
    Side,
    SpeechEnded,
    SpeechStarted,
    Transcript,
    TurnClosed,
)


def ns(seconds: float) -> int:
    return ZERO_NS + round(seconds * S)


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    """A question about a picture, answered after the first service had failed."""
    return recorded(
        tmp_path,
        ("microphone.audio", sound(5000, 0, 1, 16_000)),
        ("speaker.far_end", sound(3000, 1, 1, 24_000)),
        ("camera.video", picture(200, 0.5)),
        ("vad.speech", SpeechStarted(turn="local:0", position=0, at_ns=ns(0))),
        (
            "vad.speech",
            SpeechEnded(
                turn="local:0",
                start_position=0,
                position=16_000,
                at_ns=ns(1),
                reason=EndReason.SILENCE,
            ),
        ),
        ("live.transcript", Transcript(side=Side.USER, text="what is it?", final=True, **LIVE)),
        ("live.faults", Fault(backend="live", fault=FaultClass.QUOTA, reason="spent", retry=False)),
        ("supervisor.route", Route(owner="http", epoch=2, reason="live: quota")),
        ("live.transcript", Transcript(side=Side.MODEL, text="A <cup>.", final=True, **LIVE)),
        ("speaker.playback", playback(PlaybackState.STARTED, 0, 1.25)),
        (
            "supervisor.turns",
            TurnClosed(turn="local:0", outcome=Outcome.ANSWERED, by="http", first_sound_ms=250.0),
        ),
    )


LINES = [
    ("you", "what is it?"),
    ("live", "quota: spent"),
    ("route", "http: live: quota"),
    ("gemini", "A <cup>."),
]


def exported(path: Path, to: ExportForm, suffix: str) -> Path:
    export_command([path], to, None, None, binary=False)
    return path.with_suffix(suffix)


def messages(path: Path) -> Iterator[tuple[Any, Any, Any, Any]]:
    """Schema, channel, message and what it says, decoded with the schema in the file."""
    with path.open("rb") as file:
        decoders = DecoderFactory()
        for schema, channel, message in make_reader(file).iter_messages():
            if channel.message_encoding == "json":
                decoded = json.loads(message.data)
                jsonschema.validate(decoded, json.loads(schema.data))
            else:
                decode = decoders.decoder_for(channel.message_encoding, schema)
                assert decode is not None
                decoded = decode(message.data)
            yield schema, channel, message, decoded


def of(path: Path, topic: str) -> list[Any]:
    return [each for each in messages(path) if each[1].topic == topic]


def test_foxglove_gets_both_sides_as_sound_that_follows_on(talk: Path) -> None:
    path = exported(talk, "foxglove", ".foxglove.mcap")
    offset_ns = read_recording([talk]).clock_offset_ns
    for topic, levels in (("/user/audio", [5000, 0]), ("/heard/audio", [0, 3000])):
        blocks = of(path, topic)
        assert {schema.name for schema, *_ in blocks} == {"foxglove.RawAudio"}
        formats = {(b.format, b.sample_rate, b.number_of_channels) for *_, b in blocks}
        assert formats == {("pcm-s16", 24_000, 1)}
        begins_ns = [b.timestamp.seconds * S + b.timestamp.nanos for *_, b in blocks]
        assert begins_ns == [ns(n / 10) + offset_ns for n in range(20)]
        assert [message.log_time for _, _, message, _ in blocks] == begins_ns
        track = to_samples(b"".join(b.data for *_, b in blocks))
        assert len(track) == 2 * 24_000
        found = [int(track[at : at + 20_000].mean()) for at in (2_000, 26_000)]
        assert found == pytest.approx(levels, abs=10)


def test_foxglove_gets_pictures_words_turns_and_routes(talk: Path) -> None:
    path = exported(talk, "foxglove", ".foxglove.mcap")
    recording = read_recording([talk])
    (image,) = of(path, "/camera/video")
    assert (image[0].name, image[3].format) == ("foxglove.CompressedImage", "jpeg")
    (jpeg,) = (m.frame().jpeg for m in recording.of({"image"}))  # type: ignore[attr-defined]
    assert image[3].data == jpeg
    assert image[2].log_time == ns(0.5) + recording.clock_offset_ns
    logs = of(path, "/log")
    assert {schema.name for schema, *_ in logs} == {"foxglove.Log"}
    assert [(log.name, log.message) for *_, log in logs] == LINES
    assert [log.level for *_, log in logs] == [2, 4, 3, 2]
    ((schema, _, _, turn),) = of(path, "/turns")
    assert schema.encoding == "jsonschema"
    assert (turn["said"], turn["outcome"], turn["by"]) == ("what is it?", "answered", "http")
    assert turn["first_sound_ms"] == 250
    assert "answered_ms" not in turn
    assert [route["owner"] for *_, route in of(path, "/route")] == ["http"]


def test_rerun_gets_the_same(talk: Path) -> None:
    from rerun.chunk import RrdReader

    path = exported(talk, "rerun", ".rrd")
    recording = read_recording([talk])
    rows: dict[str, list[dict[str, Any]]] = {}
    for chunk in RrdReader(path).stream():
        batch = chunk.to_record_batch()
        names = [name for name in batch.schema.names if name not in ("log_time",)]
        for n in range(batch.num_rows):
            cells = {name: batch.column(name)[n] for name in names}
            rows.setdefault(chunk.entity_path, []).append(cells)

    def at_ns(row: dict[str, Any]) -> int:
        return int(row["time"].value) - recording.clock_offset_ns

    (piece,) = rows["/sound"]
    assert at_ns(piece) == ns(0)
    wav = bytes(piece["AssetAudio:blob"].as_py()[0])
    with wave.open(io.BytesIO(wav)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getnframes()) == (2, 24_000, 48_000)
        both = to_samples(file.readframes(48_000)).reshape(-1, 2)
    assert both[2_000:22_000].mean(axis=0) == pytest.approx([5000, 0], abs=10)
    assert both[26_000:46_000].mean(axis=0) == pytest.approx([0, 3000], abs=10)
    (image,) = rows["/camera/video"]
    (jpeg,) = (m.frame().jpeg for m in recording.of({"image"}))  # type: ignore[attr-defined]
    assert (at_ns(image), bytes(image["EncodedImage:blob"].as_py()[0])) == (ns(0.5), jpeg)
    logs = sorted(rows["/log"], key=at_ns)
    assert [row["TextLog:text"].as_py() for row in logs] == [[f"{a}: {b}"] for a, b in LINES]
    levels = [row["TextLog:level"].as_py() for row in logs]
    assert levels == [["INFO"], ["ERROR"], ["WARN"], ["INFO"]]
    assert [row["StateChange:state"].as_py() for row in rows["/route"]] == [["http"]]
    assert [row["Scalars:scalars"].as_py() for row in rows["/latency_ms/first_sound"]] == [[250.0]]
    heard = sorted(rows["/level/heard"], key=at_ns)
    found = [row["Scalars:scalars"].as_py()[0] for row in heard]
    assert found == pytest.approx([-96.0] * 10 + [-20.8] * 10, abs=0.1)


@pytest.mark.parametrize(
    ("to", "suffix"), [("foxglove", ".foxglove.mcap"), ("rerun", ".rrd")], ids=["foxglove", "rerun"]
)
def test_a_viewer_is_given_no_empty_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, to: ExportForm, suffix: str
) -> None:
    path = tmp_path / "talk.mcap"
    writer = RotatingWriter(str(path), RotationLimits(), description(tmp_path))
    writer.write(taken(Route(owner="live", epoch=0, reason="first"), 0, "supervisor", "route"))
    writer.close()
    with pytest.raises(GreenroomError, match="nothing to show"):
        export_command([path], to, None, None, binary=False)
    assert not path.with_suffix(suffix).exists()
    monkeypatch.setattr(f"actors.recordings.{MODULES[to]}.find_spec", lambda _name: None)
    with pytest.raises(GreenroomError, match=rf"pip install 'greenroom\[{to}\]'"):
        export_command([path], to, None, None, binary=False)


MODULES = {"foxglove": "foxglove", "rerun": "rerun_file"}


def test_a_last_piece_of_sound_may_be_short(tmp_path: Path) -> None:
    blocks = [sound(5000, n, 1, 16_000) for n in range(11)]
    path = recorded(tmp_path, *(("microphone.audio", each) for each in blocks))
    from rerun.chunk import RrdReader

    lengths = []
    for chunk in RrdReader(exported(path, "rerun", ".rrd")).stream():
        if chunk.entity_path == "/sound":
            for cell in chunk.to_record_batch().column("AssetAudio:blob"):
                with wave.open(io.BytesIO(bytes(cell.as_py()[0]))) as file:
                    lengths.append(file.getnframes() / 24_000)
    assert lengths == [10, 1]
