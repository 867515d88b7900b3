"""Files that are whole, broken off, full, and followed by others."""

from __future__ import annotations

import errno
import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from recorder_frames import blocks, description, payload, taken

from actors.recordings.reader import read_recording
from actors.services.recorder.mcap_file import CHUNK_BYTES
from actors.services.recorder.rotating_writer import RotatingWriter
from actors.services.recorder.rotation import RotationLimits
from pipeline.errors import ConfigError, GreenroomError
from pipeline.frames import Side, Transcript


def writer(tmp_path: Path, name: str = "talk.mcap", **limits: float) -> RotatingWriter:
    pipeline = description(tmp_path, microphone={"audio": ["audio"]})
    return RotatingWriter(str(tmp_path / name), RotationLimits(**limits), pipeline)  # type: ignore[arg-type]


def write_all(writing: RotatingWriter, count: int) -> None:
    for seq, block in enumerate(blocks(count)):
        writing.write(taken(block, seq))


def test_bytes_schema_config_and_version_are_in_the_file(tmp_path: Path) -> None:
    from mcap.reader import make_reader

    writing = writer(tmp_path)
    sent = [taken(block, seq) for seq, block in enumerate(blocks(3))]
    words = Transcript(turn="local:0", epoch=1, backend="live", side=Side.USER, text="go")
    sent.append(taken(words, 0, "live", "transcript"))
    for each in sent:
        writing.write(each)
    writing.close()
    with (tmp_path / "talk.mcap").open("rb") as file:
        reader = make_reader(file)
        found = list(reader.iter_messages())
        (metadata,) = [m.metadata for m in reader.iter_metadata() if m.name == "greenroom"]
    assert [message.data for _, _, message in found] == [each.payload for each in sent]
    assert {channel.message_encoding for _, channel, _ in found} == {"msgpack"}
    assert {schema.encoding for schema, _, _ in found if schema} == {"jsonschema"}
    assert [channel.topic for _, channel, _ in found] == [f"{s.actor}.{s.port}" for s in sent]
    schemas = {schema.name: json.loads(schema.data) for schema, _, _ in found if schema}
    assert "pcm" in schemas["audio"]["properties"]
    assert metadata["version"] == "1.2.3"
    assert json.loads(metadata["config"])["name"] == "test"
    offset_ns = int(metadata["clock_offset_ns"])
    assert [m.publish_time - offset_ns for _, _, m in found] == [each.sent_ns for each in sent]


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path[:0] = [sys.argv[1], str(Path(sys.argv[1]).parents[1] / "helpers")]
from recorder_frames import blocks, taken
from test_recorder_files import writer
writing = writer(Path(sys.argv[2]))
for seq, block in enumerate(blocks(1000)):
    writing.write(taken(block, seq))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_recorder_loses_no_more_than_a_chunk(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(Path(__file__).parent), str(tmp_path)],
        check=False,
        timeout=60,
    )
    assert done.returncode == -signal.SIGKILL
    recording = read_recording([tmp_path / "talk.mcap"])
    lost = 1000 - len(recording.messages)
    assert not recording.whole
    # A message takes its payload and a header; what waits in the buffer is less than a chunk.
    assert 0 < lost * len(payload(blocks(1)[0], 0)) <= 2 * CHUNK_BYTES
    assert [m.sequence for m in recording.messages] == list(range(len(recording.messages)))
    assert recording.metadata["pipeline"] == "test"


@pytest.mark.parametrize(("cut", "readable"), [(0, False), (5, False), (100, False), (3000, True)])
def test_a_file_that_breaks_off_anywhere_is_read_or_refused_in_words(
    tmp_path: Path, cut: int, readable: bool
) -> None:
    writing = writer(tmp_path)
    for seq, block in enumerate(blocks(10)):
        writing.write(taken(block, seq))
    writing.close()
    path = tmp_path / "talk.mcap"
    path.write_bytes(path.read_bytes()[:cut])
    if readable:
        assert not read_recording([path]).whole
    else:
        with pytest.raises(GreenroomError, match="is no recording of greenroom"):
            read_recording([path])


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "talk.mcap"
    path.write_bytes(b"RIFF" * 100)
    with pytest.raises(GreenroomError, match="cannot be read as a recording"):
        read_recording([path])
    with pytest.raises(GreenroomError, match="No such file"):
        read_recording([tmp_path / "talk-2.mcap"])


def test_a_chunk_that_is_damaged_is_an_error_in_words(tmp_path: Path) -> None:
    writing = writer(tmp_path)
    write_all(writing, 300)
    writing.close()
    path = tmp_path / "talk.mcap"
    bytes_ = bytearray(path.read_bytes())
    middle = len(bytes_) // 2
    bytes_[middle : middle + 50] = bytes(each ^ 0xFF for each in bytes_[middle : middle + 50])
    path.write_bytes(bytes_)
    with pytest.raises(GreenroomError, match=r"talk\.mcap is damaged"):
        read_recording([path])


