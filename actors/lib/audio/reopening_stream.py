"""Keeps a device open: notices that it is gone, and opens it again when it is back (F23)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from enum import StrEnum
from itertools import count
from typing import Never

from actors.lib.audio.device_stream import DeviceStream
from pipeline.backoff import Backoff
from pipeline.errors import DeviceError

CHECK_S = 0.1
"""How often to look whether the device still calls back."""
STALL_S = 1.0
"""Without a call for so long the device is gone, whatever the driver says: a suspended one is
still 'active'. Fifty blocks; a machine too busy to call back stays below."""
PROOF_S = 0.15
"""A suspended device asks at once for what fills its buffer, and then no more."""
REOPEN = Backoff(first_s=0.25, longest_s=4.0)
"""Looking for devices costs 30 ms of CPU with a sound server; under 1 % at this pace."""
CLOSE_S = 2.0
"""A driver that does not let go by then never will: the process ends and with it the device."""


class StreamState(StrEnum):
    """How the device is."""

    LOST = "lost"
    ON_TRIAL = "on_trial"
    OPEN = "open"


class ReopeningStream:
    """Opens, watches and reopens one device stream."""

    def __init__(
        self,
        open_stream: Callable[[bool], DeviceStream],
        on_lost: Callable[[str], None],
        on_back: Callable[[], None],
    ) -> None:
        """Make one for a device that is not open yet.

        Args:
            open_stream: Opens and starts the device, or raises `DeviceError`; called in a thread,
                with whether to look for devices anew.
            on_lost: Called on the loop with the reason when the device is gone.
            on_back: Called on the loop when it works again.
        """
        self._open_stream = open_stream
        self._on_lost = on_lost
        self._on_back = on_back
        self.state = StreamState.LOST
        """While a reopened device is on trial it may drop what it is given."""
        self._opening: asyncio.Future[DeviceStream] | None = None
        self._opened_ns = 0
        self._called_ns = 0
        self._error: BaseException | None = None

    def called(self) -> None:
        """Note that the device called back; from its thread, on every call."""
        self._called_ns = time.monotonic_ns()

    def failed(self, error: BaseException) -> None:
        """Note that our own code failed in the device's thread; `keep` raises it."""
        self._error = error

    async def open(self, *, required: bool) -> bool:
        """Open the device; return whether it is open. One that cannot be opened counts as lost.

        Raises:
            DeviceError: it is required and cannot be opened.
        """
        try:
            await self._open(StreamState.OPEN, rescan=False)
        except DeviceError as error:
            self.state = StreamState.LOST
            if required:
                raise
            self._on_lost(str(error))
            return False
        return True

    async def keep(self) -> Never:
        """Watch the device, and open it again whenever it is gone or was never there."""
        while True:
            problem = self._problem()
            if problem:
                self.state = StreamState.LOST
                self._on_lost(problem)
                await self._reopen()
                self._on_back()
            await asyncio.sleep(CHECK_S)

    async def close(self) -> None:
        """Let go of the device.

        Raises:
            DeviceError: the driver hangs.
        """
        self.state = StreamState.LOST
        opening, self._opening = self._opening, None
        if opening is None:
            return
        try:
            stream = await opening
        except DeviceError:
            return  # Whoever opened it was told.
        try:
            # Not `wait_for`: in Python 3.11 it swallows a cancellation that comes with the result.
            async with asyncio.timeout(CLOSE_S):
                await asyncio.to_thread(stream.close)
        except TimeoutError:
            raise DeviceError("the sound driver hangs while closing the device") from None

    def _problem(self) -> str:
        if self._error is not None:
            raise self._error
        if self._opening is None or not self._opening.done():
            return "not there"
        if error := self._opening.exception():
            return str(error)
        if not self._opening.result().active:
            return "unplugged, or its sound server ended"
        if time.monotonic_ns() - self._called_ns > STALL_S * 1e9:
            return f"silent for {STALL_S:g} s"
        return ""

    async def _open(self, state: StreamState, *, rescan: bool) -> None:
        self.state = state
        # A thread cannot be cancelled: `close` waits for it, or the device would stay open.
        self._opening = asyncio.ensure_future(asyncio.to_thread(self._open_stream, rescan))
        await asyncio.shield(self._opening)
        self._opened_ns = self._called_ns = time.monotonic_ns()

    async def _reopen(self) -> None:
        for failures in count(1):
            await self.close()
            try:
                await self._open(StreamState.ON_TRIAL, rescan=True)
                if await self._proven():
                    self.state = StreamState.OPEN
                    return
            except DeviceError as error:
                self._on_lost(str(error))
            await asyncio.sleep(REOPEN.wait_s(failures))

    async def _proven(self) -> bool:
        while not self._problem():
            if self._called_ns - self._opened_ns > PROOF_S * 1e9:
                return True
            await asyncio.sleep(CHECK_S / 10)
        return False
