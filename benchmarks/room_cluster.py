"""Rooms on Ray on this machine: a head and two nodes, a room on each, callers through HAProxy."""

from __future__ import annotations

import asyncio
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from actors.cli.load.command import SLACK_S
from actors.cli.load.crowd import Crowd, crowd_calling
from actors.cli.load.crowd_plan import Arrivals, CrowdPlan
from actors.cli.load.load_outcome import outcome_of
from actors.cli.load.load_share import LoadShare
from actors.cli.load.load_target import load_target
from actors.cli.load.recordings import recordings
from actors.scale.haproxy import PROGRAM
from actors.scale.plan import ScalePlan, plan_of
from actors.scale.probe import ask
from benchmarks.crowd_moved import CrowdMoved, crowd_moved
from benchmarks.live_server.crowd import crowd_server
from benchmarks.namespace import in_this_network
from benchmarks.postgres_server import postgres_server
from benchmarks.ray_nodes import Nodes, nodes
from benchmarks.sound import ROOT
from benchmarks.web_room import web_config
from benchmarks.web_run import LISTENED_MESSAGES
from pipeline.cli.run import load_graph

CONFIG = ROOT / "configs" / "gateway.yaml"
PORT = 3000
LONGEST_S = 60
"""The longest conversation."""
GATEWAY = "actors.gateway.options"
SETS = (
    f"{GATEWAY}.host=0.0.0.0",
    f"{GATEWAY}.anybody=true",
    f"{GATEWAY}.session_s={LONGEST_S}",
    # HAProxies of several nodes of one machine would want the same ports.
    "scale.ingress=head",
    "scale.shrink_after_s=2",
    "scale.calls_per_s=0",
)
DATABASE = "GREENROOM_BENCHMARK_DATABASE"
REPLICA = "ray::ServeReplica:"
LOOK_S = 0.02
PATIENCE_S = 60.0


class RoomCluster:
    """Deploys rooms, looks at them, and brings them callers."""

    def __init__(self, cluster: Nodes, config: Path, sets: Sequence[str]) -> None:
        self.nodes = cluster
        self._config = config
        self._sets = (*sets, f"scale.address={cluster.address}")
        self._event_ns = 0
        self.url = f"http://127.0.0.1:{PORT}"

    def deploy(self, *sets: str) -> None:
        """Run `greenroom scale` with what is set besides."""
        self.scale(*sets)

    def scale(self, *sets: str, options: Sequence[str] = ()) -> str:
        """Run `greenroom scale`; return what it prints."""
        words = [word for each in (*self._sets, *sets) for word in ("--set", each)]
        command = [sys.executable, "-m", "actors.cli", "scale", str(self._config), *options, *words]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        sys.stderr.write("".join(f"  {line}\n" for line in done.stdout.splitlines()))
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)
        return done.stdout

    def replicas(self) -> list[psutil.Process]:
        """Return the replicas of Serve that are rooms, the oldest first."""
        found = []
        for process in in_this_network():
            try:
                words = process.cmdline()
                if words and words[0].startswith(REPLICA):
                    found.append(process)
            except psutil.Error:
                continue
        return sorted(found, key=lambda each: each.create_time())

    def ports(self) -> dict[int, int]:
        """Return on which port each room is called, by the process of its replica."""
        return {each.pid: port for each in self.replicas() if (port := _port(each))}

    def calls(self) -> dict[int, int]:
        """Return how many talk in each room, by the process of its replica."""
        found = {}
        for pid, port in self.ports().items():
            status, health = asyncio.run(ask(port, "/healthz"))
            if status == 200:
                found[pid] = int(health["callers"])
        return found

    def wait(self, holds: Callable[[], object], what: str, patience_s: float = PATIENCE_S) -> float:
        """Wait until something holds; return how long that took.

        Raises:
            TimeoutError: it does not.
        """
        began_s = time.monotonic()
        while not holds():
            if time.monotonic() - began_s > patience_s:
                raise TimeoutError(f"not after {patience_s:g} s: {what}")
            time.sleep(LOOK_S)
        return time.monotonic() - began_s

    def _are_there(self, crowd: Crowd, callers: int) -> bool:
        """Whether all callers talk; those who are not let in are in the outcome."""
        refused = crowd.how_many().get("refused", 0)
        return sum(self.calls().values()) + refused >= callers

    def note_event(self) -> None:
        """What is measured from happens now."""
        self._event_ns = time.monotonic_ns()

    def load(
        self, callers: int, length_s: float, meanwhile: Callable[[], None] = lambda: None
    ) -> CrowdMoved:
        """Let a crowd call; `meanwhile` once all of them talk. Return what became of it."""
        target = load_target(self.url, ())
        plan = CrowdPlan(callers, tuple(target.urls), Arrivals.RAMP, 1.0, (length_s, length_s))
        said = recordings()
        with crowd_calling(LoadShare(plan, target.urls)) as crowd:
            self.wait(lambda: self._are_there(crowd, callers), "all callers talk")
            self.note_event()
            meanwhile()
            crowd.wait(length_s + plan.patience_s + SLACK_S)
            journal = crowd.end()
        return crowd_moved(journal, outcome_of(journal, said), said, self._event_ns)