def test_a_chunk_that_is_damaged_and_can_be_unpacked_is_found_by_its_checksum(
    tmp_path: Path,
) -> None:
    writing = writer(tmp_path)
    write_all(writing, 300)
    writing.close()
    path = tmp_path / "talk.mcap"
    data = bytearray(path.read_bytes())
    at, chunk = len(b"\x89MCAP0\r\n"), 6
    while data[at] != chunk:
        at += 9 + int.from_bytes(data[at + 1 : at + 9], "little")
    # Opcode and length, two times and the size come before the checksum of what is unpacked.
    data[at + 9 + 3 * 8] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(GreenroomError, match=r"talk\.mcap is damaged"):
        read_recording([path])


def test_a_file_that_changes_while_it_is_read_is_an_error_in_words(tmp_path: Path) -> None:
    writing = writer(tmp_path)
    write_all(writing, 300)
    writing.close()
    recording = read_recording([tmp_path / "talk.mcap"])
    (tmp_path / "talk.mcap").write_bytes(b"")
    with pytest.raises(GreenroomError, match="was changed while it was read"):
        list(recording.messages)


def test_messages_are_found_by_place_and_by_channel(tmp_path: Path) -> None:
    writing = writer(tmp_path)
    words = Transcript(turn="local:0", epoch=1, backend="live", side=Side.USER, text="go")
    sent = [taken(block, seq) for seq, block in enumerate(blocks(4))]
    sent.insert(2, taken(words, 0, "live", "transcript"))
    for each in sorted(sent, key=lambda each: each.sent_ns):
        writing.write(each)
    writing.close()
    messages = read_recording([tmp_path / "talk.mcap"]).messages
    assert messages[-1].payload == max(sent, key=lambda each: each.sent_ns).payload
    assert [m.sequence for m in messages[:2]] == [0, 1]
    sound = messages.only(lambda channel: channel.type == "audio")
    assert [m.sequence for m in sound] == [0, 1, 2, 3]
    assert {channel.actor: at for channel, at in sound.lasts().items()} == {"microphone": 3}
    assert messages.span_ns == (messages[0].sent_ns, messages[-1].sent_ns)


def test_a_long_file_is_followed_by_others_and_the_oldest_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.services.recorder.rotating_writer.FLUSH_EVERY_NS", 0)
    writing = writer(tmp_path, max_bytes=3000, keep_files=2)
    for seq, block in enumerate(blocks(40)):
        writing.write(taken(block, seq))
        writing.tick()
    writing.close()
    left = sorted(tmp_path.glob("*.mcap"))
    assert sorted(writing.files) == left
    assert len(left) == 2
    assert tmp_path / "talk.mcap" not in left
    recording = read_recording(left)
    assert recording.whole
    newest = [m.sequence for m in recording.messages]
    assert newest == list(range(newest[0], 40))


def test_a_recording_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    for _ in range(2):
        writing = writer(tmp_path)
        writing.write(taken(blocks(1)[0], 0))
        writing.close()
    assert {path.name for path in tmp_path.glob("*")} == {"talk.mcap", "talk-2.mcap"}


def test_frames_that_two_files_of_a_run_hold_are_read_once(tmp_path: Path) -> None:
    sent = [taken(block, seq) for seq, block in enumerate(blocks(6))]
    writing = writer(tmp_path)
    for piece in (sent[:4], sent[2:]):
        writing.open()
        for each in piece:
            writing.write(each)
        writing.close()
    recording = read_recording([tmp_path / "talk-2.mcap", tmp_path / "talk.mcap"])
    assert [m.payload for m in recording.messages] == [each.payload for each in sent]


def test_files_of_two_runs_are_no_recording(tmp_path: Path) -> None:
    for name in ("a.mcap", "b.mcap"):
        writing = writer(tmp_path, name)
        writing.write(taken(blocks(1)[0], 0))
        writing.close()
    with pytest.raises(GreenroomError, match="of another run"):
        read_recording([tmp_path / "a.mcap", tmp_path / "b.mcap"])


def test_a_pipe_that_nobody_reads_is_an_error_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "talk.mcap")
    with pytest.raises(OSError, match="No such device or address"):
        writer(tmp_path).open()
    assert (tmp_path / "talk.mcap").is_fifo()


def test_a_disk_without_room_is_an_error_and_leaves_no_empty_file(tmp_path: Path) -> None:
    os.symlink("/dev/full", tmp_path / "talk.mcap")  # noqa: PTH211 - as ln -s does
    with pytest.raises(OSError, match="No space left") as caught:
        writer(tmp_path).write(taken(blocks(1)[0], 0))
    assert caught.value.errno == errno.ENOSPC


def test_a_file_that_may_grow_no_more_stays_readable_f26(tmp_path: Path) -> None:
    writing = writer(tmp_path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(OSError, match="too large"):
            write_all(writing, 2000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    writing.close()
    recording = read_recording([tmp_path / "talk.mcap"])
    assert recording.messages
    assert not recording.whole


def test_a_path_with_an_unknown_placeholder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"only \{pipeline\}, \{session\} and \{time\}"):
        writer(tmp_path, "{day}.mcap")
