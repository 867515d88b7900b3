"""The nodes of a cluster that take our work, and whether they run the same code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actors.scale.identity import NodeIdentity, misfit, own_identity
from pipeline.errors import GreenroomError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

CPU = "CPU"
"""Resource that each node has which does any work, as Ray calls it."""
CELL = "cell"
"""Resource that a node declares, by `ray start --resources`: pipelines of `evaluate` at a time."""


def slots(ray: ModuleType) -> int:
    """Return how many cells the nodes run at a time that are alive now."""
    return int(sum(each["Resources"].get(CELL, 0) for each in _alive(ray)))


def require_slots(ray: ModuleType) -> int:
    """Return how many cells run at a time.

    Raises:
        GreenroomError: no node takes any.
    """
    found = slots(ray)
    if not found:
        raise GreenroomError(
            "no node of the cluster takes cells: start those that shall with "
            f"""ray start ... --resources='{{"{CELL}": 2}}' (as many as it has cores)"""
        )
    return found


def require_same(ray: ModuleType, resource: str = CELL) -> list[NodeIdentity]:
    """Return what the nodes that take our work run: the same as this process.

    Args:
        ray: The module.
        resource: That they have.

    Raises:
        GreenroomError: one does not, and which.
    """
    own = own_identity()
    found = [NodeIdentity(**each) for each in on_each_node(ray, _probe(), resource)]
    for node in found:
        if problem := misfit(node, own):
            raise GreenroomError(problem)
    return found


def on_each_node(ray: ModuleType, work: Callable[[], Any], resource: str = CELL) -> list[Any]:
    """Run something on each node that has a resource; return what came of it where it did.

    A node that is lost meanwhile is left out.
    """
    from ray.exceptions import RayError
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    task = ray.remote(num_cpus=0, max_retries=0)(work)
    refs = [
        task.options(
            scheduling_strategy=NodeAffinitySchedulingStrategy(each["NodeID"], soft=False)
        ).remote()
        for each in _alive(ray)
        if each["Resources"].get(resource)
    ]
    found = []
    for ref in refs:
        try:
            found.append(ray.get(ref))
        except RayError:
            continue
    return found


def _alive(ray: ModuleType) -> list[dict[str, Any]]:
    return [each for each in ray.nodes() if each["Alive"]]


def _probe() -> Callable[[], dict[str, str]]:
    # A function within a function travels by its code: the node may have no greenroom, or another.
    def probe() -> dict[str, str]:
        import os
        import platform
        import socket
        from importlib.metadata import PackageNotFoundError, version

        try:
            from actors.scale.identity import own_identity as of_node
        except ImportError:
            try:
                known = version("greenroom")
            except PackageNotFoundError:
                known = ""
            return {
                "host": socket.gethostname(),
                "greenroom": known,
                "sources": "",
                "python": platform.python_version(),
                "root": "-",
                "auth": os.environ.get("RAY_AUTH_MODE", ""),
            }
        return of_node()._asdict()

    return probe
