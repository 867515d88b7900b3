from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from recorder_frames import blocks, description, taken

from actors.recordings.reader import read_recording
from actors.services.recorder import rotating_writer, session_files
from actors.services.recorder.file_part import file_part
from actors.services.recorder.rotation import RotationLimits
from actors.services.recorder.session_files import SessionFiles, files_for
from pipeline.bus.blocking_subscriber import Taken
from pipeline.frames import SessionEnd, SessionEnded, SessionOpened


def ended(session: str, reason: SessionEnd = SessionEnd.HUNG_UP) -> Taken:
    return taken(SessionEnded(session=session, reason=reason), 9, "supervisor", "sessions")


def give(writing: SessionFiles, frame: Taken) -> int:
    """As the recorder's loop does."""
    writing.note(frame)
    return writing.write(frame)


def block(session: str, seq: int = 0) -> Taken:
    return taken(blocks(seq + 1)[seq].model_copy(update={"session": session}), seq)


def asked(session: str, by: str = "gateway") -> Taken:
    return taken(SessionOpened(session=session), 0, by, "sessions")


def writer(folder: Path, template: str = "{session}.mcap") -> SessionFiles:
    made = files_for(str(folder / template), RotationLimits(), description(folder))
    assert isinstance(made, SessionFiles)
    return made


def say(writing: SessionFiles, session: str, seq: int = 0) -> None:
    """A session of two blocks."""
    frames = [SessionOpened(session=session)]
    frames += [each.model_copy(update={"session": session}) for each in blocks(2)]  # type: ignore[misc]
    for number, frame in enumerate(frames):
        give(writing, taken(frame, seq + number))


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
    give(writing, ended("anna"))
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


def test_what_comes_long_after_the_end_of_a_session_opens_no_file_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing = writer(tmp_path)
    say(writing, "anna")
    give(writing, ended("anna"))
    assert give(writing, block("anna", 5)) == 1, "under way when the session ended"
    monkeypatch.setattr(session_files, "LINGER_NS", 0)
    writing.tick()
    assert give(writing, block("anna")) == 0
    assert (writing.files, writing.late) == ([], 1)
    assert give(writing, ended("anna")) == 0, "told by two"
    assert [path.name for path in tmp_path.iterdir()] == ["anna.mcap"]
    assert len(read_recording([tmp_path / "anna.mcap"]).messages) == 5


def test_a_caller_who_is_refused_leaves_no_file(tmp_path: Path) -> None:
    writing = writer(tmp_path)
    assert give(writing, asked("anna")) == 0
    assert give(writing, ended("anna", SessionEnd.REFUSED)) == 0
    assert give(writing, ended("ben", SessionEnd.REFUSED)) == 0
    writing.close()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("first", [asked("anna", "supervisor"), block("anna")])
def test_the_file_of_a_session_begins_with_who_asked_for_it(tmp_path: Path, first: Taken) -> None:
    writing = writer(tmp_path)
    assert [give(writing, frame) for frame in (asked("anna"), first)] == [0, 2]
    writing.close()
    recording = read_recording([tmp_path / "anna.mcap"])
    assert {message.actor for message in recording.messages} == {"gateway", first.actor}


def test_a_session_whose_end_is_not_recorded_has_an_end_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_files, "LINGER_NS", 0)
    writing = writer(tmp_path)
    give(writing, block("anna"))
    writing.note(ended("anna"))
    writing.tick()
    assert writing.files == []
    assert read_recording([tmp_path / "anna.mcap"]).whole


def broken(work: Callable[[], None], why: str) -> Callable[[], None]:
    def fail() -> None:
        work()
        raise OSError(why)

    return fail


def test_one_session_whose_file_cannot_be_written_holds_up_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotating_writer, "FLUSH_EVERY_NS", 0)
    writing = writer(tmp_path)
    for session in ("anna", "ben"):
        give(writing, block(session))
    anna = writing._writers["anna"]
    monkeypatch.setattr(anna, "tick", broken(anna.close, "no room for anna"))
    with pytest.raises(OSError, match="no room for anna"):
        writing.tick()
    assert (tmp_path / "ben.mcap").stat().st_size > len(block("ben").payload)
    writing.close()


def test_all_that_goes_wrong_at_the_end_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing = writer(tmp_path)
    for session in ("anna", "ben", "carl", "dora"):
        give(writing, block(session))
    for session, why in (("anna", "no room"), ("ben", "no room"), ("carl", "no disk")):
        each = writing._writers[session]
        monkeypatch.setattr(each, "close", broken(each.close, why))
    with pytest.raises(OSError, match=r"^no room; no disk$"):
        writing.close()
    assert read_recording([tmp_path / "dora.mcap"]).whole
