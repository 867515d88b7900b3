"""A room as a replica of Ray Serve: deployed by import path, one `greenroom run` in each."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import ExitStack
from typing import Any

from actors.lib.owned_folder import OwnedFolder
from actors.scale.handover import take_listener
from actors.scale.plan import DEPLOYMENT
from actors.scale.room_count import CALLS, GOING
from actors.scale.room_process import RoomArguments, RoomProcess
from actors.scale.room_seen import room_name
from pipeline.errors import GreenroomError
from pipeline.launch.prctl import die_with_parent

FOLDER = "grs-"
"""Prefix of the folder of a room; what one leaves that was killed, the next removes."""
LISTENER_S = 10.0
"""For Ray to give a replica its port: it has done so, where it does at all."""
LOOK_S = 0.5
"""Between two looks whether anybody still talks in a room that is to go."""


def application(arguments: dict[str, Any]) -> Any:
    """Return the application for Serve, which finds it by the path of this function.

    Args:
        arguments: `RoomArguments`.
    """
    from ray import serve

    return serve.deployment(name=DEPLOYMENT)(Room).bind(arguments)


def node_addresses() -> list[str]:
    """Return the addresses of this node and then of all others: each may have a HAProxy."""
    import ray

    found = [ray.util.get_node_ip_address()]
    found += [each["NodeManagerAddress"] for each in ray.nodes() if each["Alive"]]
    return list(dict.fromkeys(found))


def own_name() -> str:
    """Return the name of this room, which no other ever had."""
    from ray import serve

    found = serve.get_replica_context().replica_id
    return room_name(found.deployment_id.app_name, found.unique_id)


class Room:
    """Runs a room on the port that Ray gave this replica.

    Args:
        arguments: What is the same for all rooms.
    """

    def __init__(self, arguments: RoomArguments) -> None:
        self._arguments = arguments
        self._held = ExitStack()
        self._listener: socket.socket | None = None
        self._given = asyncio.Event()
        self._process: RoomProcess | None = None
        self._starting = asyncio.Lock()
        # Of a node whose Ray is gone nobody would ever end the room.
        die_with_parent(os.getppid())
        take_listener(self._take)

    async def __call__(self) -> None:
        """Never called: the room is called on its port."""

    async def check_health(self) -> None:
        """Start the room at the first look, and see later that it runs.

        Raises:
            GreenroomError: it does not; Serve then puts another one in its place.
        """
        async with self._starting:
            if self._process is None:
                self._process = await self._started()
        if not self._process.is_running:
            raise GreenroomError("the pipeline of this room has ended")
        if await self._process.is_drained():
            raise GreenroomError("this room was to be emptied, and is: another one takes its place")

    async def record_autoscaling_stats(self) -> dict[str, float]:
        """Return how many talk here, and whether the room is to be counted no more."""
        process = self._process
        if process is None:
            return {CALLS: 0.0, GOING: 0.0}
        return {CALLS: float(await process.calls()), GOING: float(await process.is_going())}

    async def __del__(self) -> None:
        """Let those who talk finish, as long as they may, and end the room.

        Nobody new comes by then: the replica is in no HAProxy any more.
        """
        if self._process is not None:
            for _ in range(round(self._arguments["patience_s"] / LOOK_S)):
                if not await self._process.calls():
                    break
                await asyncio.sleep(LOOK_S)
            await self._process.stop()
        if self._listener is not None:
            self._listener.close()
        self._held.close()

    def _take(self, listener: socket.socket) -> None:
        # Ray closes its own.
        self._listener = listener.dup()
        self._given.set()

    async def _started(self) -> RoomProcess:
        try:
            async with asyncio.timeout(LISTENER_S):
                await self._given.wait()
        except TimeoutError:
            raise GreenroomError(
                "Ray gives this replica no port: start its node with the environment that "
                "greenroom scale --environment prints"
            ) from None
        assert self._listener is not None
        folder = self._held.enter_context(OwnedFolder(FOLDER)).path
        process = RoomProcess(self._arguments, folder, self._listener, own_name(), node_addresses())
        await process.start()
        return process
