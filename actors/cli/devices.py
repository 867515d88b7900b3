"""`greenroom devices`, and the look at what is there before a run."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from subprocess import PIPE
from typing import Any

from actors.lib.pi_cameras import pi_cameras
from actors.lib.video_nodes import cameras, video_nodes, what_there_is
from pipeline.errors import DeviceError, GreenroomError, did_you_mean
from pipeline.launch.start_progress import LOOKS_IN_DEADLINE, StartWatch, is_overdue
from pipeline.yaml_text import YamlError, parse_yaml

PROBE_TIMEOUT_S = 10.0
"""Without progress: PortAudio asks every driver in turn; a dead sound server takes 5 s to be given
up. From a cold SD card the look takes longer, and gets on all the while."""


WIDEST = 1000
"""Columns of the list; PortAudio's names are cut at 256 bytes or before."""


@dataclass(frozen=True)
class Found:
    """What a machine has; sound devices have the fields of `SoundDevice`."""

    sound: list[dict[str, Any]]
    cameras: list[str]
    sound_problem: str = ""
    camera_problem: str = ""
    sound_system: tuple[str, ...] = ()
    """What a sound server says, a line each."""

    def default(self, direction: str) -> str:
        """Name of the microphone (`input`) or speaker (`output`) taken by default, or nothing."""
        channels = f"{direction}s"
        able = [device for device in self.sound if device[channels] > 0]
        chosen = [device for device in able if direction in device["default_for"]] or able
        return str(chosen[0]["name"]) if chosen else ""


def probe() -> Found:
    """Look for devices in a process of its own: sound drivers print, and start threads.

    Raises:
        GreenroomError: the look itself failed.
    """
    # Not from this folder, which may have an `actors` of the user's own.
    command = [sys.executable, "-P", "-m", "actors.cli.devices"]
    done = run_while_it_works(command, PROBE_TIMEOUT_S)
    if done is None:
        return Found([], sound_problem="the sound system does not answer", **_cameras())
    if done.returncode:
        raise GreenroomError(f"looking for devices failed: {done.stderr.strip()}")
    return Found(**json.loads(done.stdout))


def run_while_it_works(
    command: Sequence[str], idle_s: float
) -> subprocess.CompletedProcess[str] | None:
    """Run a program to its end, and return what it wrote; None: it was killed, as it hung.

    Args:
        command: The program, and what it is given.
        idle_s: It hangs when it got on with nothing for so long.
    """
    watch = StartWatch(idle_s)
    begun_s = progress_s = time.monotonic()
    with subprocess.Popen(command, stdout=PIPE, stderr=PIPE, text=True) as program:
        while True:
            try:
                output, errors = program.communicate(timeout=idle_s / LOOKS_IN_DEADLINE)
            except subprocess.TimeoutExpired:
                now_s = time.monotonic()
                if watch.sees_progress(program.pid, now_s):
                    progress_s = now_s
                if is_overdue(now_s - progress_s, now_s - begun_s, idle_s):
                    program.kill()
                    return None
            except BaseException:
                program.kill()
                raise
            else:
                return subprocess.CompletedProcess(command, program.returncode, output, errors)


def devices_command() -> None:
    """Print what there is."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    found = probe()
    console = Console(markup=False, highlight=False)
    if found.sound_problem:
        console.print(f"no sound devices: {found.sound_problem}")
    table = Table(box=box.SIMPLE_HEAD)
    for column in ("number", "name", "system", "in", "out", "Hz", "default"):
        table.add_column(column, overflow="fold", no_wrap=column == "name")
    for device in found.sound:
        table.add_row(
            str(device["index"]),
            as_written(device["name"]),
            device["host_api"],
            str(device["inputs"]),
            str(device["outputs"]),
            str(device["rate_hz"]),
            " and ".join(device["default_for"]),
        )
    # Names are for copying: whole, also where the terminal is narrow.
    narrow, console.width = console.width, WIDEST
    console.width = max(narrow, console.measure(table).maximum)
    console.print(table)
    for line in found.sound_system:
        console.print(line, soft_wrap=True)
    console.print("cameras:" if found.cameras else f"cameras: {found.camera_problem or 'none'}")
    for camera in found.cameras:
        console.print(f"  {camera}", soft_wrap=True)


def headset_command(use: str) -> None:
    """Set Bluetooth headsets for talking or for music, and say what became of it.

    Raises:
        GreenroomError: there is none, or it cannot be set so.
    """
    from actors.lib.audio.sound_system import HeadsetUse, set_headsets

    try:
        wanted = HeadsetUse(use)
    except ValueError:
        raise GreenroomError(f"--headset {use}: {did_you_mean(use, HeadsetUse)}") from None
    for line in set_headsets(wanted):
        print(line)  # noqa: T201


def as_written(name: str) -> str:
    """Return a device's name as a config takes it: in quotes if it would be taken otherwise."""
    try:
        plain = parse_yaml(f"device: {name}") == {"device": name}
    except YamlError:
        plain = False
    return name if plain else json.dumps(name, ensure_ascii=False)


def _cameras() -> dict[str, Any]:
    there = video_nodes()
    found = [*map(str, cameras(there)), *map(str, pi_cameras())]
    return {"cameras": found, "camera_problem": "" if found else what_there_is(there)}


def _look() -> dict[str, Any]:
    from actors.lib.audio.devices import list_devices
    from actors.lib.audio.sound_system import look

    problem, sound = "", []
    try:
        sound = [
            {**vars(device), "default_for": sorted(device.default_for)} for device in list_devices()
        ]
    except DeviceError as error:
        problem = str(error)
    lines: list[str] = []
    # A machine without a sound server has cards, and no more is known of them.
    with suppress(DeviceError):
        lines = look().lines()
    return {"sound": sound, "sound_problem": problem, "sound_system": lines, **_cameras()}


if __name__ == "__main__":
    print(json.dumps(_look()))  # noqa: T201
