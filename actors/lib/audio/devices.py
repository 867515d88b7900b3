"""Which microphones and speakers there are, by name and by number."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pipeline.errors import DeviceError, did_you_mean


class Direction(StrEnum):
    """What a device is for."""

    INPUT = "input"
    OUTPUT = "output"


@dataclass(frozen=True)
class SoundDevice:
    """A sound device as PortAudio sees it.

    Attributes:
        index: Number by which options may name it; changes when devices come and go.
        name: Name by which options may name it, whole or in part.
        host_api: System behind it: ALSA, JACK, Core Audio...
        inputs: Channels it records.
        outputs: Channels it plays.
        rate_hz: Rate it prefers.
        default_for: Directions in which it is taken when none is named.
    """

    index: int
    name: str
    host_api: str
    inputs: int
    outputs: int
    rate_hz: int
    default_for: frozenset[Direction]

    def can(self, direction: Direction) -> bool:
        """Return whether it records, or plays."""
        return (self.inputs if direction is Direction.INPUT else self.outputs) > 0


def load_sounddevice() -> Any:
    """Return the module `sounddevice`.

    Raises:
        DeviceError: PortAudio is not installed.
    """
    try:
        import sounddevice
    except OSError as error:
        raise DeviceError(
            f"sound devices need PortAudio: {error}; "
            "install libportaudio2 (Debian, Ubuntu: apt install libportaudio2)"
        ) from error
    return sounddevice


def rescan() -> None:
    """Look for devices anew; PortAudio does so only when it starts. No stream may be open."""
    if "sounddevice" in sys.modules:
        sounddevice = load_sounddevice()
        sounddevice._terminate()
        sounddevice._initialize()


def list_devices() -> list[SoundDevice]:
    """Return all sound devices.

    Raises:
        DeviceError: PortAudio is not installed.
    """
    sounddevice = load_sounddevice()
    apis = sounddevice.query_hostapis()
    default_input, default_output = sounddevice.default.device
    return [
        SoundDevice(
            index=info["index"],
            name=info["name"],
            host_api=apis[info["hostapi"]]["name"],
            inputs=info["max_input_channels"],
            outputs=info["max_output_channels"],
            rate_hz=round(info["default_samplerate"]),
            default_for=frozenset(
                direction
                for direction, index in (
                    (Direction.INPUT, default_input),
                    (Direction.OUTPUT, default_output),
                )
                if index == info["index"]
            ),
        )
        for info in sounddevice.query_devices()
    ]


def find_device(direction: Direction, wanted: int | str | None = None) -> SoundDevice:
    """Return the device that `wanted` names: a number, a name, part of a name, or the default.

    Raises:
        DeviceError: there is none, or more than one; the message names those there are.
    """
    return choose(list_devices(), direction, wanted)


def choose(
    devices: list[SoundDevice], direction: Direction, wanted: int | str | None
) -> SoundDevice:
    """Return the one of `devices` that `wanted` names.

    Raises:
        DeviceError: there is none, or more than one; the message names those there are.
    """
    able = [device for device in devices if device.can(direction)]
    if not able:
        raise DeviceError(f"no {direction} device: plug one in, or see `greenroom devices`")
    if wanted is None:
        return next((device for device in able if direction in device.default_for), able[0])
    if isinstance(wanted, int):
        found = [device for device in able if device.index == wanted]
    else:
        name = wanted.casefold()
        found = [device for device in able if device.name.casefold() == name]
        found = found or [device for device in able if name in device.name.casefold()]
    if len(found) == 1:
        return found[0]
    numbered = ", ".join(f"{device.index} {device.name!r}" for device in able)
    if found:
        matching = ", ".join(f"{device.index} {device.name!r}" for device in found)
        raise DeviceError(f"{wanted!r} names more than one {direction} device: {matching}")
    hint = did_you_mean(str(wanted), [device.name for device in able])
    raise DeviceError(f"no {direction} device {wanted!r}: {hint} (there are {numbered})")
