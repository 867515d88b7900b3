from __future__ import annotations

from pathlib import Path

import pytest
from recorder_frames import blocks, description, taken

from actors.recordings.reader import read_recording
from actors.services.recorder import session_files
from actors.services.recorder.file_part import file_part
from actors.services.recorder.rotation import RotationLimits
from actors.services.recorder.session_files import SessionFiles, files_for
from pipeline.frames import SessionEnd, SessionEnded, SessionOpened


def writer(folder: Path, template: str = "{session}.mcap") -> SessionFiles:
    made = files_for(str(folder / template), RotationLimits(), description(folder))
    assert isinstance(made, SessionFiles)
    return made


def say(writing: SessionFiles, session: str, seq: int = 0) -> None:
    """A session of two blocks."""
    frames = [SessionOpened(session=session)]
    frames += [each.model_copy(update={"session": session}) for each in blocks(2)]  # type: ignore[misc]
    for number, frame in enumerate(frames):
        writing.write(taken(frame, seq + number))


def test_each_session_has_a_file_of_its_own(tmp_path: Path) -> None:
    writing = writer(tmp_path)
    for session in ("anna", "call/1"):
        say(writing, session)
    writing.close()
    names = {path.name for path in tmp_path.glob("*.mcap")}
    assert names == {"anna.mcap", f"{file_part('call/1')}.mcap"}
    recording = read_recording([tmp_path / "anna.mcap"])
    assert recording.sessions == ["anna"]
    assert recording.metadata["session"] == "anna"
    assert len(recording.messages) == 3


def test_the_file_of_a_session_is_ended_when_it_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_files, "LINGER_NS", 0)
    writing = writer(tmp_path)
    for session in ("anna", "ben"):
        say(writing, session)
    ended = SessionEnded(session="anna", reason=SessionEnd.HUNG_UP)
    writing.write(taken(ended, 9))
    writing.tick()
    assert [path.name for path in writing.files] == ["ben.mcap"]
    assert read_recording([tmp_path / "anna.mcap"]).whole
    say(writing, "anna")
    writing.close()
    assert (tmp_path / "anna-2.mcap").exists(), "a session of the same name is another one"


def test_a_folder_for_each_session_is_made(tmp_path: Path) -> None:
    writing = writer(tmp_path, "calls/{session}/talk.mcap")
    writing.open()
    assert list(tmp_path.rglob("*")) == [tmp_path / "calls"]
    say(writing, "anna")
    writing.close()
    assert read_recording([tmp_path / "calls/anna/talk.mcap"]).sessions == ["anna"]
