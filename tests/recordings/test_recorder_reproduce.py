"""One actor alone gives what it gave in the recorded run, or it shows where it does not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from recorder_frames import blocks, description, taken

from actors.cli.reproduce import reproduce_command
from actors.recordings.difference import Difference, differences
from actors.services.recorder.rotating_writer import RotatingWriter
from actors.services.recorder.rotation import RotationLimits
from pipeline.errors import ConfigError, GreenroomError
from pipeline.frames import (
    Audio,
    Frame,
    SessionEnd,
    SessionEnded,
    SessionOpened,
    Transcript,
    UserText,
)
from pipeline.frames.answers import Side

ACTORS = Path(__file__).parent / "rewritten_actor.py"


def say(text: str, **fields: Any) -> UserText:
    return UserText(**{"session": "local", "turn": "local:t1", "text": text, **fields})


@pytest.fixture
def recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run in which a counter was sent five blocks."""
    monkeypatch.setattr("actors.recordings.reproduce.QUIET_S", 0.1)
    pipeline = replace(
        description(tmp_path, microphone={"audio": ["audio"]}, counter={"text": ["user_text"]}),
        config={
            "actors": {
                "microphone": {"use": "microphone", "options": {}, "inputs": {}},
                "counter": {
                    "use": f"{ACTORS}:BlockCounter",
                    "options": {"step": 320},
                    "inputs": {"audio": "microphone.audio"},
                },
                "deaf": {"use": f"{ACTORS}:BlockCounter", "options": {}, "inputs": {}},
            }
        },
    )
    writer = RotatingWriter(str(tmp_path / "run.mcap"), RotationLimits(), pipeline)
    for seq, block in enumerate(blocks(5)):
        writer.write(taken(block, seq))
        writer.write(taken(say(f"block {seq}"), seq, "counter", "text"))
    writer.close()
    return tmp_path / "run.mcap"


def reproduced(recording: Path, *, actor: str = "counter", **changes: Any) -> int:
    given = {"use": None, "sets": (), "ignored": (), "ports": (), "pace": 1.0, **changes}
    return reproduce_command(actor, [recording], **given)


