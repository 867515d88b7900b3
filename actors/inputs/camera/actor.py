"""Sends pictures: the newest, small enough, a few per second."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path
from typing import Any, ClassVar

from actors.inputs.camera.encoder import Encoded, Encoder
from actors.inputs.camera.options import CameraOptions
from actors.inputs.camera.reader import Shot, Shots, open_capture, shots
from actors.inputs.camera.source import PictureSource, SourceKind, find_source, is_device
from actors.lib.device_lock import DeviceLock
from actors.lib.when_missing import WhenMissing
from pipeline.actor import Actor
from pipeline.backoff import Backoff
from pipeline.errors import DeviceError
from pipeline.frames import ActorState, Image
from pipeline.ports import Out

REOPEN = Backoff(first_s=0.5, longest_s=8.0)
"""A cable that is plugged in again is back in a second or two; a camera that stays away costs
little, and is back soon after it returns."""
DAMAGE_TOLD_EVERY_S = 10.0
"""A camera that gives thirty broken pictures a second makes one log line in this time."""
STOP_S = 1.0
"""How long to wait for a read that is under way: the process has 3 s to end."""


class Camera(Actor[CameraOptions]):
    """Reads in a thread; a live source that goes away is opened again until it is back."""

    options_type = CameraOptions
    outputs: ClassVar = {"video": Out((Image,))}
    is_source = True
    send_high_water = 8

    _thread: threading.Thread | None = None
    _damage_due_s = 0.0

    @classmethod
    def check(cls, options: Any, config_dir: Path) -> None:
        """Check that the device, file or folder is there, unless it is waited for.

        Raises:
            DeviceError: it is not.
        """
        if not waits_for_device(options, config_dir):
            find_source(options.source, config_dir)

    def rates_hz(self) -> dict[str, float]:
        """As many pictures as the options want."""
        return {"video": self.options.rate_hz}

    async def start(self) -> None:
        """Find the source, and make sure that a file can be played."""
        source, folder = self.options.source, self.surroundings.config_dir
        self._had_camera = bool(self.checkpoint.get("had_camera"))
        self._source: PictureSource | None = None
        self._stopping = threading.Event()
        self._loop = asyncio.get_running_loop()
        self._over: asyncio.Future[None] = self._loop.create_future()
        self._encoder = Encoder(
            self.options.width,
            self.options.height,
            self.options.quality,
            int(self.options.max_bytes_per_s / self.options.rate_hz),
        )
        try:
            self._source = await asyncio.to_thread(find_source, source, folder)
            await asyncio.to_thread(_prepare, self._source)
        except DeviceError as error:
            if is_device(source, folder):
                if not (self._had_camera or waits_for_device(self.options, folder)):
                    raise
                await asyncio.to_thread(_prepare, None)
            elif self.checkpoint.get("begun_ns"):
                # A file that the process before this one played, and that is gone since.
                self._give_up(error)
            else:
                raise

    async def run(self) -> None:
        """Send pictures; returns at the end of a file, or where it cannot be read on."""
        if self._over.done():
            return
        self._thread = threading.Thread(target=self._read, name="camera", daemon=True)
        self._thread.start()
        await self._over

    async def stop(self) -> None:
        """Let go of the source."""
        if self._thread is not None:
            self._stopping.set()
            await asyncio.to_thread(self._thread.join, STOP_S)

    def _read(self) -> None:
        """Body of the thread."""
        error: Exception | None = None
        try:
            if self._source is None or self._source.live:
                self._read_live()
            else:
                self._read_recorded(self._source)
        except Exception as caught:  # noqa: BLE001 - raised again by `run`
            error = caught
        self._tell(self._finish, error)

    def _read_live(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                # Of a camera that is plugged in again the number may be another one.
                source = find_source(self.options.source, self.surroundings.config_dir)
                with lock_of(source), closing(self._shots(source, 0)) as taken:
                    for shot in taken:
                        failures = 0
                        self._on_shot(shot)
            except DeviceError as error:
                failures += 1
                retry_s = REOPEN.wait_s(failures)
                self._tell(self._lost, f"{error}; trying again in {retry_s:g} s")
                self._stopping.wait(retry_s)

    def _read_recorded(self, source: PictureSource) -> None:
        begun_ns = self.checkpoint.get("begun_ns") or time.monotonic_ns()
        while not self._stopping.is_set():
            self._tell(self.checkpoint.__setitem__, "begun_ns", begun_ns)
            try:
                with closing(self._shots(source, begun_ns)) as taken:
                    for shot in taken:
                        self._on_shot(shot)
            except DeviceError as error:
                self._tell(self._give_up, error)
                return
            if not self.options.loop:
                return
            begun_ns = time.monotonic_ns()

    def _shots(self, source: PictureSource, begun_ns: int) -> Shots:
        rate_hz = self.options.rate_hz
        return shots(source, rate_hz, begun_ns, self._stopping, self._on_damage)

    def _on_damage(self, problem: str) -> None:
        self._tell(self._leave_out, problem)

    def _leave_out(self, problem: str) -> None:
        self.counters["damaged_pictures"] += 1
        now_s = time.monotonic()
        if now_s >= self._damage_due_s:
            self._damage_due_s = now_s + DAMAGE_TOLD_EVERY_S
            so_far = self.counters["damaged_pictures"]
            self.log.warning("a picture is left out", problem=problem, so_far=so_far)

    def _give_up(self, error: DeviceError) -> None:
        self.counters["unreadable_files"] += 1
        self.log.error("the pictures end here", problem=str(error))
        self._finish(None)

    def _on_shot(self, shot: Shot) -> None:
        self._tell(self._send, self._encoder.encode(shot.picture), shot.origin_ns)

    def _tell(self, call: Any, *args: Any) -> None:
        """Have the event loop call, unless it is gone."""
        if not self._stopping.is_set():
            self._loop.call_soon_threadsafe(call, *args)

    def _send(self, encoded: Encoded, origin_ns: int) -> None:
        if self.state is ActorState.DEGRADED:
            self.set_state(ActorState.READY)
            self.log.info(f"the camera is {'back' if self._had_camera else 'there'}")
        if not self._had_camera:
            self.checkpoint["had_camera"] = self._had_camera = True
        self.counters["taken"] += 1
        if not encoded.jpeg:
            self.counters["too_large"] += 1
            return
        self.counters["lowered"] += encoded.lowered
        self.gauges["bytes"] = len(encoded.jpeg)
        self.publish(
            "video",
            Image(
                session=self.session,
                origin_ns=origin_ns,
                jpeg=encoded.jpeg,
                width=encoded.width,
                height=encoded.height,
            ),
        )

    def _lost(self, problem: str) -> None:
        self.counters["lost"] += 1
        if self.state is not ActorState.DEGRADED:
            said = "no pictures" if self._had_camera else "waiting for a camera"
            self.log.warning(said, problem=problem)
        waiting = "" if self._had_camera else "waiting for a camera: "
        self.set_state(ActorState.DEGRADED, f"{waiting}{problem}")

    def _finish(self, error: Exception | None) -> None:
        if self._over.done():
            return
        if error is None:
            self._over.set_result(None)
        else:
            self._over.set_exception(error)


def lock_of(source: PictureSource) -> AbstractContextManager[object]:
    """Return what keeps a camera from other pipelines; the network has room for all."""
    match source.kind:
        case SourceKind.DEVICE:
            resource = str(Path(source.target).resolve())
        case SourceKind.PI_CAMERA:
            resource = source.target
        case _:
            return nullcontext()
    return DeviceLock(f"camera/{resource}", f"camera {source.target}")


def waits_for_device(options: CameraOptions, config_dir: Path) -> bool:
    """Return whether the camera may be missing at the start."""
    return options.when_missing is WhenMissing.WAIT and is_device(options.source, config_dir)


def _prepare(source: PictureSource | None) -> None:
    """Load OpenCV and open a file once, so that a bad one is an error at the start."""
    import cv2

    cv2.setNumThreads(1)
    # Its warnings repeat at every attempt to open a camera; the actor says so itself.
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
    if source is None:
        return
    if source.kind is SourceKind.FILE:
        open_capture(source).release()
    pictures = source.pictures
    if pictures and all(cv2.imread(str(each)) is None for each in pictures):
        raise DeviceError(
            f"{pictures[0]} cannot be read as a picture, nor can any other of "
            f"{source.target}: replace or remove them"
        )
