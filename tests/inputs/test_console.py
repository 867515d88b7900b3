"""The console: what is typed goes out as turns, what is said is printed in order."""

from __future__ import annotations

import os
import pty
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from actors.inputs.console import Console, ConsoleOptions
from pipeline.errors import ConfigError, DeviceError
from pipeline.frames import (
    ActorState,
    ListenAction,
    ListenCommand,
    Outcome,
    Side,
    Transcript,
    TurnClosed,
    UserText,
)
from pipeline.testing import ActorHarness, stage


def said(
    side: Side, text: str, *, turn: str = "local:0", final: bool = True, epoch: int = 0
) -> Transcript:
    return Transcript(turn=turn, epoch=epoch, backend="live", side=side, text=text, final=final)


def user(text: str, **fields: Any) -> Transcript:
    return said(Side.USER, text, **fields)


def model(text: str, **fields: Any) -> Transcript:
    return said(Side.MODEL, text, **fields)


def closed(turn: str = "local:0", **fields: Any) -> TurnClosed:
    return TurnClosed(turn=turn, **({"outcome": Outcome.ANSWERED} | fields))


def test_a_failed_turn_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    with stage(Console, path=None) as console:
        console.send("transcript", user("hello"))
        console.send("turns", closed(outcome=Outcome.FAILED, reason="no network"))
    assert capsys.readouterr().out == "you: hello\nno answer: no network\n"


def test_text_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with stage(Console, path=None) as console:
        console.send("transcript", user("a\nb\t\x1b[2Jc\x07"))
    assert capsys.readouterr().out == "you: a b \\x1b[2Jc\\x07\n"


@contextmanager
def file_of(folder: Path, text: str, **options: Any) -> Iterator[ActorHarness[ConsoleOptions]]:
    (folder / "lines.txt").write_text(text, encoding="utf-8")
    with stage(Console, config_dir=folder, path="lines.txt", **options) as console:
        yield console


def texts(console: ActorHarness[ConsoleOptions]) -> list[str]:
    return [frame.text for frame in console.sent["text"] if isinstance(frame, UserText)]


def finish(console: ActorHarness[ConsoleOptions]) -> None:
    console.until(lambda: console.actor.state is ActorState.FINISHED, "the input is at its end")


def test_the_lines_of_a_file_become_turns_of_their_own(tmp_path: Path) -> None:
    with file_of(tmp_path, "go forward\r\n\n  \x01\nこんにちは\nlast without end") as console:
        finish(console)
        assert texts(console) == ["go forward", "こんにちは", "last without end"]
        turns = [frame.turn for frame in console.sent["text"] if isinstance(frame, UserText)]
    assert len(set(turns)) == 3
    assert all(turn.startswith("local:t") and turn[7:].isdigit() for turn in turns)


def test_with_wait_a_line_goes_out_when_the_turn_before_is_closed(tmp_path: Path) -> None:
    with file_of(tmp_path, "one\ntwo\n", wait=True) as console:
        first = console.expect("text", UserText)
        console.send("turns", closed("local:another"))
        console.expect_nothing("text")
        console.send("turns", closed(first.turn))
        second = console.expect("text", UserText)
        assert (first.text, second.text) == ("one", "two")
        assert console.actor.state is ActorState.READY
        console.send("turns", closed(second.turn))
        finish(console)


def test_wait_without_the_turns_is_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(ConfigError, match=r"supervisor\.turns"),
        file_of(tmp_path, "one\n", wait=True, connected=()),
    ):
        pass


def test_a_restarted_console_goes_on_after_the_lines_it_has_typed(tmp_path: Path) -> None:
    with file_of(tmp_path, "one\n\ntwo\nthree\n", checkpoint={"typed": 2}) as console:
        finish(console)
        assert texts(console) == ["three"]
        assert console.actor.checkpoint["typed"] == 3


