"""Folders of recordings, and what stands beside them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from evaluated import SPEECH, write_sound

from actors.recordings.evaluation.recordings import (
    Interval,
    ReferenceLabels,
    find_recordings,
    read_reference,
)
from pipeline.errors import GreenroomError


def test_a_folder_gives_its_recordings_by_path_with_what_is_known_of_them(tmp_path: Path) -> None:
    (tmp_path / "kitchen").mkdir()
    sound = np.zeros(1600, np.int16)
    for name in ("b.wav", "kitchen/a.wav"):
        write_sound(tmp_path / name, sound)
    (tmp_path / "b.txt").write_text("go forward\n")
    (tmp_path / "notes.txt").write_text("of no recording")
    found = find_recordings([tmp_path])
    assert [each.name for each in found] == ["b.wav", "kitchen/a.wav"]
    assert [each.reference for each in found] == [ReferenceLabels("go forward"), ReferenceLabels()]
    assert len(found[0].samples()) == 1600


def test_labels_give_turns_and_words(tmp_path: Path) -> None:
    (tmp_path / "a.labels.txt").write_text(
        "4.000000\t6.5\tstop\n1.0\t2.0\tgo forward\n\\\t100.0\t4000.0\n"
    )
    assert read_reference(tmp_path / "a.wav") == ReferenceLabels(
        "go forward stop", (Interval(1, 2), Interval(4, 6.5))
    )
    (tmp_path / "a.txt").write_text("\ufeffother words")
    assert read_reference(tmp_path / "a.wav").words == "other words"


def test_labels_without_text_say_nothing_of_the_words(tmp_path: Path) -> None:
    (tmp_path / "a.labels.txt").write_text("1.0\t2.0\n")
    assert read_reference(tmp_path / "a.wav") == ReferenceLabels(None, (Interval(1, 2),))


@pytest.mark.parametrize("line", ["1.0 2.0 go", "2.0\t1.0\tgo", "one\ttwo\tgo", "-1\t2\tgo"])
def test_a_line_that_is_no_label_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "a.labels.txt").write_text(f"0.5\t0.9\tgo\n{line}\n")
    with pytest.raises(GreenroomError, match=r"a\.labels\.txt:2: .*start<TAB>end"):
        read_reference(tmp_path / "a.wav")


def test_what_is_no_recording_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(GreenroomError, match="no recordings in"):
        find_recordings([tmp_path])
    with pytest.raises(GreenroomError, match="there is no"):
        find_recordings([tmp_path / "none"])
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write_sound(tmp_path / folder / "x.wav", np.zeros(16, np.int16))
    with pytest.raises(GreenroomError, match="one name"):
        find_recordings([tmp_path / "a", tmp_path / "b"])


def test_the_recordings_that_come_along_are_all_labelled() -> None:
    found = find_recordings([SPEECH])
    assert len(found) == 6
    for each in found:
        (there,) = each.reference.turns or ()
        assert 0 < there.start_s < there.end_s < len(each.samples()) / 16_000
        assert each.reference.words


def test_what_others_put_beside_the_recordings_is_left_out(tmp_path: Path) -> None:
    for name in ("a.wav", "._a.wav", "__MACOSX/a.wav", ".trash/b.wav", "@eaDir/a.wav/c.mp3"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")

    assert [each.name for each in find_recordings([tmp_path])] == ["a.wav"]
