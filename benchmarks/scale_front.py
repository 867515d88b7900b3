"""What HAProxy and Ray cost a message: `python -m benchmarks.scale_front`, as root.

Blocks of 20 ms of sound go to the gateway's web server and come back, straight and through the
HAProxy of Ray Serve; times as the client sees them, processor time of all that serves: of
HAProxy, and of all of Ray, which is never idle.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console

from actors.scale.cluster import connected
from actors.scale.deployed import serving
from actors.scale.place import RayPlace
from actors.scale.plan import ScalePlan, plan_of
from actors.scale.probe import ask
from benchmarks.figures import table_of
from benchmarks.front_echo import start
from benchmarks.namespace import in_own_network, in_this_network
from benchmarks.processes import processor_s
from benchmarks.ray_nodes import nodes
from benchmarks.room_cluster import CONFIG, GATEWAY, LOOK_S, haproxy_environment
from benchmarks.web_callers.client_socket import ClientSocket
from pipeline.cli.run import load_graph
from pipeline.config.scale import Ingress, RoomsConfig
from pipeline.quantile import quantile

CONNECTIONS = (1, 25, 100)
BLOCK_BYTES = 640
"""20 ms of PCM at 16 kHz."""
BLOCK_S = 0.02
SECONDS = 20.0
WARM_S = 3.0
OPEN_S = 20.0
"""For all connections: the server may be starting."""
PORT = 3000


async def talk(port: int, connections: int, seconds: float) -> list[float]:
    """Send blocks over so many connections, evenly spread; return the times there and back, ms."""
    loop = asyncio.get_running_loop()
    came: list[float] = []
    opened = asyncio.Semaphore(0)

    def on_message(message: str | bytes, at_ns: int) -> None:
        if isinstance(message, bytes):
            came.append((at_ns - int.from_bytes(message[:8], "big")) / 1e6)
        else:
            opened.release()

    ends = [
        (
            await loop.create_connection(
                lambda: ClientSocket("/", "begin", on_message, lambda: None), "127.0.0.1", port
            )
        )[1]
        for _ in range(connections)
    ]
    async with asyncio.timeout(OPEN_S):
        for _ in ends:
            await opened.acquire()
    begun_s, rest = loop.time(), bytes(BLOCK_BYTES - 8)
    for number in range(round(seconds / BLOCK_S) * connections):
        due_s = begun_s + number * BLOCK_S / connections
        if (ahead_s := due_s - loop.time()) > 0:
            await asyncio.sleep(ahead_s)
        ends[number % connections].send(time.monotonic_ns().to_bytes(8, "big") + rest)
    await asyncio.sleep(0.5)
    for each in ends:
        assert each.transport is not None
        each.transport.close()
    return came


def measured(port: int, those: Callable[[], list[psutil.Process]]) -> Iterator[Sequence[str]]:
    """Yield a row for each number of connections."""
    asyncio.run(talk(port, 1, WARM_S))
    for connections in CONNECTIONS:
        before = {each: processor_s(each) for each in those()}
        times_ms = asyncio.run(talk(port, connections, SECONDS))
        spent_s = sum(
            processor_s(each) - before.get(each, 0.0) for each in those() if each.is_running()
        )
        sent = round(SECONDS / BLOCK_S) * connections
        yield (
            str(connections),
            f"{quantile(times_ms, 0.5):.2f} / {quantile(times_ms, 0.99):.2f}",
            # Each goes both ways.
            f"{spent_s / (2 * sent) * 1e6:.0f}",
            f"{len(times_ms)} of {sent}",
        )


@contextmanager
def plain() -> Iterator[tuple[int, Callable[[], list[psutil.Process]]]]:
    """The web server alone."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        process = start(sock)
        try:
            yield sock.getsockname()[1], lambda: [psutil.Process(process.pid)]
        finally:
            process.kill()
            process.wait()


@contextmanager
def behind_haproxy() -> Iterator[tuple[int, Callable[[], list[psutil.Process]]]]:
    """The same as a replica of Ray Serve."""
    sets = (f"{GATEWAY}.host=0.0.0.0", f"{GATEWAY}.anybody=true")
    plan = plan_of(load_graph(CONFIG, sets, look_outside=False))
    scale = plan.scale.model_copy(
        update={"ingress": Ingress.HEAD, "rooms": RoomsConfig(least=1, most=1)}
    )
    plan = replace(plan, scale=scale)
    with (
        tempfile.TemporaryDirectory(prefix="grb-", ignore_cleanup_errors=True) as folder,
        nodes(1, {}, Path(folder), haproxy_environment(plan, Path(folder))) as cluster,
        connected(RayPlace(cluster.address), {}),
        serving() as found,
    ):
        found.deploy(_echo(plan))
        found.wait(plan.name, 60.0, lambda said: print(said, file=sys.stderr))
        asyncio.run(until_served(PORT))
        yield PORT, _of_ray


async def until_served(port: int) -> None:
    """Return when HAProxy knows the replica: some time after Ray does."""
    async with asyncio.timeout(OPEN_S):
        while (await ask(port, "/"))[0] != HTTPStatus.OK:  # noqa: ASYNC110 - HAProxy tells nobody
            await asyncio.sleep(LOOK_S)


def _echo(plan: ScalePlan) -> dict[str, Any]:
    schema = plan.schema({})
    schema["applications"][0]["import_path"] = "benchmarks.front_echo:application"
    return schema


def _of_ray() -> list[psutil.Process]:
    """Return all that was started here, HAProxies and the server among it; not this process."""
    return [each for each in in_this_network() if each.pid != os.getpid()]


def main() -> int:
    """Print the table."""
    in_own_network("benchmarks.scale_front")
    table = table_of("front", "connections", "there and back, p50 / p99 ms", "us a message", "came")
    for name, front in (("uvicorn", plain), ("behind HAProxy of Ray Serve", behind_haproxy)):
        with front() as (port, those):
            for row in measured(port, those):
                table.add_row(name, *row)
    Console(width=120).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
