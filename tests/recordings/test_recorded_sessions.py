"""A recording of several conversations: each can be had alone, and none is mixed with another."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import numpy as np
import pytest
from recorder_frames import description, taken

from actors.cli.compare import compare_command
from actors.cli.export import export_command
from actors.cli.plot import plot_command
from actors.lib.audio.pcm import to_pcm, to_samples
from actors.recordings.reader import read_recording
from actors.services.recorder.file_part import MOST_CHARACTERS, file_part
from actors.services.recorder.rotating_writer import RotatingWriter
from actors.services.recorder.rotation import RotationLimits
from pipeline.errors import GreenroomError
from pipeline.frames import (
    ActorState,
    Audio,
    Frame,
    Health,
    Outcome,
    Side,
    SpeechStarted,
    Transcript,
    TurnClosed,
)

S = 1_000_000_000
RATE_HZ = 16_000
LEVELS = {"call/1": 5000, "call-2": -3000}


def said(session: str, text: str) -> list[tuple[str, Frame]]:
    """A second of sound, and the turn in it."""
    turn = f"{session}:0"
    pcm = to_pcm(np.full(RATE_HZ, LEVELS[session], np.int16))
    names = {"session": session, "turn": turn}
    words = {"epoch": 0, "backend": "live", "side": Side.USER, "text": text, "final": True}
    verdict = {"outcome": Outcome.ANSWERED, "by": "live", "said": text, "answer": "Yes."}
    return [
        ("gateway.audio", Audio(session=session, position=0, pcm=pcm, origin_ns=101 * S)),
        ("vad.speech", SpeechStarted(**names, position=0, at_ns=100 * S)),
        ("live.transcript", Transcript(**names, **words)),
        ("supervisor.turns", TurnClosed(**names, **verdict)),
    ]


def recorded(tmp_path: Path, name: str, *streams: tuple[str, Frame]) -> Path:
    """Frames as the recorder writes them, between heartbeats of the pipeline's own session."""
    path = tmp_path / name
    writer = RotatingWriter(str(path), RotationLimits(), description(tmp_path))
    alive = Health(session="local", actor="live", pid=1, state=ActorState.READY)
    for seq, (stream, frame) in enumerate([("live.health", alive), *streams]):
        actor, _, port = stream.partition(".")
        writer.write(taken(frame, seq, actor, port))
    writer.close()
    return path


def two_calls(tmp_path: Path, second: str = "Stop.") -> Path:
    return recorded(tmp_path, "calls.mcap", *said("call/1", "Go."), *said("call-2", second))


def levels(path: Path) -> set[int]:
    """What is on the user's side, away from the edges, where resampling rings."""
    with wave.open(str(path)) as file:
        user = to_samples(file.readframes(file.getnframes()))[0::2]
    return {round(int(each), -2) for each in user[2400:-2400]}


def test_the_conversations_are_known_by_name_and_heartbeats_are_none(tmp_path: Path) -> None:
    recording = read_recording([two_calls(tmp_path)])
    assert recording.sessions == ["call/1", "call-2"]
    only = recording.of_session("call-2")
    assert only.messages.sessions == ["local", "call-2"]
    assert {m.port for m in only.messages} == {"health", "audio", "speech", "transcript", "turns"}


def test_sound_of_each_conversation_goes_to_a_file_of_its_own(tmp_path: Path) -> None:
    path = two_calls(tmp_path)
    export_command([path], "wav", None, None, binary=False)
    first, second = tmp_path / f"calls.{file_part('call/1')}.wav", tmp_path / "calls.call-2.wav"
    assert {each for each in tmp_path.iterdir() if each.suffix == ".wav"} == {first, second}
    assert (levels(first), levels(second)) == ({5000}, {-3000})


def test_one_that_is_named_goes_to_the_file_that_is_named(tmp_path: Path) -> None:
    path, output = two_calls(tmp_path), tmp_path / "one.wav"
    export_command([path], "wav", output, None, binary=False, session="call-2")
    assert levels(output) == {-3000}
    with pytest.raises(GreenroomError, match=r"no session 'call-3' .* did you mean 'call-2'"):
        export_command([path], "wav", None, None, binary=False, session="call-3")


def test_lines_of_json_are_of_all_and_say_whose_they_are(tmp_path: Path) -> None:
    path, output = two_calls(tmp_path), tmp_path / "lines.jsonl"
    export_command([path], "jsonl", output, None, binary=False)
    lines = [json.loads(line) for line in output.read_text().splitlines()]
    assert {line["session"] for line in lines} == {"local", "call/1", "call-2"}
    output.unlink()
    export_command([path], "jsonl", output, None, binary=False, session="call/1")
    lines = [json.loads(line) for line in output.read_text().splitlines()]
    assert {line["session"] for line in lines} == {"local", "call/1"}


def test_each_has_a_picture_of_its_own(tmp_path: Path) -> None:
    plot_command([two_calls(tmp_path)], None, None)
    pictures = {each.name for each in tmp_path.iterdir() if each.suffix == ".png"}
    assert pictures == {f"calls.{file_part('call/1')}.png", "calls.call-2.png"}


def test_one_is_compared_without_the_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    after.mkdir()
    a, b = str(two_calls(before)), str(two_calls(after, second="Halt."))
    assert compare_command(a, b, as_json=False) == 1
    assert compare_command(a, b, as_json=False, session="call/1") == 0
    assert "call-2" not in capsys.readouterr().out.split("the same")[-1]


def test_names_of_sessions_in_names_of_files_are_short_and_never_the_same() -> None:
    assert file_part("call-2") == "call-2"
    assert file_part("a/b") != file_part("a:b")
    assert len(file_part("x" * 200)) < MOST_CHARACTERS + 10
