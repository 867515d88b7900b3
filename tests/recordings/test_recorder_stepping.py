"""Where a replay waits that goes step by step."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from recorder_frames import description, taken

from actors.cli import keypress
from actors.cli.keypress import Keypress
from actors.cli.stepping import Stepping, steps_of
from actors.recordings.reader import frames, read_recording
from actors.recordings.stepping import Step, Steps, turns_sent
from actors.services.recorder.rotating_writer import RotatingWriter
from actors.services.recorder.rotation import RotationLimits
from pipeline.errors import GreenroomError
from pipeline.frames import Audio, Frame, Image, SpeechStarted, UserText


def spoke(turn: str, at_ns: int) -> SpeechStarted:
    return SpeechStarted(turn=turn, position=0, at_ns=at_ns)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Two spoken turns and a typed one."""
    sent: list[tuple[str, str, Frame]] = [
        ("microphone", "audio", Audio(position=0, pcm=b"")),
        ("vad", "speech", spoke("local:0", 5)),
        ("vad", "speech", spoke("local:640", 40)),
        ("vad", "speech", spoke("local:640", 40)),
        ("console", "text", UserText(turn="local:t1", text="go")),
        ("camera", "video", Image(jpeg=b"", width=1, height=1)),
    ]
    writer = RotatingWriter(str(tmp_path / "talk.mcap"), RotationLimits(), description(tmp_path))
    for seq, (actor, port, frame) in enumerate(sent):
        writer.write(taken(frame, seq, actor, port))
    writer.close()
    return tmp_path / "talk.mcap"


def test_a_turn_is_a_step_from_its_first_sample_on() -> None:
    steps = Steps([Step("b", 30), Step("a", 10)])
    due = [steps.due(sent_ns, "microphone", "audio") for sent_ns in (5, 10, 20, 40, 50)]
    assert due == [None, Step("a", 10), None, Step("b", 30), None]


def test_turns_with_nothing_sent_between_them_are_one_step() -> None:
    steps = Steps([Step("a", 10), Step("b", 30)])
    assert steps.due(50, "microphone", "audio") == Step("b", 30)
    assert steps.due(60, "microphone", "audio") is None


def test_every_frame_of_a_stream_is_a_step() -> None:
    steps = Steps(stream=("camera", "video"))
    assert steps.due(1, "camera", "video") == Step("camera.video", 1)
    assert steps.due(2, "microphone", "audio") is None
    assert steps.due(3, "camera", "video") == Step("camera.video", 3)


def test_only_turns_of_those_replayed_count(recording: Path) -> None:
    found = list(frames(read_recording([recording]).messages))
    spoken = turns_sent(found, ["microphone"], sounding=True)
    assert [(each.name, each.at_ns) for each in spoken] == [("local:0", 5), ("local:640", 40)]
    typed = turns_sent(found, ["console"], sounding=False)
    assert [each.name for each in typed] == ["local:t1"]


def test_what_cannot_be_stepped_through_is_refused_in_words(recording: Path) -> None:
    found = read_recording([recording])
    assert steps_of(found, ["microphone"], Stepping()) is None
    with pytest.raises(GreenroomError, match=r"no turns of camera .*--step-on"):
        steps_of(found, ["camera"], Stepping(wanted=True))
    with pytest.raises(GreenroomError, match=r"not replayed; did you mean 'camera\.video'"):
        steps_of(found, ["camera"], Stepping(stream="camera.vidoe"))
    steps = steps_of(found, ["camera"], Stepping(stream="camera.video"))
    assert steps is not None
    assert steps.due(9, "camera", "video") == Step("camera.video", 9)


def test_each_line_is_one_step_and_the_end_of_input_lets_go(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def press() -> list[bool]:
        async with Keypress() as enter, asyncio.timeout(20):
            os.write(write, b"\n\n")
            waited = [await enter.wait(name) for name in ("one", "two")]
            os.close(write)
            return waited + [await enter.wait(name) for name in ("three", "four")]

    read, write = os.pipe()
    monkeypatch.setattr(keypress, "STDIN_FD", read)
    try:
        assert asyncio.run(press()) == [True, True, True, False]
    finally:
        os.close(read)
    assert capsys.readouterr().out == "next: one\nnext: two\nnext: three\n"
