"""What is written to an outlet: it comes, or it is counted, and nobody waits for it."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pipeline.outlets.intake import READ_BYTES, Intake
from pipeline.outlets.log_file import MOST_BYTES, OLDER, LogFile
from pipeline.outlets.outlet import MOST_WAITING_BYTES, Outlet, descriptor_writer
from pipeline.outlets.text import outlet_of, outlet_text

PATIENCE_S = 60.0


class Place:
    """Takes what an outlet writes; fails or waits as it is told."""

    def __init__(self) -> None:
        self.data = b""
        self.problem: OSError | None = None
        self.most = 1 << 30
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.asked = threading.Event()

    def write(self, data: memoryview) -> int:
        self.asked.set()
        assert self.may_go_on.wait(PATIENCE_S)
        if self.problem is not None:
            raise self.problem
        taken = bytes(data[: self.most])
        self.data += taken
        return len(taken)


@pytest.fixture
def place() -> Place:
    return Place()


def test_what_was_put_before_the_start_comes_too_in_its_order(place: Place) -> None:
    outlet = Outlet("stdout", place.write)
    outlet.put(b"one\n")
    outlet.start()
    outlet.put(b"two\n")
    outlet.close(PATIENCE_S)
    assert place.data == b"one\ntwo\n"
    assert not outlet.unwritten


def test_a_place_that_takes_a_little_at_a_time_gets_all(place: Place) -> None:
    place.most = 3
    outlet = Outlet("stdout", place.write)
    outlet.put(b"a longer line\n")
    outlet.close(PATIENCE_S)
    assert place.data == b"a longer line\n"


def test_lines_that_cannot_be_written_are_counted_and_told_of_when_it_is_possible_again(
    place: Place,
) -> None:
    outlet = Outlet("log", place.write)
    place.problem = OSError(errno.ENOSPC, "No space left on device")
    outlet.put(b"one\ntwo\n")
    outlet.put(b"three\n")
    outlet.start()
    until(lambda: outlet.unwritten == 3)
    assert outlet.problem == "No space left on device"
    place.problem = None
    outlet.put(b"four\n")
    outlet.put(b"five\n")
    outlet.close(PATIENCE_S)
    assert place.data.decode().splitlines() == [
        "greenroom: 3 lines before this could not be written: No space left on device",
        "four",
        "five",
    ]
    assert outlet.unwritten == 3


def test_whoever_writes_goes_on_while_nobody_reads_and_what_is_too_much_is_counted(
    place: Place,
) -> None:
    place.may_go_on.clear()
    outlet = Outlet("stderr", place.write)
    outlet.start()
    outlet.put(b"first\n")
    assert place.asked.wait(PATIENCE_S)
    assert outlet.is_behind
    line = b"x" * 1023 + b"\n"
    for _ in range(MOST_WAITING_BYTES // 1024 + 5):
        outlet.put(line)
    assert outlet.unwritten == 5
    outlet.close(0.0)
    place.may_go_on.set()
    until(lambda: len(place.data) >= MOST_WAITING_BYTES)
    assert place.data.startswith(b"first\ngreenroom: 5 lines before this")


def test_a_descriptor_that_does_not_block_is_waited_for() -> None:
    read, write = os.pipe()
    os.set_blocking(write, False)
    outlet = Outlet("stdout", descriptor_writer(write))
    outlet.start()
    outlet.put(bytes(200_000))
    got = 0
    while got < 200_000:
        got += len(os.read(read, 65536))
    outlet.close(PATIENCE_S)
    assert not outlet.unwritten
    os.close(read)
    os.close(write)


def test_text_goes_out_by_lines_with_a_question_mark_for_what_its_encoding_lacks(
    place: Place,
) -> None:
    outlet = Outlet("stdout", place.write)
    text = outlet_text(outlet, "latin-1")
    print("gemini: ten \u2013 meters 🤖 é", file=text)
    text.write("begun")
    text.flush()
    outlet.close(PATIENCE_S)
    assert place.data == "gemini: ten ? meters ? é\nbegun".encode("latin-1")
    assert outlet_of(text) is outlet
    assert not text.isatty()


def test_what_other_processes_write_comes_in_whole_lines_and_their_last_words_too(
    place: Place,
) -> None:
    outlet = Outlet("stderr", place.write)
    intake = Intake([outlet])
    intake.start()
    outlet.start()
    os.write(intake.descriptors[0], b"half ")
    os.write(intake.descriptors[0], b"a line\nand no end")
    until(lambda: place.data == b"half a line\n")
    os.write(intake.descriptors[0], b"x" * READ_BYTES)
    intake.close(PATIENCE_S)
    outlet.close(PATIENCE_S)
    assert place.data == b"half a line\nand no end" + b"x" * READ_BYTES


def test_other_processes_write_on_while_nobody_takes_their_output(place: Place) -> None:
    place.may_go_on.clear()
    outlet = Outlet("stderr", place.write)
    intake = Intake([outlet])
    intake.start()
    outlet.start()
    line = b"x" * 1023 + b"\n"
    for _ in range(3 * MOST_WAITING_BYTES // 1024):
        os.write(intake.descriptors[0], line)
    until(lambda: outlet.unwritten > 0)
    place.may_go_on.set()
    intake.close(PATIENCE_S)
    outlet.close(PATIENCE_S)
    assert place.data.count(line) + outlet.unwritten == 3 * MOST_WAITING_BYTES // 1024


def test_who_settles_an_outlet_returns_when_all_before_is_written(place: Place) -> None:
    outlet = Outlet("stdout", place.write)
    outlet.start()
    outlet.settle(PATIENCE_S)
    place.may_go_on.clear()
    outlet.put(b"one\n")
    outlet.settle(0.0)
    assert outlet.is_behind
    threading.Timer(0.01, place.may_go_on.set).start()
    outlet.settle(PATIENCE_S)
    assert place.data == b"one\n"
    outlet.close(PATIENCE_S)


LAST_WORDS = """
import os, sys
from pipeline.outlets import Outputs

