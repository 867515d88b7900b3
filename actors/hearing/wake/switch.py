"""A switch that is pressed and released: a pin or a key, watched for as long as it is there."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator

from pipeline.backoff import Backoff
from pipeline.errors import DeviceError

REOPEN = Backoff(first_s=0.5, longest_s=8.0)
"""A pedal that is plugged in again, or a presenter that was switched on, is there in a second."""
READ_BYTES = 4096


class HeldSwitch:
    """Reads what a device says of one switch, and opens it again after it was gone."""

    def __init__(
        self,
        opens: Callable[[], int],
        strokes: Callable[[bytes], Iterator[bool]],
        on_stroke: Callable[[bool], None],
        on_state: Callable[[str], None],
    ) -> None:
        """Make one that is not watched yet.

        Args:
            opens: Returns a descriptor that does not block; raises `DeviceError`.
            strokes: Finds in what was read whether it was pressed or released.
            on_stroke: Called on the loop, with whether it is pressed.
            on_state: Called with what is wrong, or nothing once it is right.
        """
        self._opens = opens
        self._strokes = strokes
        self._on_stroke = on_stroke
        self._on_state = on_state
        self._is_pressed = False

    async def watch(self) -> None:
        """Watch it until cancelled."""
        failures = 0
        while True:
            try:
                fd = self._opens()
                self._on_state("")
                failures = 0
                await self._read(fd)
            except DeviceError as error:
                failures += 1
                self._on_state(str(error))
            # Nobody holds a switch that is gone.
            self._stroke(False)
            await asyncio.sleep(REOPEN.wait_s(failures))

    async def _read(self, fd: int) -> None:
        loop = asyncio.get_running_loop()
        lost: asyncio.Future[str] = loop.create_future()

        def read() -> None:
            try:
                block = os.read(fd, READ_BYTES)
            except BlockingIOError:
                return
            except OSError as error:
                block, why = b"", str(error.strerror)
            else:
                why = "it has ended"
            if not block and not lost.done():
                loop.remove_reader(fd)
                lost.set_result(why)
            for pressed in self._strokes(block):
                self._stroke(pressed)

        try:
            loop.add_reader(fd, read)
            raise DeviceError(f"the switch is gone: {await lost}")
        finally:
            loop.remove_reader(fd)
            os.close(fd)

    def _stroke(self, pressed: bool) -> None:
        if pressed is not self._is_pressed:
            self._is_pressed = pressed
            self._on_stroke(pressed)
