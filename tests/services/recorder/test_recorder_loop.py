"""From sockets to disk: each frame as it is and once, and what happens when the disk refuses."""

from __future__ import annotations

import errno
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
import zmq
from recorder_frames import blocks, description, payload, taken

from actors.services.recorder import Recorder
from actors.services.recorder.capture import Capture
from actors.services.recorder.loop import COUNTERS, Loop
from actors.services.recorder.options import RecorderOptions
from actors.services.recorder.privacy import Omission, Privacy
from pipeline.bus import ipc_address
from pipeline.bus.blocking_subscriber import Taken
from pipeline.bus.replay import replay_topic
from pipeline.errors import ConfigError
from pipeline.frames import Side, Transcript

PATIENCE_MS = 20_000


@pytest.fixture
def producer(tmp_path: Path) -> Iterator[zmq.Socket[bytes]]:
    """A program that publishes in the place of `live`."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    socket = context.socket(zmq.XPUB)
    socket.setsockopt(zmq.RCVTIMEO, PATIENCE_MS)
    socket.bind(ipc_address(tmp_path, "live"))
    yield socket
    context.destroy(linger=0)


def test_frames_are_taken_as_they_are_once_and_nothing_else(
    tmp_path: Path, producer: zmq.Socket[bytes]
) -> None:
    pipeline = description(tmp_path, live={"transcript": ["transcript"]})
    counters: Counter[str] = Counter()
    text = Transcript(turn="local:0", epoch=1, backend="live", side=Side.USER, text="go")
    sent = [payload(text, seq) for seq in range(6)]
    again = replay_topic("test", "transcript")
    with Capture(pipeline, pipeline.streams, "test", counters) as capture:
        subscribed = {producer.recv() for _ in range(2)}
        assert subscribed == {b"\x01transcript", b"\x01" + again}
        producer.send_multipart([b"transcript", sent[2]])
        for data in (*sent[:3], b""):
            producer.send_multipart([again, data])
        producer.send_multipart([b"transcript", b"\xc1 no msgpack"])
        producer.send_multipart([b"transcript", b"\x81\xa1v\x01"])
        producer.send_multipart([b"transcript_of_others", sent[3]])
        producer.send_multipart([replay_topic("other", "transcript"), sent[3]])
        producer.send_multipart([b"transcript", sent[5]])
        batches: list[list[Taken]] = []
        deadline_s = time.monotonic() + PATIENCE_MS / 1000
        while sum(map(len, batches)) < 4:
            assert time.monotonic() < deadline_s, f"nothing more came after {batches}"
            batches.append(capture.receive(PATIENCE_MS))
    assert sorted(each.payload for batch in batches for each in batch) == sorted(
        [*sent[:3], sent[5]]
    )
    # What comes together is in order; what comes later may have been sent before.
    for batch in batches:
        assert [each.sent_ns for each in batch] == sorted(each.sent_ns for each in batch)
    assert counters == {"garbage": 2, "lost": 2}


class Feed:
    """Frames in batches; after the last the loop is told to stop."""

    def __init__(self, batches: list[list[Taken]], stop: Event) -> None:
        self._batches = batches
        self._stop = stop

    def is_wanted(self, taken: Taken) -> bool:
        return True

    def receive(self, _timeout_ms: int) -> list[Taken]:
        batch = self._batches.pop(0) if self._batches else []
        if not self._batches:
            self._stop.set()
        return batch


class Disk:
    """Takes frames unless it is full."""

    def __init__(self, full_after: int, room_after: int) -> None:
        self.written: list[Taken] = []
        self.noted: list[Taken] = []
        self.late = 3
        self._full = range(full_after, room_after)
        self._asked = 0

    def name_of(self, frame: Taken) -> str:
        return str(frame.frame["session"])

    def note(self, frame: Taken) -> None:
        self.noted.append(frame)

    def write(self, frame: Taken) -> int:
        self._asked += 1
        if self._asked - 1 in self._full:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.written.append(frame)
        return 1

    def tick(self) -> None:
        pass

    def close(self) -> None:
        pass


def run(
    disk: Disk, frames: list[Taken], privacy: Privacy | None = None
) -> tuple[Counter[str], list[str]]:
    stop = Event()
    troubles: list[str] = []
    counters: Counter[str] = Counter(dict.fromkeys(COUNTERS, 0))
    loop = Loop(
        Feed([[frame] for frame in frames], stop),  # type: ignore[arg-type]
        privacy or Privacy(),
        disk,  # type: ignore[arg-type]
        counters,
        lambda error: troubles.append(str(error)),
    )
    loop.run(stop)
    return counters, troubles


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.services.recorder.loop.BATCH_S", 0)


FRAMES = [taken(block, seq) for seq, block in enumerate(blocks(10))]


def test_a_full_disk_is_told_once_and_not_tried_with_every_frame_f26() -> None:
    disk = Disk(full_after=4, room_after=1000)
    counters, troubles = run(disk, FRAMES)
    assert disk.written == FRAMES[:4]
    assert troubles == ["[Errno 28] No space left on device"]
    assert (counters["frames"], counters["unwritten"], counters["write_errors"]) == (4, 6, 1)


def test_recording_goes_on_when_there_is_room_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.services.recorder.loop.RETRY_S", 0)
    disk = Disk(full_after=4, room_after=7)
    counters, troubles = run(disk, FRAMES)
    assert disk.written == [*FRAMES[:4], *FRAMES[7:]]
    assert troubles == ["[Errno 28] No space left on device", "None"]
    assert (counters["frames"], counters["unwritten"], counters["write_errors"]) == (7, 3, 3)


class DiskOfOthers(Disk):
    """Refuses the files of one session."""

    def __init__(self, refused: str) -> None:
        super().__init__(full_after=1000, room_after=1000)
        self._refused = refused

    def write(self, frame: Taken) -> int:
        if frame.frame["session"] == self._refused:
            raise OSError(errno.ENAMETOOLONG, "File name too long")
        return super().write(frame)


def test_a_file_that_cannot_be_written_lets_those_of_other_sessions_be_written() -> None:
    frames = [
        taken(block.model_copy(update={"session": ("one", "other")[number % 2]}), number)
        for number, block in enumerate(blocks(10))
    ]
    disk = DiskOfOthers("one")
    counters, troubles = run(disk, frames)
    assert disk.written == frames[1::2]
    assert troubles == ["[Errno 36] File name too long"]
    assert (counters["frames"], counters["unwritten"], counters["write_errors"]) == (5, 5, 1)


def test_of_a_session_that_is_over_nothing_is_wrong_any_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("actors.services.recorder.loop.OVER_S", -60)
    disk = DiskOfOthers("local")
    _, troubles = run(disk, [taken(blocks(1)[0], 0)])
    assert troubles[-1] == "None"


def test_what_may_not_be_recorded_never_reaches_the_disk() -> None:
    disk = Disk(full_after=1000, room_after=1000)
    counters, _ = run(disk, FRAMES, Privacy(frozenset({Omission.AUDIO})))
    assert disk.written == []
    assert counters["withheld"] == len(FRAMES)
    assert disk.noted == FRAMES, "of which sessions there are it knows all the same"
    assert counters["late"] == 3


def test_a_config_that_cannot_record_is_refused_before_it_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(ConfigError, match="are filled in"):
        Recorder.check(RecorderOptions(path="{date}.mcap"), Path())
    monkeypatch.setattr("actors.services.recorder.actor.find_spec", lambda _name: None)
    with pytest.raises(ConfigError, match=r"pip install greenroom\[record\]"):
        Recorder.check(RecorderOptions(), Path())
