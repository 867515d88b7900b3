from __future__ import annotations

import os
from pathlib import Path

import pytest

from actors.lib.media_files import files_in, require_file
from pipeline.errors import DeviceError

OWN = ("a.wav", "B.WAV", "sub/c.wav")
BESIDE = (
    "._a.wav",
    ".hidden.wav",
    "__MACOSX/a.wav",
    "__MACOSX/._a.wav",
    "@eaDir/a.wav/thumb.wav",
    "#recycle/old.wav",
    ".Trash-1000/files/d.wav",
    "notes.txt",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (*OWN, *BESIDE):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    os.mkfifo(tmp_path / "pipe.wav")
    return tmp_path


def test_only_the_users_own_files_are_found(folder: Path) -> None:
    found = files_in(folder, (".wav",), below=True)

    assert [each.relative_to(folder).as_posix() for each in found] == sorted(OWN)
    assert [each.name for each in files_in(folder, (".wav",))] == ["B.WAV", "a.wav"]


def test_a_companion_is_not_offered_for_a_name_that_is_wrong(folder: Path) -> None:
    with pytest.raises(DeviceError) as error:
        require_file(folder / "_a.wav", "sound file")

    assert "'a.wav'" in str(error.value)
    assert "._a.wav" not in str(error.value)
