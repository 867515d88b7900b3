"""An open microphone or speaker: PortAudio calls back from a thread of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from actors.lib.audio.devices import Direction, SoundDevice, find_device, load_sounddevice
from actors.lib.audio.pcm import Samples
from actors.lib.device_lock import DeviceLock, sound_lock
from pipeline.errors import DeviceError

Fill = Callable[[int, int, float, bool], Samples]
"""Called with samples wanted, their rate, seconds until the first is heard, and whether the
device ran dry; returns the samples."""
Take = Callable[[NDArray[np.int16], int, float, bool], None]
"""Called with samples, or samples x channels if there are several, their rate, seconds since the
first was captured, and whether the device lost some before."""

StreamCallback = Callable[[Any, int, Any, Any], None]
"""What `sounddevice` calls: block, frames, times, flags."""

ARRAY_CHANNELS = 8
"""Of the largest usual array of microphones, with its loopback. A plugin of ALSA claims 32 and
more, and makes them up."""
MAX_DELAY_S = 2.0
"""A driver that reports more between call and sound, or less than nothing, does not know."""


class DeviceStream(Protocol):
    """What a microphone or speaker holds while the device works."""

    @property
    def active(self) -> bool:
        """Whether the device still calls back, as far as the driver knows."""

    def close(self) -> None:
        """Let go of the device; nothing is called back after this."""


class PortAudioStream:
    """A stream of `sounddevice`, started."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        try:
            stream.start()
        except BaseException:
            stream.close()
            raise

    @property
    def active(self) -> bool:
        """Whether the device still calls back, as far as the driver knows."""
        return bool(self._stream.active)

    def close(self) -> None:
        """Let go of the device; nothing is called back after this."""
        self._stream.abort()
        self._stream.close()


class LockedStream:
    """A stream whose device nobody else may open meanwhile: a sound server would let them."""

    def __init__(self, stream: DeviceStream, lock: DeviceLock) -> None:
        self._stream = stream
        self._lock = lock

    @property
    def active(self) -> bool:
        """Whether the device still calls back, as far as the driver knows."""
        return self._stream.active

    def close(self) -> None:
        """Let go of the device; nothing is called back after this."""
        try:
            self._stream.close()
        finally:
            self._lock.release()


def open_output(
    wanted: int | str | None, rate_hz: int, block_ms: int, latency: str | float, fill: Fill
) -> DeviceStream:
    """Play what `fill` returns, at `rate_hz` if the device can, else at its own rate.

    Raises:
        DeviceError: there is no such device, or it cannot be opened.
    """

    def calling_at(rate: int) -> StreamCallback:
        def on_block(out: Any, frames: int, times: Any, status: Any) -> None:
            # Two blocks are what drivers keep when asked for little latency.
            delay_s = _sane(times.outputBufferDacTime - times.currentTime, 2 * frames / rate)
            out[:] = fill(frames, rate, delay_s, status.output_underflow)[:, np.newaxis]

        return on_block

    device = find_device(Direction.OUTPUT, wanted)
    return _open(device, Direction.OUTPUT, rate_hz, block_ms, latency, calling_at)


def open_input(
    wanted: int | str | None, rate_hz: int, block_ms: int, latency: str | float, take: Take
) -> DeviceStream:
    """Hand what is heard to `take`, at `rate_hz` if the device can, else at its own rate.

    All channels are taken, of which one may be dead or the other's opposite: a sound server that is
    asked for one channel adds them up.

    Raises:
        DeviceError: there is no such device, it cannot be opened, or another pipeline has it.
    """

    def calling_at(rate: int) -> StreamCallback:
        def on_block(heard: Any, frames: int, times: Any, status: Any) -> None:
            age_s = _sane(times.currentTime - times.inputBufferAdcTime, frames / rate)
            sound = heard[:, 0] if heard.shape[1] == 1 else heard
            take(sound.copy(), rate, age_s, status.input_overflow)

        return on_block

    device = find_device(Direction.INPUT, wanted)
    lock = sound_lock(Direction.INPUT, device.host_api, device.name).acquire()
    try:
        opened = _open(device, Direction.INPUT, rate_hz, block_ms, latency, calling_at)
    except BaseException:
        lock.release()
        raise
    return LockedStream(opened, lock)


def _open(
    device: SoundDevice,
    direction: Direction,
    rate_hz: int,
    block_ms: int,
    latency: str | float,
    calling_at: Callable[[int], StreamCallback],
) -> DeviceStream:
    sounddevice = load_sounddevice()
    is_input = direction is Direction.INPUT
    kind = sounddevice.InputStream if is_input else sounddevice.OutputStream
    check = sounddevice.check_input_settings if is_input else sounddevice.check_output_settings
    most = device.inputs if is_input else device.outputs
    problem: Exception | None = None
    # Hardware without a sound server may refuse mono, or any rate but its own.
    for rate in dict.fromkeys((rate_hz, device.rate_hz)):
        for channels in _channels(most, is_input):
            settings = {"device": device.index, "channels": channels, "samplerate": rate}
            try:
                check(dtype="int16", **settings)
                return PortAudioStream(
                    kind(
                        dtype="int16",
                        blocksize=rate * block_ms // 1000,
                        latency=latency,
                        callback=calling_at(rate),
                        **settings,
                    )
                )
            except sounddevice.PortAudioError as error:
                problem = error
    raise DeviceError(
        f"{direction} device {device.index} {device.name!r} cannot be opened: {problem}; "
        "is another program using it?"
    ) from problem


def _channels(most: int, is_input: bool) -> tuple[int, ...]:
    """Return the numbers of channels to try."""
    two = min(2, most)
    if not is_input:
        return tuple(dict.fromkeys((1, two)))
    return tuple(dict.fromkeys((most if most <= ARRAY_CHANNELS else two, two, 1)))


def _sane(delay_s: float, otherwise_s: float) -> float:
    return delay_s if 0.0 <= delay_s <= MAX_DELAY_S else otherwise_s
