"""The pipeline of a room as a child process: started, watched, ended."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict

import yaml

from actors.gateway.website.rest import SERVE_PROBE
from actors.scale.identity import moved, package_root
from actors.scale.probe import ask
from actors.services.tools import parent_death_exec
from pipeline.errors import GreenroomError
from pipeline.launch.listening import GIVEN

LOOK_S = 0.1
"""Between two looks at a room that starts."""
START_S = 60.0
"""For a room to be ready: it takes 2 s, and 30 on a machine that starts many at once."""
STOP_S = 35.0
"""From SIGTERM to the end: what the supervisor gives the gateway, and all others after it."""
DEPARTING = 503
"""How a room answers HAProxy that takes nobody new."""
ENGINE = "RAY_"
"""Of the environment of a replica, which the room is not to know."""


class RoomArguments(TypedDict):
    """What is the same for all rooms: plain values, and no secrets.

    Attributes:
        config: Of the pipeline.
        root: Folder of our packages where it was deployed: what lies in them is found here too.
        gateway: Name of the actor that serves callers.
        places: Conversations in a room.
        patience_s: How long those are waited for who still talk in a room that is to go.
    """

    config: dict[str, Any]
    root: str
    gateway: str
    places: int
    patience_s: float


class RoomProcess:
    """`greenroom run` on a socket that was bound before.

    Args:
        arguments: What is the same for all rooms.
        folder: Of this room alone: runtime, state and config.
        listener: Where callers connect.
        name: Of the room.
        nodes: Addresses of this node, first, and of all others that may call it.
    """

    def __init__(
        self,
        arguments: RoomArguments,
        folder: Path,
        listener: socket.socket,
        name: str,
        nodes: Sequence[str],
    ) -> None:
        self._arguments = arguments
        self._name = name
        self._nodes = nodes
        self._folder = folder
        self._listener = listener
        self.port = int(listener.getsockname()[1])
        """On which it is called; known also once the socket is closed."""
        self._process: asyncio.subprocess.Process | None = None
        self._calls = 0

    @property
    def is_running(self) -> bool:
        """It was started and has not ended."""
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Start it, and return when callers would be answered.

        Raises:
            GreenroomError: it ends instead, or is not ready in time.
        """
        path = self._write_config()
        descriptor = self._listener.fileno()
        # Exec after a vfork: never a fork of a process with the threads of gRPC.
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            parent_death_exec.__file__,
            str(os.getpid()),
            *(sys.executable, "-m", "actors.cli", "run", str(path), "--plain"),
            env=room_environment(os.environ) | {GIVEN: str(descriptor)},
            pass_fds=(descriptor,),
            stdin=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(START_S):
                while (await ask(self.port, "/readyz"))[0] != 200:
                    if not self.is_running:
                        raise GreenroomError(
                            f"the room ended with status {self._process.returncode}: see the log "
                            "of the worker on its node"
                        )
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            await self.stop()
            raise GreenroomError(f"the room was not ready after {START_S:g} s") from None

    async def calls(self) -> int:
        """Return how many talk in it; as many as before where it does not answer in time."""
        if not self.is_running:
            return 0
        status, health = await ask(self.port, "/healthz")
        if status == 200:
            self._calls = int(health["callers"])
        return self._calls

    async def is_drained(self) -> bool:
        """Return whether it takes nobody new, as an operator wants it, and nobody is there."""
        return await self.is_going() and not await self.calls()

    async def is_going(self) -> bool:
        """Return whether it takes nobody new, as an operator wants it."""
        return (await ask(self.port, SERVE_PROBE))[0] == DEPARTING

    async def stop(self) -> None:
        """End it: turns under way are finished, as far as there is time."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    def _write_config(self) -> Path:
        path = self._folder / "room.yaml"
        path.write_text(yaml.safe_dump(json.loads(json.dumps(self._tree()))))
        return path

    def _tree(self) -> dict[str, Any]:
        given = self._arguments
        tree: Any = moved(given["config"], given["root"], package_root())
        return room_config(tree, given, self._folder, self.port, self._name, self._nodes)


def room_config(
    tree: dict[str, Any],
    arguments: RoomArguments,
    folder: Path,
    port: int,
    name: str,
    nodes: Sequence[str],
) -> dict[str, Any]:
    """Return the config of one room: its port, its folders, its places.

    Args:
        tree: As all rooms have it.
        arguments: What is the same for all rooms.
        folder: Of this room alone.
        port: On which it is called.
        name: By which the others know it, if they share a database.
        nodes: Addresses of this node, first, and of all others. Their word is taken for where a
            caller comes from, if the config names nobody else's.
    """
    gateway = arguments["gateway"]
    actor = tree["actors"][gateway]
    given = actor.get("options", {})
    options = {
        "trusted_proxies": sorted(nodes),
        **given,
        "port": port,
        "places": arguments["places"],
    }
    if given.get("database"):
        host = f"[{nodes[0]}]" if ":" in nodes[0] else nodes[0]
        options |= {"room": name, "address": f"http://{host}:{port}"}
    return {
        **tree,
        "runtime_dir": str(folder / "run"),
        "state_dir": str(folder / "state"),
        "actors": {**tree["actors"], gateway: {**actor, "options": options}},
    }


def room_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a node without what is Ray's."""
    return {name: value for name, value in environment.items() if not name.startswith(ENGINE)}
