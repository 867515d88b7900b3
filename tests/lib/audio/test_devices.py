from __future__ import annotations

import builtins
import sys
from typing import Any

import pytest

from actors.lib.audio.devices import Direction, SoundDevice, choose, list_devices
from pipeline.errors import DeviceError

INPUT, OUTPUT = Direction.INPUT, Direction.OUTPUT


def device(
    index: int, name: str, inputs: int, outputs: int, *default_for: Direction
) -> SoundDevice:
    return SoundDevice(index, name, "ALSA", inputs, outputs, 48_000, frozenset(default_for))


DEVICES = [
    device(0, "HDA Intel PCH: ALC257 Analog (hw:0,0)", 2, 2),
    device(1, "USB Audio: Microphone (hw:1,0)", 1, 0),
    device(2, "USB Audio: Speakers (hw:2,0)", 0, 2),
    device(3, "default", 32, 32, INPUT, OUTPUT),
    device(4, "default mono", 32, 32),
]


@pytest.mark.parametrize(
    ("direction", "wanted", "index"),
    [
        (INPUT, None, 3),
        (OUTPUT, None, 3),
        (INPUT, 1, 1),
        (INPUT, "usb audio", 1),
        (OUTPUT, "usb audio", 2),
        (OUTPUT, "alc257", 0),
        (INPUT, "Default", 3),
    ],
)
def test_a_device_is_found_by_number_name_or_part_of_it(
    direction: Direction, wanted: int | str | None, index: int
) -> None:
    assert choose(DEVICES, direction, wanted).index == index


def test_without_a_default_the_first_that_can_is_taken() -> None:
    assert choose(DEVICES[1:3], OUTPUT, None).index == 2


@pytest.mark.parametrize(
    ("direction", "wanted", "message"),
    [
        (OUTPUT, "USB Audio: Microphone", "USB Audio: Speakers"),
        (OUTPUT, "defualt", "did you mean 'default'"),
        (INPUT, 2, r"no input device 2: .*1 'USB Audio: Microphone \(hw:1,0\)'"),
        (INPUT, "o", "more than one input device: .*'HDA Intel.*'USB Audio: Mic"),
    ],
)
def test_an_unknown_device_is_an_error_that_names_those_there_are(
    direction: Direction, wanted: int | str, message: str
) -> None:
    with pytest.raises(DeviceError, match=message):
        choose(DEVICES, direction, wanted)


def test_no_device_at_all_is_said_so() -> None:
    with pytest.raises(DeviceError, match="no input device: plug one in"):
        choose(DEVICES[2:3], INPUT, None)


def test_without_portaudio_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real_import = builtins.__import__

    def without_portaudio(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "sounddevice":
            raise OSError("PortAudio library not found")
        return real_import(name, *args, **kwargs)

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(builtins, "__import__", without_portaudio)
    with pytest.raises(DeviceError, match="apt install libportaudio2"):
        list_devices()
