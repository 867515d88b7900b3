"""`greenroom tap`: a stream as JSON, as bytes, and measured."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import pytest
import zmq
from typer.testing import CliRunner
from watched import described

from actors.cli.choose import choose
from pipeline.bus.endpoint import EndpointLock, ipc_address
from pipeline.bus.replay import replay_topic
from pipeline.cli.app import make_app
from pipeline.cli.meter import Meter, percentile
from pipeline.cli.tap import RAW_LENGTH, TapMode, tap_command
from pipeline.config.description import FILE
from pipeline.errors import GreenroomError
from pipeline.frames import Audio, UserText
from pipeline.frames.wire import decode, encode
from pipeline.ports import SUPERVISOR

STREAM = "microphone.audio"
MS = 1_000_000


def block(seq: int, **header: int) -> Audio:
    times = {"origin_ns": 1, "boot": 1} | header
    return Audio(session="local", position=seq * 320, pcm=bytes(640), seq=seq, **times)


def payload(seq: int) -> bytes:
    return encode(block(seq), seq=seq, boot=1, sent_ns=2)


def described_in(runtime_dir: Path) -> None:
    (runtime_dir / FILE).write_text(json.dumps(asdict(described())))


@contextmanager
def publishing(runtime_dir: Path, *messages: tuple[bytes, bytes]) -> Iterator[None]:
    """A microphone that says its piece as soon as both subscriptions of a tap are there."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    socket = context.socket(zmq.XPUB)
    socket.setsockopt(zmq.RCVTIMEO, 20_000)
    socket.bind(ipc_address(runtime_dir, "microphone"))
    described_in(runtime_dir)

    def publish() -> None:
        awaited = {b"\x01audio", b"\x01" + replay_topic("tap", "audio")}
        while awaited:
            awaited.discard(socket.recv())
        for message in messages:
            socket.send_multipart(message)

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        with EndpointLock(runtime_dir, SUPERVISOR):
            yield
    finally:
        thread.join()
        socket.close(linger=0)
        context.destroy(linger=0)


def tap(runtime_dir: Path, mode: TapMode, count: int) -> None:
    tap_command(STREAM, str(runtime_dir), count, mode)


def test_json_is_one_object_a_line_and_shows_of_sound_its_size(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with publishing(tmp_path, (b"audio", payload(0)), (b"audio", payload(1))):
        tap(tmp_path, TapMode.JSON, 2)
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["type"], first["position"], second["position"]) == ("audio", 0, 320)
    assert first["pcm"].startswith("640 bytes: 0000")


def test_raw_is_every_payload_as_it_came_after_its_length_in_four_bytes(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    garbage = b"\xc1 is no msgpack"
    with publishing(tmp_path, (b"audio", payload(0)), (b"audio", garbage)):
        tap(tmp_path, TapMode.RAW, 2)
    written = capsysbinary.readouterr().out
    (length,) = RAW_LENGTH.unpack_from(written)
    assert written[: RAW_LENGTH.size] == length.to_bytes(4, "big")
    end = RAW_LENGTH.size + length
    assert decode(written[RAW_LENGTH.size : end]) == block(0, origin_ns=1).model_copy(
        update={"sent_ns": 2}
    )
    assert written[end:] == len(garbage).to_bytes(4, "big") + garbage


def test_raw_bytes_are_not_written_to_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    with pytest.raises(GreenroomError, match="file or a program"):
        tap(tmp_path, TapMode.RAW, 1)


def test_hz_measures_what_comes_now_and_neither_what_was_retained_nor_other_ports(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    retained = replay_topic("tap", "audio")
    another = encode(UserText(session="local", turn="local:t1", text="x"), seq=9, boot=7, sent_ns=2)
    with publishing(
        tmp_path,
        (retained, payload(0)),
        (retained, b""),
        (b"audio_levels", another),
        (b"audio", payload(1)),
        (b"audio", payload(4)),
    ):
        tap(tmp_path, TapMode.HZ, 2)
    *_, line = capsys.readouterr().out.splitlines()
    number = r"[\d,]+(\.\d)?"
    assert re.fullmatch(
        rf"{number} Hz   age p50 {number} ms, p99 {number} ms   {number} bytes/s   lost 2", line
    )


@pytest.mark.parametrize(
    ("stream", "said"),
    [
        ("mikrophone.audio", r"no actor 'mikrophone' publishes in this pipeline; .*'microphone'"),
        ("microphone.audoi", r"microphone has no output port 'audoi'; .*'audio'"),
    ],
)
def test_a_stream_that_there_is_not_is_refused_and_not_waited_for(
    tmp_path: Path, stream: str, said: str
) -> None:
    described_in(tmp_path)
    with EndpointLock(tmp_path, SUPERVISOR), pytest.raises(GreenroomError, match=said):
        tap_command(stream, f"{tmp_path}/", None, TapMode.JSON)


def test_where_no_pipeline_runs_there_is_nothing_to_wait_for(tmp_path: Path) -> None:
    described_in(tmp_path)
    with pytest.raises(GreenroomError, match="no pipeline runs in"):
        tap_command(STREAM, f"{tmp_path}/", None, TapMode.JSON)


def test_two_ways_to_write_at_once_are_refused() -> None:
    result = CliRunner().invoke(
        make_app(choose, lambda config, _path: config), ["tap", STREAM, "--raw", "--hz"]
    )
    assert isinstance(result.exception, GreenroomError)
    assert "name one of them" in str(result.exception)


def test_a_meter_gives_rates_of_the_time_since_the_last_reading() -> None:
    meter = Meter(0)
    for seq in range(100):
        sent_ns = (seq + 1) * 20 * MS
        meter.on_frame(block(seq, origin_ns=sent_ns - seq * MS), 700, sent_ns)
    reading = meter.read(2000 * MS)
    assert (reading.rate_hz, reading.bytes_per_s, reading.lost) == (50, 35_000, 0)
    assert (reading.age_p50_ms, reading.age_p99_ms) == (49, 98)
    assert meter.read(3000 * MS).rate_hz == 0


def test_a_silent_stream_has_no_age() -> None:
    assert Meter(0).read(MS).age_p99_ms is None


@pytest.mark.parametrize(
    ("frames", "lost"),
    [
        pytest.param([(1, 5), (1, 6)], 0, id="what came before the first is not missed"),
        pytest.param([(1, 5), (1, 8), (1, 10)], 3, id="gaps add up"),
        pytest.param([(1, 5), (2, 3)], 0, id="a restarted producer counts anew"),
        pytest.param([(0, 0), (0, 0)], 0, id="a foreign producer does not count"),
    ],
)
def test_what_is_missing_in_seq_is_lost(frames: list[tuple[int, int]], lost: int) -> None:
    meter = Meter(0)
    for boot, seq in frames:
        meter.on_frame(block(seq, boot=boot), 1, MS)
    assert meter.read(MS).lost == lost


@pytest.mark.parametrize(("percent", "value"), [(1, 1.0), (50, 2.0), (51, 3.0), (99, 4.0)])
def test_a_percentile_is_one_of_the_values(percent: int, value: float) -> None:
    assert percentile([1.0, 2.0, 3.0, 4.0], percent) == value
