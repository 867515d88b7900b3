"""What of a recording is not known here is left out, and said how much that is."""

from __future__ import annotations

import msgpack
import pytest

from actors.recordings.messages import RecordedMessage
from actors.recordings.reader import frames
from pipeline.frames import UserText
from pipeline.frames.wire import encode


def message(payload: bytes, sequence: int = 0) -> RecordedMessage:
    return RecordedMessage("lidar", "points", payload, sequence, sequence)


def test_what_is_not_known_is_counted_and_told_once_however_often_it_is_gone_through(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said_before = UserText(session="local", turn="local:1", text="hello")
    known = encode(said_before, seq=0, boot=1, sent_ns=1)
    strange = msgpack.packb({"type": "lidar", "session": "local"})
    messages = [message(strange, 1), message(known, 2), message(strange, 3), message(b"\xc1", 4)]
    for _ in range(3):
        assert [each.sequence for each, _ in frames(messages)] == [2]
    said = capsys.readouterr()
    assert not said.out
    lines = said.err.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "left out 2 messages of lidar.points",
        "left out a message of lidar.points",
    ]


def test_whoever_looks_at_the_first_only_is_told_of_what_came_before_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = frames([message(b"\xc1", n)._replace(port="beams") for n in range(3)])
    assert next(found, None) is None
    assert "left out 3 messages of lidar.beams" in capsys.readouterr().err
