"""A cluster of Ray with several nodes on this machine, each killable by itself."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from actors.scale.cluster import require_ray

FAST_HEALTH = {
    # A node that is silent is given up after 6 s instead of 62.
    "RAY_health_check_initial_delay_ms": "1000",
    "RAY_health_check_period_ms": "1000",
    "RAY_health_check_timeout_ms": "1000",
    "RAY_health_check_failure_threshold": "3",
}


class Nodes:
    """A head that takes no work, and nodes that do."""

    def __init__(self, cluster: Any, workers: list[Any]) -> None:
        self._cluster = cluster
        self._workers = workers

    @property
    def address(self) -> str:
        """Of the head, `host:port`."""
        return str(self._cluster.address)

    def raylet(self, index: int) -> psutil.Process:
        """Return the process of a node that starts its workers."""
        (info,) = self._workers[index].all_processes["raylet"]
        return psutil.Process(info.process.pid)

    def head(self) -> psutil.Process:
        """Return the process of the head that starts what runs there, HAProxy among it."""
        (info,) = self._cluster.head_node.all_processes["raylet"]
        return psutil.Process(info.process.pid)

    def kill(self, index: int) -> None:
        """End a node as a machine whose plug is pulled."""
        self.raylet(index).send_signal(signal.SIGKILL)

    def kill_gcs(self) -> None:
        """End the process of the head that knows the cluster, as one that crashes."""
        (info,) = self._cluster.head_node.all_processes["gcs_server"]
        psutil.Process(info.process.pid).kill()

    def working(self, name: str) -> int:
        """Return the first node with a process below it that has `name` in its command line."""
        for index in range(len(self._workers)):
            try:
                below = self.raylet(index).children(recursive=True)
            except psutil.NoSuchProcess:
                continue
            for process in below:
                try:
                    if name in " ".join(process.cmdline()):
                        return index
                except psutil.Error:
                    continue
        raise LookupError(f"no node runs {name}")


@contextmanager
def nodes(
    count: int,
    resources: dict[str, float],
    folder: Path,
    environment: Mapping[str, str] = FAST_HEALTH,
    cpus: float = 2,
) -> Iterator[Nodes]:
    """Start a head and `count` nodes with these resources each; end all of them at the end.

    Args:
        count: Nodes that take work.
        resources: Of each of them, besides processors.
        folder: For what Ray writes.
        environment: Of all of them.
        cpus: That each of them says it has.
    """
    require_ray("ray")
    # Ray reads it once in a process, however many clusters that starts.
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    os.environ.update(environment)
    from ray.cluster_utils import Cluster

    # Ray makes its own folder where it is told of none.
    os.environ["RAY_TMPDIR"] = str(folder)
    (folder / "ray").mkdir()
    head = {"num_cpus": 0, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    try:
        workers = [cluster.add_node(num_cpus=cpus, resources=resources) for _ in range(count)]
        cluster.wait_for_nodes()
        yield Nodes(cluster, workers)
    finally:
        cluster.shutdown()