with Outputs() as outputs:
    outputs.start()
    os.write(outputs.descriptors[1], b"of an actor\\n" * 5000)
    print("logged\\n" * 5000, file=outputs.log)
    outputs.settle()
    print("ended")
"""


def test_what_is_printed_after_settling_is_the_last_line_where_both_outputs_go(
    tmp_path: Path,
) -> None:
    with (tmp_path / "both").open("wb") as file:
        subprocess.run(
            [sys.executable, "-c", LAST_WORDS], stdout=file, stderr=subprocess.STDOUT, check=True
        )
    lines = (tmp_path / "both").read_text().split()
    assert lines.count("actor") == lines.count("logged") == 5000
    assert lines[-1] == "ended"


def write(log: LogFile, text: str) -> None:
    data = memoryview(text.encode())
    while data:
        data = data[log.write(data) :]


def test_a_log_grows_to_its_limit_and_keeps_a_few_older_ones(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "log" / "greenroom.log")
    for number in range(OLDER + 3):
        write(log, f"{number} begins\n" + "x" * (MOST_BYTES - 100) + "\n")
    log.close()
    folder = sorted((tmp_path / "log").iterdir())
    names = ["greenroom.log", *(f"greenroom.log.{n}" for n in range(1, OLDER + 1))]
    assert [each.name for each in folder] == names
    assert [each.read_text()[0] for each in folder] == ["5", "4", "3", "2"]


def test_a_log_that_was_removed_is_made_again(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "log" / "greenroom.log")
    write(log, "one\n")
    log.path.unlink()
    log.path.parent.rmdir()
    write(log, "two\n")
    log.close()
    assert log.path.read_text() == "two\n"
    assert log.path.stat().st_mode & 0o777 == 0o600


def test_a_log_that_cannot_be_opened_is_tried_again_at_the_next_line(tmp_path: Path) -> None:
    place = tmp_path / "log"
    place.write_text("no folder")
    log = LogFile(place / "greenroom.log")
    outlet = Outlet("log", log.write)
    outlet.start()
    outlet.put(b"one\n")
    until(lambda: outlet.unwritten == 1)
    place.unlink()
    outlet.put(b"two\n")
    outlet.close(PATIENCE_S)
    log.close()
    assert log.path.read_text().splitlines()[-1] == "two"


def test_a_log_in_whose_place_is_a_pipe_that_nobody_reads_does_not_wait(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "greenroom.log")
    outlet = Outlet("log", LogFile(tmp_path / "greenroom.log").write)
    outlet.put(b"one\n")
    outlet.close(PATIENCE_S)
    assert outlet.unwritten == 1


def until(condition: object) -> None:
    """Wait for what a thread does."""
    assert callable(condition)
    waiting = threading.Event()
    for _ in range(int(PATIENCE_S / 0.001)):
        if condition():
            return
        waiting.wait(0.001)
    raise AssertionError("did not come about")
