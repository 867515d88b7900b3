"""A device is of one pipeline at a time, and free when its process is gone."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from actors.inputs.camera.actor import lock_of
from actors.inputs.camera.source import PictureSource, SourceKind
from actors.lib import device_lock
from actors.lib.device_lock import DeviceLock, sound_lock
from pipeline.errors import DeviceError

HOLDER = """
import sys
from actors.lib.device_lock import DeviceLock
held = DeviceLock(sys.argv[1], "microphone").acquire()
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_pipeline_is_refused_and_told_who_has_it_until_that_one_dies() -> None:
    # Of this process alone: other tests run on the same machine.
    what = f"a test's microphone {os.getpid()}"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, what], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        lock = DeviceLock(what, "microphone 'USB'")
        with pytest.raises(
            DeviceError, match=rf"microphone 'USB' is in use .*\(process {holder.pid}\)"
        ):
            lock.acquire()
        holder.kill()
        holder.wait()
        lock.acquire()
        lock.release()


def test_it_is_free_once_it_was_let_go_of() -> None:
    what = f"another {os.getpid()}"
    for _ in range(2):
        with DeviceLock(what, "it"), pytest.raises(DeviceError), DeviceLock(what, "it"):
            pass


@pytest.mark.parametrize("call", ["bind", "listen"])
def test_what_else_the_system_refuses_is_said_as_it_is(
    call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Refusing(socket.socket):
        pass

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOBUFS, "No buffer space available")

    monkeypatch.setattr(Refusing, call, refuse)
    monkeypatch.setattr(device_lock.socket, "socket", Refusing)
    with pytest.raises(DeviceError, match=r"^it cannot be kept .*: No buffer space available$"):
        DeviceLock(f"a third {os.getpid()}", "it").acquire()


def test_hardware_is_one_for_all_users_and_a_name_of_a_sound_server_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    card = f"Card {os.getpid()} (hw:1,0)"
    default = f"default {os.getpid()}"
    with sound_lock("input", "ALSA", card), sound_lock("input", "ALSA", default):
        monkeypatch.setattr(os, "getuid", lambda: 4711)
        with pytest.raises(DeviceError):
            sound_lock("input", "ALSA", card).acquire()
        with sound_lock("input", "ALSA", default), sound_lock("output", "ALSA", card):
            pass


def test_a_camera_is_one_whatever_path_it_is_named_by(tmp_path: Path) -> None:
    (tmp_path / "video0").touch()
    (tmp_path / "by-id").symlink_to("video0")
    one, two = (PictureSource(SourceKind.DEVICE, str(tmp_path / n)) for n in ("video0", "by-id"))
    with lock_of(one), pytest.raises(DeviceError, match="in use by another pipeline"), lock_of(two):
        pass
    stream = PictureSource(SourceKind.ADDRESS, "rtsp://camera")
    with lock_of(stream), lock_of(stream):
        pass