def test_an_actor_that_was_not_changed_gives_the_same(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reproduced(recording) == 0
    assert capsys.readouterr().out == "counter: 5 frames recorded, 5 now: the same\n"


def test_a_rewritten_actor_shows_the_frames_in_which_it_differs(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reproduced(recording, use=f"{ACTORS}:Rewritten") == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[0].startswith('- counter.text {"type": "user_text"')
    assert '"block 1"' in lines[0]
    assert lines[1] == "counter: 5 frames recorded, 4 now: 1 differ"


def test_an_option_may_be_changed_and_a_field_ignored(recording: Path) -> None:
    assert reproduced(recording, sets=["step=160"]) == 1
    assert reproduced(recording, sets=["step=160"], ignored=["text"]) == 0


def test_the_recording_may_be_named_from_the_working_directory(
    recording: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(recording.parent)
    assert reproduced(Path(recording.name)) == 0


def test_an_actor_that_fails_fails_here_too(recording: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        reproduced(recording, use=f"{ACTORS}:Broken")


def test_what_cannot_be_reproduced_is_refused_in_words(recording: Path) -> None:
    with pytest.raises(GreenroomError, match="did you mean 'counter'"):
        reproduced(recording, actor="conter")
    with pytest.raises(GreenroomError, match="microphone is a source"):
        reproduced(recording, actor="microphone")
    with pytest.raises(GreenroomError, match="it listens to nobody"):
        reproduced(recording, actor="deaf")
    with pytest.raises(ConfigError, match=r"actors\.counter\.options\.stepp.*'step'"):
        reproduced(recording, sets=["stepp=1"])
    with pytest.raises(ConfigError, match=r"--port txt.*did you mean 'text'"):
        reproduced(recording, ports=["txt"])


def test_times_and_counts_never_differ_and_everything_else_does() -> None:
    then = [say("a", seq=1, sent_ns=5), say("b"), say("d")]
    now = [say("a", seq=9, boot=3, origin_ns=7), say("c"), say("b")]
    found = differences({"text": then}, {"text": now})
    assert [(each.recorded, each.fields["text"]) for each in found] == [(False, "c"), (True, "d")]


def test_frames_of_two_types_are_not_the_same() -> None:
    words = Transcript(
        session="local", turn="local:t1", text="a", epoch=0, backend="", side=Side.USER
    )
    found = differences({"text": [say("a")]}, {"text": [words]}, ("epoch", "backend", "side"))
    assert found[0] == Difference(
        "text", True, {"type": "user_text", "session": "local", "turn": "local:t1", "text": "a"}
    )
    assert not found[1].recorded


CALLERS: dict[str, dict[str, Any]] = {
    "anna": {"voice": "Kore", "language": "de-DE", "labels": {"business": "42"}},
    "bert": {"voice": "Puck", "language": "en-US", "labels": {"business": "7"}},
}


def called(tmp_path: Path, use: str, said: list[tuple[str, Frame]]) -> Path:
    """A run to which callers came by the microphone's place."""
    actors = {
        "microphone": {"use": "microphone", "options": {}, "inputs": {}},
        "polite": {"use": f"{ACTORS}:{use}", "options": {}, "inputs": {"audio": "gateway.audio"}},
    }
    streams = {
        "gateway": {"audio": ["audio"]},
        "supervisor": {"sessions": ["session_opened", "session_ended"]},
        "polite": {"text": ["user_text"], "sessions": ["session_opened", "session_ended"]},
    }
    pipeline = replace(description(tmp_path, **streams), config={"actors": actors})
    writer = RotatingWriter(str(tmp_path / "calls.mcap"), RotationLimits(), pipeline)
    for seq, (stream, frame) in enumerate(said):
        actor, _, port = stream.partition(".")
        writer.write(taken(frame, seq, actor, port))
    writer.close()
    return tmp_path / "calls.mcap"


def test_a_session_is_opened_with_its_recorded_manner_and_ends_when_it_did(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("actors.recordings.reproduce.QUIET_S", 0.1)
    said: list[tuple[str, Frame]] = []
    for name, manner in CALLERS.items():
        block = Audio(session=name, position=0, pcm=bytes(640))
        words = f"{manner['voice']}, {manner['language']}, {manner['labels']}: 0"
        # The sound is sent before the supervisor has opened the session for all.
        said += [
            ("gateway.audio", block),
            ("supervisor.sessions", SessionOpened(session=name, **manner)),
            ("polite.text", UserText(session=name, turn="t", text=words)),
        ]
    said += [
        ("supervisor.sessions", SessionEnded(session="anna", reason=SessionEnd.HUNG_UP)),
        ("polite.text", say("Kore hears no more: hung_up", session="anna", turn="t")),
        ("gateway.audio", Audio(session="anna", position=320, pcm=bytes(640))),
    ]
    path = called(tmp_path, "Polite", said)
    assert reproduced(path, actor="polite") == 0, capsys.readouterr().out
    assert "3 frames recorded, 3 now: the same" in capsys.readouterr().out


def test_a_callers_session_that_fails_ends_as_it_did_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("actors.recordings.reproduce.QUIET_S", 0.1)
    detail = "polite: ZeroDivisionError: 0"
    said: list[tuple[str, Frame]] = [
        *(("supervisor.sessions", SessionOpened(session=name)) for name in CALLERS),
        *(("gateway.audio", Audio(session=n, position=0, pcm=bytes(640))) for n in CALLERS),
        (
            "polite.sessions",
            SessionEnded(session="anna", reason=SessionEnd.FAILED, detail=detail),
        ),
        ("polite.text", say("block 0", session="bert", turn="local:t1")),
    ]
    path = called(tmp_path, "Picky", said)
    reproduced(path, actor="polite")
    printed = capsys.readouterr().out
    assert "2 frames recorded, 2 now" in printed
    assert "polite.sessions" not in printed, "it failed as it did"