def family(process: psutil.Process) -> list[psutil.Process]:
    """Return a process and all below it."""
    return [process, *process.children(recursive=True)]


def is_there(process: psutil.Process) -> bool:
    """Return whether a process does anything yet."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def gone_s(processes: Sequence[psutil.Process], patience_s: float = 20.0) -> float | None:
    """Return how long it takes until none of them is there; None: some stay."""
    began_s = time.monotonic()
    while time.monotonic() - began_s < patience_s:
        if not any(map(is_there, processes)):
            return time.monotonic() - began_s
        time.sleep(0.01)
    return None


def _port(replica: psutil.Process) -> int | None:
    try:
        sockets = replica.net_connections("tcp")
    except psutil.Error:
        return None
    ports = [each.laddr.port for each in sockets if each.status == psutil.CONN_LISTEN]
    # Of those that Ray gives to replicas for HTTP.
    return next((port for port in ports if 30_000 <= port < 31_000), None)


@contextmanager
def shared_cluster(*sets: str, cpus: float) -> Iterator[RoomCluster]:
    """The same with a PostgreSQL that the rooms share: conversations move between them."""
    with postgres_server() as server:
        os.environ[DATABASE] = server.make_database("rooms")
        os.environ["GREENROOM_TOKEN_SECRET"] = secrets.token_hex(32)
        with room_cluster(f"{GATEWAY}.database=${DATABASE}", *sets, cpus=cpus) as rooms:
            yield rooms


@contextmanager
def room_cluster(*sets: str, count: int = 2, cpus: float = 2) -> Iterator[RoomCluster]:
    """Start a head and nodes; end all of it at the end.

    Args:
        sets: Overrides of the config, besides `SETS`.
        count: Nodes.
        cpus: That each of them says it has; a room takes two.
    """
    together = (*SETS, *sets)
    with (
        tempfile.TemporaryDirectory(prefix="grb-", ignore_cleanup_errors=True) as folder,
        # Lean: a simulator in each room takes more than all else in it.
        crowd_server(Path(folder), LISTENED_MESSAGES),
    ):
        config = web_config(Path(folder), port=PORT)
        plan = plan_of(load_graph(config, together, look_outside=False))
        environment = haproxy_environment(plan, Path(folder))
        with nodes(count, {}, Path(folder), environment, cpus) as cluster:
            yield RoomCluster(cluster, config, together)


def haproxy_environment(plan: ScalePlan, folder: Path) -> dict[str, str]:
    """Return the environment of nodes, with HAProxy as this checkout runs it, installed or not."""
    program = folder / "haproxy"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m actors.scale.haproxy "$@"\n')
    program.chmod(0o755)
    return {**plan.environment(), PROGRAM: str(program)}