def test_a_fifo_may_be_written_to_later_and_ends_with_its_writer(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with stage(Console, config_dir=tmp_path, path="fifo") as console:
        console.expect_nothing("text")
        with fifo.open("w") as writer:
            writer.write("hel")
            writer.flush()
            console.settle()
            writer.write("lo\n")
            writer.flush()
            assert console.expect("text", UserText).text == "hello"
            assert console.actor.state is ActorState.READY
        finish(console)


def test_more_lines_than_are_read_ahead_all_arrive_in_order(tmp_path: Path) -> None:
    lines = [f"line {number}" for number in range(1000)]
    with file_of(tmp_path, "\n".join(lines)) as console:
        finish(console)
        assert texts(console) == lines


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_stopping_ends_the_reading_of_a_fifo_and_of_a_long_file(tmp_path: Path) -> None:
    before = threading.active_count()
    descriptors = open_files()
    with file_of(tmp_path, "line\n" * 1000, wait=True) as console:
        console.expect("text", UserText)
    os.mkfifo(tmp_path / "fifo")
    with stage(Console, config_dir=tmp_path, path="fifo") as console:
        console.settle()
    assert threading.active_count() == before
    assert open_files() == descriptors


@pytest.mark.parametrize("path", ["missing.txt", "."])
def test_an_input_that_cannot_be_read_is_named(tmp_path: Path, path: str) -> None:
    with (
        pytest.raises(DeviceError, match="console: "),
        stage(Console, config_dir=tmp_path, path=path),
    ):
        pass


@contextmanager
def standard_input(fd: int) -> Iterator[None]:
    kept = os.dup(0)
    os.dup2(fd, 0)
    try:
        yield
    finally:
        os.dup2(kept, 0)
        os.close(kept)


def test_standard_input_is_typed_and_its_end_finishes_the_console(
    capsys: pytest.CaptureFixture[str],
) -> None:
    read, write = os.pipe()
    os.write(write, "grüß Gott\n".encode())
    os.close(write)
    with standard_input(read), stage(Console) as console:
        os.close(read)
        assert console.expect("text", UserText).text == "grüß Gott"
        finish(console)
    assert capsys.readouterr().out == "you: grüß Gott\n"


def test_a_terminal_of_which_it_is_not_the_foreground_is_not_read() -> None:
    master, slave = pty.openpty()
    try:
        with standard_input(slave), stage(Console) as console:
            finish(console)
            console.expect_nothing("text")
    finally:
        os.close(master)
        os.close(slave)


def test_enter_alone_in_a_terminal_asks_to_be_listened_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "tcgetpgrp", lambda _fd: os.getpgrp())
    master, slave = pty.openpty()
    try:
        with standard_input(slave), stage(Console, print=False) as console:
            os.write(master, b"\nhello\n")
            assert console.expect("listen", ListenCommand).action is ListenAction.TAP
            assert console.expect("text", UserText).text == "hello"
            console.expect_nothing("listen")
    finally:
        os.close(master)
        os.close(slave)


def test_without_a_path_nothing_is_read_and_transcripts_are_printed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with stage(Console, path=None) as console:
        finish(console)
        console.send("transcript", model("はい、10メートル進みます。"), user("10メートル進んで"))
    assert capsys.readouterr().out == "you: 10メートル進んで\ngemini: はい、10メートル進みます。\n"


def test_a_secret_is_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with stage(Console, path=None) as console:
        console.send("transcript", user("my key is AIzaSyA0123456789abcdefghijklmnopqrstuv"))
    assert capsys.readouterr().out == "you: my key is [secret]\n"


def test_with_print_off_nothing_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with stage(Console, path=None, print=False) as console:
        console.send("transcript", user("hello"))
    assert capsys.readouterr().out == ""


def test_the_words_of_the_user_may_come_after_the_turn_is_closed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with stage(Console, path=None) as console:
        console.send("transcript", model("Going."))
        console.send("turns", closed())
        assert capsys.readouterr().out == ""
        console.send("transcript", user("go"))
        assert capsys.readouterr().out == "you: go\ngemini: Going.\n"


def test_what_is_waited_for_at_the_end_is_printed_all_the_same(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with stage(Console, path=None) as console:
        console.send("transcript", model("Going."))
        console.send("turns", closed())
    assert capsys.readouterr().out == "gemini: Going.\n"


def test_another_session_is_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with stage(Console, path=None) as console:
        console.send("transcript", user("hello").model_copy(update={"session": "caller-7"}))
        console.send("turns", closed(said="hello").model_copy(update={"session": "caller-7"}))
    assert capsys.readouterr().out == ""
